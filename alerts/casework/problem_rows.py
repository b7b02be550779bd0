"""Rows of a list of problems: checked as a whole, each flaw with its row, column, value and way out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.casework.checklist import Checklist
from alerts.casework.problems import ABOVE, COVERT, NIGHT_CHECK, RESIDENT, FoundProblem, flaws_of
from alerts.lifecycle.states import PATROL
from alerts.people.answering import Answering
from ingest.register import Register
from ingest.strict_yaml import did_you_mean

MOST_ROWS = 2000
# Field -> what its column may be called.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("编号", "key"),
    "how": ("发现方式", "how"),
    "found_at": ("发现时间", "found_at"),
    "site": ("工地", "site"),
    "measures": ("未落实措施", "measures"),
    "cause": ("成因", "cause"),
    "place": ("位置", "place"),
    "words": ("问题描述", "words"),
    "document": ("文号", "document"),
    "due": ("时限", "due"),
}
_WAYS = {"巡查": PATROL, "夜查": NIGHT_CHECK, "暗访": COVERT, "群众举报": RESIDENT, "上级交办": ABOVE}
_FIELDS = {name: field for field, names in COLUMNS.items() for name in names}
ListCell = str | int | float | datetime | date | None


class RowFlaw(NamedTuple):
    """What is wrong in a list; `row` as the file counts, the head is row 1."""

    row: int
    column: str
    value: str
    why: str
    way_out: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.value!r}: {self.why}; {self.way_out}"


class ListedProblems(NamedTuple):
    """The problems of a list with the rows that they are in, or its flaws."""

    problems: tuple[FoundProblem, ...]
    rows: tuple[int, ...]
    flaws: tuple[RowFlaw, ...]


def problems_in(
    table: Sequence[Sequence[ListCell]], register: Register, checklist: Checklist, now: int
) -> ListedProblems:
    """What a table with a head says; nothing of it is taken where anything is wrong."""
    head = [_text(cell) for cell in (table[0] if table else ())]
    flaws = list(_flaws_of_head(head))
    if len(table) > MOST_ROWS + 1:
        words = f"more than {MOST_ROWS} rows"
        flaws.append(RowFlaw(len(table), "-", str(len(table) - 1), words, "hand it in in parts"))
    if flaws:
        return ListedProblems((), (), tuple(flaws))
    found: list[FoundProblem] = []
    rows: list[int] = []
    keys: dict[str, int] = {}
    for number, cells in enumerate(table[1:], start=2):
        said = {_FIELDS[name]: cell for name, cell in zip(head, cells, strict=False) if name}
        if all(_text(cell) == "" for cell in said.values()):
            continue
        problem, own = _problem(number, said, (register, checklist), head)
        own += [
            RowFlaw(number, _column(head, flaw.field), flaw.value, flaw.why, flaw.way_out)
            for flaw in flaws_of(problem, register, checklist, Answering(None), now)
            if not any(one.column == _column(head, flaw.field) for one in own)
        ]
        if problem.key in keys and not own:
            words = f"the same as row {keys[problem.key]}"
            own.append(
                RowFlaw(
                    number,
                    _column(head, "key"),
                    problem.key.removeprefix("list:"),
                    words,
                    "leave one of them out",
                )
            )
        keys.setdefault(problem.key, number)
        flaws += own
        found.append(problem)
        rows.append(number)
    if not found:
        flaws.append(RowFlaw(2, "-", "", "no problem is in the list", "write one a row"))
    return ListedProblems((), (), tuple(flaws)) if flaws else ListedProblems(tuple(found), tuple(rows), ())


def _flaws_of_head(head: Sequence[str]) -> Iterable[RowFlaw]:
    known = list(_FIELDS)
    seen: set[str] = set()
    for name in head:
        if name and name not in _FIELDS:
            hint = did_you_mean(name, known).strip("; ") or f"known are {', '.join(known[::2])}"
            yield RowFlaw(1, name, name, "no such column", hint)
        elif name and _FIELDS[name] in seen:
            yield RowFlaw(1, name, name, "twice the same column", "leave one of them out")
        seen.add(_FIELDS.get(name, ""))
    for field in ("how", "found_at"):
        if field not in seen:
            yield RowFlaw(1, COLUMNS[field][0], "", "the column is missing", "add it")


def _problem(
    row: int, said: Mapping[str, ListCell], county: tuple[Register, Checklist], head: Sequence[str]
) -> tuple[FoundProblem, list[RowFlaw]]:
    register, checklist = county
    flaws: list[RowFlaw] = []
    text = {field: _text(said.get(field)) for field in COLUMNS}

    def instant(field: str) -> int:
        at = _instant(said.get(field), register.zone)
        if at is None:
            words = "no day with a time of the county"
            flaws.append(RowFlaw(row, _column(head, field), text[field], words, "write 2026-11-30 08:00"))
        return at or 0

    measures = tuple(_id_of(one, checklist.measures) for one in _parts(text["measures"]))
    problem = FoundProblem(
        key="",
        how=_WAYS.get(text["how"], text["how"]),
        found_at=instant("found_at"),
        site=_site(text["site"], register),
        measures=measures,
        cause=_id_of(text["cause"], checklist.causes) if text["cause"] else "",
        place=text["place"],
        words=text["words"],
        document=text["document"],
        due=instant("due") if text["due"] else None,
    )
    key = f"list:{text['key'] or problem.digest[:40]}"
    return replace(problem, key=key), flaws


def _site(text: str, register: Register) -> str:
    if text in register.sites:
        return text
    return next((site.id for site in register.sites.values() if site.name == text), text)


def _id_of(text: str, words: Mapping[str, object]) -> str:
    for id, word in words.items():
        if text in (
            id,
            getattr(word, "zh", ""),
            getattr(word, "failed_zh", "") or id,
            getattr(word, "en", ""),
        ):
            return id
    return text


def _parts(text: str) -> list[str]:
    for mark in ("、", "，", ",", ";"):
        text = text.replace(mark, "；")
    return [part.strip() for part in text.split("；") if part.strip()]


def _column(head: Sequence[str], field: str) -> str:
    return next((name for name in head if _FIELDS.get(name) == field), COLUMNS[field][0])


def _text(cell: ListCell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a number of a case that a spreadsheet made a measure of
    return "" if cell is None else str(cell).strip()


def _instant(cell: ListCell, zone: ZoneInfo) -> int | None:
    at: datetime | None = cell if isinstance(cell, datetime) else None
    if at is None:
        try:
            at = datetime.fromisoformat(_text(cell).replace("/", "-"))
        except ValueError:
            return None
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)
