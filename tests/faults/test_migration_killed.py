"""A migration that is killed at any of its statements leaves the store as it was, and the next one goes through."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from alerts.store import copying
from alerts.store.migrating import look, migrate
from alerts.store.tables import REVISION
from tests.stored_stores import TO_COME, put_stored, rows_of

ALL = ("cases", "case_events", "messages", "attempts")
_NUMBERS = itertools.count()
# Each that dies is a process of its own, forked from one that has all of this imported.
_DYING = multiprocessing.get_context("forkserver")
_DYING.set_forkserver_preload(["pytest", "psycopg", "alerts.store.migrating", "tests.stored_stores"])


def migrate_and_die(url: str, left: int) -> None:
    """Migrate, but end as by kill -9 before the statement (or commit) that follows `left` others."""
    statements = itertools.count()

    def count(*_: object) -> None:
        if next(statements) == left:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    migrate(url, lambda words: None, TO_COME)


def copy_and_die(url: str) -> None:
    """Migrate, but end as by kill -9 once the copy is written and has no name yet."""
    copying._to_disk = lambda path: os.kill(os.getpid(), signal.SIGKILL)
    migrate(url, lambda words: None)


def test_a_migration_killed_while_it_copies_leaves_the_store_and_no_copy_that_is_half(tmp_path: Path) -> None:
    url = put_stored(f"sqlite:///{tmp_path}/cases.sqlite")
    dying = _DYING.Process(target=copy_and_die, args=(url,))
    dying.start()
    dying.join()
    assert dying.exitcode == -signal.SIGKILL
    assert look(url).standing.revision == 1
    copy = tmp_path / "cases.sqlite.revision-0001"
    assert not copy.exists()
    assert migrate(url, print).copy == copy
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_a_migration_killed_at_any_statement_has_happened_or_not(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    def stored() -> str:
        number = next(_NUMBERS)
        if kind == "sqlite":
            return put_stored(f"sqlite:///{tmp_path}/cases-{number}.sqlite")
        return put_stored(request.getfixturevalue("postgres").create_database(f"killed_{number}"))

    before = rows_of(stored(), *ALL)
    found = []
    for left in itertools.count(0, 2):
        url = stored()
        dying = _DYING.Process(target=migrate_and_die, args=(url, left))
        dying.start()
        dying.join()
        found.append(look(url, TO_COME).standing.revision)
        if found[-1] == 1:
            assert rows_of(url, *ALL) == before
        done = migrate(url, lambda words: None, TO_COME)
        assert done.after.revision == REVISION + 1
        after = rows_of(url, *ALL)
        assert {name: after[name] for name in ALL[1:]} == {name: before[name] for name in ALL[1:]}
        assert [case["id"] for case in after["cases"]] == [case["id"] for case in before["cases"]]
        if dying.exitcode == 0:
            break
        assert dying.exitcode == -signal.SIGKILL
    assert len(found) > 15
    assert found == [1] * (len(found) - 1) + [REVISION + 1]
