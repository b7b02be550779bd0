"""What each part of the memory forgets by: one horizon for all that something late may still need."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.records import Signal
from processors.fold.detector import Detector
from processors.fold.memory import Memory
from processors.fold.parts import parts_of
from processors.verdicts.days import DayAnswers, Days
from processors.windows import BEYOND_LATE_MS, LATE_FOR_MS
from tests.full_state import log
from tests.logs import HOUR, MINUTE, T0, Run, background, local_rule, minutes, revision, row, ticking

LATE = "late"  # `late_for` and a day: the longest window
FORGETS_BY: dict[str, set[str]] = {
    "configuration": set(),  # rules formerly in force go with the next change: `Plan.remembers`
    "calibrations": {LATE},
    "orders": {LATE},
    "outage": set(),
    "backgrounds": {LATE},
    "breaches": {LATE},
    "signals": {"due"},  # by which a repeated one is known
    "gaps": {LATE},
    "closed": set(),
    "hours": {LATE},
    "in_time": {LATE},
    "reopened": {LATE},  # the revisions
    "open_windows": set(),
    "newest": set(),
    "flagging": set(),
    "suspicions": set(),
    "winds": {"rows"},  # of late hours the sources of background stay as they were
    "silence": set(),
    "faults": set(),
    "episodes": {LATE},
    "labels": {LATE},
    "connections": set(),
    "untold_silences": set(),
    "device_gaps": set(),
    "log": {"rows", "due"},
    "late_rows": {LATE},
    "judge": {LATE, "answers", "unsettled"},
    "days": {LATE},
    "single_values": set(),
}


class Watched:
    """Horizons that note which of them are asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.asked.add(name)
        return (lambda rule: T0) if name == "unsettled" else T0 - 100 * HOUR


@pytest.fixture(scope="module")
def full() -> Detector:
    detector = Detector.empty()
    for record in log(5):
        detector.fold(record)
    detector.days.settled["counted"] = {T0 - 25 * HOUR: DayAnswers(*(np.ones(5, np.int16) for _ in range(3)))}
    return detector


def test_every_part_is_listed():
    assert set(FORGETS_BY) == set(parts_of(Memory))


@pytest.mark.parametrize("name", sorted(FORGETS_BY))
def test_a_part_forgets_by_the_horizon_that_is_listed(full: Detector, name: str):
    watched = Watched()
    part = getattr(full, name)
    part.forget(watched)
    assert watched.asked == FORGETS_BY[name], "and nothing else may be kept shorter than a late window needs"


def test_the_horizon_is_late_for_and_a_day_before_the_hour_that_closes(monkeypatch: pytest.MonkeyPatch):
    found = []
    detector = Detector.empty()
    monkeypatch.setattr(Days, "forget", lambda days, until: found.append(until))
    run = Run(revision(rules=[local_rule()]), *ticking([], T0 + HOUR + 5 * MINUTE), detector=detector)
    until = found[-1]
    assert until.late == until.due - LATE_FOR_MS - BEYOND_LATE_MS
    assert run.detector.plan.remembers == LATE_FOR_MS + BEYOND_LATE_MS


def test_everything_that_a_late_hour_depends_on_is_there_until_late_for_is_over():
    """A background, a maintenance and half of the readings in time; the other half as late as may be."""
    rule = local_rule(background={"area": "county"}, limit=100)
    half = minutes(T0, T0 + HOUR // 2, 300)
    order = Signal("m", T0 + 5, "s1", "maintenance", None, T0 + 40 * MINUTE, T0 + 45 * MINUTE)
    for late, judged in ((LATE_FOR_MS - HOUR, True), (LATE_FOR_MS + HOUR, False)):
        at = T0 + HOUR + late
        rest = [row(t, 500, received=at) for t in range(T0 + HOUR // 2, T0 + HOUR, MINUTE)]
        known = background(T0, 60, T0 + HOUR + 5 * MINUTE)
        quiet = ticking([*half, *rest], at + 5 * MINUTE, others=[known, order])
        run = Run(revision(rules=[rule]), *quiet)
        said = [(v.answer, v.revision) for v in run.verdicts if v.start == T0]
        assert said == [("undetermined", 1), *([("exceeds", 2)] if judged else [])]
        if judged:
            last = [v for v in run.verdicts if v.start == T0][-1]
            assert (last.background, last.capture) == (60.0, 55 / 60)
            assert last.value == pytest.approx((30 * 300 + 25 * 500) / 55)
            (opened,) = [b for b in run.breaches if b.kind == "exceedance" and b.event == "opened"]
            assert (opened.tell, "late" in opened.reasons) == (False, True)
