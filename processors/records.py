"""What processors publish: judged readings, intervals, verdicts, breaches, and their form on Kafka.

`dust.results` carries `dust.judged/1` (the Arrow value of the feed record unchanged, what detection
found in its headers), `dust.flags/1` (what the quality checks say of its values), `dust.outlooks/1` (what
is to be expected of open windows), `dust.winds/1` (the wind of a site's hour and what the site added,
`wind.site_hour`) and `dust.judgements/2` (intervals and verdicts); `dust.breaches`
carries `dust.breach/1` and `dust.outlook/1` (an outlook that people are told). Instants are int
milliseconds UTC, values are floats in the unit of the pollutant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ingest.codec import decode_readings, header, headers_of
from ingest.records import Headers, Readings

JUDGED = "dust.judged/1"
JUDGEMENTS = "dust.judgements/2"
FLAGS = "dust.flags/1"
OUTLOOKS = "dust.outlooks/1"
BREACH = "dust.breach/1"
OUTLOOK = "dust.outlook/1"

COMPLIANT = "compliant"
EXCEEDS = "exceeds"
UNDETERMINED = "undetermined"
ANSWERS: tuple[str, ...] = (COMPLIANT, EXCEEDS, UNDETERMINED)

# Why an answer is what it is; more codes may come, none changes its meaning.
REASONS: dict[str, str] = {
    "low_capture": "fewer slots of the interval are covered than the rule asks for",
    "no_data": "no admitted value in the interval",
    "no_background": "the background of the interval is not known (yet)",
    "no_wind_data": "the site has no wind of the hour, so nobody knows which monitor stood upwind",
    "calm": "the hour was calm: no monitor stood upwind of another",
    "variable_wind": "the wind of the hour came from no steady direction: no monitor stood upwind",
    "no_upwind_monitor": "no monitor with a value stood upwind of the point in the hour",
    "device_silent": "the device was silent at the end of the interval",
    "never_seen": "the device has never sent anything since it was configured",
    "interval_exceeds_window": "the device's interval does not divide the window",
    "values_not_admitted": "values were sent that no mean may use: flagged, failed a check, in maintenance",
    "log_gap": "records of the interval are missing in the log, which an operator has accepted",
    "undetermined_hours": "undetermined intervals of the day could still exceed the allowance",
    "allowance_exceeded": "more intervals exceeded than the clause allows in a day",
    "within_allowance": "some intervals exceeded, no more than the clause allows in a day",
    "instant_above": "a single value above the limit",
    "clear": "values stayed at or below the limit for as long as the rule asks",
    "device_returned": "the silent device was heard again",
    "site_silent": "all devices of the site are silent; people are told of the site as a whole",
    "site_quiet": "the site's other devices are quiet too: the word on the whole site is waited for",
    "site_returned": "a device of the silent site was heard again",
    "site_removed": "the configuration has no devices at the site any more",
    "last_will": "the status topic says offline: the device's last will, or its good-bye",
    "status_online": "the last word of the status topic is online, but no readings come",
    "gap_on_rising_slope": "the gap begins while PM10 rises steeply",
    "gap_under_high_background": "the gap begins while the background of PM10 is high",
    "device_removed": "the device is no longer in the configuration",
    "rule_suspended": "an order from outside has put the rule out of force for this site",
    "suspected": "what the device sends has a pattern that is known from falsified data; a person decides",
    "suspicion_over": "the pattern has not been seen for as long as the suspicion stands without it",
    "rule_removed": "the configuration no longer has the rule for this device",
}


@dataclass(slots=True)  # not frozen: a window makes thousands, and freezing costs 4 us each
class Interval:
    """The statistic of one device and pollutant over [start, end); value None: nothing admitted."""

    id: str
    site: str
    device: str
    pollutant: str
    statistic: str  # "mean"
    start: int
    end: int
    value: float | None
    capture: float  # 0..1
    count: int  # admitted values that took part
    revision: int  # 1, and 1 more each time that it is superseded


@dataclass(slots=True)  # not frozen: a window makes thousands, and freezing costs 4 us each
class Verdict:
    """What a rule says of one point and interval (kind `interval`) or of a whole day (kind `day`)."""

    id: str
    kind: str  # "interval" | "day" | "instant"
    site: str
    point: str  # the device
    rule: str
    rule_revision: str
    title: dict[str, str]  # language -> text
    clause: str
    citation: str
    status: str  # read | reported | recalled: how well the limit is known
    pollutant: str
    unit: str
    start: int
    end: int
    answer: str  # one of ANSWERS
    reasons: tuple[str, ...]  # sorted codes
    value: float | None  # of an interval: its statistic; of a day: number of exceeding intervals
    background: float | None  # mean of the area's stations, or of the site's other monitor
    subtracted: float | None  # what of it the clause lets be subtracted (its cap)
    background_ids: tuple[str, ...]  # background records that were used, or the other monitor's interval
    limit: float
    capture: float | None
    interval: str | None  # id of the interval judged
    revision: int  # 1, and 1 more each time that this verdict is superseded
    configuration: str  # id of the configuration revision in force
    decided_at: int  # instant of the log


@dataclass(frozen=True, slots=True)
class Breach:
    """One event of a breach: `opened`, `amended` or `closed`. `id` is the same for all its events."""

    id: str
    event: str  # opened | amended | closed
    kind: str  # exceedance | offline | suspicion
    level: str  # notice | warning | violation | offline | suspicion
    site: str
    device: str  # empty: the site as a whole
    rule: str  # "offline" or "offline/site" for silence, "suspicion/PATTERN"
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

    @property
    def event_id(self) -> str:
        """Unique for this event: the same event found twice has the same id."""
        return short_id("breach-event", self.id, self.event, self.start, self.revision, self.rule_revision)


@dataclass(frozen=True, slots=True)
class Flagged:
    """What the quality checks say of a reading's values: at its arrival, and again where that has changed."""

    site: str
    device: str
    time: int
    period: int
    words: dict[str, tuple[str, ...]]  # pollutant -> checks: `spike!` failed, `spike` suspect
    final: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch as the store gets it: detection's marks are merged into `readings.marks`."""

    readings: Readings
    duplicates: int


