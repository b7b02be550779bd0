"""Decisions on a window: when it closes, when something has changed it, and while it is open. Pure."""

from __future__ import annotations

import numpy as np

from processors.columns import HOUR_MS, QUARTER_MS, UNBOUNDED, Bools, Int32s
from processors.fold.flagging import Flagging, flagged
from processors.fold.looking_ahead import copy_late_flags
from processors.fold.memory import Memory
from processors.fold.outputs import Note, Outputs
from processors.fold.suspicion import Announcement, LookedAt
from processors.measuring import ChangedWindows, LateRowsOf, Measured, numbers_of, of_statistic, rows_of
from processors.outlook import DecidedWindows, Moment, next_look
from processors.plan import PLAIN, depends_on
from processors.silence import AT_REST, cuts
from processors.verdicts import AmendedWindow, ClosedWindow
from processors.wind import Wind
from processors.windows import BASE, HOUR, QUARTER, RETAIN_MS, Horizons, Means, Track


def close(memory: Memory, track: Track, due: int, at: int, out: Outputs) -> None:
    """Close a track's next window: measure it, publish its intervals, judge it."""
    end = track.next_end(memory.closed[track], memory.plan.zone)
    start = track.start(end, memory.plan.zone)
    _flag_again(memory, UNBOUNDED, at, out)
    begun = memory.late_readings.begun
    if track == QUARTER:
        out.flags += memory.flagging.quarter(memory.log, memory.plan, start, end, memory.backgrounds)
    elif not track.is_long and end > begun:
        out.flags += memory.flagging.early(memory.log, memory.plan, memory.closed[QUARTER], (begun, end))
    memory.closed[track] = end
    means, spoke = memory.meter.measure(track, start, end)
    if track == QUARTER:
        memory.open_windows.quarter(memory.plan, start, means)
        memory.log.trim(end)
    out.interval_groups += memory.meter.intervals(track, start, end, means)
    if not track.is_long:
        memory.in_time.put(track, end, means, memory.plan)
    if track == HOUR:
        memory.meter.keep_hour(start, means)
        memory.open_windows.long_windows.hour(memory.plan, start, memory.hours)
    if track in BASE:
        memory.device_gaps.look(memory.log, memory.plan, end, memory.gap_context)
    gap_onsets = memory.device_gaps.over(start, end)
    delayed = at != due
    wind = None
    if track == HOUR:
        wind = memory.winds.of_hour(memory.plan, start) if memory.plan.asks_wind else None
        tell_wind(memory, start, means[PLAIN], at, out)
    cut = _cut(memory, track, start, end)
    window = ClosedWindow(start, end, at, spoke, gap_onsets, memory.lacks(start, end), wind, cut)
    for rule in memory.plan.rules_of(track):
        rows = memory.plan.rows_for(rule, start, memory.orders)
        if rule is memory.plan.latest.get(rule.rule.id) and depends_on(rule, memory.orders):
            judged = {memory.plan.devices[row] for row in rows.tolist()}
            out.breaches += memory.regional.ended(memory.breaches.suspend(rule.rule.id, judged, at))
        rule_means = means[rule.admits][rule.pollutant]
        made = memory.judge.close(rule, rows, rule_means, window, memory.silence, memory.backgrounds)
        memory.publish(made, out, delayed)
    if track in BASE:
        memory.publish_each(memory.single_values.close(start, end, means, at), out, delayed)
    memory.settle([], at, out, delayed)
    if track == HOUR:
        # as long as all readings of the windows concerned are there
        _amend(memory, memory.reopened.take(UNBOUNDED), at, out, delayed)
        _rest(memory, end, at, out)
        _suspect(memory, end, at, delayed, out)
        _forget(memory, due)


def amend(memory: Memory, due: int, at: int, out: Outputs) -> None:
    """Measure and judge again the closed windows that have changed, of the devices that are due."""
    _flag_again(memory, due, at, out)
    _amend(memory, memory.reopened.take(due), at, out, delayed=at != due)


