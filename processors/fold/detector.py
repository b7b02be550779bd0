"""The fold of one partition: feed records in, judged readings, intervals, verdicts and breaches out.

Deterministic: it uses no clock and no random numbers. `now` is the greatest `received_at` so far;
everything due at a record's `received_at` is decided before the record is folded, and inside a batch
before the row is, so neither the number of ticks nor the size of batches changes anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import cast

import numpy as np

from ingest.records import Background, FeedRecord, Readings, Remark, Revision, Signal, Status, Tick
from ingest.topics import partition_of
from processors.breaches import OFFLINE
from processors.columns import HOUR_MS, NEVER, Bools
from processors.fold import snapshot
from processors.fold.adopting import adopt, replan
from processors.fold.arrivals import take_in
from processors.fold.closing import amend, close, look_again, look_at_open_windows, tell_wind
from processors.fold.memory import Memory
from processors.fold.outputs import Note, Outputs
from processors.fold.parts import Parts, SavedPart
from processors.measuring import Bundle, TickAt
from processors.plan import PLAIN, SERVICE
from processors.records import GAP_REASONS
from processors.silence import is_gap
from processors.windows import BASE, HOUR

FAR = int(np.iinfo(np.int64).max)
MOST_TOGETHER = 1000  # records; the number changes no output


class Detector(Memory):
    """The fold of one partition; only `fold` and `fold_bundle` change it."""

    @classmethod
    def empty(cls, partition: int = 0, partitions: int = 1, *, outlooks: bool = True) -> Detector:
        """A partition before its first record; it judges the sites that belong to it."""
        return cls(partition, partitions, outlooks=outlooks)

    def fold(self, record: FeedRecord) -> Outputs:
        """Fold the next record of the partition."""
        out = Outputs()
        if isinstance(record, Readings):
            self._fold_readings(record, (), out)
            return out
        if isinstance(record, Tick):
            self._fold_tick(record, out)
            return out
        self._advance(record.received_at, out)
        if isinstance(record, Revision):
            self._fold_revision(record, out)
        elif isinstance(record, Background):
            self._fold_background(record, out)
        elif isinstance(record, Signal):
            self._fold_signal(record, out)
        elif isinstance(record, Status):
            self._fold_status(record, out)
        elif isinstance(record, Remark):
            out.breaches += self.faults.remark(self.plan, self.breaches, record)
        return out

    def fold_bundle(self, bundle: Bundle) -> Outputs:
        """Fold several records at once, with the outputs of folding each in turn; marks are by joined row."""
        out = Outputs()
        if bundle.readings is not None:
            self._fold_readings(bundle.readings, bundle.ticks, out)
        else:
            self._tick(deque(bundle.ticks), 0, out)
        return out

    def fold_log(self, records: Iterable[FeedRecord]) -> Iterator[Outputs]:
        """Fold a log; the outputs of records between two decisions are combined (`LogFold`)."""
        fold = LogFold(self)
        for record in records:
            yield from fold.take(record)
        yield from fold.rest()

    def _tick(self, ticks: deque[TickAt], row: int, out: Outputs) -> None:
        """Fold the ticks that came before a row."""
        while ticks and ticks[0].row <= row:
            self._fold_tick(ticks.popleft().tick, out)

    def _fold_tick(self, tick: Tick, out: Outputs) -> None:
        if self.outage.is_ended_by(tick.received_at, tick.every):
            # what was due before it began is decided as ever: other records may have shown that it is time
            self._advance(self.outage.deaf_from, out)
        self.outage.tick(tick.received_at, tick.every)
        self._advance(tick.received_at, out)

    def _fold_signal(self, record: Signal, out: Outputs) -> None:
        if not self.signals.note(record):
            out.notes.append(Note("repeated_signal", record.id))
            return
        change = self.orders.add(record)
        if change is not None:
            for order in change.both:
                if order.kind in SERVICE:
                    self.late_readings.maintenance(order, record.received_at)
            if self.ready:
                out.breaches += self.untold_silences.ordered(self.expected, record.received_at)
            self.next_due = None
        if self.calibrations.add(record) and self.revision is not None:
            replan(self, self.calibrations.plan(self.plan, self.revision))
        if record.kind == "gap":
            start, end = self.gaps.accept(record)
            made = self.judge.lose(start, end, record.received_at)
            self.publish(made, out, delayed=False)
            self.settle(made, record.received_at, out)
            for hour in self.winds.hours_over(start, end):
                means, _ = self.meter.measure(HOUR, hour, hour + HOUR_MS)
                tell_wind(self, hour, means[PLAIN], record.received_at, out)
            self.next_due = None

    def _fold_status(self, record: Status, out: Outputs) -> None:
        row = self.plan.row_of.get(record.device)
        if row is None or not self.connections.take(row, record, int(self.silence.last_seen[row])):
            out.notes.append(Note("status_of_nobody" if row is None else "repeated_status", record.device))
            return
        more = set(self.connections.evidence(row, int(self.silence.last_seen[row])))
        event = self.breaches.learn((OFFLINE, OFFLINE, record.device), more, set(), record.received_at)
        out.breaches += [event] if event is not None else []

    def _fold_background(self, record: Background, out: Outputs) -> None:
        if not self.backgrounds.add(record):
            out.notes.append(Note("repeated_background", record.id))
            return
        found = self.regional.learn(record, self.backgrounds, record.received_at)
        out.regional += [one for one in found if partition_of(one.area, self.partitions) == self.partition]
        made = self.judge.background_came(
            record.station, record.start, record.end, record.received_at, self.backgrounds
        )
        self.publish(made, out, delayed=self.outage.catching_up(record.received_at))
        self.settle(made, record.received_at, out)
        if found:
            out.breaches += self.regional.look_again(record.received_at)
        self.next_due = None

    def _fold_revision(self, record: Revision, out: Outputs) -> None:
        newest = self.configuration.newest
        if newest is not None and newest.id == record.id:
            out.notes.append(Note("repeated_revision", record.id))
            return
        self.outage.begin(record.received_at)
        self.configuration.plan_ahead(record)
        self.next_due = None
        self._advance(record.received_at, out)

    def _earliest(self) -> tuple[int, Callable[[int, int, Outputs], None]]:
        """The next decision as (due, action); of several due at one instant, the first in this order."""
        due, action = FAR, self._nothing
        if not self.ready:
            return due, action
        for track in self.plan.tracks:
            when = track.next_end(self.closed[track], self.plan.zone) + self.plan.lateness[track]
            if when < due:
                due, action = when, partial(close, self, track)
        when_again = self.judge.next_due()
        if when_again is not None and when_again < due:
            due, action = when_again, partial(look_again, self)
        changed = self.reopened.due
        if changed is not None and changed < due:
            due, action = changed, partial(amend, self)
        if self.open_windows.due is not None and self.open_windows.due < due:
            due, action = self.open_windows.due, partial(look_at_open_windows, self)
        silent = self.silence.next_due(
            self.plan.offline_after, self.plan.interval, self.outage, self.plan.rests
        )
        if silent is not None and silent < due:
            due, action = silent, self._fall_silent
        if self.untold_silences.due < due:
            due, action = self.untold_silences.due, self._tell_silence
        if self.labels.due < due:
            due, action = self.labels.due, self._tell_held
        return due, action

    def _advance(self, to: int, out: Outputs) -> int:
        """Decide everything that is due at `to`, and return the instant from which more may be due."""
        later = FAR
        while self.next_due is None or self.next_due <= to:
            due, action = self._earliest()
            waiting = self.configuration.waiting
            effective = waiting[0].effective if waiting else FAR
            at = self.outage.decided_at(due, to) if due <= to else None
            if effective <= to and (at is None or effective <= due):
                self._adopt(out)  # an outage holds back decisions, not configurations
                self.next_due = None
            elif at is not None:
                action(due, at, out)
                self.next_due = None
            else:
                chance = self.outage.next_chance(due, to)
                later = min(FAR if chance is None else chance, effective)
                self.next_due = min(due, effective)
                break
        else:
            later = self.next_due
        self.now = max(self.now, to)
        return later

    def _nothing(self, due: int, at: int, out: Outputs) -> None:
        raise AssertionError("nothing was due")

    def _adopt(self, out: Outputs) -> None:
        """Put the next configuration in force; knowledge of devices that stay is kept."""
        first = not self.ready
        at = self.configuration.advance(self.plan)
        plan = self.plan_in_force
        adopt(self, plan, at)
        if first:
            self.since = self.log.closed_until = min(self.closed[track] for track in BASE)
        judged = {
            rule.rule.id: {plan.devices[i] for i in rule.rows.tolist()} for rule in plan.latest.values()
        }
        dropped = self.breaches.drop(plan.devices, plan.sites, judged, at)
        out.breaches += self.regional.ended(dropped)
        out.breaches += self.untold_silences.adopted(self.expected, at)
        out.breaches += self.suspicions.leave_off(plan, self.breaches, at)

    def _fall_silent(self, due: int, at: int, out: Outputs) -> None:
        def reasons(rows: list[int]) -> dict[int, tuple[str, ...]]:
            begun = self.device_gaps.now(self.log, self.plan, rows, due, self.gap_context).tolist()
            seen = self.silence.last_seen
            return {
                row: (*self.connections.evidence(row, int(seen[row])), *GAP_REASONS[bits])
                for row, bits in zip(rows, begun, strict=True)
            }

        silent = self.untold_silences.fall_silent(self.expected, reasons, due, at)
        rows = [self.plan.row_of[one.device] for one in silent if one.event == "opened" and one.device]
        out.breaches += [*self.faults.fell_silent(self.plan, self.breaches, rows, at), *silent]

    def _tell_silence(self, due: int, at: int, out: Outputs) -> None:
        out.breaches += self.untold_silences.tell(self.expected, due, at)

    def _tell_held(self, due: int, at: int, out: Outputs) -> None:
        out.breaches += self.regional.release(at)

    def _fold_readings(self, batch: Readings, between: tuple[TickAt, ...], out: Outputs) -> None:
        out.readings = batch
        n = len(batch)
        clock = np.maximum(batch.received_at, self.now)
        for row, tick in between:
            clock[row : row + 1] = np.maximum(clock[row : row + 1], tick.received_at)
        clock = np.maximum.accumulate(clock)
        ticks = deque(between)
        begin = 0
        while begin < n:
            self._tick(ticks, begin, out)
            first = int(clock[begin])
            barrier = self._advance(first, out)
            if self.ready:
                # a device that comes back may be silent again before the batch is over
                barrier = min(barrier, first + int(self.plan.offline_after.min(initial=FAR - first)))
            end = max(begin + 1, int(np.searchsorted(clock, barrier)))
            if ticks:
                end = self._up_to_a_tick_that_matters(ticks, first, end)
            if self.ready:
                end = self.late_readings.until(self._late(batch, begin, end), clock, begin, end)
                take_in(self, batch, clock, begin, end, out)
            else:
                for row in range(begin, end):
                    out.mark(row, "unjudged")
                out.notes.append(Note("unjudged", f"{end - begin} readings came before any configuration"))
            self.now = int(clock[end - 1])
            begin = end
        self._tick(ticks, n, out)

    def _late(self, batch: Readings, begin: int, end: int) -> Bools:
        """True for each of these rows that may change what is measured of a closed window."""
        time = batch.time[begin:end]
        late: Bools = time < self.late_readings.begun
        if self.flagging.awaits:
            late |= self.flagging.awaited(self.plan.rows_of(batch.devices)[batch.codes[begin:end]], time)
        return late

    def _up_to_a_tick_that_matters(self, ticks: deque[TickAt], first: int, end: int) -> int:
        """End of a slice of rows between which nothing is due, cut short by a tick that matters.

        A tick in the log's rhythm decides nothing there, unless a decision is waiting for any tick to come.
        """
        waits = self.next_due is None or self.next_due <= first
        last, every = self.outage.last_tick, self.outage.every
        for row, tick in ticks:
            if row >= end:
                break
            if waits or is_gap(last, every, tick.received_at, tick.every):
                return row
            last, every = max(last, tick.received_at), tick.every if tick.received_at >= last else every
        return end

    def dump(self) -> dict[str, SavedPart]:
        """The state as named parts; a detector made by `load` continues exactly where this one is."""
        return snapshot.dump(self)

    @classmethod
    def load(cls, parts: Parts) -> Detector:
        """The inverse of `dump`. Raises PartUnreadable."""
        return snapshot.load(parts, cls())


class LogFold:
    """Folds a log: readings and ticks before the next decision wait, and are folded together."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._waiting: list[Readings | Tick] = []

    def take(self, record: FeedRecord) -> list[Outputs]:
        """Take the next record, and return the outputs of what is folded now."""
        detector = self._detector
        quiet = isinstance(record, (Readings, Tick)) and _latest(record) < (detector.next_due or NEVER)
        if quiet and len(self._waiting) < MOST_TOGETHER:
            self._waiting.append(cast("Readings | Tick", record))
            return []
        return [*self.rest(), detector.fold(record)]

    def rest(self) -> list[Outputs]:
        """Fold what waits."""
        waiting, self._waiting = self._waiting, []
        return [self._detector.fold_bundle(Bundle.of(waiting))] if waiting else []


def _latest(record: Readings | Tick) -> int:
    """Instant at which the last of it was received."""
    return record.received_at if isinstance(record, Tick) else int(record.received_at.max(initial=NEVER))
