"""Arrivals: readings are sifted, flagged and remembered, silences end, single values are judged. Pure."""

from __future__ import annotations

import numpy as np

from ingest.records import Readings
from processors.breaches import VerdictInContext
from processors.columns import Int64s
from processors.fold.flagging import flag
from processors.fold.memory import Memory
from processors.fold.outputs import DUPLICATE, Outputs
from processors.measuring import Intake, Positions, intake
from processors.records import Breach
from processors.windows import HOUR


def take_in(memory: Memory, batch: Readings, clock: Int64s, begin: int, end: int, out: Outputs) -> None:
    """Fold rows [begin, end) of a batch with nothing due in between. `clock`: the log's time, one per row."""
    taken = intake(batch, begin, end, memory.plan)
    for row, why in taken.left_out:
        out.mark(row, why)
    if memory.plan.suspects and taken.left_out:
        memory.suspicions.left_out(memory.plan, batch, taken.left_out, memory.to_suspect)
    if not len(taken):
        return
    if taken.corrected:
        out.calibrated.append((taken.place, taken.columns.values))
    duplicates, conflicts = memory.log.sift(taken.columns, taken.keys)
    found = [(int(taken.place[i]), DUPLICATE) for i in duplicates]
    found += [(int(taken.place[i]), "conflict") for i in conflicts]
    out.duplicates += len(duplicates)
    fresh = taken.without(duplicates)
    out.flags += flag(fresh.columns, memory.newest, memory.plan)
    memory.log.append(fresh.columns)
    memory.winds.take(batch, fresh, len(memory.plan), memory.closed[HOUR], memory.log.closed_until)
    due = memory.reopened.due
    for i in np.flatnonzero(memory.flagging.awaited(fresh.columns.row, fresh.columns.time)).tolist():
        memory.reopened.flag(int(fresh.columns.row[i]), int(clock[fresh.place[i]]))
    late, amends = memory.late_readings.readings(fresh, clock[fresh.place])
    if memory.reopened.due != due:
        memory.next_due = None
    if memory.plan.suspects:
        begun = np.flatnonzero(fresh.columns.time < max(memory.closed.values()))
        memory.suspicions.came(memory.plan, batch, fresh, begun, memory.to_suspect)
    found += [(int(fresh.place[i]), "late") for i in late]
    found += [(int(fresh.place[i]), "amends") for i in amends]
    for row, name in sorted(found):
        out.mark(row, name)
    if not len(fresh):
        return
    # in the order of the rows, as if each had come alone
    events: list[tuple[int, int, Breach | VerdictInContext]] = []
    events += [(i, 0, event) for i, event in _hear(memory, batch, fresh)]
    opened = memory.single_values.values(fresh.columns, fresh.received, memory.orders)
    events += [(i, 1, judgement) for i, judgement in opened]
    for i, _, event in sorted(events, key=lambda e: e[:2]):
        if isinstance(event, Breach):
            out.breaches.append(event)
        else:
            ours = event.verdict.start < memory.outage.gap_end
            memory.publish_each([event], out, ours and memory.outage.catching_up(int(fresh.received[i])))


def _hear(memory: Memory, batch: Readings, fresh: Intake) -> list[tuple[int, Breach]]:
    """Note which devices were heard, and return the closing events with their positions.

    A message retained by the broker is no evidence that its device is alive today.
    """
    rows, received, present = fresh.columns.row, fresh.received, fresh.present
    heard: Positions | None = None
    retained = {row for row, text in batch.marks.items() if "retained" in text.split(",")}
    if retained:
        own = [i for i, row in enumerate(fresh.place.tolist()) if row not in retained]
        heard = np.array(own, np.intp)
        rows, received, present = rows[heard], received[heard], present[heard]
    closed: list[tuple[int, Breach]] = []
    for i in memory.silence.heard(rows, received, present):
        place = i if heard is None else int(heard[i])
        events = memory.untold_silences.heard(memory.plan, memory.breaches, int(rows[i]), int(received[i]))
        closed += [(place, event) for event in events]
    if memory.silence.bound is None:
        memory.next_due = None
    return closed
