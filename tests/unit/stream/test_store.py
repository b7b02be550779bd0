"""The store stage against stores that take, refuse, die and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.codec import encode, encode_readings, schema_of
from ingest.records import Background, Headers, Quarantined, Readings, Tick
from ingest.telemetry import Telemetry
from processors.history import PointBatch, WriteOutcome
from processors.history.context import WIND, background_of, context_row, encode_context, wind_of
from processors.history.points import Refusal, point_from_json
from processors.history.sqlite import SqliteHistory
from processors.records.judgements import encode_judgements
from processors.records.readings import encode_judged
from processors.records.tables import INTERVALS, VERDICTS
from processors.records.verdicts import Interval, Verdict
from processors.records.winds import Share, SiteHour, encode_winds
from processors.stream.stage import PartUnreadable, RawRecord, SavedPart, Stage, Weighed
from processors.stream.store import StoreStage, Worker

T0 = 1_763_856_000_000
HOUR = 3_600_000
INTERVAL = Interval("i1", "site-1", "dev-1", "pm10", "mean", T0, T0 + HOUR, 81.5, 0.95, 57, 1)


def readings(n: int, start: int = 0) -> Readings:
    time = T0 + np.arange(start, start + n, dtype=np.int64) * 1000
    return Readings(
        ("dev-1",),
        ("site-1",),
        np.zeros(n, np.int32),
        time,
        np.zeros(n, np.int64),
        time + 5,
        {"pm10": time % 1000},
    )


def judged(offset: int, batch: Readings, marks: dict[int, str] | None = None) -> RawRecord:
    duplicates = sum("duplicate" in text for text in (marks or {}).values())
    value, headers = encode_judged(
        encode_readings(batch), marks or {}, duplicates, int(batch.received_at.max())
    )
    return raw(offset, value, headers)


def raw(offset: int, value: bytes, headers: Headers) -> RawRecord:
    return RawRecord(3, offset, headers, value, T0)


class FlakyHistory(SqliteHistory):
    """Plays out what it is told (`kept` after so many points, or `refused` at so many ms), then behaves."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.takes: list[int] = []  # for each of the next writes: rows that it takes before it is dead
        self.refuses: set[int] = set()  # times of points that are refused
        self.asks_s: float | None = None  # to be left alone for so long, when it is dead
        self.writes: list[int] = []

    def write_batches(self, batches: Iterable[PointBatch]) -> WriteOutcome:
        batches = list(batches)
        self.writes.append(sum(map(len, batches)))
        refused = [Refusal(p, "too ugly") for b in batches for p in b.points() if p.time in self.refuses]
        if not self.takes:
            outcome = super().write_batches(batches)
            outcome.accepted -= len(refused)
            outcome.rejected += refused
            return outcome
        (first, *rest), taken = batches, self.takes.pop(0)
        outcome = super().write_batches([first.slice(0, taken)])
        outcome.kept = [first.slice(taken, len(first)), *rest]
        outcome.why, outcome.wait_s = "the store is dead", self.asks_s
        return outcome


class Rig:
    """A stage with a store, a list for a quarantine and a clock that only counts its sleeps."""

    def __init__(self, folder: Path) -> None:
        self.history = FlakyHistory(folder / "history.db")
        self.telemetry = Telemetry("store")
        self.set_aside: list[Quarantined] = []
        self.slept: list[float] = []
        self.said: list[str | None] = []
        self.worker = Worker(self.history, self.telemetry, self._sleep)
        self.stage = StoreStage(3, self.worker, self._quarantine)
        self.stage.restore(None)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.said.append(self.worker.in_the_way())
        await asyncio.sleep(0)

    async def _quarantine(self, quarantined: Quarantined) -> None:
        self.set_aside.append(quarantined)

    async def take(self, *records: RawRecord) -> None:
        for record in records:
            self.stage.fold(record)
        await self.stage.deliver()
        await self.stage.settle()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_it_is_a_stage_that_says_how_much_it_has_collected(rig: Rig) -> None:
    stage: Stage = rig.stage
    stage.fold(judged(0, readings(300)))
    assert isinstance(stage, Weighed)
    assert stage.weight() == 300
    stage.fold(judged(1, readings(1)))
    assert stage.weight() == 301  # a small record is decoded with others