def short_id(*parts: object) -> str:
    """An id from what identifies a thing: 20 hex digits of SHA-256 over its parts."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


_TIME_DIGITS = 11  # hex: 44 bits of milliseconds last until the year 2527
_TIME_MASK = 16**_TIME_DIGITS - 1


def reading_id(
    device: str, time: int, period: int, numbers: Mapping[str, int], flagged: Mapping[str, str]
) -> str:
    """The id of a reading: its time in 11 hex digits, so that history finds it, and 9 of a hash of it all.

    Instants and period in ms, numbers in thousandths, flags as the device sent them.
    """
    content = short_id("reading", device, time, period, sorted(numbers.items()), sorted(flagged.items()))
    return f"{time & _TIME_MASK:0{_TIME_DIGITS}x}{content[: 20 - _TIME_DIGITS]}"


def time_of_reading(id_: str) -> int | None:
    """The time that a reading's id speaks of, ms; None for what is no id."""
    if len(id_) != 20:
        return None
    try:
        return int(id_[:_TIME_DIGITS], 16)
    except ValueError:
        return None


def ids_of(*parts: object) -> Callable[[str], str]:
    """Ids from these parts and a last one that varies: for the many that one window makes."""
    begin = hashlib.blake2b("".join(f"{part}\x1f" for part in parts).encode(), digest_size=10)

    def of(last: str) -> str:
        whole = begin.copy()
        whole.update(last.encode())
        return whole.hexdigest()

    return of


def encode_judged(
    value: bytes, marks: dict[int, str], duplicates: int, received_at: int
) -> tuple[bytes, Headers]:
    """(value, headers) of a judged batch; `value` is the Arrow value of the feed record, unchanged."""
    more: list[tuple[str, bytes]] = []
    if marks:
        more.append(("marks", orjson.dumps({str(row): text for row, text in sorted(marks.items())})))
    if duplicates:
        more.append(("duplicates", b"%d" % duplicates))
    return value, headers_of(JUDGED, received_at, *more)


def decode_judged(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> Judged:
    """The batch, with detection's marks after its own (comma-separated)."""
    readings = decode_readings(value)
    found = header(headers, "marks")
    for row, text in (orjson.loads(found) if found else {}).items():
        own = readings.marks.get(int(row))
        readings.marks[int(row)] = f"{own},{text}" if own else text
    return Judged(readings, int(header(headers, "duplicates") or b"0"))


def encode_flags(found: Sequence[Flagged], received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of the flags that one feed record led to."""
    return orjson.dumps({"flags": list(found)}, option=orjson.OPT_SORT_KEYS), headers_of(FLAGS, received_at)


def decode_flags(value: bytes) -> list[Flagged]:
    """The inverse of `encode_flags`."""
    found = orjson.loads(value)["flags"]
    return [Flagged(**{**f, "words": {q: tuple(w) for q, w in f["words"].items()}}) for f in found]


def encode_breach(breach: Breach) -> tuple[bytes, bytes, Headers]:
    """(key, value, headers) of a breach event."""
    body = {**asdict(breach), "event_id": breach.event_id}
    return (
        breach.id.encode(),
        orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
        headers_of(BREACH, breach.at, ("event_id", breach.event_id.encode())),
    )


def decode_breach(value: bytes) -> Breach:
    """The inverse of `encode_breach`."""
    body: dict[str, Any] = orjson.loads(value)
    body.pop("event_id", None)
    body["reasons"] = tuple(body["reasons"])
    return Breach(**body)
