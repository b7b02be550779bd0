"""`dustwatch store` says at which revision a store is, what it would do, and what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.store import CaseStore, WrongSchema
from alerts.store.migrating import migrate
from alerts.store.migrations import our_revisions
from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from deploy.commands.store import command
from tests.stored_stores import TO_COME, execute, put_stored

STEPS = [str(step) for step in our_revisions().after(1)]  # of the store of revision 0001
NEWEST = name_of(REVISION)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store as the first program left it."""
    return put_stored(f"sqlite:///{tmp_path}/cases.sqlite")


def store(*arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(command, arguments, env=settings)


def test_a_store_that_is_behind_is_told_with_what_is_to_do_and_exit_1(url: str) -> None:
    said = store("status", url)
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        f"{url}: at revision 0001; this program knows up to {NEWEST}",
        *(f"to do: {step}" for step in STEPS),
        "run `dustwatch store migrate`; services of this version wait until then",
    ]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(url: str, tmp_path: Path) -> None:
    before = (tmp_path / "cases.sqlite").read_bytes()
    said = store("migrate", "--dry-run", url)
    copy = tmp_path / "cases.sqlite.revision-0001"
    assert said.output.splitlines() == [
        f"would copy the file to {copy}",
        *(f"would run {step}" for step in STEPS),
    ]
    assert (tmp_path / "cases.sqlite").read_bytes() == before
    assert not copy.exists()


def test_the_store_of_the_settings_is_migrated_where_none_is_named(url: str, tmp_path: Path) -> None:
    said = store("migrate", DUSTWATCH_CASES=url)
    copy = tmp_path / "cases.sqlite.revision-0001"
    assert said.output.splitlines() == [
        *(f"ran {step}" for step in STEPS),
        f"{url}: migrated from revision 0001 to {NEWEST}; as it was before: {copy}",
    ]
    assert store("status", url).output == f"{url}: at revision {NEWEST}; this program knows up to {NEWEST}\n"
    assert store("status", url).exit_code == 0
    assert store("migrate", "--dry-run", url).output == f"{url}: nothing to do\n"
    assert store("migrate", url).output == f"{url}: nothing to do, it is at revision {NEWEST}\n"


def test_a_store_that_is_newer_says_which_programs_work_with_it(url: str) -> None:
    migrate(url, print)
    execute(url, f"UPDATE dustwatch_revision SET version_num = '{name_of(REVISION + 1)}'")
    said = store("status", url)
    assert "programs from 0001 on work with it, so this one does" in said.output
    assert said.exit_code == 0


@pytest.mark.parametrize("arguments", [("status",), ("migrate",), ("migrate", "--dry-run")])
def test_a_store_that_is_too_new_is_refused_in_words(url: str, arguments: tuple[str, ...]) -> None:
    migrate(url, print, TO_COME)
    assert isinstance(store(*arguments, url).exception, WrongSchema)


def test_a_database_without_tables_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    url = f"sqlite:///{tmp_path}/empty.sqlite"
    said = store("status", url)
    assert said.output.splitlines()[0] == f"{url}: no tables yet; this program knows up to {NEWEST}"
    assert (
        store("migrate", url).output.splitlines()[-1] == f"{url}: its tables were made, at revision {NEWEST}"
    )
    CaseStore(url).close()
