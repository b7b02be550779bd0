"""Final flags in the log: written when a quarter of an hour ends, told where they are news."""

from __future__ import annotations

from typing import Any

import numpy as np

from ingest.batches import Row
from ingest.records import Background
from ingest.units import JUDGED
from processors.columns import NEVER
from processors.fold.flagging import Flagging, flag, flagged, words_of
from processors.measuring.intake import intake
from processors.measuring.stations import Backgrounds
from processors.plan.plan import Plan
from processors.quality.checks import BIT, names_of
from processors.quality.newest import NewestValues
from processors.windows.row_log import RowLog
from tests.logs import HOUR, MINUTE, T0, batch, revision, row
from tests.parts import rows

QUARTER = 15 * MINUTE

PM10 = JUDGED.index("pm10")
PLAN = Plan.of(revision(["d1", "d2"]))


class Scene:
    """A log whose rows have their first flags."""

    def __init__(self) -> None:
        self.log, self.newest, self.flagging = RowLog(NEVER), NewestValues.empty(2), Flagging()
        self.known = Backgrounds()

    def say(self, *rows: Row) -> list[Any]:
        columns = intake(batch(*rows), 0, len(rows), PLAN).columns
        told = flag(columns, self.newest, PLAN)
        self.log.append(columns)
        return told

    def quarter(self, start: int = T0) -> list[tuple[str, int, int, dict[str, tuple[str, ...]]]]:
        told = self.flagging.quarter(self.log, PLAN, start, start + QUARTER, self.known)
        assert all(one.final and one.site == "s1" for one in told)
        return [(one.device, one.time - T0, one.period, one.words) for one in told]

    def again(self, until: int = T0 + QUARTER) -> list[tuple[int, dict[str, tuple[str, ...]]]]:
        """What the first device's values before `until` turn out to be."""
        told = flagged(PLAN, self.flagging.again(self.log, PLAN, [0], until, T0 + QUARTER), final=True)
        return [(one.time - T0, one.words) for one in told]

    def bits(self, at: int, device: str = "d1", period: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(failed, suspect) checks of PM10 of the reading at an instant, as the log holds them."""
        held = self.log.within(T0 - HOUR, T0 + 2 * HOUR)
        mine = (held.time == T0 + at) & (held.row == PLAN.row_of[device]) & (held.period == period)
        (place,) = np.flatnonzero(mine).tolist()
        return names_of(int(held.fail[PM10, place])), names_of(int(held.suspect[PM10, place]))


def lively(start: int, n: int, device: str = "d1", period: int = 0) -> list[Row]:
    """A value each minute that no check doubts."""
    return [row(T0 + start + k * MINUTE, 50.0 + k * 7 % 11, device, period=period) for k in range(n)]


def test_words_put_what_failed_before_what_is_suspect_by_name():
    spike, clock, flat = (int(BIT[name]) for name in ("spike", "clock", "flat_line"))
    assert words_of(0, 0) == ()
    assert words_of(spike, spike | flat) == ("flat_line", "spike!")
    assert words_of(clock | spike, flat) == ("clock!", "flat_line", "spike!")


def test_at_arrival_only_what_has_a_flag_is_told_and_every_pollutant_by_itself():
    told = Scene().say(
        row(T0, 50.0), row(T0 + MINUTE, -9.0, "d2", tsp=50.0, period=60_000), row(T0, 60.0, "d2")
    )
    ((one),) = told
    assert (one.site, one.device, one.time, one.period, one.final) == ("s1", "d2", T0 + MINUTE, 60_000, False)
    assert one.words == {"pm10": ("gross_range!",)}


def test_a_spike_is_seen_when_its_quarter_ends_and_told_once():
    scene = Scene()
    scene.say(*lively(0, 5), row(T0 + 5 * MINUTE, 2000.0), *lively(6 * MINUTE, 9), *lively(0, 15, "d2"))
    assert scene.bits(5 * MINUTE) == ((), ())
    assert scene.quarter() == [("d1", 5 * MINUTE, 0, {"pm10": ("spike",)})]
    assert scene.bits(5 * MINUTE) == ((), ("spike",))
    assert scene.bits(6 * MINUTE) == scene.bits(5 * MINUTE, "d2") == ((), ())
    assert scene.quarter() == []
    assert scene.quarter(T0 + QUARTER) == []


def test_of_every_pollutant_what_was_told_is_no_news():
    scene = Scene()
    levels = [50.0] * 5 + [1500.0] + [60.0] * 5
    scene.say(*(row(T0 + k * MINUTE, v, pm2_5=v / 2, tsp=v * 2) for k, v in enumerate(levels)))
    told = scene.quarter()
    assert {name for *_, words in told for name in words} == set(JUDGED)
    assert scene.quarter() == []


def test_values_are_compared_over_the_border_of_two_quarters():
    scene = Scene()
    scene.say(*lively(0, 15), row(T0 + QUARTER, 2000.0), *lively(QUARTER + MINUTE, 14))
    assert scene.quarter() == []
    assert scene.quarter(T0 + QUARTER) == [("d1", QUARTER, 0, {"pm10": ("spike",)})]
    early = Scene()
    early.say(*lively(0, 14), row(T0 + QUARTER - 1, 2000.0))
    assert early.quarter() == []  # the last value of a quarter has no later one yet
    assert early.flagging.awaits == {0: T0 + QUARTER - 1 + 2 * MINUTE}
    early.say(row(T0 + QUARTER, 50.0))
    assert early.again() == [(QUARTER - 1, {"pm10": ("spike",)})]
    assert early.again() == []
    late = Scene()
    late.say(*lively(0, 14), row(T0 + QUARTER - 1, 2000.0), row(T0 + QUARTER, 50.0))
    assert late.quarter() == [("d1", QUARTER - 1, 0, {"pm10": ("spike",)})]


def test_who_awaits_the_next_value_awaits_none_that_comes_after_two_intervals():
    scene = Scene()
    scene.say(*lively(0, 14), row(T0 + 14 * MINUTE, 2000.0), *lively(0, 15, "d2"))
    scene.quarter()
    one, other = np.zeros(3, np.int32), np.ones(3, np.int32)
    times = T0 + np.array([15 * MINUTE, 16 * MINUTE, 16 * MINUTE + 1])
    assert scene.flagging.awaited(one, times).tolist() == [True, True, False]
    assert not scene.flagging.awaited(other, times).any()
    scene.say(row(T0 + 16 * MINUTE + 1, 50.0))
    assert scene.again() == []
    scene.quarter(T0 + QUARTER)
    assert scene.flagging.awaits == {0: T0 + 18 * MINUTE + 1}  # of the one that came
    scene.quarter(T0 + 2 * QUARTER)
    assert scene.flagging.awaits == {}


def test_a_window_that_closes_before_its_quarter_has_its_spikes_flagged():
    scene = Scene()
    scene.say(*lively(0, 4), row(T0 + 4 * MINUTE, 2000.0), *lively(5 * MINUTE, 2))
    span = (T0, T0 + 5 * MINUTE)
    (told,) = scene.flagging.early(scene.log, PLAN, T0, span)
    assert (told.time, told.words, told.final) == (T0 + 4 * MINUTE, {"pm10": ("spike",)}, False)
    assert scene.flagging.early(scene.log, PLAN, T0, span) == []
    assert scene.quarter() == []


def test_what_is_said_of_a_mean_over_the_border_of_two_quarters_is_written_in_both():
    for late in (False, True):
        scene = Scene()
        five = [(T0 + k * 5 * MINUTE - 2 * MINUTE, 2000.0 if k == 3 else 50.0 + k) for k in range(6)]
        rows = [row(t, v, period=5 * MINUTE) for t, v in five]
        scene.say(*rows[: 4 if late else 6])
        scene.quarter()
        if late:
            scene.say(*rows[4:])
            assert scene.again() == [(13 * MINUTE, {"pm10": ("spike",)})]
        for number in (0, 1):
            held = scene.log.open[T0 // QUARTER + number].filled()
            (place,) = np.flatnonzero(held.time == T0 + 13 * MINUTE).tolist()
            assert names_of(int(held.suspect[PM10, place])) == ("spike",)


def test_means_and_instants_are_series_of_their_own():
    scene = Scene()
    scene.say(*lively(0, 14), *(row(T0 + k * MINUTE, 2000.0 + k, period=60_000) for k in range(14)))
    assert scene.quarter() == []
    assert sorted(scene.flagging.before) == [0, 60_000]
    alone = Scene()
    alone.say(*lively(0, 14), *(row(T0 + k * MINUTE + 1, 2000.0 + k) for k in range(14)))
    assert any("spike" in words["pm10"] for *_, words in alone.quarter())


def test_a_flat_line_is_known_from_what_came_quarters_ago():
    scene = Scene()
    for quarter in range(5):
        start = T0 + quarter * QUARTER
        scene.say(*(row(start + k * MINUTE, 50.0) for k in range(15)))
        told = scene.quarter(start)
        if quarter < 4:
            assert [one for one in told if "flat_line" in one[3]["pm10"]] == []
    held = scene.flagging.before[0]
    assert (held.value[PM10].tolist()[0], held.since[PM10].tolist()[0]) == (50_000, T0)
    failed, suspect = scene.bits(60 * MINUTE)
    assert (failed, "flat_line" in suspect) == ((), True)
    assert "flat_line" not in scene.bits(59 * MINUTE)[1]


def test_of_two_contents_at_one_instant_one_is_looked_at_and_speaks_for_both():
    both = []
    for values in ((2000.0, 51.0), (51.0, 2000.0)):
        scene = Scene()
        for value in values:
            scene.say(row(T0 + 5 * MINUTE, value))
        scene.say(*lively(0, 5), *lively(6 * MINUTE, 5))
        told = scene.quarter()
        held = scene.log.within(T0, T0 + QUARTER)
        mine = held.time == T0 + 5 * MINUTE
        assert len(set(held.suspect[PM10, mine].tolist())) == 1
        both.append(
            (sorted((words["pm10"], at) for _, at, _, words in told), held.suspect[PM10, mine].tolist())
        )
    assert both[0] == both[1]


def test_the_background_of_the_hour_before_is_what_a_value_is_held_against():
    for level, hour, doubted in ((400.0, T0 - HOUR, True), (400.0, T0, False), (60.0, T0 - HOUR, False)):
        scene = Scene()
        scene.known.add(Background("b", hour + HOUR, "S1", hour, hour + HOUR, {"pm10": round(level * 1000)}))
        scene.say(*lively(0, 15))
        told = scene.quarter()
        assert {words["pm10"] for *_, words in told} == ({("background",)} if doubted else set())
        assert len(told) == (15 if doubted else 0)


def test_a_quarter_without_readings_is_over_at_once_and_rows_move_with_their_device():
    scene = Scene()
    assert scene.quarter() == []
    assert scene.flagging.before == {}
    scene.say(*lively(0, 3), *lively(QUARTER, 2))
    scene.quarter()
    scene.quarter(T0 + QUARTER)
    scene.flagging.follow(rows([-1, 0]))
    assert scene.flagging.before[0].value[PM10].tolist()[1] == 53_000
    assert flagged(PLAN, scene.log.within(T0, T0 + QUARTER).take(slice(0, 0)), final=True) == []
