"""What is told: once an episode, with guards, through a snapshot and a new configuration."""

from __future__ import annotations

import numpy as np
import pytest

from processors.suspicion.episodes import STATUS, Episodes
from processors.suspicion.features import FEATURES, NUMBER, HourFeatures
from processors.suspicion.finding import EvidenceNumber
from processors.suspicion.patterns import PATTERNS, TITLES
from processors.suspicion.saved import STANDING, Blocks, described, restored, standing_block
from processors.suspicion.settings import SuspicionSettings
from processors.suspicion.wording import GUARDS
from tests.hours import HONEST, HOUR, place

FIRST = 500_000


def hour(number, devices=2, **columns):
    full = np.full((len(FEATURES), devices), np.nan)
    for name, value in (HONEST | columns).items():
        full[NUMBER[name]] = value
    return HourFeatures((FIRST + number) * HOUR, full)


def stuck(number, value=87.0, **more):
    """Device 0 says one value, device 1 is honest."""
    return hour(number, least=[value, 60], greatest=[value, 160], mean=[value, 100], **more)


def saved(episodes, blocks=None):
    """What a episodes is saved as; without `blocks` every hour is packed."""
    packed = (blocks or Blocks()).bring_up(episodes.history)
    return described(episodes), packed | {STANDING: standing_block(episodes)}


def saved_and_read(episodes):
    return restored(*saved(episodes))


def run(episodes, hours, p=None):
    said = []
    for one in hours:
        said += episodes.close(one, p or place(2), SuspicionSettings())
    return said


def test_a_suspicion_is_told_once_while_it_stands():
    episodes = Episodes.of(2)
    said = run(episodes, [hour(0), *(stuck(n) for n in range(1, 10))])
    assert [(f.pattern, f.row) for f in said] == [("stuck", 0)]
    (one,) = said
    assert (one.start, one.end) == ((FIRST + 1) * HOUR, (FIRST + 3) * HOUR)
    assert one.evidence["value"] == EvidenceNumber(87.0, "ug/m3")
    assert one.silenced is None
    assert one.plot["mean"][-3:] == (100.0, 87.0, 87.0)
    assert episodes.standing("stuck").tolist() == [0]


def test_what_ended_a_day_ago_is_told_anew():
    hours = [stuck(n) for n in range(3)] + [hour(n) for n in range(3, 30)] + [stuck(n) for n in range(30, 33)]
    said = run(Episodes.of(2), hours)
    assert [f.start // HOUR - FIRST for f in said] == [0, 30]


def test_a_silenced_suspicion_says_its_guard_and_is_told_when_the_guard_is_gone():
    episodes = Episodes.of(2)
    said = run(episodes, [stuck(n, excused=0.5) for n in range(3)])
    assert [f.silenced for f in said] == ["maintenance"]
    assert episodes.standing("stuck").tolist() == []
    said = run(episodes, [stuck(n) for n in range(3, 6)])
    assert [f.silenced for f in said] == [None]


def test_an_hour_that_came_again_corrects_and_is_not_judged_twice():
    episodes = Episodes.of(2)
    run(episodes, [hour(0), hour(1)])
    assert run(episodes, [stuck(0), stuck(1)]) == []
    assert episodes.history.last("mean", 1)[0, 0] == 87.0


def test_a_snapshot_goes_on_exactly_where_it_was_made():
    one, other = Episodes.of(2), Episodes.of(2)
    hours = [stuck(n) for n in range(40)]
    for n, features in enumerate(hours):
        a = one.close(features, place(2), SuspicionSettings())
        other = saved_and_read(other)
        assert other.close(features, place(2), SuspicionSettings()) == a
        assert saved(one) == saved(other), n


def test_a_pattern_that_is_not_looked_for_is_left_out_and_no_other():
    for left_out, told in (("mass_factor", ["stuck"]), ("stuck", [])):
        episodes, settings = Episodes.of(2), SuspicionSettings(without=frozenset({left_out}))
        said = [f.pattern for n in range(4) for f in episodes.close(stuck(n), place(2), settings)]
        assert said == told


def test_a_finding_is_told_from_the_confidence_that_is_asked_for():
    for told, patterns in ((0.7, ["stuck"]), (0.71, [])):
        episodes = Episodes.of(2)
        said = [
            f.pattern
            for n in range(2)
            for f in episodes.close(stuck(n), place(2), SuspicionSettings(told=told))
        ]
        assert said == patterns


def test_what_is_ended_is_forgotten_and_may_be_told_again():
    episodes = Episodes.of(2)
    run(episodes, [stuck(n) for n in range(3)])
    assert not episodes.end("clock")
    assert episodes.end("stuck")
    assert not episodes.end("stuck")
    assert episodes.standing("stuck").tolist() == []
    assert [f.start // HOUR - FIRST for f in run(episodes, [stuck(3)])] == [0]


def test_a_state_of_other_patterns_or_columns_is_refused():
    description, blocks = saved(Episodes.of(1))
    restored(description, blocks)
    for other in ({"patterns": ["stuck"]}, {"columns": [["mean"], []]}):
        with pytest.raises(ValueError, match="this program reads one with"):
            restored(description | other, blocks)


def test_what_was_packed_once_is_packed_again_only_where_an_hour_changed():
    episodes, blocks = Episodes.of(2), Blocks()
    for n in range(30):
        run(episodes, [stuck(n)])
        if n == 20:
            episodes.history.backfilled(np.array([1], np.int32), np.array([(FIRST + 3) * HOUR + 60_000]))
        if n == 25:
            run(episodes, [hour(22, mean=[1.0, 2.0])])  # late readings changed it
        assert saved(episodes, blocks) == saved(saved_and_read(episodes)), n
    packed = dict(blocks.of)
    run(episodes, [stuck(31)])
    saved(episodes, blocks)
    assert sum(blocks.of[key] is not packed[key] for key in packed) <= 4


def test_a_new_configuration_moves_what_is_known_to_the_new_rows():
    episodes = Episodes.of(2)
    run(episodes, [stuck(n) for n in range(3)])
    episodes.remap(np.array([-1, 1, 0], np.int32))
    assert episodes.standing("stuck").tolist() == [2]
    full = hour(3, 3, least=[60, 60, 87.0], greatest=[160, 160, 87.0], mean=[100, 100, 87.0])
    assert episodes.close(full, place(3), SuspicionSettings()) == []


def test_every_pattern_and_guard_has_words_that_say_suspected():
    assert set(TITLES) == set(PATTERNS)
    assert all(
        title.zh_CN.startswith("疑似") and title.en.startswith("Suspected") for title in TITLES.values()
    )
    assert all(guard.zh_CN and guard.en for guard in GUARDS.values())
    assert STATUS == "a proposal of this project"
    assert list(SuspicionSettings().by_pattern) == list(PATTERNS)
