"""A case store goes from one revision to the next whole or not at all, and loses no row, on either database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from alerts.store import CaseStore, StoreBehind, StoreError, WrongSchema, connecting, tables
from alerts.store.connecting import changing_schema, connect
from alerts.store.migrating import look, migrate, words_of
from alerts.store.migrations import our_revisions
from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from tests.fakes.alerts import NIGHT, apply, breach, planner
from tests.servers.postgres import PostgresServer
from tests.stored_stores import TO_COME, execute, put_stored, rows_of, shape_of

PLAN = planner()
NEWEST, NEXT = name_of(REVISION), name_of(REVISION + 1)
ALL = ("cases", "case_events", "messages", "attempts")


def quiet(words: str) -> None:
    """Takes words of waiting where none are expected."""
    raise AssertionError(words)


@pytest.fixture
def stored(url: str) -> str:
    """A store as the first program left it: cases of every kind, messages sent, refused, waiting, under way."""
    return put_stored(url)


@pytest.fixture
def another(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """Another empty database beside `url`."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/another.sqlite"
    return str(request.getfixturevalue("postgres").create_database(f"another_{url.rpartition('_')[2]}"))


def differences(url: str, metadata: sa.MetaData = tables.metadata) -> list[object]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "version_table": tables.REVISION_TABLE}
        found = compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)
    engine.dispose()
    return list(found)


# ---------------------------------------------------------------- what the revisions come to


def test_a_new_store_has_the_tables_that_the_program_knows_with_every_index(url: str, another: str) -> None:
    CaseStore(url).close()
    assert differences(url) == []
    engine = sa.create_engine(another)
    tables.metadata.create_all(engine)
    engine.dispose()
    made = shape_of(url)
    assert made.pop(tables.REVISION_TABLE)["columns"].keys() == {"version_num"}
    made["indexes"].pop(f"{tables.REVISION_TABLE}_pkc", None)
    assert made == shape_of(another)


def test_a_table_that_no_revision_has_changed_would_be_found(url: str) -> None:
    CaseStore(url).close()
    changed = sa.MetaData()
    for table in tables.metadata.tables.values():
        table.to_metadata(changed)
    changed.tables["cases"].append_column(sa.Column("district", sa.Text))
    changed.tables["messages"].indexes.pop()
    assert [one[0] for one in differences(url, changed)] == ["add_column", "remove_index"]


def test_the_program_needs_the_newest_revision() -> None:
    assert our_revisions().newest == tables.REVISION
    steps = our_revisions().after(0)
    assert [step.number for step in steps] == list(range(1, tables.REVISION + 1))
    needed = [step.oldest_program for step in steps if step.oldest_program is not None]
    assert needed == sorted(needed)
    assert all(step.oldest_program is None or step.oldest_program <= step.number for step in steps)


# ---------------------------------------------------------------- a store of former times


def test_a_stored_store_is_left_alone_until_it_is_migrated(stored: str) -> None:
    with pytest.raises(
        StoreBehind, match=f"at revision 0001, this program needs {NEWEST}: run `dustwatch store mig"
    ):
        CaseStore(stored)
    state = look(stored)
    assert (state.standing.revision, state.standing.oldest_program) == (1, 1)
    assert [step.number for step in state.steps] == list(range(2, REVISION + 1))
    assert "oldest_program" not in shape_of(stored)["dustwatch_schema"]["columns"]


def test_a_stored_store_keeps_every_row_and_becomes_what_a_new_one_is(stored: str, another: str) -> None:
    before = rows_of(stored, *ALL)
    assert [len(before[name]) for name in ALL] == [15, 26, 41, 14]
    done = migrate(stored, quiet)
    assert (done.before.revision, done.after.revision, done.after.oldest_program) == (1, REVISION, 1)
    assert rows_of(stored, *ALL) == before
    CaseStore(another).close()
    assert shape_of(stored) == shape_of(another)
    assert differences(stored) == []


def test_a_migrated_store_goes_on_where_it_was(stored: str) -> None:
    migrate(stored, quiet)
    store = CaseStore(stored, lambda: NIGHT + 3_600_000)
    counts = store.counts()
    assert (counts["cases"], counts["messages"], counts["messages_pending"]) == (12, 41, 29)
    assert store.outbox.due(NIGHT + 3_600_000) == {"file": 29}
    assert not apply(store, breach(), PLAN, NIGHT).new  # was applied before
    assert apply(store, breach(id="b9", device="dev-2"), PLAN, NIGHT).messages == 3
    store.close()


