"""Feed records that tests of the fold write for themselves, and what a fold makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ingest.batches import Row, readings_of
from ingest.records import Background, FeedRecord, Readings, Revision, Tick
from processors.breaches import SUSPICION
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.measuring.bundle import Bundle, bundles
from processors.plan.body import make_revision
from processors.plan.rules import Rule, load_pack
from processors.records.breaches import Breach
from processors.records.verdicts import Interval, Verdict

HOUR = 3_600_000
MINUTE = 60_000
T0 = 1_774_976_400_000  # 2026-04-01T01:00+08:00, a clock hour of the county
MIDNIGHT = T0 - HOUR

HEBEI = "hebei-db13-2934-2019"
HEBEI_RULE = "hebei-db13-2934-2019-pm10"
WUHAN = "wuhan-2017-pm10"
WUHAN_RULE = "wuhan-2017-pm10-warning"
SHANGHAI = "shanghai-db31-964-2016"
INSTANT = "instant-pm10"


def rules_of(*packs: str) -> list[Rule]:
    return [rule for pack in packs for rule in load_pack(pack).rules]


def local_rule(**more: Any) -> Rule:
    """An hour rule without background, limit 100."""
    base: dict[str, Any] = {
        "id": "local",
        "title": {"zh": "规则", "en": "rule"},
        "citation": "test",
        "clause": "1",
        "status": "read",
        "pollutant": "pm10",
        "window": 3600,
        "limit": 100,
    }
    return Rule.model_validate({**base, **more})


def revision(
    devices: Iterable[str | dict[str, Any]] = ("d1",),
    rules: Sequence[Rule] = (),
    at: int = T0,
    stations: Sequence[str] = ("S1",),
    least: int = 1,
    effective: int | None = None,
    **site: Any,
) -> Revision:
    """A configuration: all devices on one site unless they say otherwise."""
    listed = [{"id": d} if isinstance(d, str) else d for d in devices]
    full = [{"site": "s1", "interval": 60, "role": "boundary", "offline_after": None, **d} for d in listed]
    base = {"kind": "building", "stage": "earthwork", "zone": "urban", "area": None}
    area = {"area": "county", "stations": list(stations), "min_stations": least}
    body = {
        "county": {
            "name": "示范县",
            "zone": "Asia/Shanghai",
            "language": "zh_CN",
            "suspicion": True,
            "background": [area] if stations else [],
        },
        "sites": [{"id": s, "name": s, **base, **site} for s in sorted({d["site"] for d in full})],
        "devices": full,
        "rules": [rule.model_dump(mode="json") for rule in rules],
    }
    return make_revision(body, at, effective)


def row(
    time: int,
    pm10: float | None = None,
    device: str = "d1",
    received: int | None = None,
    period: int = 0,
    flags: dict[str, str] | None = None,
    marks: tuple[str, ...] = (),
    site: str = "s1",
    **values: float,
) -> Row:
    """A reading, received a second after its time unless said otherwise; values in ug/m3."""
    given = values if pm10 is None else {"pm10": pm10, **values}
    numbers = {name: round(value * 1000) for name, value in given.items()}
    at = time + 1000 if received is None else received
    return Row(device, site, time, period, at, numbers, flags or {}, {}, marks)


def minutes(start: int, end: int, pm10: float, device: str = "d1", **more: Any) -> list[Row]:
    """A reading each minute of [start, end)."""
    return [row(t, pm10, device, **more) for t in range(start, end, MINUTE)]


def batch(*rows: Row) -> Readings:
    return readings_of(list(rows))


def tick(at: int, every: int = MINUTE) -> Tick:
    return Tick(at, every, "b")


def background(start: int, value: float, at: int, station: str = "S1", id: str | None = None) -> Background:
    """A station's PM10 of the hour that begins at `start`."""
    name = id or f"{station}-{start}-{value}"
    return Background(name, at, station, start, start + HOUR, {"pm10": round(value * 1000)})


def ticking(
    rows: Iterable[Row], until: int, start: int = T0, others: Iterable[FeedRecord] = ()
) -> list[FeedRecord]:
    """A log: a tick each minute, rows and other records at their receipt."""
    timed: list[tuple[int, int, FeedRecord]] = [(t, 0, tick(t)) for t in range(start, until + 1, MINUTE)]
    timed += [(r.received_at, 1, batch(r)) for r in rows]
    timed += [(o.received_at, 2, o) for o in others if not isinstance(o, Readings)]
    return [record for _, _, record in sorted(timed, key=lambda entry: entry[:2])]


class Run:
    """A detector with everything that it has said so far."""

    def __init__(self, *records: FeedRecord, detector: Detector | None = None) -> None:
        self.detector = detector or Detector.empty()
        self.outputs: list[Outputs] = []
        self.fold(*records)

    def fold(self, *records: FeedRecord) -> Run:
        """Take in a log; what neighbouring readings and ticks lead to is said together, as a worker does."""
        fold, fold_bundle = self.detector.fold, self.detector.fold_bundle
        for part in bundles(records) if len(records) > 1 else records:
            self.outputs.append(fold_bundle(part) if isinstance(part, Bundle) else fold(part))
        return self

    @property
    def intervals(self) -> list[Interval]:
        return [i for out in self.outputs for i in out.intervals]

    @property
    def verdicts(self) -> list[Verdict]:
        return [v for out in self.outputs for v in out.verdicts]

    @property
    def breaches(self) -> list[Breach]:
        """Without suspicions: rows that a test writes are often more even than any air."""
        return [b for out in self.outputs for b in out.breaches if b.kind != SUSPICION]

    @property
    def suspicions(self) -> list[Breach]:
        return [b for out in self.outputs for b in out.breaches if b.kind == SUSPICION]

    @property
    def marks(self) -> list[str]:
        return [text for out in self.outputs for _, text in sorted(out.marks.items())]

    @property
    def duplicates(self) -> int:
        return sum(out.duplicates for out in self.outputs)

    def hours(self, device: str = "d1", pollutant: str = "pm10") -> list[Interval]:
        return [
            i
            for i in self.intervals
            if i.end - i.start == HOUR and i.device == device and i.pollutant == pollutant
        ]

    def answers(
        self, rule: str, device: str = "d1", kind: str = "interval"
    ) -> list[tuple[int, str, tuple[str, ...]]]:
        """(hours after T0, answer, reasons) of a rule's verdicts in the order in which they were made."""
        return [
            ((v.start - T0) // HOUR, v.answer, v.reasons)
            for v in self.verdicts
            if v.rule == rule and v.point == device and v.kind == kind
        ]

    def events(self, *kinds: str) -> list[tuple[str, str, str]]:
        """(event, rule, level) of the breaches, of all kinds or of these."""
        return [(b.event, b.rule, b.level) for b in self.breaches if not kinds or b.kind in kinds]
