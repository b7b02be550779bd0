"""Facts about a rule, a site and a monitor, read from a stored configuration for an explanation.

The JSON of the configuration may be of an older version: only keys that have a default there have one here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.records import Signal
from processors.columns import MINUTE_MS, SECOND_MS
from processors.plan import NO_MEASUREMENT, REFERENCE, UPWIND
from processors.windows import LATENESS_MS

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BackgroundFacts:
    """Background that a rule subtracts: its source, and its cap in the rule's unit."""

    kind: str
    area: str
    device: str
    cap: float | None
    wait: int  # ms after the window's end

    @property
    def is_beside(self) -> bool:
        """True if another monitor of the site measures it."""
        return self.kind in (UPWIND, REFERENCE)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """Facts of one rule; `stored` is its whole entry in the configuration."""

    title: Mapping[str, str]
    citation: str
    clause: str
    status: str
    unit: str
    window: int  # s; 0: single values
    statistic: str
    percentile: float | None
    above: float | None
    limit: float
    strict: bool
    background: BackgroundFacts | None
    allowance: int | None
    least_capture: float
    lateness: int  # ms
    refuses: tuple[str, ...]
    refuses_suspect: tuple[str, ...]
    stored: Stored

    @property
    def factor(self) -> int:
        """Factor from the rule's unit to ug/m3, the unit of verdicts."""
        return 1000 if self.unit == "mg/m3" and self.statistic != "count" else 1


def rule_facts(body: Stored) -> RuleFacts:
    """The facts of a rule."""
    term = body.get("background")
    lateness = body.get("lateness_s")
    return RuleFacts(
        title=body.get("title") or {},
        citation=body.get("citation") or "",
        clause=body.get("clause") or "?",
        status=body.get("status") or "",
        unit=body["unit"],
        window=body["window"],
        statistic=body["statistic"],
        percentile=body.get("percentile"),
        above=body.get("above"),
        limit=body["limit"],
        strict=body["strict"],
        background=_background(term) if term else None,
        allowance=body.get("allowance"),
        least_capture=body["least_capture"],
        lateness=LATENESS_MS if lateness is None else int(lateness) * SECOND_MS,
        refuses=tuple(body.get("refuses", NO_MEASUREMENT)),
        refuses_suspect=tuple(body.get("refuses_suspect", ())),
        stored=body,
    )


def _background(term: Stored) -> BackgroundFacts:
    kind, area, device = (term.get(key) or "" for key in ("kind", "area", "device"))
    return BackgroundFacts(
        kind or "county", area, device, term.get("cap"), term.get("wait_min", 0) * MINUTE_MS
    )


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Facts of one site; `stored` is its whole entry in the configuration."""

    id: str
    name: str
    places: tuple[str, ...]  # area and township, where orders for them concern the site
    stored: Stored


def site_facts(body: Stored) -> SiteFacts:
    """The facts of a site."""
    places = tuple(str(body[key]) for key in ("area", "township") if body.get(key))
    return SiteFacts(body["id"], body.get("name") or "", places, body)


@dataclass(frozen=True, slots=True)
class CorrectionFacts:
    """A calibration: from `since` on, a raw value is judged as raw x slope x factor + offset.

    `signal`: id of the signal that reported it; None: the configuration.
    """

    pollutant: str
    since: int
    slope: float
    offset: float
    factor: float
    signal: str | None


def corrections(stored: Any, signal: str | None) -> Iterator[CorrectionFacts]:
    """Corrections in a monitor's entry or a signal; none if `stored` is None."""
    for one in stored or ():
        yield CorrectionFacts(
            one["pollutant"], one["from"], one["slope"], one["offset"], one["factor"], signal
        )


def corrections_of(signal: Signal) -> tuple[CorrectionFacts, ...]:
    """Corrections that a calibration signal carries."""
    return tuple(corrections(signal.calibration, signal.id))


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Facts of one monitor; `stored` is its whole entry in the configuration."""

    interval_s: float
    corrections: tuple[CorrectionFacts, ...]
    stored: Stored

    @property
    def interval(self) -> int:
        """Reporting interval, ms."""
        return round(float(self.interval_s) * SECOND_MS)


def device_facts(body: Stored) -> DeviceFacts:
    """The facts of a monitor."""
    return DeviceFacts(body["interval"], tuple(corrections(body.get("calibration"), None)), body)


@dataclass(frozen=True, slots=True)
class CountyFacts:
    """Facts of a county; the defaults are neutral, for results without a configuration."""

    name: str = ""
    zone: str = "UTC"
    language: str = ""


def county_facts(body: Stored) -> CountyFacts:
    """The county of a configuration's body."""
    county = body["county"]
    return CountyFacts(county.get("name", ""), county.get("zone", "UTC"), county.get("language", ""))
