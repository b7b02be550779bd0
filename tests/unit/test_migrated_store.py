"""A service waits for a store that is behind and goes on when it is migrated; the desk goes on without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from alerts.store import CaseStore, StoreBehind, WrongSchema
from alerts.store.migrating import migrate
from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from deploy.late_store import LateStore, opened_or_late
from deploy.machine.stack import Stack
from deploy.waiting import LOOK_S, once_migrated
from ingest.telemetry import Telemetry
from tests.stored_stores import TO_COME, execute, put_stored


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store as the first program left it, where `up` keeps it."""
    return put_stored(f"sqlite:///{tmp_path}/cases.sqlite")


def test_a_service_looks_every_two_seconds_says_so_once_a_minute_and_goes_on(url: str) -> None:
    telemetry, waited = Telemetry("alerts"), []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        assert f"needs {name_of(REVISION)}" in telemetry.unready()["case_store_start"]
        if len(waited) == 65:
            migrate(url, waited.append)
        return False

    with capture_logs() as logs:
        store = once_migrated(lambda: CaseStore(url), telemetry, wait)
    assert store is not None
    assert store.counts()["cases"] == 12
    store.close()
    assert waited == [LOOK_S] * 65
    assert [one["event"] for one in logs] == ["waits_for_migration"] * 3 + ["store_is_migrated"]
    assert telemetry.unready() == {"start": "still starting"}


def test_a_service_that_is_told_to_stop_waits_no_longer(url: str) -> None:
    assert once_migrated(lambda: CaseStore(url), Telemetry("alerts"), lambda seconds: True) is None


def test_a_store_that_is_too_new_is_not_waited_for(url: str) -> None:
    migrate(url, print, TO_COME)
    with pytest.raises(WrongSchema, match=f"this one knows up to {name_of(REVISION)}"):
        once_migrated(lambda: CaseStore(url), Telemetry("alerts"), lambda seconds: False)


def test_a_desk_opens_without_a_store_that_is_behind_and_has_it_once_it_is_migrated(url: str) -> None:
    late = opened_or_late(lambda: CaseStore(url), StoreBehind)
    assert isinstance(late, LateStore)
    with pytest.raises(StoreBehind, match=f"needs {name_of(REVISION)}"):
        late.cases()
    migrate(url, print)
    assert len(late.cases()) == 14
    late.close()


def stack_on(folder: Path) -> tuple[Stack, list[str]]:
    said: list[str] = []
    return Stack(folder, folder, "wall", 1, said.append), said


def test_up_migrates_the_store_of_its_folder_after_a_copy_and_says_so_in_one_line(
    url: str, tmp_path: Path
) -> None:
    stack, said = stack_on(tmp_path)
    for _ in range(2):
        stack.migrate_cases()
    copy = tmp_path / "cases.sqlite.revision-0001"
    assert said == [
        f"the case store: migrated from revision 0001 to {name_of(REVISION)}; as it was before: {copy}"
    ]
    assert copy.exists()


@pytest.mark.parametrize("what", ["none", "damaged", "too new"])
def test_up_leaves_a_store_to_its_services_that_is_not_there_damaged_or_too_new(
    url: str, tmp_path: Path, what: str
) -> None:
    file = tmp_path / "cases.sqlite"
    if what == "none":
        file.unlink()
    elif what == "damaged":
        file.write_text("no database at all\n" * 500)
    else:
        migrate(url, print)
        execute(url, "UPDATE dustwatch_revision SET version_num = '0009'")
        execute(url, "UPDATE dustwatch_schema SET version = 9, oldest_program = 9")
    stack, said = stack_on(tmp_path)
    stack.migrate_cases()
    assert said == []
    assert file.exists() == (what != "none")
