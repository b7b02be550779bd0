"""Which windows exist: their starts and ends by the county's clock, days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from processors.columns import DAY_MS, HOUR_MS
from processors.windows.calendar import HOUR, QUARTER, Track, day_of, midnight

COUNTY, LONDON, KOLKATA = "Asia/Shanghai", "Europe/London", "Asia/Kolkata"
DAY = Track(DAY_MS, DAY_MS)
ROLLING_DAY = Track(DAY_MS, HOUR_MS)
ROLLING = Track(HOUR_MS, 20 * 60_000)


def _at(zone: str, *clock: int) -> int:
    return int(datetime(*clock, tzinfo=ZoneInfo(zone)).timestamp()) * 1000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("track", "clock", "long"),
    [
        (QUARTER, True, False),
        (HOUR, True, False),
        (ROLLING, False, False),
        (DAY, True, True),
        (ROLLING_DAY, False, True),
    ],
)
def test_a_track_is_the_clock_s_or_rolls_and_is_long_above_an_hour(track: Track, clock: bool, long: bool):
    assert (track.is_clock, track.is_long) == (clock, long)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 6, 1), 24), ((2026, 10, 25), 25)])
def test_a_day_has_the_hours_that_the_zone_gives_it(day: tuple[int, int, int], hours: int):
    start = _at(LONDON, *day)
    assert midnight(date(*day), LONDON) == start
    for instant in (start, start + 1, start + hours * HOUR_MS - 1):
        assert day_of(instant, LONDON) == (start, start + hours * HOUR_MS)
    assert day_of(start + hours * HOUR_MS, LONDON)[0] == start + hours * HOUR_MS
    assert day_of(start - 1, LONDON)[1] == start
    end = start + hours * HOUR_MS
    assert DAY.start(end, LONDON) == start
    assert DAY.next_end(start, LONDON) == end
    assert DAY.last_end(end, LONDON) == end
    assert DAY.last_end(end - 1, LONDON) == start


def test_a_rolling_day_is_24_hours_whatever_the_zone_does():
    end = _at(LONDON, 2026, 3, 30)
    assert ROLLING_DAY.start(end, LONDON) == end - DAY_MS
    assert ROLLING_DAY.next_end(end, LONDON) == end + HOUR_MS


@pytest.mark.parametrize("zone", [COUNTY, KOLKATA])
def test_windows_end_on_the_clock_of_the_county_even_where_it_is_half_an_hour_apart(zone: str):
    noon = _at(zone, 2026, 4, 1, 12)
    for instant in (noon, noon + 1, noon + HOUR_MS - 1):
        assert HOUR.last_end(instant, zone) == noon
    assert HOUR.last_end(noon - 1, zone) == noon - HOUR_MS
    assert (HOUR.start(noon, zone), HOUR.next_end(noon, zone)) == (noon - HOUR_MS, noon + HOUR_MS)
    assert ROLLING.last_end(noon + HOUR_MS - 1, zone) == noon + 40 * 60_000
    assert (ROLLING.start(noon, zone), ROLLING.next_end(noon, zone)) == (noon - HOUR_MS, noon + 20 * 60_000)


def test_a_span_touches_the_windows_that_it_overlaps_and_that_have_ended():
    noon = _at(COUNTY, 2026, 4, 1, 12)
    late = noon + 10 * HOUR_MS
    assert QUARTER.ends_over(noon, noon + 1, late, COUNTY) == [noon + QUARTER.window]
    assert QUARTER.ends_over(noon - 1, noon + 1, late, COUNTY) == [noon, noon + QUARTER.window]
    assert QUARTER.ends_over(noon, noon + QUARTER.window, late, COUNTY) == [noon + QUARTER.window]
    assert QUARTER.ends_over(noon, noon + QUARTER.window + 1, noon + QUARTER.window, COUNTY) == [
        noon + QUARTER.window
    ]
    assert QUARTER.ends_over(noon, noon + 1, noon + QUARTER.window - 1, COUNTY) == []
    assert ROLLING.ends_over(noon, noon + 1, late, COUNTY) == [noon + n * 20 * 60_000 for n in (1, 2, 3)]
    day = day_of(noon, COUNTY)[1]
    assert DAY.ends_over(noon, noon + 1, day, COUNTY) == [day]
