"""The comparing part of `tests.compare_checkouts`, and that its inputs are the same at each call."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests import compare_checkouts
from tests.compare_checkouts import (
    Case,
    Difference,
    Side,
    compare_folders,
    inputs_at,
    packs_of,
    rows,
)
from tests.compared_inputs import OUTAGES, WEEKS, Week, messages_of


def folder(path: Path, **files: str) -> Path:
    """A folder of text files; `__` in a name stands for a folder."""
    path.mkdir()
    for name, text in files.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def test_equal_folders_have_no_difference_and_their_lines_are_counted(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", verdicts="a\nb\n", lines__winds="c\n")
    found = compare_folders(before, folder(tmp_path / "after", verdicts="a\nb\n", lines__winds="c\n"))
    assert (found.files, found.lines, found.differing, found.first) == (2, 3, [], None)


def test_the_first_line_that_differs_is_named_with_both_lines(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", breaches="a\n", verdicts="a\nb\nc\n", winds="x\n")
    after = folder(tmp_path / "after", breaches="a\n", verdicts="a\nB\nC\n", winds="y\n")
    found = compare_folders(before, after)
    assert found.first == Difference("verdicts", 2, "b", "B")
    assert found.differing == ["verdicts", "winds"]
    assert found.lines == 1  # those of the equal file


@pytest.mark.parametrize(("one", "other"), [("a\nb\n", "a\n"), ("a\n", "a"), ("", "a\n")])
def test_a_line_that_only_one_side_has_is_named(tmp_path: Path, one: str, other: str) -> None:
    found = compare_folders(folder(tmp_path / "before", f=one), folder(tmp_path / "after", f=other))
    assert found.first is not None
    assert found.first.line == min(len(one.splitlines()), len(other.splitlines())) + 1


@pytest.mark.parametrize("missing", ["before", "after"])
def test_a_missing_file_is_named_as_the_side_that_lacks_it(tmp_path: Path, missing: str) -> None:
    sides = {
        name: folder(tmp_path / name, f="a\n", **({} if name == missing else {"lines__g": "b\n"}))
        for name in ("before", "after")
    }
    found = compare_folders(sides["before"], sides["after"])
    assert found.differing == ["lines/g"]
    assert found.first is not None
    assert (found.first.line, getattr(found.first, missing)) == (0, None)


def test_of_a_long_line_the_place_is_shown_where_both_part(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", f="x" * 900 + '"limit":80' + "y" * 900)
    after = folder(tmp_path / "after", f="x" * 900 + '"limit":81' + "y" * 900)
    first = compare_folders(before, after).first
    assert first is not None
    assert first.before is not None
    assert first.after is not None
    assert '"limit":80' in first.before
    assert '"limit":81' in first.after
    assert len(first.before) < 250


class Canned:
    """Stands for a side: its outputs are there already."""

    def __init__(self, out: Path, wrong: str = "") -> None:
        self.out, self.wrong = out, wrong

    def run(self, case: Case) -> str:
        return self.wrong

    def seconds(self, case: Case) -> float:
        return 1.0


def test_a_case_that_fails_in_the_same_way_on_both_sides_is_not_equal(tmp_path: Path) -> None:
    for name in ("before", "after"):
        folder(tmp_path / name, week__printed="usage\n")
    good = [Canned(tmp_path / name) for name in ("before", "after")]
    bad = [Canned(side.out, "exit 2: no such option") for side in good]
    assert [same for _, same in rows([Case("week")], *good)] == [True]  # type: ignore[arg-type]
    ((row, same),) = rows([Case("week")], *bad)  # type: ignore[arg-type]
    assert not same
    assert "exit 2: no such option" in row


def test_a_case_that_was_run_is_not_run_again(tmp_path: Path) -> None:
    side = Side(tmp_path / "nowhere", folder(tmp_path / "out"), tmp_path, "abc")
    (side.out / "week.done.json").write_text(json.dumps({"seconds": 7.5, "wrong": ""}))
    assert side.run(Case("week", ("county", "recording"))) == ""
    assert side.seconds(Case("week")) == 7.5


def test_a_case_that_failed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side(tmp_path / "nowhere", folder(tmp_path / "out"), tmp_path, "abc")
    monkeypatch.setattr(Side, "_replay", lambda *_: "exit 2: no such option")
    assert side.run(Case("week", ("county", "recording"))) == "exit 2: no such option"
    monkeypatch.setattr(Side, "_replay", lambda *_: "")
    assert side.run(Case("week", ("county", "recording"))) == ""


def short(week: Week) -> Week:
    return replace(week, hours=3)


@pytest.mark.parametrize("week", [*WEEKS, OUTAGES], ids=lambda week: week.name)
def test_a_week_is_the_same_at_each_call(week: Week) -> None:
    messages = messages_of(short(week))
    assert len(messages) > 100
    assert messages == messages_of(short(week))


def test_what_is_absent_is_named_and_inputs_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def make(target: Path) -> list[str]:
        made.append(target)
        return ["beijing"]

    monkeypatch.setattr(compare_checkouts, "make_inputs", make)
    assert inputs_at(tmp_path / "inputs") == ["beijing"]
    assert inputs_at(tmp_path / "inputs") == ["beijing"]
    assert made == [tmp_path / "inputs"]


def test_all_packs_are_found() -> None:
    assert len(packs_of(compare_checkouts.ROOT)) >= 14


def test_what_a_change_was_to_add_is_no_difference_and_anything_else_is(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", f='{"a":1}\nend\n')
    after = folder(tmp_path / "after", f='{"a":1,"tried":3}\ntried 3\nend\n')
    wanted = re.compile(rb',"tried":\d+|^tried \d+\n', re.MULTILINE)
    assert compare_folders(before, after).first is not None
    assert compare_folders(before, after, wanted).first is None
    assert compare_folders(before, folder(tmp_path / "other", f='{"a":2,"tried":3}\nend\n'), wanted).first
