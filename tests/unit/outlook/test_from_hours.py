"""Windows of hours by hand: when the capture is certain, what is still allowed, when it is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from processors.outlook.from_hours import BegunHour, hour_prospects, project_hours
from processors.outlook.projection import NONE, Bars, Progress, ProjectionSettings, Prospects
from processors.outlook.recent_levels import Recent
from tests.logs import T0

SLOTS = 60


def _column(value: int) -> np.ndarray:
    return np.array([value], np.int64)


def _found(
    closed: int,
    *,
    total: int = 0,
    slots: int = 24,
    begun: tuple[int, int, int] = (0, 0, 0),
    least: int = 7500,
    bar: int = 100,
) -> Prospects:
    """`closed`: valid hours, none that closed was not; `begun`: total, covered and settled slots."""
    progress = Progress(*(_column(n) for n in (total, closed, 0, closed, slots)))
    hour = BegunHour(*(_column(n) for n in (*begun, SLOTS)))
    return hour_prospects(progress, hour, Bars(_column(bar), _column(bar)), True, least, slots)


@pytest.mark.parametrize(
    ("closed", "covered", "captured"), [(17, 0, False), (17, 44, False), (17, 45, True), (18, 0, True)]
)
def test_the_hour_in_progress_counts_for_the_capture_once_it_is_valid_whatever_comes(
    closed: int, covered: int, captured: bool
):
    assert _found(closed, begun=(0, covered, covered)).captured.tolist() == [captured]


@pytest.mark.parametrize(("closed", "captured"), [(10, False), (11, True)])
def test_a_share_of_hours_is_rounded_up(closed: int, captured: bool):
    # 41.67 % of 24 hours are 10.0008
    assert _found(closed, least=4167).captured.tolist() == [captured]


def test_what_is_still_allowed_is_what_the_bar_leaves_after_the_closed_hours():
    # 2 of 4 hours have 120 each; bar 100: the other two may have 80 each, less what rounding may add
    assert _found(2, total=240, slots=4, bar=100).required.tolist() == [79]
    assert _found(2, total=160, slots=4, bar=100).required.tolist() == [119]


def test_where_the_begun_hour_decides_it_already_the_probability_is_one():
    progress = Progress(_column(200), _column(2), _column(0), _column(2), _column(3))
    bars = Bars(_column(100), _column(100))
    found = _found(2, total=200, slots=3)
    for zeros_exceed, permyriad in ((True, 10_000), (False, NONE)):
        one = replace(found, zeros_exceed=np.array([zeros_exceed]))
        seen = project_hours(progress, one, bars, True, Recent.of(1), T0, ProjectionSettings())
        assert seen.permyriad.tolist() == [permyriad]
