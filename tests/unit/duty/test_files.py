"""What is exported is what is imported, in every format; what can't be taken over is named with its place."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from openpyxl import Workbook, load_workbook

from alerts.duty import DutyBook, DutyPerson, DutyTurn, Way
from alerts.duty.handing_in import handed_in
from alerts.duty.sheets import SHEETS
from alerts.routing import Routing, rows_of_folder, terms_of
from deploy.duty.files import read_tables_of, tables_of, write_tables
from ingest.strict_yaml import ConfigError
from tests.fakes.alerts import county
from tests.unit.duty.rows import books

REGISTER, ROUTING = county(), Routing()
TERMS = terms_of(REGISTER, ROUTING)
FORMATS = ("rota.xlsx", "rota.yaml", "rota")
BOOK = DutyBook(1, rows_of_folder(REGISTER, ROUTING))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None)
@given(book=books())
def test_export_and_import_change_nothing(name: str, book: DutyBook) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_tables(path, tables_of(book.rows))
        found = handed_in(book, read_tables_of(path), TERMS)
    assert found.problems == ()
    assert found.changes == ()


def sheet_of(tmp_path: Path, heading: str, *lines: list[object]) -> Path:
    book = Workbook()
    page = book.active
    page.title = heading
    for line in lines:
        page.append(line)
    path = tmp_path / "handed.xlsx"
    book.save(path)
    return path


def problems(path: Path) -> list[str]:
    try:
        return [str(problem) for problem in handed_in(BOOK, read_tables_of(path), TERMS).problems]
    except ConfigError as error:
        return [str(problem) for problem in error.problems]


TURNS = ["编号", "单位", "人员编号", "时段", "日期类型", "起始日期", "截止日期"]
HOUSING = "department:housing"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            ["", "department:hosing", "p0001", "", "", "", ""],
            "handed.xlsx:值班:2:2: 单位: no unit `department:hosing` in the register; did you mean `department:housing`?",
        ),
        (["", HOUSING, "p0009", "", "", "", ""], "handed.xlsx:值班:2:3: t0002 person: no person `p0009`"),
        (
            ["", HOUSING, "p0001", "8-18", "", "", ""],
            "handed.xlsx:值班:2:4: 时段: `8-18` are no hours; write for example 08:00-18:00",
        ),
        (
            ["", HOUSING, "p0001", "", "weekdays", "", ""],
            "handed.xlsx:值班:2:5: 日期类型: `weekdays` are no days; write all, workdays, restdays",
        ),
        (
            ["", HOUSING, "p0001", "", "", "2027-2-30", ""],
            "handed.xlsx:值班:2:6: 起始日期: `2027-2-30` is no day; write for example 2027-01-31",
        ),
        (
            ["", HOUSING, "p0001", "", "", date(2027, 2, 1), date(2027, 1, 1)],
            "handed.xlsx:值班:2:7: 截止日期: ends before it begins on 2027-02-01",
        ),
        (["", "", "p0001", "", "", "", ""], "handed.xlsx:值班:2:2: 单位: this must be filled in"),
        (["T 1", HOUSING, "p0001", "", "", "", ""], "handed.xlsx:值班:2:1: id: `T 1` is no id"),
        (["", "=A1", "p0001", "", "", "", ""], "handed.xlsx:值班:2:2: B2: a formula; paste its value"),
    ],
)
def test_a_fault_names_row_column_value_and_the_way_out(
    tmp_path: Path, line: list[object], said: str
) -> None:
    (found,) = problems(sheet_of(tmp_path, "值班", TURNS, line))
    assert found.startswith(said)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    people = ["姓名", "单位", "电话", "通知方式"]
    found = problems(
        sheet_of(
            tmp_path,
            "人员",
            people,
            ["周敏", "nobody", "phone?", "mial:zhou@example.org"],
            ["", "county", "", "mail"],
        )
    )
    assert len(found) == 5
    assert any("did you mean `mail`" in one for one in found)


@pytest.mark.parametrize(
    ("heading", "columns", "said"),
    [
        ("值班", ["单位", "人员"], "no column `人员`; did you mean `人员编号`?"),
        ("值班", ["单位"], "the column `人员编号` (person) is missing"),
        ("值班表", TURNS, "no sheet `值班表`; did you mean `值班`?"),
        ("值班", ["单位", "单位", "人员编号"], "the column `单位` is there twice"),
    ],
)
def test_a_table_with_other_headings_is_not_taken(
    tmp_path: Path, heading: str, columns: list[object], said: str
) -> None:
    assert any(said in one for one in problems(sheet_of(tmp_path, heading, columns)))


def test_two_answers_for_one_line_at_once_and_deputies_in_a_circle_are_refused(tmp_path: Path) -> None:
    answers = ["site", "line", "unit", "since", "until"]
    path = sheet_of(
        tmp_path,
        "answers",
        answers,
        ["site-1", "sector", "department:town-east", "2026-12-01", ""],
        ["site-1", "sector", HOUSING, "2027-01-01", ""],
        ["site-1", "site", HOUSING, "", "2026-01-01"],
    )
    first, second = problems(path)
    assert "let one end before the other begins" in first
    assert "for the line site write a unit site:… or contractor:…" in second
    circle = sheet_of(tmp_path, "代理", ["人员编号", "代理人编号"], ["p0001", "p0002"], ["p0002", "p0001"])
    assert any("stand in for each other" in one for one in problems(circle))


def test_a_sheet_that_is_not_handed_in_stays_and_a_row_that_is_missing_goes(tmp_path: Path) -> None:
    path = sheet_of(tmp_path, "值班", TURNS, ["", HOUSING, "p0002", "18:00-08:00", "", date(2026, 12, 1), ""])
    found = handed_in(BOOK, read_tables_of(path), TERMS)
    assert [change.words() for change in found.changes] == [
        "+ turns t0002: unit department:housing, person p0002, hours 18:00-08:00, days all, since 2026-12-01",
        "- turns t0001: unit department:housing, person p0001, hours 08:00-18:00, days all",
    ]
    assert sum(isinstance(row, DutyPerson) for row in found.rows) == len(found.rows) - 1


def test_a_spreadsheet_has_numbers_as_text_and_no_formulas(tmp_path: Path) -> None:
    person = DutyPerson("p1", "=1+1", HOUSING, "013800138000", (Way("file"),))
    path = tmp_path / "rota.xlsx"
    write_tables(path, tables_of((person,)))
    row = list(load_workbook(path)["人员"][2])
    assert [(cell.value, cell.data_type) for cell in row[1:4:2]] == [("=1+1", "s"), ("013800138000", "s")]
    number = sheet_of(
        tmp_path, "人员", ["编号", "姓名", "单位", "电话"], ["p1", "周敏", HOUSING, 13800138000]
    )
    (read,) = list(handed_in(DutyBook(), read_tables_of(number), TERMS).rows)
    assert read.phone == "13800138000"  # type: ignore[union-attr]


def test_csv_as_a_spreadsheet_program_of_china_saves_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("姓名,单位\r\n周敏,department:housing\r\n".encode("gb18030"))
    (row,) = handed_in(DutyBook(), read_tables_of(file), TERMS).rows
    assert row == DutyPerson("p0001", "周敏", HOUSING)


def test_yaml_that_names_no_sheet_or_no_rows_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "rota.yaml"
    file.write_text("people:\n- {name: 周敏, unit: department:hosing}\n", encoding="utf-8")
    assert problems(file)[0].startswith("rota.yaml:2:20: unit: no unit `department:hosing`")
    file.write_text("peopel: []\n", encoding="utf-8")
    assert "did you mean `people`?" in problems(file)[0]
    file.write_text("people: 3\n", encoding="utf-8")
    assert "expected a list of rows" in problems(file)[0]


def test_the_folder_is_taken_over_with_its_hours_as_turns() -> None:
    turns = [row for row in BOOK.rows if isinstance(row, DutyTurn)]
    assert turns == [DutyTurn("t0001", HOUSING, "p0001", "08:00-18:00")]
    assert {row.unit for row in BOOK.rows if isinstance(row, DutyPerson)} >= {
        HOUSING,
        "platform",
        "site:site-1",
    }
    assert set(tables_of(BOOK.rows)) == set(SHEETS)