def test_to_migrate_again_does_nothing_and_makes_no_copy(stored: str, tmp_path: Path) -> None:
    migrate(stored, quiet)
    files = sorted(tmp_path.iterdir())
    done = migrate(stored, quiet)
    assert words_of(done) == f"nothing to do, it is at revision {NEWEST}"
    assert sorted(tmp_path.iterdir()) == files


def test_the_first_program_goes_on_working_with_a_store_that_only_expanded(stored: str) -> None:
    migrate(stored, quiet)
    engine = sa.create_engine(stored)
    with engine.connect() as connection:  # all that it asks
        assert connection.execute(sa.text("SELECT version FROM dustwatch_schema")).scalar_one() == 1
    engine.dispose()


# ---------------------------------------------------------------- revisions to come


def test_a_revision_that_contracts_maps_states_rebuilds_a_table_and_keeps_what_refers_to_it(
    stored: str,
) -> None:
    before = rows_of(stored, *ALL)
    done = migrate(stored, quiet, TO_COME)
    assert [step.number for step in done.steps] == list(range(2, REVISION + 2))
    assert (done.after.revision, done.after.oldest_program) == (REVISION + 1, REVISION + 1)
    after = rows_of(stored, *ALL)
    assert {name: after[name] for name in ALL[1:]} == {name: before[name] for name in ALL[1:]}
    for old, new in zip(before["cases"], after["cases"], strict=True):
        assert new.pop("seriousness") == old.pop("level")
        assert new.pop("state") == {"closed": "archived"}.get(old["state"], old["state"])
        assert new.pop("deadline") == (old.pop("deadline") or 0)
        del old["delayed"], old["state"]
        assert new == old
    shape = shape_of(stored)
    assert shape["messages"]["foreign"] == [(["case"], "cases", ["id"])]
    assert shape["cases"]["unique"] == [("breach",), ("id",)]
    assert "cases_by_parent" not in shape["indexes"]
    assert "cases_by_seriousness" in shape["indexes"]
    assert "WHERE" in shape["indexes"]["cases_one_open_fault"]


def test_a_program_that_is_older_than_the_store_allows_refuses_it(stored: str) -> None:
    migrate(stored, quiet, TO_COME)
    for refusing in (CaseStore, look, lambda url: migrate(url, quiet)):
        with pytest.raises(WrongSchema) as caught:
            refusing(stored)
        assert caught.value.exit_code == 2
        assert (
            f"at revision {NEXT} and works with programs from {NEXT} on; this one knows up to {NEWEST}"
            in str(caught.value)
        )


def test_a_program_that_is_older_than_the_store_but_not_too_old_works_with_it(stored: str) -> None:
    migrate(stored, quiet)
    execute(stored, "UPDATE dustwatch_revision SET version_num = '0099'")
    store = CaseStore(stored)
    assert apply(store, breach(id="b9", device="dev-2"), PLAN, NIGHT).messages == 3
    store.close()
    assert words_of(migrate(stored, quiet)) == "nothing to do, it is at revision 0099"


def test_a_program_at_work_is_told_when_a_contraction_takes_its_tables(stored: str) -> None:
    migrate(stored, quiet)
    store = CaseStore(stored)
    assert store.cases()
    migrate(stored, quiet, TO_COME)
    with pytest.raises(WrongSchema, match=f"works with programs from {NEXT} on"):
        store.cases()
    with pytest.raises(WrongSchema, match=f"works with programs from {NEXT} on"):
        apply(store, breach(id="b9", device="dev-2"), PLAN, NIGHT)
    store.close()


# ---------------------------------------------------------------- two at once


def test_of_two_migrators_the_second_waits_says_so_and_finds_nothing_to_do(stored: str) -> None:
    first, waits, said = connect(stored), threading.Event(), []

    def say(words: str) -> None:
        said.append(words)
        waits.set()

    found = []
    second = threading.Thread(target=lambda: found.append(migrate(stored, say)))
    with changing_schema(first, "here", quiet) as connection:
        second.start()
        assert waits.wait(30)
        our_revisions().run(connection, since=1)
    second.join(30)
    first.dispose()
    assert [words_of(one) for one in found] == [f"nothing to do, it is at revision {NEWEST}"]
    assert len(said) == 1
    assert "another process writes to the case store at" in said[0]


