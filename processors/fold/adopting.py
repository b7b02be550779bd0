"""Puts a plan in force: what is known of devices that stay goes to their new rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from processors.columns import NEVER, Array, Int32s
from processors.fold.memory import Memory
from processors.plan.plan import Plan
from processors.silence.heard import Heard
from processors.verdicts.answers import Held
from processors.verdicts.days import DayHeld


def adopt(memory: Memory, plan: Plan, at: int) -> None:
    """Put a plan in force; what is known of devices that stay goes to their new rows."""
    old_plan, held = memory.plan, memory.silence
    old_row = np.array([old_plan.row_of.get(device, -1) for device in plan.devices], np.int32)
    new_row = np.full(len(old_plan), -1, np.int32)
    stays = old_row >= 0
    new_row[old_row[stays]] = np.flatnonzero(stays)
    memory.silence = Heard(
        last_seen=_moved(held.last_seen, old_row, NEVER),
        since=_moved(held.since, old_row, at),
        sent=_moved(held.sent, old_row, 0),
        offline=_moved(held.offline, old_row, False),
    )
    memory.connections = memory.connections.moved(old_row)
    memory.deadman = memory.deadman.moved(old_row)
    memory.holes = memory.holes.moved(old_row)
    memory.log.remap(new_row, plan.digest)
    memory.hours.remap(old_row)
    memory.checked.remap(old_row)
    memory.suspecting.remap(old_row)
    memory.winds.remap(old_row, old_plan.ground.sites, plan.ground.sites)
    memory.ahead.begin(plan, at, old_row)
    memory.newest = memory.newest.moved(old_row)
    memory.late.remap(new_row)
    replan(memory, plan)
    rules = plan.latest
    judge, days = memory.judge, memory.days
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
    above = memory.instants.above
    memory.instants.above = {
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


def replan(memory: Memory, plan: Plan) -> None:
    """Put a plan of the same rows in the place of the one in force."""
    memory.judge.plan = memory.instants.plan = memory.days.plan = memory.plan = plan