def _amend(memory: Memory, changed: ChangedWindows, at: int, out: Outputs, delayed: bool) -> None:
    late = LateRowsOf(len(memory.plan))
    _flag_late(memory, changed, out)
    for (track, end), reopened in changed:
        if track not in memory.closed or end > memory.closed[track]:
            continue  # the configuration has changed since
        start = track.start(end, memory.plan.zone)
        means, rows = _measure_again(memory, track, start, end, reopened)
        if not len(rows):
            continue
        if not track.is_long and at - end > RETAIN_MS:
            late.add((track, end), rows)
        revisions = memory.reopened.revise((track, end), rows)
        numbers = dict(zip(rows.tolist(), revisions.tolist(), strict=True))
        out.interval_groups += memory.meter.intervals(track, start, end, means, numbers)
        near, wind = None, None
        if track == HOUR:
            near, wind = _amend_wind(memory, start, rows, at, out)
            memory.meter.keep_hour(start, means)
            for long in (t for t in memory.plan.tracks if t.is_long):
                for other in long.ends_over(start, end, memory.closed[long], memory.plan.zone):
                    changed.add((long, other), rows.tolist())
                    if at - end > RETAIN_MS:
                        late.add((long, other), rows)
        gap_onsets = memory.device_gaps.over(start, end)
        cut = _cut(memory, track, start, end)
        window = AmendedWindow(start, at, gap_onsets, near, wind, late.of((track, end)), cut)
        for rule in memory.plan.rules_of(track):
            rule_means = of_statistic(means[rule.admits][rule.pollutant], rule.statistic)
            # by the rule that was published: an order counts from its record on
            orders = memory.orders.known(end + memory.plan.lateness[track])
            judged = memory.plan.rows_for(rule, start, orders)
            made = memory.judge.amend(rule, judged, rule_means, numbers_of(rule_means.row, numbers), window)
            memory.publish(made, out, delayed)
            memory.settle(made, at, out, delayed)


def _flag_again(memory: Memory, due: int, at: int, out: Outputs) -> None:
    """Flag again what late and awaited readings may have changed; reopen the windows where they did."""
    rows = memory.reopened.to_flag(due)
    if not rows:
        return
    late = memory.late_readings
    changed = memory.flagging.again(memory.log, memory.plan, rows, late.begun, memory.closed[QUARTER])
    out.flags += flagged(memory.plan, changed, final=True)
    copy_late_flags(memory.late_rows, changed)
    for row, start, period in zip(
        changed.row.tolist(), changed.time.tolist(), changed.period.tolist(), strict=True
    ):
        late.supersede(row, start, start + max(period, 1), at)


def _measure_again(
    memory: Memory, track: Track, start: int, end: int, rows: Int32s
) -> tuple[Measured, Int32s]:
    """(means of a closed window, rows that have changed) among some rows."""
    if track.is_long:
        return memory.meter.measure(track, start, end, rows)[0], rows
    if start >= memory.log.closed_until:
        means, _ = memory.meter.measure(track, start, end, rows)
        memory.in_time.replace(track, end, means, memory.plan, rows)
        return means, rows
    late, _ = memory.late_meter.measure(track, start, end, rows)
    means = memory.in_time.with_late(track, end, late)
    return means, rows_of(means)


def _flag_late(memory: Memory, changed: ChangedWindows, out: Outputs) -> None:
    """Flag what came late among itself, and measure again whatever has other flags now.

    A value is also compared with those before it, so the quarter of an hour that follows is looked at too;
    and with the next one, which may come two reporting intervals later.
    """
    quarters: dict[int, set[int]] = {}
    for (track, end), rows in changed.rows.items():
        if track == QUARTER and end - QUARTER_MS < memory.log.closed_until:
            for start in range(end - 3 * QUARTER_MS, end + QUARTER_MS, QUARTER_MS):
                quarters.setdefault(start, set()).update(rows)
    for start, of in sorted(quarters.items()):
        looking, only = Flagging(), np.array(sorted(of), np.int32)  # of their own: in time others came before
        said = looking.quarter(
            memory.late_rows, memory.plan, start, start + QUARTER_MS, memory.backgrounds, only
        )
        out.flags += said
        for one in said:
            end = one.time + max(one.period, 1)
            memory.late_readings.again(memory.plan.row_of[one.device], one.time, end, changed)


