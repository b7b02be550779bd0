"""Who ends hands over turns and tasks to somebody who is named, or stays with the list of what they hold."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from alerts.duty import Deputy, DutyBook, DutyPerson, DutyTurn, Way
from alerts.duty.checking import faults_between
from alerts.duty.difference import changes_between
from alerts.duty.ending import Holding, handed_over, held_by, person_of
from alerts.people.accounts import ACTIVE, Account
from alerts.store import CaseStore
from alerts.store.duty_store import DutyRevision, DutyStore
from alerts.store.people_store import PeopleStore
from deploy.cli import program
from deploy.first_accounts import entry
from tests.fakes.alerts import NIGHT, apply, breach, planner
from tests.unit.config.golden import SMALLEST

HOUSING, TODAY = "department:housing", date(2026, 11, 30)
ZHOU = DutyPerson("p1", "周敏", HOUSING, ways=(Way("file"),))
WANG = DutyPerson("p2", "王强", HOUSING, ways=(Way("file"),))
ROWS = (
    ZHOU,
    WANG,
    DutyTurn("t1", HOUSING, "p1", "08:00-18:00"),
    DutyTurn("t2", HOUSING, "p1", until="2026-11-01"),
    DutyTurn("t3", HOUSING, "p1", since="2027-01-01", until="2027-01-31"),
    Deputy("d1", "p2", "p1", since="2026-12-01", until="2026-12-24"),
)


def test_turns_that_are_over_are_not_held() -> None:
    book = DutyBook(1, ROWS)
    assert person_of(book, f"{HOUSING}/周敏") == ZHOU
    assert held_by(book, ZHOU, TODAY) == [
        Holding("turn", "t1"),
        Holding("turn", "t3"),
        Holding("deputy", "d1"),
    ]
    assert held_by(DutyBook(1, (ZHOU,)), ZHOU, TODAY) == [Holding("last", HOUSING)]


def test_the_successor_stands_in_each_turn_from_the_day_after() -> None:
    after = handed_over(DutyBook(1, ROWS), ZHOU, WANG, TODAY)
    assert after == (
        replace(ZHOU, until="2026-11-30"),
        WANG,
        DutyTurn("t1", HOUSING, "p1", "08:00-18:00", until="2026-11-30"),
        DutyTurn("t1-2", HOUSING, "p2", "08:00-18:00", since="2026-12-01"),
        DutyTurn("t2", HOUSING, "p1", until="2026-11-01"),
        DutyTurn("t3", HOUSING, "p2", since="2027-01-01", until="2027-01-31"),
    )
    book = DutyBook(2, after)
    assert faults_between(after) == []
    assert held_by(book, book.people["p1"], TODAY) == []


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A store with two people of one site, one of another, and an open case that waits for the first site."""
    url = f"sqlite:///{tmp_path}/cases.sqlite"
    monkeypatch.setenv("DUSTWATCH_CONFIG", str(SMALLEST))
    monkeypatch.setenv("DUSTWATCH_CASES", url)
    monkeypatch.setenv("DUSTWATCH_CLOCK", "2026-11-30T12:00:00+08:00 x1")
    cases, people = CaseStore(url), PeopleStore(url)
    apply(cases, breach(), planner(), NIGHT)

    def account(login: str, name: str, unit: str = "site:site-1") -> None:
        made = Account(
            uuid.uuid4().hex, login, name, "site", unit, ACTIVE, 1, "terminal", contact=f"{unit}/{name}"
        )
        people.add_account(made, entry("account_made", login))

    account("zhou", "周建国")
    yield url, account, people
    people.close()
    cases.close()


def run(*words: str):
    return CliRunner().invoke(program, ["people", "end", *words, "--reason", "left"])


def test_the_last_of_a_unit_with_open_cases_stays(desk) -> None:
    _, account, people = desk
    refused = run("zhou")
    assert refused.exit_code == 1
    assert refused.stdout == "zhou: case 1 waits for their unit, and nobody else of it may sign in\n"
    assert people.account_of("zhou").state == ACTIVE
    account("wang", "王强")
    assert run("zhou").exit_code == 0
    assert people.account_of("zhou").state == "ended"


def test_a_person_of_the_rota_ends_with_a_successor_of_the_same_unit(desk) -> None:
    url, account, people = desk
    account("wang", "王强")
    account("other", "李红", "department:housing")
    site = "site:site-1"
    rows = (replace(ZHOU, name="周建国", unit=site), replace(WANG, unit=site), DutyTurn("t1", site, "p1"))
    duty = DutyStore(url)
    duty.write(
        changes_between((), rows), 0, DutyRevision(0, NIGHT, "root", "x"), entry("duty_changed", "duty:1")
    )
    refused = run("zhou")
    assert refused.exit_code == 1
    assert refused.stdout == "zhou: the turn of duty t1\n"
    assert run("zhou", "--to", "other").exit_code == 2
    done = run("zhou", "--to", "wang")
    assert done.exit_code == 0
    assert "revision 2: wang stands in the rota from tomorrow on" in done.stdout
    assert DutyTurn("t1-2", site, "p2", since="2026-12-01") in duty.book().rows
    assert people.account_of("zhou").state == "ended"
    duty.close()
