"""Who is on duty at a moment by dated rows, and which unit answers for a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from alerts.casework.responsible import responsible_for
from alerts.duty import Deputy, DutyBook, DutyPerson, DutyTurn, SiteAnswer, Way, announced
from alerts.duty.book import DutyMoment
from alerts.duty.rows import HOURS, WEEKDAYS
from alerts.routing import Routing, contacts_told, operators_on_duty, recipients_of
from alerts.routing.forms import DutyCalendar
from tests.fakes.alerts import county, ms

FILE = (Way("file"),)
HOUSING = "department:housing"
ZHOU = DutyPerson("p1", "周敏", HOUSING, ways=FILE)
WANG = DutyPerson("p2", "王强", HOUSING, ways=FILE)
SATURDAY, MONDAY = date(2026, 11, 28), date(2026, 11, 30)


def moment(day: date, clock: str, working: bool = True, before: bool = True) -> DutyMoment:
    return DutyMoment(day, int(clock[:2]) * 60 + int(clock[3:]), working, before)


def names(book: DutyBook, at: DutyMoment, unit: str = HOUSING) -> list[str]:
    return [one.person.name for one in book.on_duty(unit, at)]


def test_who_has_no_turns_is_there_at_any_hour_and_who_has_some_only_then() -> None:
    book = DutyBook(1, (ZHOU, WANG, DutyTurn("t1", HOUSING, "p2", "08:00-18:00")))
    assert names(book, moment(MONDAY, "07:59")) == ["周敏"]
    assert names(book, moment(MONDAY, "08:00")) == ["王强", "周敏"]
    assert names(book, moment(MONDAY, "18:00")) == ["周敏"]


@pytest.mark.parametrize(
    ("day", "clock", "working", "before", "there"),
    [
        pytest.param(MONDAY, "17:59", True, False, False, id="before it begins"),
        pytest.param(MONDAY, "18:00", True, False, True, id="it begins on a day of work"),
        pytest.param(MONDAY, "07:59", True, False, False, id="the night before began on a day of rest"),
        pytest.param(SATURDAY, "07:59", False, True, True, id="the night of Friday reaches into Saturday"),
        pytest.param(SATURDAY, "08:00", False, True, False, id="and ends at its hour"),
        pytest.param(SATURDAY, "18:00", False, True, False, id="none begins on a day of rest"),
    ],
)
def test_a_turn_over_midnight_belongs_to_the_day_on_which_it_begins(
    day, clock, working, before, there
) -> None:
    book = DutyBook(1, (ZHOU, DutyTurn("t1", HOUSING, "p1", "18:00-08:00", "workdays")))
    assert bool(names(book, moment(day, clock, working, before))) is there


def test_the_last_night_of_a_person_ends_in_the_morning() -> None:
    leaving = replace(ZHOU, until="2026-11-30")
    book = DutyBook(1, (leaving, DutyTurn("t1", HOUSING, "p1", "18:00-08:00")))
    assert names(book, moment(date(2026, 12, 1), "07:59")) == ["周敏"]
    assert names(book, moment(date(2026, 12, 1), "18:00")) == []


def test_rows_hold_from_their_first_to_their_last_day() -> None:
    book = DutyBook(1, (replace(ZHOU, since="2026-11-29", until="2026-11-30"),))
    there = [names(book, moment(date(2026, 11, day), "12:00")) for day in (28, 29, 30)]
    assert there == [[], ["周敏"], ["周敏"]]
    assert names(book, moment(date(2026, 12, 1), "12:00")) == []


def test_a_turn_of_weekdays_is_for_these_alone() -> None:
    book = DutyBook(1, (ZHOU, DutyTurn("t1", HOUSING, "p1", days="mon wed")))
    there = [d for d in range(7) if names(book, moment(date(2026, 11, 30 - 6 + d), "12:00"))]
    assert [WEEKDAYS[date(2026, 11, 24 + d).weekday()] for d in there] == ["wed", "mon"]


def test_a_deputy_stands_in_through_several_and_who_is_not_there_stands_in_for_nobody() -> None:
    li = DutyPerson("p3", "李红", "department:town-east", ways=FILE)
    days = {"since": "2026-11-30", "until": "2026-11-30"}
    rows = (ZHOU, WANG, li, Deputy("d1", "p1", "p2", **days), Deputy("d2", "p2", "p3", **days))
    assert names(DutyBook(1, rows), moment(MONDAY, "12:00")) == ["李红"]
    assert names(DutyBook(1, rows), moment(SATURDAY, "12:00")) == ["周敏", "王强"]
    gone = (ZHOU, replace(WANG, until="2026-11-01"), Deputy("d1", "p1", "p2", **days))
    assert names(DutyBook(1, gone), moment(MONDAY, "12:00")) == ["周敏"]
    (standing,) = list(DutyBook(1, rows[:3] + rows[3:4]).on_duty(HOUSING, moment(MONDAY, "12:00")))
    assert (standing.person.name, standing.instead) == ("王强", ZHOU)


# ---------------------------------------------------------------- with the register


def routing(*rows: object) -> Routing:
    return Routing(book=DutyBook(7, rows))  # type: ignore[arg-type]


def test_rows_stand_above_the_folder_for_units_that_they_know_and_for_no_other() -> None:
    at = ms("2026-11-30T12:00:00+08:00")
    found = recipients_of(county(), routing(ZHOU), "site-1", at, "exceedance")
    assert [one.id for one in found][:2] == ["department:housing/周敏", "department:town-east/网格员 王海燕"]
    assert not any("扬尘办" in one.id for one in found)
    ended = routing(replace(ZHOU, until="2026-11-29"))
    assert not any(one.line == "sector" for one in recipients_of(county(), ended, "site-1", at, "exceedance"))


def test_the_platform_and_contractors_have_people_too() -> None:
    at = ms("2026-11-30T12:00:00+08:00")
    kept = routing(replace(ZHOU, unit="platform"), replace(WANG, unit="contractor:示范建工"))
    assert [one.id for one in operators_on_duty(county(), kept, at)] == ["platform/周敏"]
    assert [one.id for one in contacts_told(county(), kept, "contractor:示范建工", at)] == [
        "contractor:示范建工/王强"
    ]


def test_the_unit_that_answers_for_a_site_changes_on_its_day() -> None:
    moved = SiteAnswer("a1", "site-1", "sector", "department:town-east", since="2026-12-01")
    book = DutyBook(3, (moved,))
    before = responsible_for(county(), "site-1", "exceedance", MONDAY, book)
    after = responsible_for(county(), "site-1", "exceedance", date(2026, 12, 1), book)
    assert ("sector", "department:housing") in before.lines
    assert ("sector", "department:housing") not in after.lines
    at = ms("2026-12-01T00:00:00+08:00")
    told = [
        recipients_of(county(), Routing(book=book), "site-1", t, "exceedance")[0].id for t in (at - 1, at)
    ]
    assert told == ["department:housing/值班室", "department:town-east/网格员 王海燕"]


# ---------------------------------------------------------------- days


def test_announced_days_are_known_where_the_package_has_the_year_and_the_county_is_above_it() -> None:
    plain = DutyCalendar().day_kinds("Asia/Shanghai")
    assert not plain.works(date(2026, 10, 1))
    assert plain.works(date(2026, 10, 10))  # a Saturday on which people worked instead
    assert plain.possible(date(2026, 10, 10)) == (True,)
    last = max(announced("Asia/Shanghai")[2])
    assert plain.possible(date(last + 1, 6, 1)) == (True, False)
    own = DutyCalendar(holidays=(date(2026, 10, 10),), workdays=(date(2026, 10, 3),), years=(last + 1,))
    above = own.day_kinds("Asia/Shanghai")
    assert not above.works(date(2026, 10, 10))
    assert above.works(date(2026, 10, 3))
    assert above.possible(date(last + 1, 6, 1)) == (above.works(date(last + 1, 6, 1)),)
    assert DutyCalendar().day_kinds("Europe/Berlin").possible(date(2026, 10, 1)) == (True, False)


def test_hours_of_a_turn_are_a_span_of_the_day() -> None:
    assert HOURS.fullmatch("18:00-08:00")
    assert not HOURS.fullmatch("24:00-08:00")