def _cut(memory: Memory, track: Track, start: int, end: int) -> Bools | None:
    """(rows) devices for which a cut that touches a window was announced by its close; None: no order."""
    if not (memory.orders.held or memory.orders.former):
        return None
    return cuts(memory.orders, memory.plan, start, end, end + memory.plan.lateness[track])


def _amend_wind(
    memory: Memory, start: int, rows: Int32s, at: int, out: Outputs
) -> tuple[Int32s, Wind | None]:
    """Publish the wind of these devices' sites again, and return (devices of the sites, the hour's wind).

    The wind of an hour whose readings are gone is forgotten: None.
    """
    near = memory.plan.ground.around(rows)
    if start < memory.log.closed_until:
        return near, None
    if memory.winds.concerns(memory.plan, start, rows):
        means, _ = memory.meter.measure(HOUR, start, start + HOUR_MS, near)
        tell_wind(memory, start, means[PLAIN], at, out, near)
    return near, memory.winds.of_hour(memory.plan, start)


def tell_wind(
    memory: Memory, start: int, means: tuple[Means, ...], at: int, out: Outputs, only: Int32s | None = None
) -> None:
    """Publish the wind of an hour and what each site added to the air; `only`: at the sites of these rows."""
    out.winds += memory.winds.tell(memory.plan, start, means, at, memory.lacks(start, start + HOUR_MS), only)


def look_again(memory: Memory, due: int, at: int, out: Outputs) -> None:
    """Judge what has waited long enough for its background."""
    made = memory.judge.look_again(due, at, memory.backgrounds)
    memory.publish(made, out, delayed=at != due)
    memory.settle(made, at, out, delayed=at != due)


def look_at_open_windows(memory: Memory, due: int, at: int, out: Outputs) -> None:
    """Publish outlooks on the windows that are open; none while catching up."""
    if at != due:
        memory.open_windows.due = next_look(at)
        return
    closed, meter = memory.closed[QUARTER], memory.meter
    rows = memory.log.within(closed, max(closed, due) + QUARTER_MS)
    meter.leave_out_maintenance(rows, closed, due)
    admissions = {rule.admits for rule in memory.plan.rules if rule.has_outlook}
    moment = Moment(
        memory.plan,
        due,
        closed,
        rows,
        lambda held, start, end: meter.means(held, start, end, admissions),
        memory.backgrounds,
        lambda rule, start: memory.plan.rows_for(rule, start, memory.orders),
        DecidedWindows(meter, memory.closed, memory.judge.answers),
    )
    out.outlooks += memory.regional.foresee(memory.open_windows.look(moment))


def _rest(memory: Memory, end: int, at: int, out: Outputs) -> None:
    """Close what is open at sites that are planned or finished by now: nothing will be judged there."""
    rows = memory.plan.resting(end).tolist()
    if rows:
        out.breaches += memory.untold_silences.rest(memory.expected, end)
        resting = {memory.plan.devices[row] for row in rows}
        out.breaches += memory.regional.ended(memory.breaches.lay_down(resting, at, AT_REST))


def _suspect(memory: Memory, closed: int, at: int, delayed: bool, out: Outputs) -> None:
    if not memory.plan.suspects:
        return
    hours = LookedAt(closed, memory.since, memory.log, memory.gaps, memory.orders, memory.backgrounds)
    announcement = Announcement(memory.breaches, at, delayed)
    events, explained = memory.suspicions.hour(memory.plan, hours, announcement)
    out.breaches += events
    out.notes += [Note("suspicion_explained", words) for words in explained]


def _forget(memory: Memory, due: int) -> None:
    """Forget, once an hour has closed, everything that nothing can change any more."""
    until = _horizons(memory, due)
    for part in memory.parts:
        part.forget(until)


def _horizons(memory: Memory, due: int) -> Horizons:
    # a rule may wait longer for the readings of its quarters than any does for those of its hours
    needed = min(memory.closed[track] for track in memory.plan.tracks if not track.is_long)
    rows = max(memory.log.closed_until, memory.since, min(needed, memory.closed[HOUR] - memory.plan.retain))
    # answers are needed as long as readings may change them, however long the hour was waited for
    answers = memory.closed[HOUR] - (memory.plan.retain - RETAIN_MS)
    late = due - memory.plan.remembers
    return Horizons(due, rows, answers, late, memory.days.unsettled)
