"""Arrivals: readings are sifted, flagged and remembered, silences end, single values are judged. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ingest.records import Readings
from ingest.units import JUDGED
from processors.breaches import FAULT, VerdictInContext
from processors.columns import Int64s
from processors.fold.flagging import flag
from processors.fold.memory import Memory
from processors.fold.outputs import DUPLICATE, Outputs
from processors.measuring import Intake, Positions, intake
from processors.records import Breach
from processors.silence import CLOCK_FAULT, IN_SERVICE, OF_A_FAULT, Seen, clock_kinds
from processors.windows import HOUR, REFUSED


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
    kept = memory.late_readings.kept(taken, clock[taken.place])
    if len(kept):
        duplicates, conflicts = _sift_late(memory, taken, kept, duplicates, conflicts)
    contradicting = taken.place[conflicts] if conflicts else taken.place[:0]
    found = [(int(taken.place[i]), DUPLICATE) for i in duplicates]
    found += [(int(taken.place[i]), "conflict") for i in conflicts]
    out.duplicates += len(duplicates)
    fresh = taken.without(duplicates)
    out.flags += flag(fresh.columns, memory.newest, memory.plan)
    memory.log.append(fresh.columns)
    if len(kept):
        late_rows = memory.late_readings.kept(fresh, clock[fresh.place])
        memory.late_rows.append(fresh.columns.take(late_rows))
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
    events += [(i, 0, event) for i, event in _faults(memory, batch, fresh, contradicting)]
    opened = memory.single_values.values(fresh.columns, fresh.received, memory.orders)
    events += [(i, 1, judgement) for i, judgement in opened]
    for i, _, event in sorted(events, key=lambda e: e[:2]):
        if isinstance(event, Breach):
            out.breaches.append(event)
        else:
            ours = event.verdict.start < memory.outage.gap_end
            memory.publish_each([event], out, ours and memory.outage.catching_up(int(fresh.received[i])))


def _faults(
    memory: Memory, batch: Readings, fresh: Intake, contradicting: Positions
) -> Iterator[tuple[int, Breach]]:
    """The faults of devices that readings open or close, with their positions, in order.

    A backlog says how a device was, not how it is: what counts is as new as what a device that speaks sends.
    """
    columns, faults = fresh.columns, memory.faults
    sound = (columns.values > REFUSED) & ((columns.fail & OF_A_FAULT) == 0)
    good = np.zeros(len(fresh), np.uint8)
    for q in range(len(sound)):
        good |= sound[q].astype(np.uint8) << np.uint8(q)
    doubled = np.isin(fresh.place, contradicting) if len(contradicting) else None
    wrong = _wrong_clocks(batch)
    wrongly = np.isin(fresh.place, list(wrong)) if wrong else np.zeros(len(fresh), bool)
    matters = faults.matters(columns.row, fresh.present, good) | wrongly
    if doubled is not None:
        matters |= doubled
    if not matters.any():
        return
    excused = _excused(batch)
    # what one reading begins the next of its device may end
    matters = np.isin(columns.row, columns.row[matters])
    old = columns.time + columns.period < fresh.received - memory.plan.offline_after[columns.row]
    matters &= wrongly | ~old
    for rest in memory.plan.rests:  # of a site at rest nothing is expected
        at_rest = np.isin(columns.row, rest.rows)
        matters &= ~(at_rest & (fresh.received >= rest.start) & (fresh.received < rest.end))
    for i in np.flatnonzero(matters).tolist():
        seen = Seen(
            int(columns.row[i]),
            int(fresh.received[i]),
            int(fresh.present[i]),
            int(good[i]),
            wrong.get(int(fresh.place[i]), ()),
            excused.get(int(fresh.place[i]), 0),
            doubled is not None and bool(doubled[i]),
        )
        for event in faults.came(memory.plan, memory.breaches, seen):
            yield i, event


def _wrong_clocks(batch: Readings) -> dict[int, tuple[str, ...]]:
    """Row of the batch -> known ways in which its time is wrong."""
    if not batch.marks:
        return {}
    kinds = {row: clock_kinds(text) for row, text in batch.marks.items() if "clock_" in text}
    return {row: found for row, found in kinds.items() if found}


def _excused(batch: Readings) -> dict[int, int]:
    """Row of the batch -> bits of the pollutants that their device flags as being serviced."""
    found: dict[int, int] = {}
    for row, text in batch.flags.items():
        pairs = (pair.partition("=") for pair in text.split(";"))
        bits = sum(1 << JUDGED.index(q) for q, _, flag in pairs if q in JUDGED and flag in IN_SERVICE)
        if bits:
            found[row] = bits
    return found


def _sift_late(
    memory: Memory, taken: Intake, kept: Positions, duplicates: list[int], conflicts: list[int]
) -> tuple[list[int], list[int]]:
    """(duplicates, conflicts) among all readings; `kept`: those to be kept beside the readings in time."""
    new = np.setdiff1d(kept, duplicates)
    doubled, differing = memory.late_rows.sift(taken.columns.take(new), taken.keys[new])
    return (
        sorted({*duplicates, *new[doubled].tolist()}),
        sorted({*conflicts, *new[differing].tolist()}),
    )


def _hear(memory: Memory, batch: Readings, fresh: Intake) -> list[tuple[int, Breach]]:
    """Note which devices were heard, and return the closing events with their positions.

    A message retained by the broker is no evidence that its device is alive today, and a backlog of a silent
    one none that it speaks again.
    """
    rows, received, present = fresh.columns.row, fresh.received, fresh.present
    heard: Positions | None = None
    retained = {row for row, text in batch.marks.items() if "retained" in text.split(",")}
    unheard = {i for i, row in enumerate(fresh.place.tolist()) if row in retained} if retained else set()
    unheard |= _of_the_past(memory, fresh)
    if unheard:
        heard = np.array([i for i in range(len(fresh)) if i not in unheard], np.intp)
        rows, received, present = rows[heard], received[heard], present[heard]
    closed: list[tuple[int, Breach]] = []
    for i in memory.silence.heard(rows, received, present):
        place = i if heard is None else int(heard[i])
        events = memory.untold_silences.heard(memory.plan, memory.breaches, int(rows[i]), int(received[i]))
        closed += [(place, event) for event in events]
    if memory.silence.bound is None:
        memory.next_due = None
    return closed


def _of_the_past(memory: Memory, fresh: Intake) -> set[int]:
    """Positions of readings of silent devices that end longer before their receipt than a silence may last.

    From the first one of now on all of a device count; and all of one whose clock is known to be wrong.
    """
    offline = memory.silence.offline
    if not offline.any():
        return set()
    columns, plan = fresh.columns, memory.plan
    found: set[int] = set()
    back: set[int] = set()
    for i in np.flatnonzero(offline[columns.row]).tolist():
        row = int(columns.row[i])
        ended = int(columns.time[i]) + int(columns.period[i])
        old = ended < int(fresh.received[i]) - int(plan.offline_after[row])
        if row in back or not old or memory.breaches.is_open(CLOCK_FAULT, FAULT, plan.devices[row]):
            back.add(row)
        else:
            found.add(i)
    return found
