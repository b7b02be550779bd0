"""Warnings on recordings: nothing certain ends otherwise, most that exceeds is announced."""

from __future__ import annotations

import pytest

from bench import projection
from bench.projection import play, run

KINDS = ("1 h, sensor in dust storms", "15 min, sensor in dust storms", "day of hourly means, 2 stations")


@pytest.fixture(scope="module")
def windows(recordings, tmp_path_factory):
    """The bench's windows by their kind, of these recordings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "DATA", recordings.write(tmp_path_factory.mktemp("recordings")))
        patch.setattr(projection, "dust_storm", recordings.dust_storm)
        yield projection.recordings()


@pytest.mark.parametrize("kind", KINDS)
def test_a_certain_never_ended_otherwise_and_none_came_after_the_window(windows, kind):
    outcomes = [one for series in windows[kind] for one in play(series)]
    assert len(outcomes) > 100
    assert not [one for one in outcomes if one.certain and not one.exceeds]


def test_most_exceeding_hours_and_days_are_announced_and_few_that_comply(windows):
    assert set(windows) == set(KINDS)
    rows = {row.what: row for row in run()}
    for kind, hits, false in (
        ("1 h, sensor in dust storms", 90, 10),
        ("day of hourly means, 2 stations", 95, 10),
    ):
        assert rows[f"warning, {kind}: hit rate"].value > hits
        alarm = rows[f"warning, {kind}: windows warned of that complied"]
        assert alarm.value < false
        assert alarm.value < alarm.peer_value
