"""The first accounts: an administrator by a one-time link, those of a demo, and what `people` says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.people.passwords import verified
from alerts.people.roles import ROLES, unit_fault
from alerts.people.tokens import digest
from alerts.store.people_store import PeopleStore
from deploy.commands.people import command
from deploy.first_accounts import (
    DemoAccounts,
    administrator_link,
    make_demo_accounts,
    needs_administrator,
    refuse_demo,
)
from tests.fakes.desk import EXAMPLE, example_register
from tests.fakes.people import account


@pytest.fixture
def people(tmp_path: Path) -> Iterator[PeopleStore]:
    opened = PeopleStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


def test_the_first_start_makes_one_administrator_and_only_the_newest_link_is_good(
    people: PeopleStore,
) -> None:
    assert needs_administrator(people)
    links = [administrator_link(people, "http://desk/") for _ in range(2)]
    assert [(one.login, one.state) for one in people.accounts()] == [("admin", "invited")]
    found = [people.link(digest(link.removeprefix("http://desk/in/"))) for link in links]
    assert [link is not None and link.used_at is None for link in found] == [False, True]
    assert needs_administrator(people)
    account(people, "administrator", login="wang")
    assert not needs_administrator(people)
    assert "/in/" in administrator_link(people, "http://desk")


def test_a_demo_draws_its_passwords_and_up_refuses_its_store(people: PeopleStore) -> None:
    register = example_register()
    made = make_demo_accounts(people, register)
    assert {one.role for one in made} == set(ROLES)
    for one in made:
        kept = people.account_of(one.login)
        assert kept is not None
        assert verified(kept.password, one.password)
        assert unit_fault(one.role, one.unit, register) is None
    assert len({one.password for one in made}) == len(made)
    with pytest.raises(DemoAccounts, match=r"holds accounts of a demo.*admin.*people end LOGIN") as caught:
        refuse_demo(people, "in var/demo")
    assert caught.value.exit_code == 2
    assert not any(one.password in str(caught.value) for one in made)


def test_a_store_without_a_demos_accounts_is_not_refused(people: PeopleStore) -> None:
    account(people, "office")
    refuse_demo(people, "here")


def run(tmp_path: Path, *arguments: str) -> Result:
    env = {"DUSTWATCH_CASES": f"sqlite:///{tmp_path}/cases.sqlite", "DUSTWATCH_CONFIG": str(EXAMPLE)}
    return CliRunner().invoke(command, arguments, env=env)


def test_people_are_invited_listed_and_ended_at_the_machine_itself(
    tmp_path: Path, people: PeopleStore
) -> None:
    assert "no account yet" in run(tmp_path, "list").output
    link = run(tmp_path, "administrator").stdout.strip()
    assert people.link(digest(link.rpartition("/")[2])) is not None
    wish = ("invite", "Zhou", "--name", "周建国", "--role", "site", "--unit", "site:site-01")
    assert "/in/" in run(tmp_path, *wish).stdout
    assert "/in/" in run(tmp_path, *wish).stdout  # another link for the same
    listed = run(tmp_path, "list").output
    assert "zhou" in listed
    assert "周建国" in listed
    ended = run(tmp_path, "end", "zhou", "--reason", "left")
    assert "zhou has ended" in ended.output
    assert "has ended already" in run(tmp_path, "end", "zhou", "--reason", "left").output
    told = {(e.actor, e.action, e.reason) for _, e in people.entries()}
    assert ("terminal", "account_ended", "left") in told


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (("--role", "mayor", "--unit", "county"), "no role 'mayor'"),
        (("--role", "site", "--unit", "county"), "a site is of a unit of kind site"),
        (("--role", "site", "--unit", "site:site-99"), "no site 'site-99' in the register"),
        (("--role", "site", "--unit", "site:site-01", "--contact", "x"), "the register has no such contact"),
    ],
)
def test_what_does_not_go_together_is_said_with_what_would(
    tmp_path: Path, wish: tuple[str, ...], words: str
) -> None:
    said = run(tmp_path, "invite", "zhou", "--name", "x", *wish)
    assert said.exit_code == 2
    assert words in said.output


def test_an_account_that_is_there_already_is_not_made_somebody_else(
    tmp_path: Path, people: PeopleStore
) -> None:
    account(people, "site", login="zhou")
    said = run(tmp_path, "invite", "zhou", "--name", "x", "--role", "office", "--unit", "county")
    assert "zhou is site of site:site-01 already" in said.output
    unknown = run(tmp_path, "end", "zhang", "--reason", "x")
    assert "no account 'zhang'; there are: zhou" in unknown.output


def test_a_person_is_erased_and_the_list_is_carried_out_in_a_copy_of_before(
    tmp_path: Path, people: PeopleStore
) -> None:
    zhou = account(people, "site", login="zhou", name="周建国")
    copy, listed = tmp_path / "copy.sqlite", tmp_path / "erasures.jsonl"
    with closing(sqlite3.connect(tmp_path / "cases.sqlite")) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    erased = run(tmp_path, "erase", "zhou", "--reason", "asked for it")
    assert "the account has ended" in erased.output
    assert people.account(zhou.id).name == ""  # type: ignore[union-attr]
    assert run(tmp_path, "erasures", "--out", str(listed)).output == f"1 erasures in {listed}\n"
    assert "周建国" not in listed.read_text(encoding="utf-8")
    assert run(tmp_path, "erasures").output == listed.read_text(encoding="utf-8")
    of_copy = {"DUSTWATCH_CASES": f"sqlite:///{copy}"}
    for new in (1, 0):
        said = CliRunner().invoke(command, ("erasures", "--apply", str(listed)), env=of_copy)
        assert f"1 erasures carried out, {new} of them new here" in said.output
    restored = PeopleStore(of_copy["DUSTWATCH_CASES"])
    assert (restored.account(zhou.id).name, restored.account_of("zhou")) == ("", None)  # type: ignore[union-attr]
    restored.close()


def test_who_is_not_there_is_not_erased(tmp_path: Path, people: PeopleStore) -> None:
    account(people, "site", login="zhou")
    assert "no account 'zhang'; there are: zhou" in run(tmp_path, "erase", "zhang", "--reason", "x").output
    assert run(tmp_path, "erase", "zhou", "--reason", " ").exit_code == 2
    assert run(tmp_path, "erasures").output == ""