async def test_readings_and_judgements_are_stored_and_counted(rig: Rig, verdict: Verdict) -> None:
    value, headers = encode_judgements(INTERVALS.groups([INTERVAL]), VERDICTS.groups([verdict]), T0)
    await rig.take(judged(0, readings(5)), raw(1, value, headers), judged(2, readings(5, start=5)))
    assert [rig.history.count(kind) for kind in ("readings", "intervals", "verdicts")] == [10, 1, 1]
    assert rig.stage.counts == {"readings": 10, "intervals": 1, "verdicts": 1, "duplicates": 0}
    assert rig.history.writes == [
        14
    ]  # interval and verdict are written where the latest is and where all are


async def test_duplicates_are_counted_and_not_stored(rig: Rig) -> None:
    await rig.take(judged(0, readings(5), {1: "duplicate", 4: "late,duplicate", 2: "conflict"}))
    assert (rig.stage.counts["readings"], rig.stage.counts["duplicates"]) == (3, 2)
    assert (rig.history.count("readings"), rig.history.count("conflicts")) == (2, 1)


async def test_counts_go_on_from_the_snapshot(rig: Rig, tmp_path: Path) -> None:
    await rig.take(judged(0, readings(5)))
    snapshot = rig.stage.snapshot()
    again = Rig(tmp_path / "other")
    again.stage.restore(snapshot)
    await again.take(judged(1, readings(2)))
    assert again.stage.counts["readings"] == 7


@pytest.mark.parametrize("data", [b"", b"[]", b'{"readings": "many"}', b"\xff"])
def test_counts_that_are_none_are_unreadable(rig: Rig, data: bytes) -> None:
    for saved in ({"counts": SavedPart(1, data)}, {"counts": SavedPart(9, b"{}")}, {}):
        with pytest.raises(PartUnreadable, match="counts"):
            rig.stage.restore(saved)


async def test_a_refused_point_goes_to_quarantine_and_the_others_are_stored(rig: Rig) -> None:
    rig.history.refuses = {T0 + 2000}
    await rig.take(judged(0, readings(5)))
    (found,) = rig.set_aside
    assert (found.source, found.topic, found.code, found.detail) == (
        "store",
        "dust.results",
        "store_refused",
        "too ugly",
    )
    assert found.received_at == T0 + 4005
    assert point_from_json(found.raw).time == T0 + 2000
    assert (rig.stage.counts["readings"], rig.stage.counts["refused:store_refused"]) == (4, 1)
    assert rig.slept == []


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"no arrow", [("schema", b"dust.judged/1"), ("received_at", b"17")]),
        (b"{", [("schema", b"dust.judgements/2")]),
        (b"{}", [("schema", b"dust.judgements/2")]),
        (b"", [("schema", b"dust.unknown/9"), ("received_at", b"soon")]),
        (b"\xff\x00", []),
    ],
)
async def test_a_record_that_cannot_be_read_goes_to_quarantine_as_it_is(
    rig: Rig, value: bytes, headers: Headers
) -> None:
    await rig.take(raw(7, value, headers), judged(8, readings(1)))
    (found,) = rig.set_aside
    assert (found.code, found.raw) == ("bad_syntax", value)
    assert "partition 3, offset 7" in found.detail
    assert rig.history.count("readings") == 1


async def test_a_dead_store_is_tried_again_with_growing_waits_until_it_takes_the_rest(rig: Rig) -> None:
    rig.history.takes = [2, 0, 0, 1, *[0] * 20]
    await rig.take(judged(0, readings(5)))
    assert rig.history.writes[:6] == [5, 3, 3, 3, 2, 2]
    assert rig.history.count("readings") == rig.stage.counts["readings"] == 5
    assert len(rig.slept) == 24
    assert max(rig.slept[:2]) < max(rig.slept) <= 5.0
    assert set(rig.said) == {"the store is dead"}
    assert rig.worker.in_the_way() is None


