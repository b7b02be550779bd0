"""Commands of responsibility: taken over, exported, imported, asked as it was then, and proved."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli import program
from tests.unit.config.golden import SMALLEST


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command with a county and a store of its own, by a clock that is told."""
    monkeypatch.setenv("DUSTWATCH_CONFIG", str(SMALLEST))
    monkeypatch.setenv("DUSTWATCH_CASES", f"sqlite:///{tmp_path}/cases.sqlite")

    def command(*words: object, at: str = "2026-11-30T12:00:00+08:00") -> Result:
        monkeypatch.setenv("DUSTWATCH_CLOCK", f"{at} x1")
        return CliRunner().invoke(program, [str(word) for word in words])

    return command


def test_before_anything_is_written_the_folder_answers_and_no_store_is_made(run, tmp_path: Path) -> None:
    assert run("people", "check").exit_code == 0
    assert run("people", "export", tmp_path / "rota.yaml").stdout.endswith("rows of the county's folder\n")
    assert "by the county's folder" in run("who", SMALLEST, "site-1").stdout
    assert not (tmp_path / "cases.sqlite").exists()


def test_a_rota_is_taken_over_changed_and_asked_as_it_was_then(run, tmp_path: Path) -> None:
    taken = run("people", "import", "--folder", "--reason", "begin", at="2026-01-05T08:00:00+08:00")
    assert "revision 1 is in force" in taken.stdout
    rota = tmp_path / "rota.yaml"
    run("people", "export", rota)
    assert run("people", "import", rota, "--dry-run").stdout == "nothing changes: it is as revision 1 says\n"
    rota.write_text(rota.read_text(encoding="utf-8").replace("值班室", "新值班室"), encoding="utf-8")
    planned = run("people", "import", rota, "--dry-run")
    assert "值班室 -> 新值班室" in planned.stdout
    assert planned.stdout.endswith("nothing was written\n")
    assert run("people", "import", rota).exit_code == 2  # no reason
    assert "revision 2 is in force" in run("people", "import", rota, "--reason", "moved").stdout
    now = run("who", SMALLEST, "site-1", at="2026-11-30T12:05:00+08:00").stdout
    then = run("who", SMALLEST, "site-1", "--at", "2026-06-01T12:00").stdout
    before = run("who", SMALLEST, "site-1", "--at", "2025-06-01T12:00").stdout
    assert "by revision 2 of responsibility" in now
    assert "新值班室" in now
    assert "by revision 1 of responsibility" in then
    assert "新值班室" not in then
    assert "by the county's folder" in before
    listed = run("people", "revisions").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["2", "1"]
    assert listed[0].endswith(": moved")


def test_what_is_wrong_is_refused_whole_and_what_is_missing_is_said(run, tmp_path: Path) -> None:
    rota = tmp_path / "rota.yaml"
    rota.write_text('people:\n- {id: p1, name: 周敏, unit: "department:hosing"}\n', encoding="utf-8")
    refused = run("people", "import", rota, "--reason", "x")
    assert refused.exit_code == 1
    assert "did you mean `department:housing`?" in refused.stdout
    assert run("people", "revisions").stdout.startswith("none")
    rota.write_text(
        'people:\n- {id: p1, name: 周敏, unit: "department:housing", ways: file, until: 2027-03-31}\n',
        encoding="utf-8",
    )
    taken = run("people", "import", rota, "--reason", "x")
    assert "2027-04-01 to" in taken.stderr
    proved = run("people", "check")
    assert proved.exit_code == 1
    assert proved.stdout.startswith(
        "sector: `department:housing` reach nobody for site-1 at 00:00-24:00 on 244 days"
    )
    assert "2027-04-01 to" in run("check", SMALLEST).stderr


def test_a_file_of_another_kind_is_wrong_usage(run, tmp_path: Path) -> None:
    for name in ("rota.docx", "none.xlsx"):
        assert run("people", "import", tmp_path / name, "--reason", "x").exit_code == 2
    (tmp_path / "rota.docx").write_text("x")
    assert "write NAME.xlsx" in run("people", "import", tmp_path / "rota.docx", "--reason", "x").output
    (tmp_path / "bad.xlsx").write_text("x")
    assert "no spreadsheet" in run("people", "import", tmp_path / "bad.xlsx", "--reason", "x").output
    assert run("people", "import").exit_code == 2
