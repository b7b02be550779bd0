"""Laws of stop watches and working time: spent and paused make elapsed, thresholds grow, deadlines invert time."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerts.lifecycle import WorkingCalendar
from alerts.lifecycle.stop_watch import (
    FROZEN,
    MEASURES,
    TimeAllowed,
    counted_ms,
    deadline_after,
    due_percents,
    frozen,
    paused,
    resumed,
    seen_at,
    started,
    time_paused,
    time_spent,
    triggered,
)
from alerts.lifecycle.working_time import after_working, working_ms
from tests.fakes.lifecycle import DAY, HOUR, MINUTE, MORNING

LAWS = settings(max_examples=150, deadline=None)
FIRST = date(2026, 11, 16)
DAYS = st.frozensets(st.integers(0, 40), max_size=12)


@st.composite
def calendars(draw) -> WorkingCalendar:
    edges = draw(st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted))
    duty = tuple(zip(edges[::2], edges[1::2], strict=False))
    assume(sum(end - begin for begin, end in duty) >= 60)
    holidays = draw(DAYS)
    workdays = draw(DAYS) - holidays
    return WorkingCalendar(
        draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu"])),
        duty,
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        frozenset((FIRST + timedelta(days=n)).isoformat() for n in holidays),
        frozenset((FIRST + timedelta(days=n)).isoformat() for n in workdays),
    )


INSTANTS = st.integers(MORNING - 5 * DAY, MORNING + 30 * DAY)
AMOUNTS = st.integers(0, 60 * HOUR)
ALLOWED = st.builds(TimeAllowed, st.just("rectify"), st.integers(1, 30), st.sampled_from(MEASURES))


@LAWS
@given(calendars(), INSTANTS, AMOUNTS)
def test_the_deadline_of_working_time_inverts_the_time_spent(calendar, start, amount):
    end = after_working(calendar, start, amount)
    assert working_ms(calendar, start, end) == amount
    assert amount == 0 or working_ms(calendar, start, end - 1) == amount - 1


@LAWS
@given(calendars(), INSTANTS, INSTANTS, INSTANTS)
def test_working_time_adds_up_and_never_exceeds_the_time(calendar, one, two, three):
    first, second, third = sorted((one, two, three))
    parts = working_ms(calendar, first, second) + working_ms(calendar, second, third)
    assert parts == working_ms(calendar, first, third)
    assert 0 <= parts <= third - first


@LAWS
@given(calendars(), INSTANTS, AMOUNTS, AMOUNTS)
def test_more_time_has_a_later_deadline(calendar, start, one, two):
    less, more = sorted((one, two))
    assert start <= after_working(calendar, start, less) <= after_working(calendar, start, more)


STEPS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "tell", "freeze"]), st.integers(0, 20 * 60)), max_size=12
)


def _stepped(watch, step, now, calendar):
    if step == "pause":
        return paused(watch, now, "postponed", calendar)
    if step == "resume":
        return resumed(watch, now, calendar)
    if step == "freeze":
        return frozen(watch, now, calendar)
    for percent in due_percents(watch, now):
        watch = triggered(watch, percent, now)
    return watch


@LAWS
@given(calendars(), ALLOWED, INSTANTS, STEPS)
def test_whatever_happens_to_a_watch_its_laws_hold(calendar, allowed, start, steps):
    watch, now = started(allowed, "builder", 1, start, calendar), start
    told: set[int] = set()
    for step, minutes in steps:
        now += minutes * MINUTE
        before = watch
        due = set(due_percents(watch, now))
        assert not due & told  # nobody is told twice
        watch = _stepped(watch, step, now, calendar)
        told |= due if step == "tell" else set()
        # what is spent and what is paused make what has elapsed
        end = watch.ended if watch.ended is not None else now
        elapsed = counted_ms(watch.measure, start, end, calendar)
        assert time_spent(watch, now, calendar) + time_paused(watch, now, calendar) == elapsed
        # thresholds lie in order, and are passed in order
        shown = seen_at(watch, now, calendar)
        deadlines = [t.deadline for t in shown.thresholds]
        assert deadlines == sorted(deadlines)
        passed = [t.passed is not None for t in shown.thresholds]
        assert passed == sorted(passed, reverse=True)
        overruns = [t.overrun for t in shown.thresholds]
        assert overruns == sorted(overruns, reverse=True)
        # no deadline moves back, and what has passed stays as it was
        for old, new in zip(before.thresholds, watch.thresholds, strict=True):
            assert new.deadline >= old.deadline
            assert old.passed in (None, new.passed)
            assert old.triggered in (None, new.triggered)
        if before.state == FROZEN:
            assert watch == before


@LAWS
@given(calendars(), ALLOWED, INSTANTS)
def test_a_watch_that_runs_on_has_spent_at_its_deadline_what_was_allowed(calendar, allowed, start):
    watch = started(allowed, "builder", 1, start, calendar)
    assert time_spent(watch, watch.deadline, calendar) == allowed.ms(calendar)
    assert due_percents(watch, watch.deadline) == (50, 75, 100)
    assert 100 not in due_percents(watch, watch.deadline - 1)


@LAWS
@given(calendars(), st.sampled_from(MEASURES), INSTANTS, AMOUNTS)
def test_every_measure_has_deadlines_that_invert_it(calendar, measure, start, amount):
    end = deadline_after(measure, start, amount, calendar)
    assert counted_ms(measure, start, end, calendar) == amount
