"""Intervals and verdicts: the measurement over a window, and a rule's answer for it."""

from __future__ import annotations

from dataclasses import dataclass

JUDGEMENTS = "dust.judgements/2"

COMPLIANT = "compliant"
EXCEEDS = "exceeds"
UNDETERMINED = "undetermined"
ANSWERS: tuple[str, ...] = (COMPLIANT, EXCEEDS, UNDETERMINED)


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
