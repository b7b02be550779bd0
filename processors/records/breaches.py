"""Breach events and their form on Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers
from processors.records.ids import short_id

BREACH = "dust.breach/1"


@dataclass(frozen=True, slots=True)
class Breach:
    """One event of a breach: `opened`, `amended` or `closed`. `id` is the same for all its events."""

    id: str
    event: str  # opened | amended | closed
    kind: str  # exceedance | offline | suspicion | fault
    level: str  # notice | warning | violation | offline | suspicion | fault
    site: str
    device: str  # empty: the site as a whole
    rule: str  # "offline" or "offline/site" for silence, "suspicion/PATTERN", "fault/WHAT[/POLLUTANT]"
    rule_revision: str
    title: dict[str, str]
    clause: str
    citation: str
    status: str  # read | reported | recalled | "" (no limit)
    administrative: bool  # a local order, no standard behind it
    pollutant: str | None
    unit: str | None
    at: int  # instant of the log at which this event was decided
    opened_at: int
    start: int  # interval that led to this event; offline: when the device was last heard
    end: int
    value: float | None
    background: float | None
    subtracted: float | None
    limit: float | None
    capture: float | None
    interval: str | None  # id of the interval judged
    verdict: str | None  # id of the verdict that led to this event
    revision: int  # of that verdict
    reasons: tuple[str, ...]
    delayed: bool  # first found after an outage of our own
    tell: bool  # False: recorded, nobody is to be woken
    deadline_h: float | None  # hours that the rule gives for rectification
    configuration: str
    # of a suspicion when it opens: pattern, confidence, numbers with units, guards, hours to plot
    evidence: dict[str, Any] | None = None
    # inside a regional episode: its id, area, mean, mark; policy and its status; `level` without it
    regional: dict[str, Any] | None = None

    @property
    def event_id(self) -> str:
        """Unique id of this event; finding the same event again gives the same id."""
        more = () if self.regional is None else (self.regional["change"],)
        said = (self.id, self.event, self.start, self.revision, self.rule_revision, *more)
        return short_id("breach-event", *said)

    @property
    def body(self) -> dict[str, Any]:
        """JSON data of the event; `regional` only where there is something to say."""
        made = {**asdict(self), "event_id": self.event_id}
        if self.regional is None:
            del made["regional"]
        return made


# What an opening event says where no limit stands behind it; the rest is for whoever makes one to fill in.
NO_LIMIT = Breach(
    id="",
    event="opened",
    kind="",
    level="",
    site="",
    device="",
    rule="",
    rule_revision="",
    title={},
    clause="",
    citation="",
    status="",
    administrative=False,
    pollutant=None,
    unit=None,
    at=0,
    opened_at=0,
    start=0,
    end=0,
    value=None,
    background=None,
    subtracted=None,
    limit=None,
    capture=None,
    interval=None,
    verdict=None,
    revision=1,
    reasons=(),
    delayed=False,
    tell=True,
    deadline_h=None,
    configuration="",
)


def encode_breach(breach: Breach) -> tuple[bytes, bytes, Headers]:
    """(key, value, headers) of a breach event."""
    return (
        breach.id.encode(),
        orjson.dumps(breach.body, option=orjson.OPT_SORT_KEYS),
        headers_of(BREACH, breach.at, ("event_id", breach.event_id.encode())),
    )


def breach_from_body(body: Mapping[str, Any]) -> Breach:
    """Builds a breach event from its JSON data."""
    own = {name: value for name, value in body.items() if name != "event_id"}
    return Breach(**{**own, "reasons": tuple(own["reasons"])})


def decode_breach(value: bytes) -> Breach:
    """The inverse of `encode_breach`."""
    return breach_from_body(orjson.loads(value))