async def test_points_refused_before_the_store_died_are_set_aside_once(rig: Rig) -> None:
    rig.history.refuses = {T0 + 4000}
    rig.history.takes = [1, 1]
    await rig.take(judged(0, readings(5)))
    assert len(rig.set_aside) == 1
    assert rig.stage.counts["readings"] == 4


async def test_a_stage_whose_partition_moves_away_stops_trying(rig: Rig) -> None:
    rig.history.takes = [0] * 1_000_000
    rig.stage.fold(judged(0, readings(5)))
    delivery = asyncio.create_task(rig.stage.deliver())
    async with asyncio.timeout(10):
        while len(rig.slept) < 3:
            await asyncio.sleep(0)
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    tried = len(rig.history.writes)
    await asyncio.sleep(0)
    assert len(rig.history.writes) <= tried + 1
    assert rig.worker.in_the_way() is None


async def test_a_stage_that_waits_holds_no_other_stage(rig: Rig) -> None:
    awake = asyncio.Event()

    class Dead(FlakyHistory):
        def write_batches(self, batches: Iterable[PointBatch]) -> WriteOutcome:
            return (
                WriteOutcome(kept=list(batches), why="dead")
                if not awake.is_set()
                else super().write_batches(batches)
            )

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    dead = StoreStage(
        1, Worker(Dead(rig.history.path.with_name("dead.db")), rig.telemetry, sleep), rig._quarantine
    )
    dead.fold(judged(0, readings(3)))
    waiting = asyncio.create_task(dead.deliver())
    await rig.take(judged(0, readings(5)))
    assert rig.history.count("readings") == 5
    assert not waiting.done()
    awake.set()
    async with asyncio.timeout(10):
        await waiting
    assert dead.counts["readings"] == 3


@pytest.fixture
def verdict() -> Verdict:
    known: dict[str, Any] = dict.fromkeys(Verdict.__dataclass_fields__)
    known |= {
        "id": "v1",
        "kind": "interval",
        "site": "site-1",
        "point": "dev-1",
        "rule": "r",
        "title": {"en": "t"},
    }
    known |= {"pollutant": "pm10", "start": T0, "end": T0 + HOUR, "answer": "exceeds", "reasons": ()}
    known |= {"background_ids": (), "limit": 80.0, "revision": 1}
    return replace(Verdict(**known), value=91.0)


async def test_what_verdicts_depended_on_is_stored_beside_them(rig: Rig) -> None:
    feed = Background("b1", T0 + 5, "S001", T0, T0 + HOUR, {"pm10": 120_000})
    value, headers = encode(feed)
    await rig.take(raw(0, *encode_context(value, schema_of(headers), T0 + 5)))
    (row,) = rig.history.rows("context", {"kind": "background"})
    assert background_of(context_row(row)) == feed


async def test_the_wind_of_a_sites_hour_is_stored_beside_them(rig: Rig) -> None:
    share = Share("pm10", "undetermined", ("calm",))
    words = {"direction": None, "sector": None, "speed": 0.1, "resultant": 0.1, "steadiness": 0.9}
    hour = SiteHour(
        id="w1", site="site-1", start=T0, end=T0 + HOUR, **words, readings=60, reason="calm", shares=(share,),
        revision=1, configuration="c1", decided_at=T0 + HOUR,
    )  # fmt: skip
    await rig.take(raw(0, *encode_winds([hour], T0 + HOUR)))
    (row,) = rig.history.rows("context", {"kind": WIND, "name": "site-1"}, T0, T0 + 1)
    assert wind_of(context_row(row)) == hour


async def test_a_context_of_another_kind_goes_to_quarantine(rig: Rig) -> None:
    value, headers = encode(Tick(T0, 1000, "b"))
    await rig.take(raw(0, *encode_context(value, schema_of(headers), T0)))
    assert [one.code for one in rig.set_aside] == ["bad_syntax"]


async def test_a_store_that_asks_for_patience_is_left_alone_for_as_long(rig: Rig) -> None:
    rig.history.takes, rig.history.asks_s = [0, 1], 42.0
    await rig.take(judged(0, readings(3)))
    assert rig.slept == [42.0, 42.0]
    assert rig.history.count("readings") == 3
