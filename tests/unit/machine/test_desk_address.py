"""Where the desk listens and how others reach it: told once, kept in the data folder."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from deploy.cli import program
from deploy.machine.desk_address import FILE, DeskAddress, NoSuchAddress
from deploy.machine.stack import Stack

EXAMPLE = Path(__file__).parents[3] / "deploy" / "example"


def test_what_was_told_once_is_kept_for_the_next_start_each_by_itself(tmp_path: Path) -> None:
    DeskAddress("0.0.0.0", "https://dust.example").keep(tmp_path)
    assert DeskAddress().or_kept(tmp_path) == DeskAddress("0.0.0.0", "https://dust.example")
    assert DeskAddress(host="127.0.0.1").or_kept(tmp_path) == DeskAddress("127.0.0.1", "https://dust.example")
    assert DeskAddress(base_url="http://a").or_kept(tmp_path) == DeskAddress("0.0.0.0", "http://a")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"host": 5}', None])
def test_a_file_that_can_not_be_read_is_no_answer(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    assert DeskAddress().or_kept(tmp_path) == DeskAddress()


@pytest.mark.parametrize(
    ("desk", "listens_on", "url", "probe"),
    [
        (DeskAddress(), "127.0.0.1", "http://127.0.0.1:84", "http://127.0.0.1:84"),
        (DeskAddress("0.0.0.0"), "0.0.0.0", "http://127.0.0.1:84", "http://127.0.0.1:84"),
        (DeskAddress("::"), "::", "http://[::1]:84", "http://[::1]:84"),
        (DeskAddress("10.1.2.3"), "10.1.2.3", "http://10.1.2.3:84", "http://10.1.2.3:84"),
        (DeskAddress("0.0.0.0", "https://dust/x"), "0.0.0.0", "https://dust/x", "http://127.0.0.1:84"),
    ],
)
def test_the_desk_has_an_address_to_listen_on_one_for_people_and_one_to_be_asked_at(
    desk: DeskAddress, listens_on: str, url: str, probe: str
) -> None:
    assert (desk.listens_on, desk.url(84), desk.probe_url(84)) == (listens_on, url, probe)


def test_the_services_get_the_addresses(tmp_path: Path) -> None:
    stack = Stack(tmp_path, tmp_path, "wall", 84, print, desk=DeskAddress("0.0.0.0", "https://dust"))
    assert stack.env("desk")["DUSTWATCH_DESK_HOST"] == "0.0.0.0"
    assert stack.env("alerts")["DUSTWATCH_BASE_URL"] == "https://dust"


def test_an_address_that_is_not_this_machines_is_named_with_the_way_out() -> None:
    DeskAddress().check()
    DeskAddress("0.0.0.0").check()
    with pytest.raises(NoSuchAddress, match=r"can't listen on 203\.0\.113\.9 .*--host"):
        DeskAddress("203.0.113.9").check()


def test_whoever_opens_the_desk_to_others_is_warned() -> None:
    assert DeskAddress().warning is None
    assert DeskAddress("localhost", "https://dust").warning is None
    assert "--base-url" not in str(DeskAddress("0.0.0.0", "https://dust").warning)
    assert "--base-url" not in str(DeskAddress("10.1.2.3").warning)
    warning = DeskAddress("0.0.0.0").warning
    assert warning is not None
    assert "password" in warning
    assert "--base-url" in warning


@pytest.mark.parametrize("command", [["up", str(EXAMPLE)], ["demo"]], ids=["up", "demo"])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--host", "http://10.1.2.3"),
        ("--host", "10.1.2.3:80"),
        ("--host", ""),
        ("--base-url", "dust.example"),
        ("--base-url", "ftp://dust.example"),
        ("--base-url", "http://"),
        ("--base-url", "http://dust:x"),
        ("--base-url", "http://dust/a b"),
        ("--base-url", "http://dust/\n"),
        ("--base-url", "http://dust/?a"),
        ("--base-url", "http://dust/'"),
        ("--base-url", ""),
    ],
)
def test_an_address_that_can_not_be_meant_is_refused(
    tmp_path: Path, command: list[str], option: str, value: str
) -> None:
    name, *arguments = command
    found = program.get_command(click.Context(program), name)
    assert found is not None
    with pytest.raises(click.BadParameter, match="expected"):
        found.make_context(name, [*arguments, "--data", str(tmp_path), option, value])
