"""The watchdog finds what was due a minute ago and still is, on every database, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from alerts.messages import GroupTiming, TellingSilence
from alerts.people.accounts import AuditEntry
from alerts.store.life_tables import life_cases
from alerts.untold_watch import UntoldWatch
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner

PLAN = planner()
MINUTE, DAY = 60_000, 24 * HOUR


class Seconds:
    """A clock of seconds that moves when told."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def watch(store, seconds):
    store.tellings.timing = GroupTiming()
    return UntoldWatch(store, seconds)


def after_a_minute(watch, seconds, now):
    seconds.at += 60
    return watch.look(now)


def test_what_waits_for_its_time_or_is_withheld_is_not_neglected(store, watch, seconds):
    apply(store, breach(), PLAN, NIGHT)
    silence = TellingSilence("s1", "a1", "works", NIGHT, NIGHT, NIGHT + 4 * HOUR, site="site-2")
    store.silences.add(silence, DAY, AuditEntry(1, "a1", "", "", "", "silence_made", "silence:s1"))
    apply(store, breach(id="b2", site="site-2", device="dev-9"), PLAN, NIGHT)
    assert watch.look(NIGHT) is None, "one look alone knows nothing"
    store.tellings.compose(NIGHT + MINUTE)
    assert after_a_minute(watch, seconds, NIGHT + MINUTE) == (0, 0, "")
    assert after_a_minute(watch, seconds, NIGHT + 2 * MINUTE) == (0, 0, "")


def test_what_nobody_composes_is_found_at_the_second_look_and_is_well_when_it_is_composed(
    store, watch, seconds
):
    apply(store, breach(), PLAN, NIGHT)
    watch.look(NIGHT + MINUTE)
    seconds.at += 30
    assert watch.look(NIGHT + MINUTE) is None, "it looks once a minute"
    found = after_a_minute(watch, seconds, NIGHT + 2 * MINUTE)
    assert (found.tellings, found.cases) == (3, 0)
    assert found.named.count(",") == 2
    store.tellings.compose(NIGHT + 3 * MINUTE)
    assert after_a_minute(watch, seconds, NIGHT + 3 * MINUTE) == (0, 0, "")


def test_a_deadline_that_woke_nobody_is_found_also_where_the_column_is_wrong(store, watch, seconds):
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    later = NIGHT + 20 * DAY
    with store._database.writing() as connection:
        connection.execute(update(life_cases).values(wakes_at=None))
    watch.look(later)
    found = after_a_minute(watch, seconds, later + MINUTE)
    assert (found.tellings, found.cases, found.named) == (0, 1, "No. 1")
    with store._database.writing() as connection:
        connection.execute(update(life_cases).values(wakes_at=NIGHT))
    store.life.wake(PLAN.life, later + MINUTE)
    assert after_a_minute(watch, seconds, later + 2 * MINUTE).cases in (0, 1), "awake, but nobody told yet"
    store.life.tell(PLAN.steps, store.tellings, later + 2 * MINUTE)
    store.tellings.compose(later + 3 * MINUTE)
    after_a_minute(watch, seconds, later + 3 * MINUTE)
    assert after_a_minute(watch, seconds, later + 4 * MINUTE).cases == 0


def test_after_a_look_that_failed_the_next_begins_anew(store, watch, seconds, monkeypatch):
    apply(store, breach(), PLAN, NIGHT)
    watch.look(NIGHT + MINUTE)

    def away(now):
        raise OperationalError("select", {}, Exception("away"))

    with monkeypatch.context() as patched:
        patched.setattr(store, "neglected", away)
        with pytest.raises(OperationalError):
            after_a_minute(watch, seconds, NIGHT + 2 * MINUTE)
    assert after_a_minute(watch, seconds, NIGHT + 3 * MINUTE) is None
    assert after_a_minute(watch, seconds, NIGHT + 4 * MINUTE).tellings == 3
