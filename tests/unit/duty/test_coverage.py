"""The coming year is proved: each line, day and hour reaches somebody, or it is said who is missing where."""

from __future__ import annotations

from datetime import date

import pytest

from alerts.duty import Deputy, DutyBook, DutyPerson, DutyTurn, SiteAnswer, Way
from alerts.duty.book import DutyMoment
from alerts.duty.rows import days_from
from alerts.routing import Routing, gaps_ahead
from alerts.routing.forms import DutyCalendar
from tests.fakes.alerts import county

FILE = (Way("file"),)
HOUSING = "department:housing"
ZHOU = DutyPerson("p1", "周敏", HOUSING, ways=FILE)
WANG = DutyPerson("p2", "王强", HOUSING, ways=FILE)
FIRST = date(2026, 11, 30)


def gaps(*rows: object, calendar: DutyCalendar | None = None, days: int = 366):
    kept = Routing(book=DutyBook(1, rows), duty=calendar or DutyCalendar())  # type: ignore[arg-type]
    return gaps_ahead(county(), kept, FIRST, days)


def test_the_folder_alone_covers_the_year() -> None:
    assert gaps() == []


def test_a_turn_that_ends_leaves_its_line_to_nobody_from_then_on() -> None:
    turn = DutyTurn("t1", HOUSING, "p1", until="2027-03-31")
    (gap,) = gaps(ZHOU, turn)
    assert (gap.line, gap.units, gap.sites) == ("sector", (HOUSING,), ("site-1", "site-2"))
    assert (gap.start, gap.end, gap.days[0], gap.days[-1]) == (0, 1440, date(2027, 4, 1), date(2027, 11, 30))
    assert "2027-04-01 to 2027-11-30" in gap.words()


def test_a_day_of_which_nobody_knows_is_tried_both_ways() -> None:
    rows = (ZHOU, WANG, DutyTurn("t1", HOUSING, "p1", days="workdays"))
    weekend = DutyTurn("t2", HOUSING, "p2", days="sat sun")
    found = gaps(*rows, weekend)
    may_rest = next(gap for gap in found if gap.supposing == "restday" and date(2027, 1, 4) in gap.days)
    assert "should it be a day of rest" in may_rest.words()
    assert not any(date(2026, 12, 7) in gap.days for gap in found)  # a Monday of a year that is known
    known = DutyCalendar(years=(2027,), holidays=(date(2027, 2, 8),))
    (only,) = gaps(*rows, weekend, calendar=known)
    assert only.days == (date(2027, 2, 8),)
    assert only.supposing == ""
    assert gaps(*rows, DutyTurn("t2", HOUSING, "p2", days="restdays")) == []


def test_who_has_no_way_to_be_reached_covers_nothing() -> None:
    unreachable = DutyPerson("p1", "周敏", HOUSING, ways=(Way("mail", address="zhou@example.org"),))
    (gap,) = gaps(unreachable, days=3)
    assert len(gap.days) == 3


def test_who_stands_in_is_asked_instead() -> None:
    mute = DutyPerson("p3", "李红", "department:town-east")
    (gap,) = gaps(
        ZHOU,
        mute,
        DutyPerson("p4", "村镇办", "department:town-east", ways=FILE),
        Deputy("d1", "p1", "p3", since="2026-12-24", until="2026-12-25"),
    )
    assert gap.days == (date(2026, 12, 24), date(2026, 12, 25))


def test_a_site_that_moves_to_a_unit_of_nobody_is_missing_from_its_day_on() -> None:
    (gap,) = gaps(SiteAnswer("a1", "site-2", "site", "contractor:无人公司", since="2027-01-01"), days=40)
    assert (gap.line, gap.sites) == ("site", ("site-2",))
    assert gap.days[0] == date(2027, 1, 1)


@pytest.mark.parametrize("hours", ["08:00-18:00", "18:00-08:00", ""])
@pytest.mark.parametrize("days", ["all", "workdays", "restdays", "mon sun"])
def test_the_proof_finds_what_asking_each_hour_finds(hours: str, days: str) -> None:
    """Against asking hour by hour, with both possibilities of each day and the one before it."""
    turn = DutyTurn("t1", HOUSING, "p1", hours, days, since="2026-12-20", until="2027-01-10")
    book = DutyBook(1, (ZHOU, turn))
    kinds = DutyCalendar().day_kinds("Asia/Shanghai")
    expected = set()
    for before, day in zip(days_from(date(2026, 11, 29), 60), days_from(FIRST, 60), strict=True):
        for hour in range(24):
            tried = [
                bool(book.on_duty(HOUSING, DutyMoment(day, hour * 60, today, yesterday)))
                for today in kinds.possible(day)
                for yesterday in kinds.possible(before)
            ]
            if not all(tried):
                expected.add((day, hour))
    found = {
        (day, minute // 60)
        for gap in gaps(ZHOU, turn, days=60)
        if gap.line == "sector"
        for day in gap.days
        for minute in range(gap.start, gap.end, 60)
    }
    assert found == expected