def test_services_that_start_together_on_an_empty_database_make_the_tables_once(url: str) -> None:
    stores: list[CaseStore] = []
    threads = [threading.Thread(target=lambda: stores.append(CaseStore(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stores) == 4
    for store in stores:
        store.close()
    assert look(url).steps == []


@pytest.mark.servers
def test_a_table_that_another_transaction_holds_is_not_waited_for_without_end(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = put_stored(postgres.create_database("held"))
    monkeypatch.setattr(connecting, "_TABLE_HELD", "100ms")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT * FROM dustwatch_schema"))
        with pytest.raises(
            StoreError, match="another transaction has held one of its tables for 100ms: end it"
        ):
            migrate(url, quiet)
    engine.dispose()
    assert words_of(migrate(url, quiet)) == f"migrated from revision 0001 to {NEWEST}"


# ---------------------------------------------------------------- what a store says of itself

WRONG: dict[str, tuple[list[str], str]] = {
    "a revision of another tool": (
        ["UPDATE dustwatch_revision SET version_num = 'ae1027a6acf'"],
        "says that it is at revision 'ae1027a6acf', which no dustwatch wrote",
    ),
    "two revisions": (
        ["INSERT INTO dustwatch_revision VALUES ('0001')"],
        "dustwatch_revision has 2 rows instead of one",
    ),
    "no revision": (["DELETE FROM dustwatch_revision"], "dustwatch_revision has 0 rows instead of one"),
    "no row": (["DELETE FROM dustwatch_schema"], "dustwatch_schema has 0 rows instead of one"),
    "two rows": (
        ["INSERT INTO dustwatch_schema VALUES (2, 1)"],
        "dustwatch_schema has 2 rows instead of one",
    ),
    "no table": (["DROP TABLE dustwatch_schema"], "a table dustwatch_revision, but no dustwatch_schema"),
    "neither table": (
        ["DROP TABLE dustwatch_schema", "DROP TABLE dustwatch_revision"],
        "there are tables cases, case_events, messages, attempts, ",
    ),
    "a revision lost": (
        ["DROP TABLE dustwatch_revision"],
        "has `oldest_program`, but there is no dustwatch_rev",
    ),
    "two answers": (["UPDATE dustwatch_schema SET version = 99"], "`version` is 99 and `oldest_program` 1"),
    "a program beyond the revision": (
        ["UPDATE dustwatch_schema SET oldest_program = 99, version = 99"],
        f"`oldest_program` is 99 at revision {NEWEST}",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_store_that_contradicts_itself_is_named_with_what_is_wrong_and_left_alone(
    url: str, case: str
) -> None:
    CaseStore(url).close()
    statements, words = WRONG[case]
    execute(url, *statements)
    for refusing in (CaseStore, look, lambda url: migrate(url, quiet)):
        with pytest.raises(WrongSchema) as caught:
            refusing(url)
        assert words in str(caught.value)
        assert url.rpartition("/")[2] in str(caught.value)
        assert "or use another database" in str(caught.value) or "or another database" in str(caught.value)


def test_tables_of_a_version_that_nobody_wrote_are_left_alone(stored: str) -> None:
    execute(stored, "UPDATE dustwatch_schema SET version = 99")
    with pytest.raises(WrongSchema, match="tables of version 99, which no dustwatch wrote"):
        CaseStore(stored)


# ---------------------------------------------------------------- SQLite alone


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stored store on SQLite."""
    put_stored(f"sqlite:///{tmp_path}/cases.sqlite")
    return tmp_path / "cases.sqlite"


def test_a_file_is_copied_first_beside_itself_and_never_over_another_copy(file: Path) -> None:
    taken = file.with_name("cases.sqlite.revision-0001")
    taken.write_text("an older copy")
    file.with_name("cases.sqlite.revision-0001.part").write_text("what a killed one left")
    before = rows_of(f"sqlite:///{file}", *ALL)
    assert look(f"sqlite:///{file}").copy == file.with_name("cases.sqlite.revision-0001-2")
    done = migrate(f"sqlite:///{file}", quiet)
    assert taken.read_text() == "an older copy"
    assert done.copy == file.with_name("cases.sqlite.revision-0001-2")
    assert done.copy.stat().st_mode & 0o777 == 0o600
    assert rows_of(f"sqlite:///{done.copy}", *ALL) == before
    assert look(f"sqlite:///{done.copy}").standing.revision == 1
    assert words_of(done) == f"migrated from revision 0001 to {NEWEST}; as it was before: {done.copy}"


def test_what_can_not_be_copied_is_not_migrated(file: Path) -> None:
    in_the_way = file.with_name("cases.sqlite.revision-0001.part")
    in_the_way.mkdir()
    with pytest.raises(StoreError, match="can't be migrated") as caught:
        migrate(f"sqlite:///{file}", quiet)
    assert str(in_the_way) in str(caught.value)
    assert look(f"sqlite:///{file}").standing.revision == 1


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for asking in (look, lambda url: migrate(url, quiet)):
        with pytest.raises(StoreError, match="no such file"):
            asking(f"sqlite:///{tmp_path}/cases.sqlite")
    assert list(tmp_path.iterdir()) == []


def triggers_and_views(file: Path) -> list[str]:
    """Their SQL, as the database keeps it."""
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'view')")
        return sorted(sql for (sql,) in found)


def test_triggers_and_views_are_as_they_were_after_a_table_was_rebuilt(file: Path) -> None:
    made = (
        "CREATE TABLE seen (what TEXT)",
        "CREATE TRIGGER case_changed AFTER UPDATE ON cases BEGIN INSERT INTO seen VALUES (new.id); END",
        "CREATE TRIGGER event_of_none BEFORE INSERT ON case_events WHEN NOT EXISTS (SELECT 1 FROM cases "
        "WHERE id = new.\"case\") BEGIN SELECT RAISE(ABORT, 'no such case'); END",
        "CREATE VIEW going_on AS SELECT id, site FROM cases WHERE recovered_at IS NULL",
    )
    migrate(f"sqlite:///{file}", quiet)
    ours = triggers_and_views(file)
    execute(f"sqlite:///{file}", *made)
    migrate(f"sqlite:///{file}", quiet, TO_COME)
    assert triggers_and_views(file) == sorted([*ours, *made[1:]])
    with closing(sqlite3.connect(file)) as database:
        mapped = 5  # a state and four deadlines
        assert database.execute("SELECT count(*) FROM seen").fetchone() == (mapped,)
        database.execute("UPDATE cases SET site = 'site-9' WHERE breach = 'silent-dev-1'")
        assert database.execute("SELECT count(*) FROM seen").fetchone() == (mapped + 1,)
        assert database.execute("SELECT count(*) FROM going_on WHERE site = 'site-9'").fetchone() == (1,)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("revisions", [our_revisions(), TO_COME], ids=["in place", "rebuilt"])
def test_a_row_that_refers_to_none_is_found_before_anything_is_committed(
    file: Path, revisions: object
) -> None:
    execute(
        f"sqlite:///{file}", "PRAGMA foreign_keys = OFF", "UPDATE messages SET \"case\" = 'gone' WHERE n = 7"
    )
    with pytest.raises(
        StoreError, match="1 rows refer to rows that are not there: first row 7 of messages, to cas"
    ):
        migrate(f"sqlite:///{file}", quiet, revisions)  # type: ignore[arg-type]
    assert look(f"sqlite:///{file}").standing.revision == 1
    assert "level" in shape_of(f"sqlite:///{file}")["cases"]["columns"]


def test_foreign_keys_are_watched_again_after_a_change_of_the_tables(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/cases.sqlite")

    def watched() -> int:
        with engine.begin() as connection:
            return int(connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one())

    with changing_schema(engine, "here", quiet) as connection:
        our_revisions().run(connection, since=0)
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 0
    assert watched() == 1
    stop: Callable[[], None] = lambda: (_ for _ in ()).throw(ZeroDivisionError)  # noqa: E731
    with pytest.raises(ZeroDivisionError), changing_schema(engine, "here", quiet):
        stop()
    assert watched() == 1
    engine.dispose()
