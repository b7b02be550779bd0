"""The fold of one partition: feed records in, judged readings, intervals, verdicts and breaches out.

Deterministic: it reads no clock and no random number. `now` is the greatest `received_at` so far;
whatever is due at a record's `received_at` is decided before the record is folded, and inside a batch
before the row is, so neither the number of ticks nor the size of batches changes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from ingest.records import Background, FeedRecord, Readings, Revision, Signal, Tick
from ingest.units import JUDGED
from processors import state
from processors.answers import Judgement
from processors.background import Backgrounds
from processors.breaches import OFFLINE, Breaches
from processors.days import Days
from processors.instants import Instants
from processors.intake import Intake, Positions, intake
from processors.intervals import interval_records
from processors.judge import Judge
from processors.outage import NEVER, Outage
from processors.records import Breach, Interval, Verdict
from processors.revision import Plan, formers_of, sites_of_partition
from processors.rowlog import RowLog
from processors.silence import Silence
from processors.windows import window_means

SHORT, LONG = 900_000, 3_600_000
WINDOWS = (SHORT, LONG)
LATENESS_MS = 120_000  # of a window that no rule asks for
FAR = int(np.iinfo(np.int64).max)


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
        self.gaps: list[tuple[int, int]] = []  # of the log, accepted by an operator
        self.closed: dict[int, int] = {}  # window -> end of the last one that closed
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
        if record.kind == "gap":
            end = max(record.start + 1, record.received_at if record.end is None else record.end)
            self.gaps.append((record.start, end))
            made = self.judge.lose(record.start, end, record.received_at)
            self._publish(made, out, delayed=False)
            self._settle(made, record.received_at, out)
            self._next = None

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
        for width in WINDOWS:
            when = self.closed[width] + width + self._lateness(width)
            if when < due:
                due, action = when, self._close_short if width == SHORT else self._close_long
        when_again = self.judge.next_due()
        if when_again is not None and when_again < due:
            due, action = when_again, self._look_again
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

    def _lateness(self, width: int) -> int:
        asked = [rule.lateness for rule in self.plan.rules if rule.window == width]
        return max(asked, default=LATENESS_MS)

    def _adopt(self, out: Outputs) -> None:
        """A configuration comes into force: what is known of devices that stay is kept."""
        revision = self.waiting.pop(0)
        at = max(revision.effective, revision.received_at)
        former = formers_of(self.plan, self.revision, revision, at)
        plan = Plan.of(revision, sites_of_partition(self.partition, self.partitions), former)
        first = not self.ready
        state.adopt(self, plan, at)
        self.revision = revision
        if first:
            for width in WINDOWS:
                self.closed[width] = self._aligned(width, at - self._lateness(width))
            self.log.closed_until = min(self.closed.values())
        else:
            for width in WINDOWS:  # the zone may have changed
                self.closed[width] = self._aligned(width, self.closed[width])
        judged = {
            rule.rule.id: {plan.devices[i] for i in rule.rows.tolist()} for rule in plan.latest.values()
        }
        out.breaches += self.breaches.drop(plan.devices, judged, at)

    def _aligned(self, width: int, instant: int) -> int:
        """The last end of a window of that width at or before the instant, in the county's zone."""
        local = datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(self.plan.zone))
        offset = local.utcoffset()
        assert offset is not None
        shift = round(offset.total_seconds() * 1000)
        return (instant + shift) // width * width - shift

    def _close_short(self, due: int, at: int, out: Outputs) -> None:
        self._close(SHORT, due, at, out)

    def _close_long(self, due: int, at: int, out: Outputs) -> None:
        self._close(LONG, due, at, out)
        # a rule may wait longer for the readings of its quarters than any does for those of its hours
        self.log.close(min(self.closed.values()))
        self.log.forget(due)
        self.judge.forget(self.days, due)
        self.days.forget(due)
        self.backgrounds.forget(due)
        self.breaches.forget(due)
        self.gaps = [gap for gap in self.gaps if gap[1] + 24 * LONG > due]
        self.signals = {i: when for i, when in self.signals.items() if when + 24 * LONG > due}

    def _close(self, width: int, due: int, at: int, out: Outputs) -> None:
        start = self.closed[width]
        end = start + width
        self.closed[width] = end
        held = self.log.within(start, end)
        means = window_means(held, self.plan.interval, start, end)
        spoke = np.zeros(len(self.plan), bool)
        spoke[held.row] = True
        for pollutant, found in zip(JUDGED, means, strict=True):
            out.intervals += interval_records(self.plan, pollutant, found, start, end)
        delayed = at != due
        lost = any(start < until and end > since for since, until in self.gaps)
        for rule in self.plan.rules:
            if rule.window == width:
                made = self.judge.close(
                    rule, start, end, means[rule.pollutant], spoke, self.silence, at, self.backgrounds, lost
                )
                self._publish(made, out, delayed)
        self._publish(self.instants.close(start, end, means, at), out, delayed)
        self._settle([], at, out, delayed)

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
        duplicates, conflicts = self.log.add(taken.columns, taken.keys)
        self._mark(taken, duplicates, conflicts, out)
        out.duplicates += len(duplicates)
        fresh = taken.without(duplicates)
        if not len(fresh):
            return
        # in the order of the rows, as if each had come alone
        events: list[tuple[int, int, Breach | Judgement]] = []
        events += [(i, 0, event) for i, event in self._hear(batch, fresh)]
        columns = fresh.columns
        opened = self.instants.values(columns.row, columns.time, fresh.received, columns.values)
        events += [(i, 1, judgement) for i, judgement in opened]
        for i, _, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Breach):
                out.breaches.append(event)
            else:
                late = event.verdict.start < self.outage.gap_end
                self._publish([event], out, late and self.outage.catching_up(int(fresh.received[i])))

    def _mark(self, taken: Intake, duplicates: list[int], conflicts: list[int], out: Outputs) -> None:
        time, period = taken.columns.time, taken.columns.period
        begun = time < max(self.closed.values())
        reach = time + np.maximum(period, 1)
        no_hour = reach <= self.closed[LONG]
        has_quarter = period <= SHORT  # the mean of more than a quarter of an hour has none to miss
        late = no_hour & ~(has_quarter & (reach > self.closed[SHORT]))
        late_hour = no_hour & ~late
        late_quarter = ~no_hour & has_quarter & (time < self.closed[SHORT])
        if not duplicates and not conflicts and not begun.any():
            return
        doubled = set(duplicates)
        found = [(i, "duplicate") for i in duplicates] + [(i, "conflict") for i in conflicts]
        for name, rows in (("late", late), ("late_hour", late_hour), ("late_quarter", late_quarter)):
            found += [(i, name) for i in np.flatnonzero(rows).tolist() if i not in doubled]
        for i, name in sorted(found):
            out.mark(int(taken.place[i]), name)

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


_NOTHING = Revision("", 0, 0, {"county": {"zone": "UTC"}, "sites": [], "devices": [], "rules": []})
