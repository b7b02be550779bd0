"""Rows from tables of text as people hand them in: each fault with its place and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from alerts.duty.rows import ALL_DAYS, HOURS, REST_DAYS, WEEKDAYS, WORKDAYS, DutyRow, Way
from alerts.duty.sheets import SHEETS, SheetColumn, row_of
from alerts.kinds import LINES
from ingest.plain_text import unfit
from ingest.strict_yaml import Problem, did_you_mean

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_PHONE = re.compile(r"[0-9+()\-\s转,x]{3,40}")
_LONGEST = 200
_LANGUAGES = ("zh_CN", "en")
_NO_DAY = "write for example 2027-01-31"


@dataclass(frozen=True, slots=True)
class TextCell:
    """Text of a cell and its place, both from 1."""

    text: str
    line: int
    col: int


@dataclass(frozen=True, slots=True)
class TextTable:
    """A sheet as it was handed in: `file` names it in problems; `rows`: cells by heading."""

    file: str
    sheet: str
    headings: tuple[TextCell, ...]
    rows: tuple[Mapping[str, TextCell], ...]


@dataclass(frozen=True, slots=True)
class DutyTerms:
    """What rows may name: units, sites; `way_fault`: what is wrong with a way, or None."""

    units: frozenset[str]
    sites: frozenset[str]
    way_fault: Callable[[Way], str | None]


@dataclass(slots=True)
class PlacedRows:
    """Rows by sheet, those sheets that were handed in, where each row stands, and all problems."""

    rows: dict[str, list[DutyRow]] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[str, Mapping[str, TextCell]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, sheet: str, id: str, column: str, words: str) -> Problem:
        """A problem with a column of a row."""
        file, cells = self.places.get((sheet, id), (sheet, {}))
        cell = cells.get(column) or next(iter(cells.values()), TextCell("", 1, 1))
        return Problem(file, cell.line, cell.col, f"{id} {column}", words)


def read_tables(
    tables: Sequence[TextTable], terms: DutyTerms, taken: Mapping[str, Iterable[str]]
) -> PlacedRows:
    """Rows of the tables. `taken`: ids in use by sheet, which a new row without one does not get."""
    found = PlacedRows()
    for table in tables:
        columns = list(_columns(table, found.problems))
        if table.sheet in found.rows:
            found.problems.append(_at(table, None, f"the sheet `{table.sheet}` is there twice"))
            continue
        rows = found.rows.setdefault(table.sheet, [])
        ids = _Ids(SHEETS[table.sheet].letter, taken.get(table.sheet, ()), table)
        for cells in table.rows:
            named = {column.name: cells[heading] for column, heading in columns if heading in cells}
            if not any(cell.text for cell in named.values()):
                continue  # an empty line of a spreadsheet
            problems = list(_faults(table, columns, cells, terms))
            key = ids.of(named.get("id"), found.problems, table)
            found.problems += problems
            if problems or not key:
                continue
            row = row_of(table.sheet, {**{name: cell.text for name, cell in named.items()}, "id": key})
            rows.append(row)
            found.places[table.sheet, key] = (table.file, named)
    return found


class _Ids:
    """Ids of a sheet: each once; a row without one gets the next that nobody has."""

    def __init__(self, letter: str, taken: Iterable[str], table: TextTable) -> None:
        self._letter, self._seen, self._next = letter, set[str](), 1
        self._taken = {*taken, *(c["id"].text for c in table.rows if "id" in c)}
        self._taken |= {c["编号"].text for c in table.rows if "编号" in c}

    def of(self, cell: TextCell | None, problems: list[Problem], table: TextTable) -> str:
        """The id in a cell, or a new one; empty: there is a problem."""
        if cell is None or not cell.text:
            while (key := f"{self._letter}{self._next:04d}") in self._taken:
                self._next += 1
            self._taken.add(key)
            return key
        if not _KEY.fullmatch(cell.text):
            words = f"`{cell.text}` is no id: small letters, digits, `.`, `_`, `-`; empty for a new row"
        elif cell.text in self._seen:
            words = f"`{cell.text}` is there twice; leave the id of a new row empty"
        else:
            self._seen.add(cell.text)
            return cell.text
        problems.append(_at(table, cell, words, "id"))
        return ""


def _columns(table: TextTable, problems: list[Problem]) -> Iterator[tuple[SheetColumn, str]]:
    """(column, its heading in the table); what is missing or unknown is a problem."""
    known = {name: column for column in SHEETS[table.sheet].columns for name in (column.name, column.heading)}
    seen = set()
    for cell in table.headings:
        column = known.get(cell.text)
        if column is None:
            hint = did_you_mean(cell.text, known) or f"; known are {', '.join(sorted(known))}"
            problems.append(_at(table, cell, f"no column `{cell.text}`{hint}"))
        elif column.name in seen:
            problems.append(_at(table, cell, f"the column `{cell.text}` is there twice: leave one out"))
        else:
            seen.add(column.name)
            yield column, cell.text
    for column in SHEETS[table.sheet].columns:
        if column.needed and column.name not in seen:
            problems.append(_at(table, None, f"the column `{column.heading}` ({column.name}) is missing"))


def _faults(
    table: TextTable,
    columns: Sequence[tuple[SheetColumn, str]],
    cells: Mapping[str, TextCell],
    terms: DutyTerms,
) -> Iterator[Problem]:
    texts = {column.name: cells[heading].text for column, heading in columns if heading in cells}
    first = next(iter(cells.values()))
    for column, heading in columns:
        cell = cells.get(heading, TextCell("", first.line, first.col))
        words = _fault_of(column, cell.text, terms)
        if words:
            yield _at(table, cell, words, heading)
    if texts.get("since") and texts.get("until") and texts["since"] > texts["until"]:
        heading = next(heading for column, heading in columns if column.name == "until")
        yield _at(table, cells[heading], f"ends before it begins on {texts['since']}", heading)


def _fault_of(column: SheetColumn, text: str, terms: DutyTerms) -> str | None:
    if not text:
        return "this must be filled in" if column.needed else None
    if len(text) > _LONGEST or unfit(text):
        return f"too long, or with signs that are no text; {_LONGEST} at most"
    check = _CHECKS.get(column.name)
    return check(text, terms) if check else None


def _unit(text: str, terms: DutyTerms) -> str | None:
    if text in terms.units:
        return None
    hint = (
        did_you_mean(text, terms.units)
        or "; write county, platform, department:ID, contractor:NAME or site:ID"
    )
    return f"no unit `{text}` in the register{hint}"


def _site(text: str, terms: DutyTerms) -> str | None:
    return None if text in terms.sites else f"no site `{text}` in sites.yaml{did_you_mean(text, terms.sites)}"


def _day(text: str, terms: DutyTerms) -> str | None:
    try:
        good = date.fromisoformat(text).isoformat() == text
    except ValueError:
        good = False
    return None if good else f"`{text}` is no day; {_NO_DAY}"


def _hours(text: str, terms: DutyTerms) -> str | None:
    if HOURS.fullmatch(text) and text[:5] != text[6:]:
        return None
    return (
        f"`{text}` are no hours; write for example 08:00-18:00 or 18:00-08:00, or nothing for the whole day"
    )


def _days(text: str, terms: DutyTerms) -> str | None:
    if text in (ALL_DAYS, WORKDAYS, REST_DAYS) or set(text.split()) <= set(WEEKDAYS):
        return None
    known = f"{ALL_DAYS}, {WORKDAYS}, {REST_DAYS}, or weekdays such as `{WEEKDAYS[0]} {WEEKDAYS[2]}`"
    return f"`{text}` are no days; write {known}"


def _ways(text: str, terms: DutyTerms) -> str | None:
    for part in text.split(";"):
        try:
            fault = terms.way_fault(Way.of(part)) if part.strip() else None
        except ValueError as error:
            fault = str(error)
        if fault:
            return fault
    return None


def _one_of(known: Sequence[str]) -> Callable[[str, DutyTerms], str | None]:
    words = ", ".join(known)
    return lambda text, terms: None if text in known else f"`{text}` is not one of {words}"


def _phone(text: str, terms: DutyTerms) -> str | None:
    return None if _PHONE.fullmatch(text) else f"`{text}` is no number that can be dialled"


_CHECKS: Mapping[str, Callable[[str, DutyTerms], str | None]] = {
    "unit": _unit,
    "site": _site,
    "line": _one_of(LINES),
    "since": _day,
    "until": _day,
    "hours": _hours,
    "days": _days,
    "ways": _ways,
    "language": _one_of(_LANGUAGES),
    "phone": _phone,
}


def _at(table: TextTable, cell: TextCell | None, words: str, column: str = ".") -> Problem:
    line, col = (1, 1) if cell is None else (cell.line, cell.col)
    return Problem(table.file, line, col, column, words)
