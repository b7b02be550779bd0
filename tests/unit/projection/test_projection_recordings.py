"""Warnings on the real recordings: nothing certain ends otherwise, most that exceeds is announced."""

from __future__ import annotations

import pytest

from bench.projection import play, recordings, run
from tests.counties import DATA

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the recordings of {DATA} are absent")


@pytest.mark.parametrize("kind", recordings())
def test_a_certain_never_ended_otherwise_and_none_came_after_the_window(kind):
    outcomes = [one for series in recordings()[kind] for one in play(series)]
    assert len(outcomes) > 100
    assert not [one for one in outcomes if one.certain and not one.exceeds]


def test_most_exceeding_hours_and_days_are_announced_and_few_that_comply():
    rows = {row.what: row for row in run()}
    for kind, hits, false in (
        ("1 h, sensor in dust storms", 90, 10),
        ("day of hourly means, 2 stations", 95, 10),
    ):
        assert rows[f"warning, {kind}: hit rate"].value > hits
        alarm = rows[f"warning, {kind}: windows warned of that complied"]
        assert alarm.value < false
        assert alarm.value < alarm.peer_value
