"""Falsifications put into recordings are found; the recordings as they are raise no suspicion."""

from __future__ import annotations

import pytest

from bench import suspicion as bench
from bench import suspicion_fleet
from bench.suspicion_fleet import STATIONS, Fleet, honest, station, texture
from bench.suspicion_scenarios import SCENARIOS, TWINS
from processors.suspicion.features import LONG_HOURS

pytestmark = pytest.mark.long
# scenarios that need more than a few days, or the right week
SLOW = {"offline_when_polluted"}


def forget():
    """What the bench keeps of the recordings that it has read."""
    station.cache_clear()
    texture.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def played(recordings, tmp_path_factory):
    """The bench reads these recordings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspicion_fleet, "DATA", recordings.write(tmp_path_factory.mktemp("recordings")))
        forget()
        yield recordings
    forget()


@pytest.fixture(scope="module")
def said(played):
    """(fleet, what is told of it) of fifteen days in March with every scenario in three strengths."""
    fleet = bench.injected(7)
    return fleet, [f for f in bench.watched(fleet) if not f.silenced]


def test_the_strongest_of_each_falsification_is_found(said):
    fleet, told = said
    found = {(fleet.monitors[f.row].label, f.pattern) for f in told}
    for name, (_, strengths, unit, pattern) in SCENARIOS.items():
        if name not in SLOW:
            assert ((name, f"{unit} {strengths[-1]:g}"), pattern) in found, name
    assert ((TWINS, "blur 0.01"), "moved_together") in found


def test_nothing_is_told_before_a_falsification_begins_or_of_honest_neighbours(said):
    fleet, told = said
    for finding in told:
        one = fleet.monitors[finding.row]
        assert one.label[0] != "honest"
        assert finding.end > fleet.start + one.begins * 60_000


def test_findings_bring_numbers_with_units_and_hours_to_plot(said):
    _, told = said
    for finding in told:
        assert 0.6 <= finding.confidence <= 1
        assert finding.start < finding.end
        assert all(named.unit for named in finding.evidence.values())
        assert any(named.value is not None for named in finding.evidence.values())
        assert finding.plot
        assert all(len(hours) <= LONG_HOURS and hours[0] is not None for hours in finding.plot.values())
        assert finding.guards


def test_the_same_log_gives_the_same_findings(said):
    fleet, told = said
    again = [f for f in bench.watched(fleet) if not f.silenced]
    assert again == told


@pytest.mark.parametrize(
    "recording", [bench._untouched_storm, bench._untouched_stations], ids=["the storm", "the stations"]
)
def test_the_recordings_as_they_are_raise_no_suspicion(recording):
    assert recording().value == 0


@pytest.mark.parametrize("kind", bench.KINDS)
def test_an_honest_month_raises_no_suspicion(kind):
    months = [honest(STATIONS[0], 24 * 20, 24 * 30, 400 + 57 * n, 60.0, kind=kind) for n in range(5)]
    fleet = Fleet(months, station(STATIONS[0]).start + 24 * 20 * 3_600_000)
    assert [f.pattern for f in bench.watched(fleet) if not f.silenced] == []
