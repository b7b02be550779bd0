"""Sheets of responsibility as tables of text: what spreadsheets, CSV, YAML and the store hold alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.duty.rows import Deputy, DutyPerson, DutyRow, DutyTurn, SiteAnswer, Way

PEOPLE, ANSWERS, TURNS, DEPUTIES = "people", "answers", "turns", "deputies"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its name, its heading in Chinese, whether it must be filled in, whether it is personal."""

    name: str
    heading: str
    needed: bool = False
    personal: bool = False  # kept apart, where it can be erased


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its heading in Chinese, the letter of its ids, what a row of it is, and its columns."""

    heading: str
    letter: str
    of: type[DutyRow]
    columns: tuple[SheetColumn, ...]


_ID = SheetColumn("id", "编号")
_SPAN = (SheetColumn("since", "起始日期"), SheetColumn("until", "截止日期"))
SHEETS: Mapping[str, Sheet] = {
    PEOPLE: Sheet(
        "人员",
        "p",
        DutyPerson,
        (
            _ID,
            SheetColumn("name", "姓名", needed=True, personal=True),
            SheetColumn("unit", "单位", needed=True),
            SheetColumn("phone", "电话", personal=True),
            SheetColumn("ways", "通知方式", personal=True),
            SheetColumn("language", "语言"),
            *_SPAN,
        ),
    ),
    ANSWERS: Sheet(
        "责任单位",
        "a",
        SiteAnswer,
        (
            _ID,
            SheetColumn("site", "工地", needed=True),
            SheetColumn("line", "责任线", needed=True),
            SheetColumn("unit", "单位", needed=True),
            *_SPAN,
        ),
    ),
    TURNS: Sheet(
        "值班",
        "t",
        DutyTurn,
        (
            _ID,
            SheetColumn("unit", "单位", needed=True),
            SheetColumn("person", "人员编号", needed=True),
            SheetColumn("hours", "时段"),
            SheetColumn("days", "日期类型"),
            *_SPAN,
        ),
    ),
    DEPUTIES: Sheet(
        "代理",
        "d",
        Deputy,
        (
            _ID,
            SheetColumn("person", "人员编号", needed=True),
            SheetColumn("deputy", "代理人编号", needed=True),
            *_SPAN,
            SheetColumn("reason", "事由", personal=True),
        ),
    ),
}
SHEET_OF: Mapping[type[DutyRow], str] = {sheet.of: name for name, sheet in SHEETS.items()}
PERSONAL: Mapping[str, frozenset[str]] = {
    name: frozenset(column.name for column in sheet.columns if column.personal)
    for name, sheet in SHEETS.items()
}


def texts_of(row: DutyRow) -> dict[str, str]:
    """The columns of a row as text."""
    found = {}
    for column in SHEETS[SHEET_OF[type(row)]].columns:
        value = getattr(row, column.name)
        found[column.name] = "; ".join(map(str, value)) if isinstance(value, tuple) else value
    return found


def row_of(sheet: str, texts: Mapping[str, str]) -> DutyRow:
    """The inverse of `texts_of`; columns that are missing are empty. Raises ValueError for a way."""
    form = SHEETS[sheet].of
    values: dict[str, Any] = {name: text for name, text in texts.items() if text or name != "days"}
    if "ways" in values:
        values["ways"] = tuple(Way.of(part) for part in values["ways"].split(";") if part.strip())
    return form(**values)
