"""Holes in what devices send: how long one is, where it begins and ends, what fills it, what excuses it."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.batches import Row
from ingest.records import Background, Signal
from processors.columns import NEVER
from processors.measuring.intake import intake
from processors.measuring.stations import Backgrounds
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from processors.records.reasons import HIGH_BACKGROUND, RISING
from processors.silence.device_gaps import DeviceGaps, GapContext, longest
from processors.silence.own_outage import Outage
from processors.windows.row_log import RowLog
from tests.logs import HOUR, MINUTE, T0, batch, row
from tests.logs import revision as configured
from tests.parts import rows

QUARTER = 15 * MINUTE

BITS = np.uint8(HIGH_BACKGROUND)


def plan_of(*intervals: int) -> Plan:
    return Plan.of(configured([{"id": f"d{n}", "interval": s} for n, s in enumerate(intervals)]))


class Scene:
    """Monitors of a county whose background is high, so that every hole is flagged that may be."""

    def __init__(self, *intervals: int, level: float | None = 200.0, **outage: int) -> None:
        self.plan, self.log, self.orders = plan_of(*(intervals or (60, 60))), RowLog(NEVER), Orders()
        self.gaps: list[tuple[int, int]] = []
        self.outage, self.known = Outage(**outage), Backgrounds()
        self.device_gaps = DeviceGaps.of(len(self.plan))
        if level is not None:
            self.background(T0 - HOUR, level)

    def background(self, start: int, level: float) -> None:
        value = {"pm10": round(level * 1000)}
        self.known.add(Background(f"b{start}", start + HOUR, "S1", start, start + HOUR, value))

    @property
    def gap_context(self) -> GapContext:
        return GapContext(self.orders, self.gaps, self.outage, self.known)

    def say(self, *at_ms: int, device: int = 0, pm10: float = 50.0) -> Scene:
        rows: list[Row] = [row(T0 + at, pm10, f"d{device}") for at in at_ms]
        self.log.append(intake(batch(*rows), 0, len(rows), self.plan).columns)
        return self

    def look(self, *ends_ms: int) -> Scene:
        for end in ends_ms:
            self.device_gaps.look(self.log, self.plan, T0 + end, self.gap_context)
        return self

    def hole(self, device: int = 0) -> tuple[int, int, int] | None:
        """(begin, until, bits) of the device's newest hole, ms after T0."""
        h = self.device_gaps
        if h.begin[device] == NEVER:
            return None
        return int(h.begin[device]) - T0, int(h.until[device]) - T0, int(h.bits[device])


def test_a_hole_is_longer_than_three_intervals_and_than_a_quarter_of_an_hour():
    assert longest(plan_of(60, 300, 301, 3600)).tolist() == [QUARTER, QUARTER, 903_000, 3 * HOUR]


@pytest.mark.parametrize(("pause", "hole"), [(QUARTER, None), (QUARTER + 1, (0, QUARTER + 1, BITS))])
def test_a_pause_of_a_quarter_of_an_hour_is_none_and_a_millisecond_more_is_one(pause: int, hole: object):
    scene = Scene().say(0, pause).look(QUARTER, 2 * QUARTER)
    assert scene.hole() == hole
    assert scene.hole(1) is None


def test_the_first_look_is_at_the_quarter_that_has_just_ended():
    scene = Scene().say(-MINUTE, MINUTE).look(QUARTER)
    assert (scene.device_gaps.looked, scene.device_gaps.last.tolist()) == (T0 + QUARTER, [T0 + MINUTE, NEVER])


def test_a_hole_that_goes_on_grows_with_each_look_until_the_device_is_back():
    scene = Scene().say(MINUTE).look(QUARTER)
    assert scene.hole() is None
    assert scene.look(2 * QUARTER).hole() == (MINUTE, 2 * QUARTER, BITS)
    assert scene.look(4 * QUARTER).hole() == (MINUTE, 4 * QUARTER, BITS)
    scene.say(4 * QUARTER + 5, 4 * QUARTER + 10).look(5 * QUARTER)
    assert scene.hole() == (MINUTE, 4 * QUARTER + 5, BITS)
    # and the next one is another
    assert scene.look(7 * QUARTER).hole() == (4 * QUARTER + 10, 7 * QUARTER, BITS)


def test_what_has_come_by_the_time_of_the_look_fills_a_hole_as_far_as_it_reaches():
    scene = Scene().say(0, 3 * QUARTER).look(QUARTER)
    assert scene.say(10 * MINUTE).look(4 * QUARTER).hole() == (10 * MINUTE, 3 * QUARTER, BITS)
    filled = Scene().say(0, 3 * QUARTER).look(QUARTER)
    assert filled.say(QUARTER, 2 * QUARTER).look(4 * QUARTER).hole() is None
    # what comes after that changes nothing of the hole that was noted
    noted = Scene().say(0).look(QUARTER, 2 * QUARTER).say(10 * MINUTE).say(2 * QUARTER + MINUTE)
    assert noted.look(3 * QUARTER).hole() == (0, 2 * QUARTER + MINUTE, BITS)


