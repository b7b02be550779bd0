"""What windows add to the state: an answer is 7 bytes, what was measured 20, and so many are held at once."""

from __future__ import annotations

from typing import Any

import pytest

from processors.plan.footprint import added_by
from tests.footprints import base_bytes
from tests.logs import local_rule

ANSWER, MEASURED, OUTLOOK, READING, KEPT_HOUR, SETTLED_DAY, SOURCE = 7, 20, 240, 50, 13, 5, 4
HOURS, DAYS = 109, 133  # of answers: as long as what comes late changes them, or the day of one
IN_TIME = 3


def plain(**more: Any) -> int:
    """Bytes of one rule of which no open window is looked at."""
    (added,) = added_by([local_rule(outlook=False, **more)])
    return added.bytes


@pytest.mark.parametrize(
    ("more", "answers", "measured"),
    [
        # two hours in which readings join those in time, two until an hour closes that lets go, and both ends
        pytest.param({}, HOURS, 6, id="an hour"),
        pytest.param({"lateness_s": 3600}, HOURS, 6, id="late by a whole window"),
        pytest.param({"lateness_s": 3601}, HOURS, 7, id="late by a second more"),
        pytest.param({"window": 900}, 4 * (HOURS - 1) + 1, 18, id="a quarter of an hour"),
        # a breach that looks back needs the windows in a row besides
        pytest.param({"repeat": 3}, HOURS, 9, id="three in a row"),
        pytest.param({"clear": {"level": 50}}, HOURS, HOURS, id="clear at a level"),
        pytest.param({"clear": {"minutes": 90}}, HOURS, 7, id="clear after a window and a half"),
        pytest.param({"clear": {"minutes": 120}}, HOURS, 8, id="clear after two windows"),
        pytest.param(
            {"clear": {"minutes": 120}, "repeat": 3}, HOURS, 9, id="clear after two, three in a row"
        ),
        # a background may come as late as a reading
        pytest.param({"background": {"area": "county"}}, HOURS, HOURS, id="a background"),
    ],
)
def test_so_many_answers_of_a_rule_are_held_each_with_what_was_measured(
    more: dict[str, Any], answers: int, measured: int
):
    assert plain(**more) == answers * ANSWER + measured * MEASURED


def test_a_rule_with_an_allowance_keeps_its_answers_for_days_and_its_measurements_for_hours():
    assert plain(allowance=2) == DAYS * ANSWER + 6 * MEASURED + 6 * SETTLED_DAY


def test_a_background_beside_names_the_monitor_that_was_subtracted():
    for beside in ({"kind": "upwind_device"}, {"kind": "reference_device", "device": "d2"}):
        assert plain(background=beside) == HOURS * (ANSWER + MEASURED + SOURCE)


def test_long_windows_are_made_of_clock_hours_and_keep_a_day_of_them_once():
    kept = (4 * 24 + 3) * KEPT_HOUR
    assert plain(window=86_400) == 6 * ANSWER + 2 * MEASURED + kept
    day = {"window": 86_400, "outlook": False}
    two = [local_rule(id="a", **day), local_rule(id="b", **day)]
    assert added_by(two)[0].bytes == 2 * 6 * ANSWER + 2 * MEASURED + kept
    other = [local_rule(id="a", **day), local_rule(id="b", pollutant="pm2_5", **day)]
    assert added_by(other)[0].bytes == 2 * plain(window=86_400)


def test_a_rolling_hour_keeps_an_hour_of_readings_more_and_all_answers_an_hour_longer():
    rolling = local_rule(id="b", alignment="rolling", step=1200, outlook=False)
    own, by_clock = 60 * READING, local_rule(id="a", outlook=False)
    (alone,) = added_by([rolling])
    assert alone.bytes == own + (3 * (HOURS - 1) + 1) * (ANSWER + IN_TIME) + 17 * MEASURED
    short, hour = added_by([by_clock, rolling])
    assert (short.step_s, short.bytes) == (1200, alone.bytes)
    assert hour.bytes == HOURS * ANSWER + 7 * MEASURED
    assert plain(window=28_800, alignment="rolling") == (
        (HOURS * ANSWER + 6 * MEASURED) + (4 * 24 + 3) * KEPT_HOUR
    )
    seldom = added_by([rolling], interval_s=300)[0]
    assert alone.bytes - seldom.bytes == 48 * READING


def test_open_windows_of_a_quarter_of_an_hour_and_more_are_looked_at_once_a_pollutant():
    assert added_by([local_rule()])[0].bytes == plain() + OUTLOOK
    assert added_by([local_rule(window=900)])[0].bytes == plain(window=900) + OUTLOOK
    assert added_by([local_rule(window=300)])[0].bytes == plain(window=300)
    two = added_by([local_rule(id="a"), local_rule(id="b", statistic="max")])[0]
    assert two.bytes == 2 * plain() + OUTLOOK
    other = added_by([local_rule(id="a"), local_rule(id="b", pollutant="pm2_5")])[0]
    assert other.bytes == 2 * (plain() + OUTLOOK)


def test_a_single_value_is_held_by_its_instant():
    assert plain(window=0) == 8


def test_windows_are_listed_from_the_shortest_with_their_rules_by_name():
    rules = [local_rule(id="b"), local_rule(id="c", window=900), local_rule(id="a")]
    found = [(added.window_s, added.step_s, added.rules) for added in added_by(rules)]
    assert found == [(900, 900, ("c",)), (3600, 3600, ("a", "b"))]


def test_a_device_holds_readings_of_three_hours_and_its_lateness_and_what_tells_a_duplicate():
    same = 120 + 4 * 32
    assert base_bytes(60) == (180 + 2) * READING + 180 * 8 + same
    assert base_bytes(60, 119) == (180 + 1) * READING + 180 * 8 + same
    assert base_bytes(1) == base_bytes(1, 120)
    assert base_bytes(300, 0) == 36 * READING + 36 * 8 + same
