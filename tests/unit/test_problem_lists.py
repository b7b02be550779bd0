"""Lists of problems as CSV and XLSX: taken as a whole or not at all, each flaw with its place and way out."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook

from alerts.casework.checklist import shipped_checklist
from alerts.casework.problem_rows import problems_in
from alerts.store import CaseStore
from deploy.commands.problems import command
from deploy.problem_files import UnreadableList, table_in
from tests.fakes.desk import EXAMPLE, NOW, example_register

REGISTER, CHECKLIST = example_register(), shipped_checklist()
HEAD = ["编号", "发现方式", "发现时间", "工地", "未落实措施", "成因", "位置", "问题描述", "文号", "时限"]
SITE = next(iter(REGISTER.sites.values()))
LATER = "2026-12-20 18:00"
ROWS = [
    [
        1,
        "巡查",
        datetime(2026, 11, 22, 9, 30),  # noqa: DTZ001 - a sheet knows no zones
        SITE.name,
        "物料堆放覆盖、出入车辆冲洗",
        "裸露地面",
        "东门",
        "",
        "",
        "",
    ],
    ["A-2", "上级交办", "2026/11/22 10:00", SITE.id, "covering", "", "", "", "市大气办18号", LATER],
    ["", "夜查", "2026-11-22 23:10", SITE.id, "", "", "", "渣土车未密闭", "", ""],
]


def sheet(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in [HEAD, *rows]:
        book.active.append(row)
    book.save(path)
    return path


def comma(path: Path, rows: list[list[object]], encoding: str) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([HEAD, *rows])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("kind", ["xlsx", "utf-8-sig", "gb18030"])
def test_a_list_says_the_same_as_sheet_and_as_csv_in_either_encoding(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ("l.xlsx" if kind == "xlsx" else "l.csv")
    file = sheet(path, ROWS) if kind == "xlsx" else comma(path, ROWS, kind)
    listed = problems_in(table_in(file), REGISTER, CHECKLIST, NOW)
    assert listed.flaws == ()
    assert listed.rows == (2, 3, 4)
    first, order, night = listed.problems
    assert (first.key, first.how, first.site) == ("list:1", "patrol", SITE.id)
    assert first.measures == ("covering", "wheel_washing")
    assert (
        datetime.fromtimestamp(first.found_at / 1000, REGISTER.zone).isoformat()
        == "2026-11-22T09:30:00+08:00"
    )
    assert (order.how, order.document, order.due is not None) == ("above", "市大气办18号", True)
    assert night.key == f"list:{night.digest[:40]}"


def test_each_flaw_names_row_column_value_and_a_way_out_and_nothing_is_taken() -> None:
    rows = [
        ["1", "梦见", "昨天", SITE.id, "", "", "", "x", "", ""],
        ["2", "巡查", "2026-11-22 10:00", "火星工地", "洒水降温", "", "", "", "", ""],
        ["3", "上级交办", "2026-11-22 10:00", SITE.id, "covering", "", "", "", "", ""],
        ["3", "巡查", "2026-11-22 10:00", SITE.id, "covering", "", "", "", "", ""],
        ["5", "巡查", "2026-11-22 10:00", SITE.id, "covering", "", "", "", "", ""],
        ["5", "巡查", "2026-11-22 11:00", SITE.id, "covering", "", "", "", "", ""],
    ]
    listed = problems_in([HEAD, *rows], REGISTER, CHECKLIST, NOW)
    assert listed.problems == ()
    assert [(flaw.row, flaw.column, flaw.value) for flaw in listed.flaws] == [
        (2, "发现时间", "昨天"),
        (2, "发现方式", "梦见"),
        (3, "工地", "火星工地"),
        (3, "未落实措施", "洒水降温"),
        (4, "文号", ""),
        (4, "时限", ""),
        (5, "编号", "3"),
        (7, "编号", "5"),
    ]
    assert all(flaw.why and flaw.way_out for flaw in listed.flaws)


def test_a_head_that_is_misspelt_or_lacks_a_column_says_so() -> None:
    listed = problems_in([["发现方试", "工地"], ["巡查", SITE.id]], REGISTER, CHECKLIST, NOW)
    assert [(flaw.row, flaw.column) for flaw in listed.flaws] == [
        (1, "发现方试"),
        (1, "发现方式"),
        (1, "发现时间"),
    ]
    assert problems_in([], REGISTER, CHECKLIST, NOW).flaws
    assert problems_in([HEAD], REGISTER, CHECKLIST, NOW).flaws[0].why == "no problem is in the list"


@pytest.mark.parametrize("content", [b"PK\x03\x04 no sheet", b"", b"\x00" * 100])
def test_what_is_no_sheet_is_refused_with_a_way_out(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableList, match="save it anew"):
        table_in(path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DUSTWATCH_CONFIG", str(EXAMPLE))
    monkeypatch.setenv("DUSTWATCH_CASES", f"sqlite:///{tmp_path}/cases.sqlite")
    monkeypatch.setenv("DUSTWATCH_CLOCK", "2026-11-23T12:00:00+08:00 x1")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(command, ["import", *arguments, "--by", "值班员"])

    return call


def test_the_command_takes_a_list_once_and_a_dry_run_writes_nothing(run, tmp_path: Path) -> None:
    file = str(sheet(tmp_path / "l.xlsx", ROWS))
    dry = run(file, "--dry-run")
    assert (dry.exit_code, dry.output.strip()) == (0, "3 would be new, 0 there already")
    taken = run(file)
    assert taken.output.splitlines() == [
        "3 new, 0 there already",
        "row 2: No. 1",
        "row 3: No. 2",
        "row 4: No. 3",
    ]
    assert run(file).output.strip() == "0 new, 3 there already"
    changed = [[*ROWS[0][:6], "西门", *ROWS[0][7:]], [9, *ROWS[2][1:]]]
    clash = run(str(sheet(tmp_path / "m.xlsx", changed)))
    assert clash.exit_code == 1
    assert "row 2, 编号" in clash.output
    store = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    assert store.life.find_id("4") is None
    assert store.life.file(store.life.find_id("2")).kept.life.source == "above"
    store.close()


def test_the_command_says_what_is_wrong_and_takes_nothing(run, tmp_path: Path) -> None:
    wrong = [*ROWS, ["7", "巡查", "2026-11-22 10:00", "无此工地", "covering", "", "", "", "", ""]]
    answer = run(str(sheet(tmp_path / "l.xlsx", wrong)))
    assert answer.exit_code == 1
    assert "row 5, 工地: '无此工地': no such site" in answer.output
    assert "nothing was taken" in answer.output
    text = tmp_path / "l.xlsx"
    text.write_bytes(b"no sheet")
    assert run(str(text)).exit_code == 2
