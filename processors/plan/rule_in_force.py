"""A rule in the form the fold applies: its numbers as integers, and the rows of the devices it judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.units import JUDGED
from processors.columns import HOUR_MS, NANO, QUARTER_MS, UNBOUNDED
from processors.plan.rules import NO_MEASUREMENT, Rule
from processors.quality import bits_of
from processors.windows import RETAIN_MS, Statistic, Track, day_of, midnight

Rows = npt.NDArray[np.int32]


class Admission(NamedTuple):
    """Values that a mean may use: not those failed, or called suspect, by one of these checks (bits)."""

    fail: int
    suspect: int


PLAIN = Admission(int(bits_of(NO_MEASUREMENT)), 0)  # of intervals that no rule asks for


class Former(NamedTuple):
    """Earlier form of a rule, which judges windows that began before `until`."""

    id: str
    rule: dict[str, Any] | None  # as JSON data; None: there was no such rule
    configuration: str
    start: int
    until: int


@dataclass(frozen=True, slots=True, eq=False)
class RuleInForce:
    """A rule of the plan: its numbers as integers, and the rows of the devices it judges."""

    rule: Rule
    revision: str
    configuration: str  # id of the revision that holds it
    rows: Rows  # ascending
    pollutant: int  # index in JUDGED
    window: int  # ms; 0: single values
    limit: int  # 1e-9 unit
    cap: int  # 1e-9 unit
    start: int  # valid for windows that begin in [start, end)
    end: int
    track: Track
    statistic: Statistic
    hours: tuple[tuple[int, int], ...]  # ms after local midnight, half-open; empty: any
    zone: str
    admits: Admission
    clear_level: int | None  # 1e-9 unit
    clear_ms: int
    lateness: int
    least_permyriad: int  # least capture in 1/10000, rounded down
    wait: int  # ms after the window's end
    settle: int
    foresees: bool = True  # are outlooks on its windows asked for?

    @property
    def unit(self) -> str:
        """Unit of values and limit in its verdicts."""
        return "slots" if self.statistic.name == "count" else "ug/m3"

    @property
    def is_partial(self) -> bool:
        """True if it judges only some windows, by the hour of day, the stage or orders in force."""
        own = self.rule
        return bool(self.hours or own.alert_levels or own.during or own.unless or own.stages)

    @property
    def has_outlook(self) -> bool:
        """True if its windows get an outlook; only means over at least a quarter of an hour do."""
        return self.looks_out and self.window >= QUARTER_MS and self.statistic.name == "mean"

    @property
    def looks_out(self) -> bool:
        """True if what its windows or days will come to is told before their end."""
        return self.rule.outlook and self.foresees

    @property
    def looks_back(self) -> bool:
        """True if its breaches depend on several intervals in a row."""
        return self.rule.repeat > 1 or self.clear_level is not None or self.clear_ms > 0

    @property
    def remembers(self) -> int:
        """Time after an interval's end for which its answers are needed, ms."""
        in_a_row = max(self.clear_ms, self.rule.repeat * self.track.step) if self.looks_back else 0
        return RETAIN_MS + HOUR_MS + in_a_row

    def is_valid(self, instant: int) -> bool:
        """True if the rule is valid for what begins at this instant."""
        return self.start <= instant < self.end

    def holds(self, instant: int) -> bool:
        """True if the rule judges what begins at this instant: valid, and within its hours of day if any."""
        if not self.is_valid(instant):
            return False
        if not self.hours:
            return True
        since_midnight = instant - day_of(instant, self.zone)[0]
        return any(
            begin <= since_midnight < until
            if begin < until
            else since_midnight >= begin or since_midnight < until
            for begin, until in self.hours
        )


def rule_in_force(rule: Rule, sites: list[dict[str, Any]], zone: str, configuration: str) -> RuleInForce:
    site_of = {site.get("id"): site for site in sites}  # a site has several devices
    chosen = {name for name, site in site_of.items() if selects(rule, site)}
    rows = [row for row, site in enumerate(sites) if site.get("id") in chosen]
    background = rule.background
    capped = background is not None and background.cap is not None
    cap = _nano(background.cap or 0) * rule.factor if background is not None and capped else UNBOUNDED
    return RuleInForce(
        rule=rule,
        revision=rule.revision,
        configuration=configuration,
        rows=np.array(rows, np.int32),
        pollutant=JUDGED.index(rule.pollutant),
        window=rule.window * 1000,
        track=Track(rule.window * 1000, rule.step_s * 1000),
        statistic=Statistic(
            rule.statistic,
            round((rule.percentile or 0) * 100),
            _nano(rule.above or 0) * (1000 if rule.unit == "mg/m3" else 1),
        ),
        hours=tuple(_span(text) for text in rule.hours),
        zone=zone,
        admits=Admission(int(bits_of(rule.refuses)), int(bits_of(rule.refuses_suspect))),
        clear_level=None if rule.clear.level is None else _nano(rule.clear.level) * rule.factor,
        clear_ms=rule.clear.minutes * 60_000,
        limit=_nano(rule.limit) * rule.factor,
        cap=cap,
        start=midnight(rule.valid_from, zone) if rule.valid_from else -UNBOUNDED,
        end=midnight(rule.valid_to + timedelta(days=1), zone) if rule.valid_to else UNBOUNDED,
        lateness=rule.lateness_s * 1000,
        least_permyriad=round(rule.least_capture * 10_000),
        wait=background.wait_min * 60_000 if background and not background.is_beside else 0,
        settle=background.settle_min * 60_000 if background and not background.is_beside else 0,
    )


def selects(rule: Rule, site: dict[str, Any]) -> bool:
    return all(
        not wanted or site.get(key) in wanted
        for key, wanted in (
            ("id", rule.sites),
            ("zone", rule.zones),
            ("stage", rule.stages),
            ("kind", rule.kinds),
        )
    )


def _span(text: str) -> tuple[int, int]:
    begin, _, until = text.partition("-")
    return _clock(begin), _clock(until)


def _clock(text: str) -> int:
    hour, _, minute = text.partition(":")
    return (int(hour) * 60 + int(minute)) * 60_000


def _nano(number: float) -> int:
    return int(Decimal(repr(float(number))) * NANO)
