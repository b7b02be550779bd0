"""Days of a log: batches, crashes and late corrections across midnights change nothing that is published.

The laws of `tests/property` run over hours; what is settled, superseded and forgotten needs days.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ingest.batches import Row
from ingest.records import FeedRecord, Revision
from processors.plan.rules import Rule
from tests.logs import (
    HEBEI,
    HOUR,
    INSTANT,
    MIDNIGHT,
    MINUTE,
    SHANGHAI,
    background,
    revision,
    row,
    rules_of,
    tick,
)
from tests.property.test_fold_laws import batches, by_kind, fold
from tests.shares import shared

pytestmark = pytest.mark.long

HOURS = 54
SLOT = 10 * MINUTE  # of the devices: a long log of few records
RULES = rules_of(HEBEI, SHANGHAI, INSTANT)
CHANGED = [rule.model_copy(update={"limit": rule.limit * 2, "lateness_s": 3600}) for rule in RULES]


def configuration(devices: list[str], rules: list[Rule], at: int) -> Revision:
    # ten minutes divide no quarter of an hour: d1 has hours only
    listed = [{"id": d, "interval": 600 if d == "d1" else 300} for d in devices]
    return revision(listed, rules, at=at, stations=("S1", "S2"))


def log_of(seed: int) -> list[FeedRecord | Row]:
    """Two days of two devices: silences, late and repeated readings, an outage, two other configurations."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for device, step in (("d1", SLOT), ("d2", SLOT // 2)):
        for hour in range(HOURS):
            level = chance.choice([20, 120, 200, 300, 1200])
            for time in range(MIDNIGHT + hour * HOUR, MIDNIGHT + (hour + 1) * HOUR, step):
                delay = chance.choice([900] * 20 + [40_000, 130_000, 2 * HOUR])
                rows.append(row(time, level, device, received=time + delay, tsp=4.0 * level))
            if chance.random() < 0.15:
                rows = [r for r in rows if r.device != device or r.time < MIDNIGHT + hour * HOUR]
    rows += [
        r._replace(received_at=r.received_at + chance.randrange(8 * HOUR)) for r in chance.sample(rows, 9)
    ]
    timed: list[tuple[int, int, FeedRecord | Row]] = [(r.received_at, 2, r) for r in rows]
    deaf = MIDNIGHT + chance.randrange(HOURS) * HOUR
    for at in range(MIDNIGHT, MIDNIGHT + (HOURS + 2) * HOUR, 5 * MINUTE):
        if not deaf < at < deaf + 50 * MINUTE:
            timed.append((at, 1, tick(at, 5 * MINUTE)))
    for hour in range(HOURS):
        for station in ("S1", "S2"):
            for wait in chance.choices([1, 20, 70, 400, 1500], k=chance.choice([0, 1, 1, 2])):
                came = MIDNIGHT + (hour + 1) * HOUR + wait * MINUTE
                level = chance.choice([10, 100, 200])
                timed.append((came, 3, background(MIDNIGHT + hour * HOUR, level, came, station)))
    for devices, rules in ((["d0", "d2", "d1"], CHANGED), (["d1", "d2"], RULES)):
        at = MIDNIGHT + chance.randrange(HOURS * 60) * MINUTE
        timed.append((at, 0, configuration(devices, rules, at)))
    timed.sort(key=lambda entry: entry[:2])
    return [configuration(["d1", "d2"], RULES, MIDNIGHT), *[record for _, _, record in timed]]


@pytest.mark.parametrize("seed", shared(range(3)))
def test_batches_and_crashes_change_nothing_over_days(seed: int) -> None:
    log = log_of(seed)
    through, first = fold(batches(log, [5]))
    assert any(v.kind == "day" for v in by_kind(through)[1])  # type: ignore[attr-defined]
    crashed, second = fold(batches(log, [5]), 61)
    assert crashed == through
    one_by_one, third = fold(batches(log, [1]))
    assert by_kind(one_by_one) == by_kind(through)
    assert one_by_one.marks == through.marks
    assert first.dump() == second.dump() == third.dump()


@pytest.mark.parametrize("seed", shared(range(3, 6)))
def test_each_breach_is_opened_once_and_closed_at_most_once_over_days(seed: int) -> None:
    intervals, verdicts, breaches = by_kind(fold(batches(log_of(seed), [50]))[0])[:3]
    events = Counter((b.id, b.event) for b in breaches if b.event != "amended")  # type: ignore[attr-defined]
    assert events
    assert set(events.values()) == {1}
    assert {id_ for id_, event in events if event == "closed"} <= {i for i, e in events if e == "opened"}
    for made in (intervals, verdicts):
        ids = [one.id for one in made]  # type: ignore[attr-defined]
        assert len(ids) == len(set(ids))
