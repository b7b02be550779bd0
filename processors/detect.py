"""The fold of one partition: feed records in, judged readings, intervals, verdicts and breaches out.

Deterministic: it reads no clock and no random number. `now` is the greatest `received_at` so far;
whatever is due at a record's `received_at` is decided before the record is folded, and inside a batch
before the row is, so neither the number of ticks nor the size of batches changes anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np

from ingest.records import Background, FeedRecord, Readings, Revision, Signal, Status, Tick
from processors import state
from processors.adopting import adopt, replan
from processors.ahead import Ahead, next_look
from processors.amendments import Amendments
from processors.answers import Judgement
from processors.background import Backgrounds
from processors.beginnings import REASONS_OF as REASONS_OF_GAP
from processors.belated import Belated
from processors.breaches import OFFLINE, Breaches
from processors.bundle import Bundle, TickAt
from processors.calibrations import Calibrations
from processors.checked import Checked, flag
from processors.connections import Connections
from processors.days import Days
from processors.deadman import Deadman
from processors.further import Past
from processors.holes import Around, Holes
from processors.hours import Hours
from processors.in_force import PLAIN
from processors.instants import Instants
from processors.intake import Intake, Positions, intake
from processors.judge import Judge
from processors.meter import Meter, numbers_of
from processors.orders import SERVICE, Orders
from processors.outage import NEVER, Outage, is_gap
from processors.outputs import DUPLICATE, Note, Outputs
from processors.quality.newest import Newest
from processors.records import Breach
from processors.revision import Plan, depends_on, formers_of, sites_of_partition
from processors.rowlog import Int32s, RowLog
from processors.silence import Silence
from processors.suspecting import Suspecting
from processors.tracks import BASE, DAY_MS, HOUR, HOUR_MS, QUARTER, QUARTER_MS, RETAIN_MS, Track
from processors.wind.vector import Wind
from processors.windows import Means
from processors.winds import Winds

FAR = int(np.iinfo(np.int64).max)


class Detector:
    """The state of one partition; `fold` is the only thing that changes it."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self.partition, self.partitions = partition, partitions
        self.now = NEVER
        self.outage = Outage()
        self.revision: Revision | None = None
        self.waiting: list[Revision] = []  # by effective instant
        self.backgrounds = Backgrounds()
        self.breaches = Breaches()
        self.signals: dict[str, int] = {}  # id -> received_at
        self.orders = Orders()
        self.calibrations = Calibrations()
        self.gaps: list[tuple[int, int]] = []  # of the log, accepted by an operator
        self.closed: dict[Track, int] = {}  # end of the last window that closed
        self.since = NEVER  # no window before it is judged
        self.hours = Hours()
        self.late = Amendments()
        self.ahead = Ahead()
        self.newest = Newest.empty(0)  # for the first flags of what comes
        self.checked = Checked()
        self.suspecting = Suspecting()
        self.winds = Winds()
        self._next: int | None = None  # no decision is due before it; None: to be computed
        self.plan = Plan.of(_NOTHING)
        self.silence = Silence.of(0, 0)
        self.connections = Connections.of(0)
        self.deadman = Deadman.of(0)
        self.holes = Holes.of(0)
        self.log = RowLog(NEVER)
        self.judge = Judge(self.plan)
        self.days = Days(self.plan)
        self.instants = Instants(self.plan)

    @classmethod
    def empty(cls, partition: int = 0, partitions: int = 1) -> Detector:
        """A partition of which nothing has been read; it judges the sites that live in it."""
        return cls(partition, partitions)

    @property
    def ready(self) -> bool:
        """Has a configuration been adopted? Before that readings pass through unjudged."""
        return self.revision is not None

    @property
    def _meter(self) -> Meter:
        return Meter(self.plan, self.log, self.hours, self.orders)

    @property
    def _belated(self) -> Belated:
        return Belated(self.plan, self.closed, self.log.closed_until, self.late)

    @property
    def _to_suspect(self) -> int:
        """The start of the first hour that is still to be looked at for suspicion."""
        return self.closed[HOUR] - HOUR_MS

    # ------------------------------------------------------------------------------------------ fold

    def fold(self, record: FeedRecord) -> Outputs:
        """Take in the next record of the partition."""
        out = Outputs()
        if isinstance(record, Readings):
            self._fold_readings(record, (), out)
            return out
        if isinstance(record, Tick):
            self.outage.tick(record.received_at, record.every)
        self._advance(record.received_at, out)
        if isinstance(record, Revision):
            self._fold_revision(record, out)
        elif isinstance(record, Background):
            self._fold_background(record, out)
        elif isinstance(record, Signal):
            self._fold_signal(record, out)
        elif isinstance(record, Status):
            self._fold_status(record, out)
        return out

    def fold_bundle(self, bundle: Bundle) -> Outputs:
        """Take in several records: what `fold` says of each, one after another; marks by joined row."""
        out = Outputs()
        if bundle.readings is not None:
            self._fold_readings(bundle.readings, bundle.ticks, out)
        else:
            self._tick(deque(bundle.ticks), 0, out)
        return out

    def _tick(self, ticks: deque[TickAt], row: int, out: Outputs) -> None:
        """Take in the ticks that came before a row."""
        while ticks and ticks[0].row <= row:
            tick = ticks.popleft().tick
            self.outage.tick(tick.received_at, tick.every)
            self._advance(tick.received_at, out)

    def _fold_signal(self, record: Signal, out: Outputs) -> None:
        if record.id in self.signals:
            out.notes.append(Note("repeated_signal", record.id))
            return
        self.signals[record.id] = record.received_at
        order = self.orders.add(record)
        if order is not None:
            if order.kind in SERVICE:
                self._belated.maintenance(order, record.received_at)
            self._next = None
        if self.calibrations.add(record) and self.revision is not None:
            replan(self, self.calibrations.plan(self.plan, self.revision))
        if record.kind == "gap":
            end = max(record.start + 1, record.received_at if record.end is None else record.end)
            self.gaps.append((record.start, end))
            made = self.judge.lose(record.start, end, record.received_at)
            self._publish(made, out, delayed=False)
            self._settle(made, record.received_at, out)
            for start in self.winds.hours_over(record.start, end):
                means, _ = self._meter.measure(HOUR, start, start + HOUR_MS)
                self._tell_wind(start, means[PLAIN], record.received_at, out)
            self._next = None

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
        made = self.judge.background_came(
            record.station, record.start, record.end, record.received_at, self.backgrounds
        )
        self._publish(made, out, delayed=self.outage.catching_up(record.received_at))
        self._settle(made, record.received_at, out)
        self._next = None

    def _fold_revision(self, record: Revision, out: Outputs) -> None:
        newest = self.waiting[-1] if self.waiting else self.revision
        if newest is not None and newest.id == record.id:
            out.notes.append(Note("repeated_revision", record.id))
            return
        self.outage.begin(record.received_at)
        # A later word replaces what was planned for the same time or after it.
        self.waiting = [r for r in self.waiting if r.effective < record.effective] + [record]
        self._next = None
        self._advance(record.received_at, out)

    # --------------------------------------------------------------------------------------- deadlines

    def _earliest(self) -> tuple[int, Callable[[int, int, Outputs], None]]:
        """(due, action) of the next decision; at equal instants in this order."""
        due, action = FAR, self._nothing
        if not self.ready:
            return due, action
        for track in self.plan.tracks:
            when = track.next_end(self.closed[track], self.plan.zone) + self.plan.lateness[track]
            if when < due:
                due, action = when, partial(self._close, track)
        when_again = self.judge.next_due()
        if when_again is not None and when_again < due:
            due, action = when_again, self._look_again
        if self.late.due is not None and self.late.due < due:
            due, action = self.late.due, self._amend
        if self.ahead.due is not None and self.ahead.due < due:
            due, action = self.ahead.due, self._look_ahead
        silent = self.silence.next_due(self.plan.offline_after, self.plan.interval, self.outage)
        if silent is not None and silent < due:
            due, action = silent, self._fall_silent
        if self.deadman.due < due:
            due, action = self.deadman.due, self._tell_silence
        return due, action

    def _advance(self, to: int, out: Outputs) -> int:
        """Decide everything that is due at `to`; the instant from which there may be more to decide."""
        later = FAR
        while self._next is None or self._next <= to:
            due, action = self._earliest()
            effective = self.waiting[0].effective if self.waiting else FAR
            at = self.outage.decided_at(due, to) if due <= to else None
            if effective <= to and (at is None or effective <= due):
                self._adopt(out)  # an outage holds back decisions, not configurations
                self._next = None
            elif at is not None:
                action(due, at, out)
                self._next = None
            else:
                chance = self.outage.next_chance(due, to)
                later = min(FAR if chance is None else chance, effective)
                self._next = min(due, effective)
                break
        else:
            later = self._next
        self.now = max(self.now, to)
        return later

    def _nothing(self, due: int, at: int, out: Outputs) -> None:
        raise AssertionError("nothing was due")

    def _adopt(self, out: Outputs) -> None:
        """A configuration comes into force: what is known of devices that stay is kept."""
        revision = self.waiting.pop(0)
        at = max(revision.effective, revision.received_at)
        former = formers_of(self.plan, self.revision, revision, at)
        plan = Plan.of(revision, sites_of_partition(self.partition, self.partitions), former)
        first = not self.ready
        adopt(self, self.calibrations.plan(plan, revision), at)
        self.revision = revision
        self.closed = {
            # the zone may have changed
            track: track.last_end(self.closed.get(track, at - plan.lateness[track]), plan.zone)
            for track in plan.tracks
        }
        if first:
            self.since = self.log.closed_until = min(self.closed[track] for track in BASE)
        judged = {
            rule.rule.id: {plan.devices[i] for i in rule.rows.tolist()} for rule in plan.latest.values()
        }
        out.breaches += self.breaches.drop(plan.devices, plan.sites, judged, at)
        out.breaches += self.deadman.adopted(plan, self.silence, self.breaches, at)
        out.breaches += self.suspecting.leave_off(plan, self.breaches, at)

    def _close(self, track: Track, due: int, at: int, out: Outputs) -> None:
        end = track.next_end(self.closed[track], self.plan.zone)
        start = track.start(end, self.plan.zone)
        self.closed[track] = end
        if track == QUARTER:
            out.flags += self.checked.quarter(self.log, self.plan, start, end, self.backgrounds)
        means, spoke = self._meter.measure(track, start, end)
        if track == QUARTER:
            self.ahead.quarter(self.plan, start, means)
        out.intervals += self._meter.intervals(track, start, end, means)
        if track == HOUR:
            self._meter.keep_hour(start, means)
            self.ahead.further.hour(self.plan, start, self.hours)
        if track in BASE:
            self.holes.look(self.log, self.plan, end, self._around)
        begun = self.holes.over(start, end)
        delayed = at != due
        lost = self._lacks(start, end)
        wind = None
        if track == HOUR:
            wind, _ = self.winds.of_hour(self.plan, start)
            self._tell_wind(start, means[PLAIN], at, out)
        for rule in self.plan.rules:
            if rule.window and rule.track == track:
                rows = self.plan.rows_for(rule, start, self.orders)
                of = means[rule.admits][rule.pollutant]
                if rule is self.plan.latest.get(rule.rule.id) and depends_on(rule, self.orders):
                    judged = {self.plan.devices[row] for row in rows.tolist()}
                    out.breaches += self.breaches.suspend(rule.rule.id, judged, at)
                made = self.judge.close(
                    rule, rows, start, end, of, spoke, self.silence, at, self.backgrounds, lost, begun, wind
                )
                self._publish(made, out, delayed)
        if track in BASE:
            self._publish(self.instants.close(start, end, means, at), out, delayed)
        self._settle([], at, out, delayed)
        if track == HOUR:
            self._amend(due, at, out)  # as long as all readings of the windows concerned are there
            self._suspect(end, at, delayed, out)
            self._forget(due)

    def _lacks(self, start: int, end: int) -> bool:
        """Does the log lack records of [start, end)?"""
        return any(start < until and end > since for since, until in self.gaps)

    def _tell_wind(
        self, start: int, means: tuple[Means, ...], at: int, out: Outputs, only: Int32s | None = None
    ) -> None:
        out.winds += self.winds.tell(self.plan, start, means, at, self._lacks(start, start + HOUR_MS), only)

    def _suspect(self, closed: int, at: int, delayed: bool, out: Outputs) -> None:
        if not self.plan.suspects:
            return
        events, explained = self.suspecting.hour(
            self.plan,
            self.log,
            closed,
            self.since,
            self.gaps,
            self.orders,
            self.backgrounds,
            self.breaches,
            at,
            delayed,
        )
        out.breaches += events
        out.notes += [Note("suspicion_explained", words) for words in explained]

    def _forget(self, due: int) -> None:
        """An hour has closed: let go of what nothing can change any more."""
        # a rule may wait longer for the readings of its quarters than any does for those of its hours
        needed = min(self.closed[track] for track in self.plan.tracks if not track.is_long)
        self.log.close(max(self.since, min(needed, self.closed[HOUR] - self.plan.retain)))
        self.log.forget(due)
        # answers are needed as long as readings may change them, however long the hour was waited for
        self.judge.forget(self.days, self.closed[HOUR] - (self.plan.retain - RETAIN_MS))
        self.days.forget(due)
        self.backgrounds.forget(due)
        self.winds.forget(self.log.closed_until)
        self.breaches.forget(due)
        self.hours.forget(due - DAY_MS - RETAIN_MS - 2 * HOUR_MS)
        self.late.forget(due - DAY_MS - RETAIN_MS)
        self.orders.forget(due - DAY_MS - RETAIN_MS)
        self.calibrations.forget(due)
        self.gaps = [gap for gap in self.gaps if gap[1] + DAY_MS > due]
        self.signals = {i: when for i, when in self.signals.items() if when + DAY_MS > due}

    def _look_ahead(self, due: int, at: int, out: Outputs) -> None:
        """Say what is to be expected of the windows that are open; nothing while we catch up."""
        if at != due:
            self.ahead.due = next_look(at)
            return
        closed, meter = self.closed[QUARTER], self._meter
        rows = self.log.within(closed, max(closed, due) + QUARTER_MS)
        meter.leave_out_maintenance(rows, closed, due)
        admissions = {rule.admits for rule in self.plan.rules if rule.foretells}
        out.outlooks += self.ahead.look(
            self.plan,
            due,
            closed,
            rows,
            lambda held, start, end: meter.means(held, start, end, admissions),
            self.backgrounds,
            lambda rule, start: self.plan.rows_for(rule, start, self.orders),
            Past(meter, self.closed, self.judge.held),
        )

    def _amend(self, due: int, at: int, out: Outputs) -> None:
        """Measure and judge anew what has got another reading since it closed."""
        while (found := self.late.first()) is not None:
            (track, end), rows = found
            if track not in self.closed or end > self.closed[track]:
                continue  # the configuration has changed since
            start = track.start(end, self.plan.zone)
            means, _ = self._meter.measure(track, start, end, rows)
            revisions = self.late.revise((track, end), rows)
            numbers = dict(zip(rows.tolist(), revisions.tolist(), strict=True))
            out.intervals += self._meter.intervals(track, start, end, means, numbers)
            near, wind = None, None
            if track == HOUR:
                near, wind = self._amend_wind(start, rows, at, out)
                self._meter.keep_hour(start, means)
                for long in (t for t in self.plan.tracks if t.is_long):
                    for other in long.ends_over(start, end, self.closed[long], self.plan.zone):
                        self.late.again((long, other), rows)
            begun = self.holes.over(start, end)
            for rule in self.plan.rules:
                if rule.window and rule.track == track:
                    of = means[rule.admits][rule.pollutant]
                    # by the rule that was published: an order counts from its record on
                    orders = self.orders.known(end + self.plan.lateness[track])
                    judged = self.plan.rows_for(rule, start, orders)
                    number = numbers_of(of.row, numbers)
                    made = self.judge.amend(rule, judged, start, of, number, at, begun, near, wind)
                    self._publish(made, out, delayed=at != due)
                    self._settle(made, at, out, delayed=at != due)

    def _amend_wind(self, start: int, rows: Int32s, at: int, out: Outputs) -> tuple[Int32s, Wind]:
        """Tell the wind of these devices' sites anew: (the devices of the sites, the hour's wind)."""
        near = self.plan.ground.around(rows)
        means, _ = self._meter.measure(HOUR, start, start + HOUR_MS, near)
        self._tell_wind(start, means[PLAIN], at, out, near)
        return near, self.winds.of_hour(self.plan, start)[0]

    def _look_again(self, due: int, at: int, out: Outputs) -> None:
        made = self.judge.look_again(due, at, self.backgrounds)
        self._publish(made, out, delayed=at != due)
        self._settle(made, at, out, delayed=at != due)

    def _settle(self, made: list[Judgement], at: int, out: Outputs, delayed: bool = False) -> None:
        self._publish(self.days.resettle(self.judge.held, made, at), out, delayed)
        self._publish(self.days.settle(self.judge.held, self.judge.pending, self.closed, at), out, delayed)

    def _publish(self, made: list[Judgement], out: Outputs, delayed: bool) -> None:
        for judgement in made:
            out.verdicts.append(judgement.verdict)
            out.breaches += self.breaches.judged(
                judgement.verdict,
                judgement.rule,
                previous=judgement.previous,
                later_compliant=judgement.later,
                delayed=delayed,
                since=judgement.since,
                enough=judgement.enough,
                clears=judgement.clears,
            )

    def _fall_silent(self, due: int, at: int, out: Outputs) -> None:
        def reasons(rows: list[int]) -> dict[int, tuple[str, ...]]:
            begun = self.holes.now(self.log, self.plan, rows, due, self._around).tolist()
            seen = self.silence.last_seen
            return {
                row: (*self.connections.evidence(row, int(seen[row])), *REASONS_OF_GAP[bits])
                for row, bits in zip(rows, begun, strict=True)
            }

        out.breaches += self.deadman.fall_silent(
            self.plan, self.silence, self.outage, self.breaches, reasons, due, at
        )

    def _tell_silence(self, due: int, at: int, out: Outputs) -> None:
        out.breaches += self.deadman.tell(self.plan, self.silence, self.outage, self.breaches, due, at)

    @property
    def _around(self) -> Around:
        return Around(self.orders, self.gaps, self.outage, self.backgrounds)

    # ---------------------------------------------------------------------------------------- readings

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
                end = self._belated.until(batch.time, clock, begin, end)
                self._take_in(batch, begin, end, out)
            else:
                for row in range(begin, end):
                    out.mark(row, "unjudged")
                out.notes.append(Note("unjudged", f"{end - begin} readings came before any configuration"))
            self.now = int(clock[end - 1])
            begin = end
        self._tick(ticks, n, out)

    def _up_to_a_tick_that_matters(self, ticks: deque[TickAt], first: int, end: int) -> int:
        """Where a slice of rows, between which nothing falls due, must end because of a tick in it.

        A tick in the log's rhythm decides nothing there, unless a decision waits for any tick to come.
        """
        waits = self._next is None or self._next <= first
        last, every = self.outage.last_tick, self.outage.every
        for row, tick in ticks:
            if row >= end:
                break
            if waits or is_gap(last, every, tick.received_at, tick.every):
                return row
            last, every = max(last, tick.received_at), tick.every if tick.received_at >= last else every
        return end

    def _take_in(self, batch: Readings, begin: int, end: int, out: Outputs) -> None:
        """Fold rows [begin, end) of a batch, between which nothing is due."""
        taken = intake(batch, begin, end, self.plan)
        for row, why in taken.left_out:
            out.mark(row, why)
        if self.plan.suspects and taken.left_out:
            self.suspecting.left_out(self.plan, batch, taken.left_out, self._to_suspect)
        if not len(taken):
            return
        if taken.corrected:
            out.calibrated.append((taken.place, taken.columns.values))
        duplicates, conflicts = self.log.sift(taken.columns, taken.keys)
        found = [(int(taken.place[i]), DUPLICATE) for i in duplicates]
        found += [(int(taken.place[i]), "conflict") for i in conflicts]
        out.duplicates += len(duplicates)
        fresh = taken.without(duplicates)
        out.flags += flag(fresh.columns, fresh.received, self.newest, self.plan)
        self.log.append(fresh.columns)
        self.winds.take(batch, fresh, len(self.plan), self.closed[HOUR], self.log.closed_until)
        late, amends = self._belated.readings(fresh, self.now)
        if amends:
            self._next = None
        if self.plan.suspects:
            begun = np.flatnonzero(fresh.columns.time < max(self.closed.values()))
            self.suspecting.came(self.plan, batch, fresh, begun, self._to_suspect)
        found += [(int(fresh.place[i]), "late") for i in late]
        found += [(int(fresh.place[i]), "amends") for i in amends]
        for row, name in sorted(found):
            out.mark(row, name)
        if not len(fresh):
            return
        # in the order of the rows, as if each had come alone
        events: list[tuple[int, int, Breach | Judgement]] = []
        events += [(i, 0, event) for i, event in self._hear(batch, fresh)]
        opened = self.instants.values(fresh.columns, fresh.received, self.orders)
        events += [(i, 1, judgement) for i, judgement in opened]
        for i, _, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Breach):
                out.breaches.append(event)
            else:
                ours = event.verdict.start < self.outage.gap_end
                self._publish([event], out, ours and self.outage.catching_up(int(fresh.received[i])))

    def _hear(self, batch: Readings, fresh: Intake) -> list[tuple[int, Breach]]:
        """Note who has been heard; closing events with their position.

        A message that the broker retained says nothing of its device today.
        """
        rows, received, present = fresh.columns.row, fresh.received, fresh.present
        heard: Positions | None = None
        retained = {row for row, text in batch.marks.items() if "retained" in text.split(",")}
        if retained:
            own = [i for i, row in enumerate(fresh.place.tolist()) if row not in retained]
            heard = np.array(own, np.intp)
            rows, received, present = rows[heard], received[heard], present[heard]
        closed: list[tuple[int, Breach]] = []
        for i in self.silence.heard(rows, received, present):
            place = i if heard is None else int(heard[i])
            events = self.deadman.heard(self.plan, self.breaches, int(rows[i]), int(received[i]))
            closed += [(place, event) for event in events]
        if self.silence.bound is None:
            self._next = None
        return closed

    # ------------------------------------------------------------------------------------ save, restore

    def dump(self) -> bytes:
        """The state as bytes: `load` of them goes on exactly where this one is."""
        return state.dump(self)

    @classmethod
    def load(cls, data: bytes) -> Detector:
        """The inverse of `dump`. Raises ValueError for bytes of another version."""
        return state.load(data, cls())


_NOTHING = Revision("", 0, 0, {"county": {"zone": "UTC"}, "sites": [], "devices": [], "rules": []})
