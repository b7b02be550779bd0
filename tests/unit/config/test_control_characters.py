"""Control characters and what turns the direction of reading are refused by `check`, with their place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.commands.check import command
from ingest.plain_text import one_line, plain, plain_values, unfit
from tests.unit.config.golden import SMALLEST

SIGNS = [
    "\x00", "\x01", "\x07", "\t", "\n", "\r", "\r\n", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029",
    "\u200e", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff",
]  # fmt: skip
# file -> a text of it that reaches a database, a mail, a file's name or a message
TEXTS = {
    "county.yaml": ["示范县"],
    "departments.yaml": ["住建局", "值班室", "housing"],
    "sites.yaml": ["一号工地", "earthwork", "site-1"],
    "devices.yaml": ["dev-1"],
    "rules.yaml": ["hebei-db13-2934-2019"],
}


def checked(folder: Path) -> tuple[int, str]:
    done = CliRunner().invoke(command, [str(folder)])
    return done.exit_code, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "county"
    shutil.copytree(SMALLEST, made)
    assert checked(made)[0] == 0
    return made


def escaped(text: str) -> str:
    """As YAML writes it between double quotes; JSON's escapes are YAML's."""
    return json.dumps(text)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: "-".join(f"U+{ord(one):04X}" for one in sign))
def test_no_such_sign_comes_into_a_name(folder: Path, sign: str) -> None:
    place = folder / "sites.yaml"
    text = place.read_text(encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "一号工地" in one)
    place.write_text(text.replace("一号工地", escaped(f"一号{sign}工地"), 1), encoding="utf-8")
    code, said = checked(folder)
    assert code == 2
    assert f"sites.yaml:{line}:" in said
    assert f"the text holds U+{ord(sign[0]):04X}" in said
    assert "after 2 signs" in said
    assert not any(ord(one) < 32 for one in said.replace("\n", "")), "nor is it printed as it is"


@pytest.mark.parametrize(("file", "word"), [(file, word) for file, words in TEXTS.items() for word in words])
def test_every_text_of_every_file_is_looked_at(folder: Path, file: str, word: str) -> None:
    place = folder / file
    text = place.read_text(encoding="utf-8")
    assert word in text
    place.write_text(text.replace(word, escaped(f"{word}\x00"), 1), encoding="utf-8")
    code, said = checked(folder)
    assert code == 2
    assert any(f"{file}:" in line and "U+0000 (NUL)" in line for line in said.splitlines())


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("channels.yaml", '- {id: "m\\0", kind: file}'),
        ("channels.yaml", '- {id: m, kind: mail, host: "h\\r\\nX: y", sender: a@b.example, security: none}'),
        ("channels.yaml", '- {id: m, kind: mail, host: h, sender: "a@b.example\\nBcc: c@d", security: none}'),
        ("channels.yaml", '- {id: w, kind: webhook, url: "https://h/\\n"}'),
        ("routing.yaml", 'operator: [{name: "运维\\0", channels: [{kind: file}]}]'),
        ("routing.yaml", 'operator: [{name: x, channels: [{kind: webhook, url: "https://h/\\r\\n"}]}]'),
        ("routing.yaml", 'routes: [{site_kind: "building\\u202e", tell: [site]}]'),
        ("ingest.yaml", '- {filter: "a/\\0", format: json_v1}'),
        ("routing.yaml", '"ope\\0rator": []'),
    ],
)
def test_channels_routes_filters_and_keys_are_no_exception(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    code, said = checked(folder)
    assert code == 2
    assert f"{file}:1:" in said
    assert "the text holds U+" in said
    assert "\x00" not in said
    assert "\u202e" not in said


def test_a_text_of_several_lines_is_told_how_to_be_one(folder: Path) -> None:
    place = folder / "county.yaml"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("name: 示范县", "name: |\n  示范县\n  第二行"), encoding="utf-8")
    code, said = checked(folder)
    assert code == 2
    assert "county.yaml:1:7: name: the text holds U+000A (a line break)" in said
    assert "begin it with `>-`" in said


@pytest.mark.parametrize(
    "name", ["..", ".", ".hidden", "../up.jsonl", "a/b", "/etc/passwd", "a\\\\b", "", "x" * 121, "..."]
)
def test_a_file_channel_stays_in_its_folder(folder: Path, name: str) -> None:
    (folder / "channels.yaml").write_text(f'- {{id: f, kind: file, name: "{name}"}}', encoding="utf-8")
    code, said = checked(folder)
    assert code == 2
    assert "channels.yaml:1:" in said
    assert "can't be the name of a file in the message folder" in said


@pytest.mark.parametrize("name", ["messages.jsonl", "值班.jsonl", "a.b-c_d", "-x"])
def test_other_names_are_taken(folder: Path, name: str) -> None:
    (folder / "channels.yaml").write_text(f'- {{id: f, kind: file, name: "{name}"}}', encoding="utf-8")
    assert checked(folder)[0] == 0


@pytest.mark.parametrize("sign", SIGNS)
def test_what_is_cleaned_is_fit(sign: str) -> None:
    assert unfit(f"a{sign}b") is not None
    assert unfit(one_line(f"a{sign}b")) is None
    assert plain("a\nb") == "a\nb"
    assert unfit(plain(f"a{sign}b").replace("\n", "")) is None
    assert plain_values({"a\x00": ["b\x00", ("c\x00", 1, None)]}) == {
        "a\ufffd": ["b\ufffd", ["c\ufffd", 1, None]]
    }


def test_chinese_and_joiners_of_other_scripts_stay() -> None:
    for text in ("城东镇（一号）、工地", "می‌خواهم", "किसान", "é", "e\u0301", "👷‍♀️"):
        assert unfit(text) is None
        assert one_line(text) == text
