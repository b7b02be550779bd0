"""Puts a plan in force: what is known of devices that stay goes to their new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from processors.answers import Held
from processors.days import DayHeld
from processors.outage import NEVER
from processors.revision import Plan
from processors.rowlog import Int32s
from processors.silence import Silence

if TYPE_CHECKING:
    from processors.detect import Detector

Array = npt.NDArray[Any]


def adopt(detector: Detector, plan: Plan, at: int) -> None:
    """Put a plan in force; what is known of devices that stay goes to their new rows."""
    old_plan, held = detector.plan, detector.silence
    old_row = np.array([old_plan.row_of.get(device, -1) for device in plan.devices], np.int32)
    new_row = np.full(len(old_plan), -1, np.int32)
    stays = old_row >= 0
    new_row[old_row[stays]] = np.flatnonzero(stays)
    detector.silence = Silence(
        last_seen=_moved(held.last_seen, old_row, NEVER),
        since=_moved(held.since, old_row, at),
        sent=_moved(held.sent, old_row, 0),
        offline=_moved(held.offline, old_row, False),
    )
    detector.connections = detector.connections.moved(old_row)
    detector.deadman = detector.deadman.moved(old_row)
    detector.holes = detector.holes.moved(old_row)
    detector.log.remap(new_row, plan.digest)
    detector.hours.remap(old_row)
    detector.checked.remap(old_row)
    detector.suspecting.remap(old_row)
    detector.winds.remap(old_row, old_plan.ground.sites, plan.ground.sites)
    detector.ahead.begin(plan, at, old_row)
    detector.newest = detector.newest.moved(old_row)
    detector.late.remap(new_row)
    replan(detector, plan)
    rules = plan.latest
    judge, days = detector.judge, detector.days
    moved: dict[int, Array] = {}  # columns that several intervals share stay shared
    judge.held = {
        name: {start: _moved_held(one, old_row, new_row, moved) for start, one in starts.items()}
        for name, starts in judge.held.items()
        if name in rules
    }
    days.settled = {
        name: {
            start: DayHeld(*(_moved(a, old_row, 0) for a in (day.state, day.count, day.revision)))
            for start, day in settled.items()
        }
        for name, settled in days.settled.items()
        if name in rules
    }
    judge.pending = {key: due for key, due in judge.pending.items() if key[0] in rules}
    counted = {name for name, rule in rules.items() if rule.rule.allowance is not None}
    days.next = {name: start for name, start in days.next.items() if name in counted}
    # areas may have other numbers now: what was used is found again when it is needed
    for starts in judge.held.values():
        for one in starts.values():
            one.used = {
                new: one.used[old]
                for old, area in enumerate(old_plan.areas)
                for new, other in enumerate(plan.areas)
                if area.name == other.name and old in one.used
            }
    above = detector.instants.above
    detector.instants.above = {
        name: _moved(newest, old_row, NEVER) for name, newest in above.items() if name in rules
    }


def _moved(column: Array, old_row: Int32s, fill: Any) -> Array:
    made = np.full(len(old_row), fill, column.dtype)
    stays = old_row >= 0
    made[stays] = column[old_row[stays]]
    return made


def _moved_held(one: Held, old_row: Int32s, new_row: Int32s, known: dict[int, Array]) -> Held:
    for column in (one.total, one.covered):
        if id(column) not in known:
            known[id(column)] = _moved(column, old_row, 0) if len(column) else column
    state, bits, revision = (_moved(column, old_row, 0) for column in (one.state, one.bits, one.revision))
    measured = _moved(one.measured, old_row, 1)
    total, covered = known[id(one.total)], known[id(one.covered)]
    source = None
    if one.source is not None:
        source = _moved(one.source, old_row, -1)
        source = np.where(source >= 0, new_row[source], -1).astype(np.int32) if len(new_row) else source
    return Held(one.end, state, bits, revision, total, covered, measured, one.used, source)


def replan(detector: Detector, plan: Plan) -> None:
    """Put a plan of the same rows in the place of the one in force."""
    detector.judge.plan = detector.instants.plan = detector.days.plan = detector.plan = plan
