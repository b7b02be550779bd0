"""What the rows of one revision say: who is on duty for a unit at a moment, which unit answers for a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from alerts.duty.rows import Deputy, DutyPerson, DutyRow, DutyTurn, SiteAnswer, in_force, is_duty_day


class OnDuty(NamedTuple):
    """A person on duty, by which hours (empty: at any), and instead of whom."""

    person: DutyPerson
    hours: str = ""
    instead: DutyPerson | None = None


class DutyMoment(NamedTuple):
    """A minute of a county day; `working`: of that day and of the one before, whose nights reach into it."""

    day: date
    minute: int
    working: bool
    working_before: bool


@dataclass(frozen=True)
class DutyBook:
    """Rows in force under one revision; number 0 and no rows: nobody has written any."""

    revision: int = 0
    rows: tuple[DutyRow, ...] = ()
    people: Mapping[str, DutyPerson] = field(init=False, repr=False, compare=False)
    _of_unit: Mapping[str, tuple[DutyPerson, ...]] = field(init=False, repr=False, compare=False)
    _turns: Mapping[str, tuple[DutyTurn, ...]] = field(init=False, repr=False, compare=False)
    _answers: Mapping[tuple[str, str], tuple[SiteAnswer, ...]] = field(init=False, repr=False, compare=False)
    _deputies: Mapping[str, tuple[Deputy, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of_unit: dict[str, list[DutyPerson]] = {}
        turns: dict[str, list[DutyTurn]] = {}
        answers: dict[tuple[str, str], list[SiteAnswer]] = {}
        deputies: dict[str, list[Deputy]] = {}
        for row in self.rows:
            match row:
                case DutyPerson():
                    of_unit.setdefault(row.unit, []).append(row)
                case DutyTurn():
                    turns.setdefault(row.unit, []).append(row)
                case SiteAnswer():
                    answers.setdefault((row.site, row.line), []).append(row)
                case Deputy():
                    deputies.setdefault(row.person, []).append(row)
        made = {
            "people": {row.id: row for row in self.rows if isinstance(row, DutyPerson)},
            "_of_unit": {key: tuple(found) for key, found in of_unit.items()},
            "_turns": {key: tuple(found) for key, found in turns.items()},
            "_answers": {key: tuple(found) for key, found in answers.items()},
            "_deputies": {key: tuple(found) for key, found in deputies.items()},
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def keeps(self, unit: str) -> bool:
        """True if the rows know people of a unit, also of former days; else the county's folder is asked."""
        return unit in self._of_unit or unit in self._turns

    @property
    def units(self) -> tuple[str, ...]:
        """Units that have people or turns."""
        return tuple(dict.fromkeys((*self._of_unit, *self._turns)))

    def rows_of(self, unit: str) -> tuple[DutyPerson | DutyTurn, ...]:
        """People and turns of a unit, also those of other days."""
        return (*self._of_unit.get(unit, ()), *self._turns.get(unit, ()))

    def unit_of(self, site: str, line: str, day: date, otherwise: str) -> str:
        """The unit that answers for a line of a site on a day; `otherwise`: what the register says."""
        found = self._answers.get((site, line), ())
        return next((row.unit for row in found if in_force(row, day)), otherwise)

    def on_duty(self, unit: str, moment: DutyMoment) -> list[OnDuty]:
        """Who is on duty for a unit: those whose turn it is, and those of it who have no turns."""
        found: dict[str, OnDuty] = {}
        for person, hours, day in self._standing(unit, moment):
            standing = self._deputy_of(person, day)
            instead = person if standing.id != person.id else None
            found.setdefault(standing.id, OnDuty(standing, hours, instead))
        return list(found.values())

    def turns_on(self, unit: str, day: date, working: bool) -> list[tuple[DutyTurn | None, OnDuty]]:
        """Turns of a unit that begin on a day, with who stands; None: at any hour, without a turn."""
        found: list[tuple[DutyTurn | None, OnDuty]] = []
        turning = self._turns.get(unit, ())
        for turn in turning:
            if in_force(turn, day) and is_duty_day(turn.days, day, working):
                found += ((turn, one) for one in self._one(turn.person, turn.hours, day))
        with_turns = {turn.person for turn in turning}
        for person in self._of_unit.get(unit, ()):
            if person.id not in with_turns:
                found += ((None, one) for one in self._one(person.id, "", day))
        return found

    def _one(self, id: str, hours: str, day: date) -> Iterator[OnDuty]:
        person = self.people.get(id)
        if person is not None and in_force(person, day):
            standing = self._deputy_of(person, day)
            yield OnDuty(standing, hours, person if standing.id != id else None)

    def _standing(self, unit: str, moment: DutyMoment) -> Iterator[tuple[DutyPerson, str, date]]:
        turning = self._turns.get(unit, ())
        for turn in turning:
            day = _day_of_turn(turn, moment)
            person = self.people.get(turn.person)
            if day is not None and person is not None and in_force(person, day):
                yield person, turn.hours, day
        with_turns = {turn.person for turn in turning}
        for person in self._of_unit.get(unit, ()):
            if person.id not in with_turns and in_force(person, moment.day):
                yield person, "", moment.day

    def _deputy_of(self, person: DutyPerson, day: date) -> DutyPerson:
        """Who stands in for a person on a day, through several if need be; else the person."""
        standing, seen = person, {person.id}
        while True:
            rows = (row for row in self._deputies.get(standing.id, ()) if in_force(row, day))
            known = (self.people.get(row.deputy) for row in rows)
            able = next((one for one in known if one is not None and in_force(one, day)), None)
            if able is None or able.id in seen:
                return standing
            seen.add(able.id)
            standing = able


def _day_of_turn(turn: DutyTurn, moment: DutyMoment) -> date | None:
    """The day on which the turn began that a moment lies in; None: it lies in none."""
    begins, ends = (0, 24 * 60) if not turn.hours else (_minutes(turn.hours[:5]), _minutes(turn.hours[6:]))
    day, working = moment.day, moment.working
    if turn.over_midnight:
        if moment.minute < ends:
            day, working = day - timedelta(days=1), moment.working_before
        elif moment.minute < begins:
            return None
    elif not begins <= moment.minute < ends:
        return None
    return day if in_force(turn, day) and is_duty_day(turn.days, day, working) else None


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
