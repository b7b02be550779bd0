"""Every case store keeps responsibility the same way: as revisions, of which none is ever changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.duty import DutyBook, DutyPerson, DutyTurn, Way
from alerts.duty.difference import changes_between
from alerts.people.accounts import AuditEntry
from alerts.planner import CasePlanner
from alerts.routing import Routing, RoutingForm
from alerts.store import CaseStore
from alerts.store.duty_store import ERASED, DutyConflict, DutyRevision, DutyStore
from alerts.store.people_store import PeopleStore
from tests.fakes.alerts import NIGHT, apply, breach, county
from tests.stored_stores import execute

ZHOU = DutyPerson("p1", "周敏", "department:housing", "13800138000", (Way("file"),))
TURN = DutyTurn("t1", "department:housing", "p1", "08:00-18:00")
ENTRY = AuditEntry(1, "terminal", "root", "", "", "duty_changed", "duty:1")
DAY = 86_400_000


@pytest.fixture
def duty(url: str) -> Iterator[DutyStore]:
    opened = DutyStore(url)
    yield opened
    opened.close()


def write(duty: DutyStore, *rows: object, at: int = NIGHT, based_on: int | None = None) -> int:
    book = duty.book()
    changes = changes_between(book.rows, rows)  # type: ignore[arg-type]
    based_on = book.revision if based_on is None else based_on
    return duty.write(changes, based_on, DutyRevision(0, at, "root", "why"), ENTRY)


def test_what_was_in_force_then_can_be_asked(duty: DutyStore) -> None:
    assert duty.book() == DutyBook()
    assert write(duty, ZHOU, TURN) == 1
    wang = replace(ZHOU, id="p2", name="王强")
    assert write(duty, replace(ZHOU, phone="13900139000"), wang, at=NIGHT + DAY) == 2
    assert duty.book(NIGHT - 1) == DutyBook()
    assert duty.book(NIGHT) == duty.book(NIGHT + DAY - 1) == DutyBook(1, (ZHOU, TURN))
    assert duty.book() == DutyBook(2, (replace(ZHOU, phone="13900139000"), wang))
    assert [(one.number, one.author) for one in duty.revisions()] == [(2, "root"), (1, "root")]
    assert duty.newest() == 2


def test_of_two_that_change_the_same_revision_one_is_refused(duty: DutyStore, url: str) -> None:
    write(duty, ZHOU)
    with pytest.raises(DutyConflict, match="revision 1 came meanwhile"):
        write(duty, ZHOU, TURN, based_on=0)
    assert duty.book() == DutyBook(1, (ZHOU,))
    people = PeopleStore(url)
    assert [entry.action for _, entry in people.entries()] == ["duty_changed"]
    people.close()


def test_a_revision_is_in_force_no_earlier_than_the_one_before_it(duty: DutyStore) -> None:
    write(duty, ZHOU)
    write(duty, ZHOU, TURN, at=NIGHT - DAY)
    assert duty.book(NIGHT - 1) == DutyBook()
    assert duty.book(NIGHT).revision == 2


@pytest.mark.parametrize("table", ["duty_revisions", "duty_rows"])
def test_nobody_changes_what_was_written(duty: DutyStore, url: str, table: str) -> None:
    write(duty, ZHOU, TURN)
    for statement in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET {'at = 1' if 'rev' in table else 'gone = true'}",
    ):
        with pytest.raises(Exception, match="append-only"):
            execute(url, statement)
    assert duty.book() == DutyBook(1, (ZHOU, TURN))


def test_names_stand_where_they_can_be_erased(duty: DutyStore, url: str) -> None:
    write(duty, ZHOU, TURN)
    execute(url, "DELETE FROM clear_text WHERE person = 'duty:p1'")
    (person, turn) = duty.book().rows
    assert person == DutyPerson("p1", ERASED, "department:housing")
    assert turn == TURN


def test_a_case_names_the_revision_that_it_was_assigned_by(duty: DutyStore, store: CaseStore) -> None:
    write(duty, ZHOU, TURN)
    write(duty, ZHOU)
    routing = Routing(RoutingForm(), book=duty.book())
    apply(store, breach(), CasePlanner(county(), routing, "http://desk.test"), NIGHT)
    file = store.life.file(str(store.life.find_id("1")))
    assert file is not None
    assert file.trail[0].refs["responsibility"] == 2


def test_without_rows_a_case_names_no_revision(store: CaseStore) -> None:
    apply(store, breach(), CasePlanner(county(), Routing(), "http://desk.test"), NIGHT)
    file = store.life.file(str(store.life.find_id("1")))
    assert file is not None
    assert "responsibility" not in file.trail[0].refs
