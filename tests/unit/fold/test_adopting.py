"""A new configuration: all that is known of a device goes to its new row, a new one begins with nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from processors.columns import NEVER
from processors.fold.adopting import adopt
from processors.fold.detector import Detector
from processors.plan.plan import Plan
from processors.silence.heard import FAR
from processors.verdicts.answers import NONE
from processors.verdicts.days import DayAnswers
from tests.full_state import DEVICES, RULES, log
from tests.logs import HOUR, T0, local_rule, revision

AT = T0 + 5 * HOUR
# d0 and d3 go, c0 and d9 come: rows of today, and of yesterday
STAYED, BEFORE = [1, 2, 3], [1, 2, 4]
CAME = [0, 4]


def folded() -> Detector:
    detector = Detector.empty()
    for record in log(5):
        detector.fold(record)
    detector.single_values.above["single"][:] = [5, 6, 7, 8, 9]
    counted = (np.array([1, 2, 3, 1, 2], kind) for kind in (np.int8, np.int16, np.int16))
    detector.days.settled["counted"] = {T0 - 25 * HOUR: DayAnswers(*counted)}
    for start, answers in detector.judge.answers["plain"].items():  # as rules of one statistic share them
        answers.total = detector.judge.answers["hour"][start].total
    return detector


@pytest.fixture(scope="module")
def both() -> tuple[Detector, Detector]:
    """(what was known, the same under the new configuration)"""
    old, new = folded(), folded()
    kept = [one for one in DEVICES if one["id"] not in ("d0", "d3")]
    listed = [*kept, {**DEVICES[0], "id": "c0"}, {**DEVICES[4], "id": "d9"}]
    rules = [rule for rule in RULES if rule.id != "quarters"]
    adopt(new, Plan.of(revision(listed, [*rules, local_rule(id="new", allowance=2)], AT)), AT)
    assert new.plan.devices == ("c0", "d1", "d2", "d4", "d9")
    return old, new


def columns(detector: Detector) -> dict[str, Any]:
    """Everything that has a line a device."""
    one = detector
    found = {
        f"{part}.{name}": getattr(getattr(one, part), name)
        for part, names in {
            "silence": ("last_seen", "since", "sent", "offline"),
            "connections": ("word", "at"),
            "untold_silences": ("tell_at", "site_tell_at"),
            "device_gaps": ("last", "begin", "until", "bits"),
            "newest": ("time", "value", "since"),
        }.items()
        for name in names
    }
    found |= {f"above.{name}": above for name, above in one.single_values.above.items()}
    for name, starts in one.judge.answers.items():
        for start, answers in starts.items():
            for column in ("state", "bits", "revision", "total", "covered", "interval_revision"):
                found[f"answers.{name}.{start}.{column}"] = getattr(answers, column)
    for name, days in one.days.settled.items():
        for start, day in days.items():
            found |= {f"days.{name}.{start}.{c}": getattr(day, c) for c in ("state", "count", "revision")}
    for start, hours in one.hours.held.items():
        for key, hour in hours.items():
            found |= {f"hours.{start}.{key}.{c}": getattr(hour, c) for c in ("mean", "code", "greatest")}
    for name, watches in (
        ("ahead", one.open_windows.watches),
        ("further", one.open_windows.long_windows.watches),
    ):
        for watched, watch in watches.items():
            found |= {f"{name}.{watched}.{c}": getattr(watch, c) for c in ("state", "turn")}
    for start, sums in one.open_windows.quarters.items():
        found |= {f"quarters.{start}.{c}": column for c, column in enumerate(sums)}
    found["history"] = one.suspicions.episodes.history.recent
    return found


def test_what_is_known_of_a_device_that_stays_goes_to_its_new_row(both: tuple[Detector, Detector]):
    old, new = (columns(detector) for detector in both)
    assert {name.partition(".")[0] for name in new} >= {
        "silence", "connections", "untold_silences", "device_gaps", "newest", "above", "answers", "hours", "days", "ahead", "further",
        "quarters", "history",
    }  # fmt: skip
    moved = 0
    for name, column in new.items():
        if len(column.T):  # what was let go stays so
            np.testing.assert_array_equal(column[..., STAYED], old[name][..., BEFORE], err_msg=name)
            assert column.dtype == old[name].dtype, name
            moved += 1
    assert moved > 100


def test_a_device_that_came_begins_with_nothing(both: tuple[Detector, Detector]):
    _, new = both
    nothing = {
        "silence.last_seen": NEVER, "silence.since": AT, "silence.sent": 0, "silence.offline": False,
        "untold_silences.tell_at": FAR, "device_gaps.last": NEVER, "device_gaps.begin": NEVER, "newest.time": NEVER,
        "above.single": NEVER,
    }  # fmt: skip
    found = columns(new)
    for name, value in nothing.items():
        assert (found[name][..., CAME] == value).all(), name
    for name, column in found.items():
        if name.endswith((".state", ".turn", ".total", ".covered")) and len(column.T):
            assert (column[..., CAME] == NONE).all(), name
    measured = [column for name, column in found.items() if name.endswith(".interval_revision")]
    assert all((column[CAME] == 1).all() for column in measured)


def test_rules_that_went_are_forgotten_with_what_waited_for_them(both: tuple[Detector, Detector]):
    old, new = both
    assert "quarters" in old.judge.answers
    assert set(new.judge.answers) == set(old.judge.answers) - {"quarters"}
    assert {name for name, _ in new.days.next} <= {"counted", "new"}
    assert {name for name, _, _ in new.judge.pending} <= set(new.judge.answers)
    assert new.judge.pending == {key: due for key, due in old.judge.pending.items() if key[0] != "quarters"}


def test_columns_that_intervals_shared_are_shared_and_sources_are_rows_of_today(
    both: tuple[Detector, Detector],
):
    old, new = both
    names = {name: number for number, name in enumerate(new.plan.devices)}
    for start, answers in new.judge.answers["beside"].items():
        before = old.judge.answers["beside"][start].source
        assert answers.source is not None
        assert before is not None
        wanted = [-1 if row < 0 else names.get(old.plan.devices[row], -1) for row in before[BEFORE].tolist()]
        assert answers.source[STAYED].tolist() == wanted
        assert (answers.source[CAME] == -1).all()
    shared = 0
    first: dict[int, tuple[str, int]] = {}
    for name, starts in old.judge.answers.items():
        for start, answers in starts.items():
            other = first.setdefault(id(answers.total), (name, start))
            if name in new.judge.answers and other[0] in new.judge.answers and other != (name, start):
                assert new.judge.answers[name][start].total is new.judge.answers[other[0]][other[1]].total
                shared += 1
    assert shared


def test_what_is_saved_under_the_new_configuration_is_read_again(both: tuple[Detector, Detector]):
    _, new = both
    for one in (new.judge, new.single_values, new.days):
        assert one.plan is new.plan
