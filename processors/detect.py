"""The fold of one partition: feed records in, judged readings, intervals, verdicts and breaches out.

Deterministic: it reads no clock and no random number. `now` is the greatest `received_at` so far;
whatever is due at a record's `received_at` is decided before the record is folded, and inside a batch
before the row is, so neither the number of ticks nor the size of batches changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from ingest.records import Background, FeedRecord, Int64s, Readings, Revision, Signal, Tick
from ingest.units import JUDGED
from processors import state
from processors.ahead import Ahead, asks
from processors.amendments import Amendments, next_minute
from processors.answers import Judgement
from processors.background import Backgrounds
from processors.breaches import OFFLINE, Breaches
from processors.checked import Checked, flagged
from processors.days import Days
from processors.hours import Hours, Key
from processors.instants import Instants
from processors.intake import Intake, Positions, intake
from processors.intervals import interval_records
from processors.judge import Judge
from processors.orders import MAINTENANCE, Order, Orders
from processors.outage import NEVER, Outage
from processors.outlook import Outlook
from processors.quality.first import first_flags
from processors.quality.newest import Newest
from processors.records import Breach, Flagged, Interval, Verdict
from processors.revision import PLAIN, Admission, Plan, depends_on, formers_of, sites_of_partition
from processors.rowlog import ABSENT, REFUSED, Columns, Int32s, RowLog
from processors.silence import Bools, Silence
from processors.tracks import BASE, DAY_MS, HOUR, HOUR_MS, QUARTER, QUARTER_MS, RETAIN_MS, Track
from processors.windows import MEAN, Means, Statistic, window_means

FAR = int(np.iinfo(np.int64).max)


Measured = dict[Admission, tuple[Means, ...]]


class Note(NamedTuple):
    """Something worth counting that is no output: kind and words."""

    kind: str
    words: str


@dataclass(slots=True)
class Outputs:
    """What one record led to. `marks`: row of the readings -> marks that detection adds, comma-separated."""

    readings: Readings | None = None
    marks: dict[int, str] = field(default_factory=dict)
    intervals: list[Interval] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    flags: list[Flagged] = field(default_factory=list)
    outlooks: list[Outlook] = field(default_factory=list)
    duplicates: int = 0
    notes: list[Note] = field(default_factory=list)

    def mark(self, row: int, name: str) -> None:
        before = self.marks.get(row)
        self.marks[row] = f"{before},{name}" if before else name


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
        self.gaps: list[tuple[int, int]] = []  # of the log, accepted by an operator
        self.closed: dict[Track, int] = {}  # end of the last window that closed
        self.since = NEVER  # no window before it is judged
        self.hours = Hours()
        self.late = Amendments()
        self.ahead = Ahead()
        self.newest = Newest.empty(0)  # for the first flags of what comes
        self.checked = Checked()
        self._next: int | None = None  # no decision is due before it; None: to be computed
        self.plan = Plan.of(_NOTHING)
        self.silence = Silence.of(0, 0)
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

    # ------------------------------------------------------------------------------------------ fold

    def fold(self, record: FeedRecord) -> Outputs:
        """Take in the next record of the partition."""
        out = Outputs()
        if isinstance(record, Readings):
            self._fold_readings(record, out)
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
        return out

    def _fold_signal(self, record: Signal, out: Outputs) -> None:
        if record.id in self.signals:
            out.notes.append(Note("repeated_signal", record.id))
            return
        self.signals[record.id] = record.received_at
        order = self.orders.add(record)
        if order is not None:
            if order.kind == MAINTENANCE:
                self._maintain(order, record.received_at)
            self._next = None
        if record.kind == "gap":
            end = max(record.start + 1, record.received_at if record.end is None else record.end)
            self.gaps.append((record.start, end))
            made = self.judge.lose(record.start, end, record.received_at)
            self._publish(made, out, delayed=False)
            self._settle(made, record.received_at, out)
            self._next = None

    def _maintain(self, order: Order, at: int) -> None:
        """Closed windows that a maintenance touches which was named late are measured again."""
        begin = max(order.start, self.log.closed_until)
        end = min(max(self.closed.values(), default=begin), FAR if order.end is None else order.end)
        rows = [row for row, site in enumerate(self.plan.sites) if order.place in self.plan.places_of(site)]
        for track in self.plan.tracks:
            if track.is_long or begin >= end:
                continue
            for closed in track.ends_over(begin, end, self.closed[track], self.plan.zone):
                if track.start(closed, self.plan.zone) >= self.log.closed_until:
                    for row in rows:
                        self.late.add((track, closed), row, at)

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
        state.adopt(self, plan, at)
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
        out.breaches += self.breaches.drop(plan.devices, judged, at)

    def _close(self, track: Track, due: int, at: int, out: Outputs) -> None:
        end = track.next_end(self.closed[track], self.plan.zone)
        start = track.start(end, self.plan.zone)
        self.closed[track] = end
        if track == QUARTER:
            out.flags += self.checked.quarter(self.log, self.plan, start, end, self.backgrounds)
        means, spoke = self._measure(track, start, end)
        if track == QUARTER:
            self.ahead.quarter(self.plan, start, means)
        self._publish_intervals(track, start, end, means, None, out)
        if track == HOUR:
            self._keep_hour(start, means)
        delayed = at != due
        lost = any(start < until and end > since for since, until in self.gaps)
        for rule in self.plan.rules:
            if rule.window and rule.track == track:
                rows = self.plan.rows_for(rule, start, self.orders)
                of = means[rule.admits][rule.pollutant]
                if rule is self.plan.latest.get(rule.rule.id) and depends_on(rule, self.orders):
                    judged = {self.plan.devices[row] for row in rows.tolist()}
                    out.breaches += self.breaches.suspend(rule.rule.id, judged, at)
                made = self.judge.close(
                    rule, rows, start, end, of, spoke, self.silence, at, self.backgrounds, lost
                )
                self._publish(made, out, delayed)
        if track in BASE:
            self._publish(self.instants.close(start, end, means, at), out, delayed)
        self._settle([], at, out, delayed)
        if track == HOUR:
            self._amend(due, at, out)  # as long as all readings of the windows concerned are there
            self._forget(due)

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
        self.breaches.forget(due)
        self.hours.forget(due - DAY_MS - RETAIN_MS - 2 * HOUR_MS)
        self.late.forget(due - DAY_MS - RETAIN_MS)
        self.orders.forget(due - DAY_MS - RETAIN_MS)
        self.gaps = [gap for gap in self.gaps if gap[1] + DAY_MS > due]
        self.signals = {i: when for i, when in self.signals.items() if when + DAY_MS > due}

    def _measure(
        self, track: Track, start: int, end: int, only: Int32s | None = None
    ) -> tuple[Measured, Bools]:
        """The means of a window by what they admit, one per judged pollutant; the rows that spoke in it."""
        spoke = np.zeros(len(self.plan), bool)
        admissions = {PLAIN} if track in BASE else set()
        admissions |= {rule.admits for rule in self.plan.rules if rule.window and rule.track == track}
        if track == HOUR:
            admissions |= {rule.admits for rule in self.plan.rules if rule.track.is_long}
        measured: Measured = {}
        if track.is_long:
            for admits in sorted(admissions):
                found = self.hours.window(start, end, admits)
                for means in found:
                    spoke[means.row] = True
                measured[admits] = tuple(m.of_rows(only) for m in found) if only is not None else found
            return measured, spoke
        held = self.log.within(start, end)
        if only is not None:
            held = held.take(np.isin(held.row, only))
        spoke[held.row] = True
        self._leave_out_maintenance(held, start, end)
        return self._means(held, start, end, admissions), spoke

    def _means(self, held: Columns, start: int, end: int, admissions: Iterable[Admission]) -> Measured:
        flagged = bool(held.fail.any() or held.suspect.any())
        measured: Measured = {}
        for admits in sorted(admissions):
            refused = (held.fail & admits.fail | held.suspect & admits.suspect) != 0 if flagged else None
            measured[admits] = window_means(held, self.plan.interval, start, end, refused)
        return measured

    def _look_ahead(self, due: int, at: int, out: Outputs) -> None:
        """Say what is to be expected of the windows that are open; nothing while we catch up."""
        closed = self.closed[QUARTER]
        rows = self.log.within(closed, max(closed, due) + QUARTER_MS)
        self._leave_out_maintenance(rows, closed, due)
        admissions = {rule.admits for rule in self.plan.rules if asks(rule)}
        out.outlooks += self.ahead.look(
            self.plan,
            due,
            closed,
            rows,
            lambda held, start, end: self._means(held, start, end, admissions),
            self.backgrounds,
            lambda rule, start: self.plan.rows_for(rule, start, self.orders),
        )

    def _leave_out_maintenance(self, held: Columns, start: int, end: int) -> None:
        """What was measured while a monitor was being maintained enters no mean."""
        orders = self.orders.maintenance(start, end)
        if not orders:
            return
        held.values = held.values.copy()
        for order in orders:
            until = FAR if order.end is None else order.end
            place = np.array([order.place in self.plan.places_of(site) for site in self.plan.sites])
            during = (
                place[held.row] & (held.time < until) & (held.time + np.maximum(held.period, 1) > order.start)
            )
            held.values[:, during] = np.where(held.values[:, during] == ABSENT, ABSENT, REFUSED)

    def _publish_intervals(
        self,
        track: Track,
        start: int,
        end: int,
        means: Measured,
        revisions: dict[int, int] | None,
        out: Outputs,
    ) -> None:
        """The mean of each pollutant over a quarter and an hour; of other windows what rules ask for."""
        asked = self._asked(track)
        clock, zone = Track(track.window, track.window), self.plan.zone
        same = (clock.start(end, zone), clock.last_end(end, zone)) == (start, end)
        if same and track != clock and clock in self.plan.tracks:
            asked = {key: admits for key, admits in asked.items() if key not in self._asked(clock)}
        for (pollutant, statistic), admits in sorted(asked.items()):
            found = means[admits][pollutant]
            numbers = None if revisions is None else _numbers(found.row, revisions)
            out.intervals += interval_records(
                self.plan, JUDGED[pollutant], statistic, found, (start, end), numbers
            )

    def _asked(self, track: Track) -> dict[tuple[int, Statistic], Admission]:
        """Pollutants and statistics whose intervals are published for the track's windows."""
        asked = {(q, MEAN): PLAIN for q in range(len(JUDGED)) if track in BASE}
        for rule in self.plan.rules:
            if rule.window and rule.track == track:
                asked.setdefault((rule.pollutant, rule.statistic), rule.admits)
        return asked

    def _keep_hour(self, start: int, means: Measured) -> None:
        for pollutant, admits in {(r.pollutant, r.admits) for r in self.plan.rules if r.track.is_long}:
            self.hours.put(start, Key(pollutant, *admits), means[admits][pollutant], self.plan.interval)

    def _amend(self, due: int, at: int, out: Outputs) -> None:
        """Measure and judge anew what has got another reading since it closed."""
        while (found := self.late.first()) is not None:
            (track, end), rows = found
            if track not in self.closed or end > self.closed[track]:
                continue  # the configuration has changed since
            start = track.start(end, self.plan.zone)
            means, _ = self._measure(track, start, end, rows)
            revisions = self.late.revise((track, end), rows)
            numbers = dict(zip(rows.tolist(), revisions.tolist(), strict=True))
            self._publish_intervals(track, start, end, means, numbers, out)
            if track == HOUR:
                self._keep_hour(start, means)
                for long in (t for t in self.plan.tracks if t.is_long):
                    for other in long.ends_over(start, end, self.closed[long], self.plan.zone):
                        self.late.again((long, other), rows)
            for rule in self.plan.rules:
                if rule.window and rule.track == track:
                    of = means[rule.admits][rule.pollutant]
                    # by the rule that was published: an order counts from its record on
                    orders = self.orders.known(end + self.plan.lateness[track])
                    judged = self.plan.rows_for(rule, start, orders)
                    made = self.judge.amend(rule, judged, start, of, _numbers(of.row, numbers), at)
                    self._publish(made, out, delayed=at != due)
                    self._settle(made, at, out, delayed=at != due)

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
        plan, silence = self.plan, self.silence
        for row in silence.fall_silent(due, plan.offline_after, plan.interval, self.outage):
            never = int(silence.last_seen[row]) == NEVER
            since = int(silence.since[row] if never else silence.last_seen[row])
            out.breaches.append(
                self.breaches.silent(plan.sites[row], plan.devices[row], since, never, at, at != due, plan.id)
            )

    # ---------------------------------------------------------------------------------------- readings

    def _fold_readings(self, batch: Readings, out: Outputs) -> None:
        out.readings = batch
        n = len(batch)
        clock = np.maximum.accumulate(np.maximum(batch.received_at, self.now))
        begin = 0
        while begin < n:
            first = int(clock[begin])
            barrier = self._advance(first, out)
            if self.ready:
                # a device that comes back may be silent again before the batch is over
                barrier = min(barrier, first + int(self.plan.offline_after.min(initial=FAR - first)))
            end = max(begin + 1, int(np.searchsorted(clock, barrier)))
            if self.ready:
                end = self._until_amended(batch, clock, begin, end)
            if self.ready:
                self._take_in(batch, begin, end, out)
            else:
                for row in range(begin, end):
                    out.mark(row, "unjudged")
                out.notes.append(Note("unjudged", f"{end - begin} readings came before any configuration"))
            self.now = int(clock[end - 1])
            begin = end

    def _take_in(self, batch: Readings, begin: int, end: int, out: Outputs) -> None:
        """Fold rows [begin, end) of a batch, between which nothing is due."""
        taken = intake(batch, begin, end, self.plan)
        for row, why in taken.left_out:
            out.mark(row, why)
        if not len(taken):
            return
        duplicates, conflicts = self.log.sift(taken.columns, taken.keys)
        found = [(int(taken.place[i]), "duplicate") for i in duplicates]
        found += [(int(taken.place[i]), "conflict") for i in conflicts]
        out.duplicates += len(duplicates)
        fresh = taken.without(duplicates)
        out.flags += self._flag(fresh)
        self.log.append(fresh.columns)
        late, amends = self._belated(fresh)
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

    def _flag(self, fresh: Intake) -> list[Flagged]:
        """Write the first flags of readings into their columns; what the checks found."""
        columns = fresh.columns
        first = first_flags(
            self.newest,
            self.plan.limits,
            columns.row,
            columns.time,
            fresh.received,
            columns.values,
            fresh.wet,
            fresh.codes,
        )
        columns.fail, columns.suspect = first.fail, first.suspect
        which = np.flatnonzero((first.fail | first.suspect).any(axis=0))
        return flagged(self.plan, columns.take(which), final=False)

    def _until_amended(self, batch: Readings, clock: Int64s, begin: int, end: int) -> int:
        """Where a slice must end because a late reading in it makes a decision due."""
        late = np.flatnonzero(batch.time[begin:end] < max(self.closed.values()))
        if not len(late):
            return end
        due = next_minute(int(clock[begin + int(late[0])]))
        return max(begin + 1, min(end, int(np.searchsorted(clock, due))))

    def _belated(self, fresh: Intake) -> tuple[list[int], list[int]]:
        """Positions of readings that enter no window any more, and of those whose window is judged anew."""
        columns, over = fresh.columns, max(self.closed.values())
        begun = np.flatnonzero(columns.time < over).tolist()
        late: list[int] = []
        amends: list[int] = []
        for i in begun:
            start = int(columns.time[i])
            end = start + max(int(columns.period[i]), 1)
            if end <= self.log.closed_until:
                late.append(i)
            elif self._supersede(int(columns.row[i]), start, end, max(self.now, int(fresh.received[i]))):
                amends.append(i)
        if amends:
            self._next = None
        return late, amends

    def _supersede(self, row: int, start: int, end: int, at: int) -> bool:
        """Remember which closed windows a reading over [start, end) belongs to; are there any?"""
        begin, found = max(start, self.log.closed_until), False
        for track in self.plan.tracks:
            if track.is_long or end - start > track.window:
                continue  # made of hours; a mean over more than the window never enters it
            for closed in track.ends_over(begin, end, self.closed[track], self.plan.zone):
                if track.start(closed, self.plan.zone) >= self.log.closed_until:
                    self.late.add((track, closed), row, at)
                    found = True
        return found

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
            device = self.plan.devices[int(rows[i])]
            at = int(received[i])
            event = self.breaches.close((OFFLINE, OFFLINE, device), at, "device_returned", end=at)
            if event is not None:
                closed.append((i if heard is None else int(heard[i]), event))
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


def _numbers(rows: Int32s, revisions: dict[int, int]) -> Int32s:
    return np.array([revisions[row] for row in rows.tolist()], np.int32)


_NOTHING = Revision("", 0, 0, {"county": {"zone": "UTC"}, "sites": [], "devices": [], "rules": []})