def test_a_hole_touches_what_begins_before_its_end_and_ends_after_its_beginning():
    scene = Scene().say(MINUTE, 2 * QUARTER).look(QUARTER, 2 * QUARTER, 3 * QUARTER)
    assert scene.hole() == (MINUTE, 2 * QUARTER, BITS)

    def over(start: int, end: int) -> int:
        return int(scene.device_gaps.over(T0 + start, T0 + end)[0])

    assert over(0, MINUTE) == 0
    assert over(0, MINUTE + 1) == BITS
    assert over(2 * QUARTER - 1, HOUR) == BITS
    assert over(2 * QUARTER, HOUR) == 0
    open_ = Scene().say(MINUTE).look(QUARTER, 2 * QUARTER)
    assert open_.device_gaps.over(T0 + 9 * HOUR, T0 + 10 * HOUR).tolist() == [BITS, 0]  # it has no end yet


def test_how_a_hole_begins_is_told_by_the_half_hour_before_it_and_the_background():
    calm = [n * MINUTE for n in range(15)]
    steep = [n * MINUTE for n in range(15, 29)]
    scene = Scene(level=50.0).say(*calm).say(*steep, pm10=300.0).look(QUARTER, 2 * QUARTER, 4 * QUARTER)
    assert scene.hole() == (28 * MINUTE, 4 * QUARTER, RISING)
    both = Scene().say(*calm).say(*steep, pm10=300.0).look(QUARTER, 2 * QUARTER, 4 * QUARTER)
    assert both.hole() == (28 * MINUTE, 4 * QUARTER, RISING | HIGH_BACKGROUND)
    assert Scene(level=None).say(0).look(QUARTER, 2 * QUARTER).hole() == (0, 2 * QUARTER, 0)


@pytest.mark.parametrize(("hours_back", "bits"), [(0, BITS), (1, BITS), (2, BITS), (3, 0)])
def test_the_newest_background_of_three_hours_speaks_for_the_air(hours_back: int, bits: int):
    scene = Scene(level=None)
    scene.background(T0 - hours_back * HOUR, 200.0)
    assert scene.say(0).look(QUARTER, 2 * QUARTER).hole() == (0, 2 * QUARTER, bits)
    newer = Scene(level=200.0)
    newer.background(T0, 20.0)
    assert newer.say(0).look(QUARTER, 2 * QUARTER).hole() == (0, 2 * QUARTER, 0)


@pytest.mark.parametrize(
    ("gap", "excused"),
    [
        ((QUARTER, HOUR), True),  # what was sent a quarter of an hour before may not have reached us
        ((QUARTER + 1, HOUR), False),
        ((-HOUR, 1), True),
        ((-HOUR, 0), False),
    ],
)
def test_what_begins_while_records_are_lost_or_we_are_deaf_is_not_flagged(
    gap: tuple[int, int], excused: bool
):
    start, end = T0 + gap[0], T0 + gap[1]
    lost = Scene()
    lost.gaps.append((start, end))
    deaf = Scene(gap_start=start, gap_end=end)
    for scene in (lost, deaf):
        assert scene.say(0).look(QUARTER, 2 * QUARTER).hole() == (0, 2 * QUARTER, 0 if excused else BITS)


@pytest.mark.parametrize(
    ("start", "end", "excused"), [(0, 1, True), (-1, None, True), (1, HOUR, False), (-HOUR, 0, False)]
)
def test_what_begins_under_maintenance_is_not_flagged(start: int, end: int | None, excused: bool):
    scene = Scene()
    until = None if end is None else T0 + end
    scene.orders.add(Signal("m", T0 - HOUR, "s1", "maintenance", None, T0 + start, until, "d0"))
    scene.say(0).say(0, device=1).look(QUARTER, 2 * QUARTER)
    assert scene.hole() == (0, 2 * QUARTER, 0 if excused else BITS)
    assert scene.hole(1) == (0, 2 * QUARTER, BITS)  # the order is for the other one


def test_before_its_quarter_ends_a_silence_is_known_as_far_as_it_reaches():
    scene = Scene(60, 60, 60).say(0, MINUTE).look(QUARTER)
    scene.say(QUARTER + MINUTE, device=2)
    until = T0 + QUARTER + 2 * MINUTE
    now = scene.device_gaps.now(scene.log, scene.plan, [2, 0, 1], until, scene.gap_context)
    assert now.tolist() == [BITS, BITS, 0]  # of the second device nothing was ever heard
    assert scene.hole() == (MINUTE, QUARTER + 2 * MINUTE, BITS)
    assert scene.hole(2) == (QUARTER + MINUTE, QUARTER + 2 * MINUTE, BITS)
    # asked again it is the same hole, and what the device says at `until` is after it
    scene.say(QUARTER + 2 * MINUTE)
    assert scene.device_gaps.now(scene.log, scene.plan, [0], until, scene.gap_context).tolist() == [BITS]
    assert scene.hole() == (MINUTE, QUARTER + 2 * MINUTE, BITS)


def test_devices_that_stay_keep_their_holes_under_new_rows():
    scene = Scene().say(0).look(QUARTER, 2 * QUARTER)
    scene.device_gaps.follow(rows([-1, 0]))
    moved = scene.device_gaps
    assert moved.begin.tolist() == [NEVER, T0]
    assert moved.last.tolist() == [NEVER, T0]
    assert moved.until.tolist() == [NEVER, T0 + 2 * QUARTER]
    assert (moved.bits.tolist(), moved.looked) == ([0, BITS], T0 + 2 * QUARTER)
