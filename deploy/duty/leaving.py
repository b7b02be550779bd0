"""Ending a person: what they hold goes to a named successor, or they stay."""

from __future__ import annotations

import click

from alerts.duty.difference import changes_between
from alerts.duty.ending import Holding, handed_over, held_by, person_of
from alerts.people.accounts import ACTIVE, Account
from alerts.store import CaseStore
from alerts.store.duty_store import DutyStore
from alerts.store.people_store import PeopleStore
from alerts.store.task_lists import MINE, TaskFilter
from deploy.duty.revising import county_duty, write_revision
from deploy.settings import Settings

_WORDS = {
    "turn": "the turn of duty {0}",
    "deputy": "stands in for somebody by {0}",
    "last": "nobody else is of {0} in the rota",
    "task": "case {0} waits for their unit, and nobody else of it may sign in",
}
_TASKS = 50  # that are named


def holdings(settings: Settings, people: PeopleStore, account: Account) -> list[Holding]:
    """What an account holds: of the rota, and open tasks of a unit of which it is the last."""
    county, store = county_duty(settings), DutyStore(settings.cases)
    book = store.book()
    person = person_of(book, account.contact) if account.contact else None
    found = held_by(book, person, county.today) if person is not None else []
    others = [
        a for a in people.accounts() if a.state == ACTIVE and a.unit == account.unit and a.id != account.id
    ]
    if not others:
        cases = CaseStore(settings.cases)
        mine = TaskFilter(which=MINE, units=frozenset({account.unit}), now=county.now)
        found += [Holding("task", str(kept.number)) for kept in cases.life.find(mine, None, _TASKS).tasks]
        cases.close()
    store.close()
    return found


def hand_over(settings: Settings, account: Account, successor: Account, reason: str) -> int | None:
    """Give what an account holds to a successor of its unit from tomorrow on; the revision, if one was made.

    Raises UsageError where the successor can't take it.
    """
    if successor.state != ACTIVE or successor.unit != account.unit or successor.id == account.id:
        raise click.UsageError(f"--to {successor.login}: another active account of {account.unit} is needed")
    county, store = county_duty(settings), DutyStore(settings.cases)
    book = store.book()
    person = person_of(book, account.contact) if account.contact else None
    if person is None:
        return None
    follows = person_of(book, successor.contact) if successor.contact else None
    if follows is None:
        raise click.UsageError(
            f"--to {successor.login}: not in the rota; say on the page of people which recipient they are"
        )
    rows = handed_over(book, person, follows, county.today)
    changes = changes_between(book.rows, rows)
    return write_revision(store, changes, book.revision, county.now, reason) if changes else None


def words_of(held: list[Holding]) -> list[str]:
    """What is held, a line each."""
    return [_WORDS[one.kind].format(one.said) for one in held]
