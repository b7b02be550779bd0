"""Strict YAML: what is read, what is refused, and where it says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, TypeAdapter

from ingest.strict_yaml import ConfigError, Problem, did_you_mean, load, parse, read, validate


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    count: StrictInt = 1
    sizes: tuple[StrictFloat, ...] = ()
    inner: dict[str, Thing] = {}


THINGS = TypeAdapter(list[Thing])


def _messages(text: str) -> list[str]:
    document, problems = parse(text, "f.yaml")
    return [str(problem) for problem in validate(document, THINGS, problems).problems]


def test_plain_values_are_read_as_they_look() -> None:
    document, problems = parse(
        'a: 12\nb: -3.50\nc: true\nd: 文字\ne: "0412"\nf: null\ng:\nh: 2026-03-01\ni: [a-b, 1.2.3]\n', "f"
    )
    assert problems == []
    assert document.value == {
        "a": 12,
        "b": -3.5,
        "c": True,
        "d": "文字",
        "e": "0412",
        "f": None,
        "g": None,
        "h": date(2026, 3, 1),
        "i": ["a-b", "1.2.3"],
    }


@pytest.mark.parametrize(
    "scalar",
    [
        "no",
        "No",
        "NO",
        "yes",
        "on",
        "off",
        "Off",
        "y",
        "n",
        "True",
        "FALSE",
        "~",
        "NULL",
        "0412",
        "00",
        "0089",
        "-07",
        "12:30",
        "1:2:3",
        "+08:00",
        "190:20:30.15",
        "0x1F",
        "0b11",
        "0o17",
        "1_000",
        "1e3",
        "1E-3",
        "12e4",
        ".5",
        "5.",
        ".inf",
        "-.INF",
        ".NaN",
        "2026-1-2",
        "2026-02-30",
        "123456789012345678901",
        "=",
        "<<",
    ],
)
def test_a_scalar_that_yaml_may_turn_into_something_else_must_be_quoted(scalar: str) -> None:
    _, problems = parse(f"- {scalar}\n", "f")
    assert [(p.line, p.col, p.path) for p in problems] == [(1, 3, "[0]")]
    quoted, none = parse(f'- "{scalar}"\n', "f")
    assert none == []
    assert quoted.value == [scalar]


def test_an_unquoted_instant_is_refused() -> None:
    _, problems = parse("at: 2026-11-23T08:00:00+08:00\n", "f")
    assert "may read it as a date" in problems[0].message


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12))
@example("0.10")
@example("1.")
@example("-0")
@example("=")
@example("<<")
def test_no_plain_text_is_read_as_another_value_than_plain_yaml_reads_unless_told(text: str) -> None:
    """Either we say something, or our value equals the text itself or what YAML 1.1 makes of it."""
    source = f"- {text}\n"
    document, problems = parse(source, "f")
    if problems:
        return
    try:
        plain = yaml.safe_load(source)
    except yaml.YAMLError:
        plain = None
    assert document.value == plain


@given(st.text(max_size=200))
@example("[" * 5000)
@example("- " * 5000)
@example("? [a]\n: b\n")
@example("? a\n? b\n")
@example("!!binary x: 1\n")
@example("&a *a\n")
@example("a: 'x\n")
@example("%YAML 9.9\n---\na\n")
@example("a: \x07\n")
@example("\ufeffa: 1\n")
def test_any_text_gives_a_value_or_problems_and_never_an_error(text: str) -> None:
    document, problems = parse(text, "f")
    result = validate(document, THINGS, problems)
    assert result.value is not None or result.problems
    for problem in result.problems:
        assert problem.line >= 1
        assert problem.col >= 1


@given(st.binary(max_size=100))
@example(b"\xff\xfea\x00")
@example("name: 县\n".encode("gbk"))
def test_any_bytes_give_a_value_or_problems(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    document, problems = read(path)
    assert document.file == "any.yaml"
    assert all(isinstance(problem, Problem) for problem in problems)


def test_the_second_of_two_equal_keys_is_refused_and_the_first_kept() -> None:
    document, problems = parse("a: 1\nb: {x: 1, x: 2}\na: {deep: [1]}\n", "f")
    assert [str(p) for p in problems] == [
        "f:2:11: b.x: duplicate key; it already stands on line 2",
        "f:3:1: a: duplicate key; it already stands on line 1",
    ]
    assert document.value == {"a": 1, "b": {"x": 1}}
    assert document.places[("a",)].line == 1


def test_all_problems_of_a_file_are_told_each_at_its_place() -> None:
    text = "- {name: no, cuont: 2}\n- {count: '3', sizes: [1, x]}\n- name: 5\n  inner: {a: {nam: b}}\n- 7\n"
    assert _messages(text) == [
        'f.yaml:1:10: [0].name: unquoted `no`: YAML may read it as a truth value; write "no" for the text, or false',
        "f.yaml:1:14: [0].cuont: unknown key; did you mean `count`?",
        "f.yaml:2:3: [1].name: this key is missing",
        "f.yaml:2:11: [1].count: expected a whole number, found the text `3`",
        "f.yaml:2:27: [1].sizes[1]: expected a number, found the text `x`",
        'f.yaml:3:9: [2].name: expected text, found `5`; quote it: "5"',
        "f.yaml:4:14: [2].inner.a.name: this key is missing",
        "f.yaml:4:15: [2].inner.a.nam: unknown key; did you mean `name`?",
        "f.yaml:5:3: [3]: expected a mapping, found `7`",
    ]


def test_an_unknown_key_that_resembles_nothing_is_answered_with_the_known_ones() -> None:
    assert _messages("- {name: a, 名: 1}\n") == [
        "f.yaml:1:13: [0].名: unknown key; known are count, inner, name, sizes"
    ]


def test_a_date_where_text_is_meant_must_be_quoted() -> None:
    assert _messages("- name: 2026-03-01\n") == [
        'f.yaml:1:9: [0].name: expected text, found `2026-03-01`; quote it: "2026-03-01"'
    ]


def test_true_is_no_number() -> None:
    assert _messages("- {name: a, count: true}\n") == [
        "f.yaml:1:20: [0].count: expected a whole number, found true"
    ]


def test_a_default_stands_for_a_file_that_is_absent_or_only_comments(tmp_path: Path) -> None:
    default = [Thing(name="given")]
    path = tmp_path / "t.yaml"
    assert load(path, THINGS, default=default).value == default
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert load(path, THINGS, default=default).value == default
    path.write_text("- {name: own}\n", encoding="utf-8")
    assert load(path, THINGS, default=default).value == [Thing(name="own")]


def test_without_a_default_a_file_must_be_there_and_hold_something(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    assert [str(p) for p in load(path, THINGS).problems] == ["t.yaml:1:1: .: the file is missing"]
    path.write_text("", encoding="utf-8")
    assert [str(p) for p in load(path, THINGS).problems] == ["t.yaml:1:1: .: expected a list, found nothing"]
    path.unlink()
    path.mkdir()
    assert [str(p) for p in load(path, THINGS).problems] == ["t.yaml:1:1: .: can't be read: Is a directory"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xef\xbb\xbf- {name: a}\n")
    assert load(path, THINGS).value == [Thing(name="a")]


def test_a_config_error_holds_its_problems_sorted_and_once() -> None:
    one, two = Problem("b.yaml", 1, 1, ".", "x"), Problem("a.yaml", 9, 1, ".", "y")
    error = ConfigError([one, two, one])
    assert error.problems == (two, one)
    assert str(error) == "a.yaml:9:1: .: y\nb.yaml:1:1: .: x"


def test_a_hint_is_given_only_for_what_is_near() -> None:
    assert did_you_mean("sitse", ["sites", "devices"]) == "; did you mean `sites`?"
    assert did_you_mean("quite else", ["sites", "devices"]) == ""
