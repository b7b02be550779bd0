"""A case store whose file is damaged ends its service with exit 2; the desk goes on with what it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerts.dispatcher import Dispatcher, Pacing
from alerts.retry import RetryPolicy
from alerts.service import watch_holds
from alerts.stage import AlertsStage, case_writer
from alerts.store import CaseStore, StoreDamaged
from alerts.worker import CaseWork
from deploy.late_store import LateStore, opened_or_late
from ingest.clock import ManualClock
from ingest.telemetry import Telemetry
from processors.records.breaches import encode_breach
from processors.stream.shell import EXIT_SETTINGS, exit_code_of
from processors.stream.stage import RawRecord
from tests.damage import DAMAGES, hurt_in_the_middle
from tests.fakes.alerts import HOUR, NIGHT, Quarantined, Remembering, apply, breach, offline, planner


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A case store with cases, holds and messages in every part of its file."""
    found = tmp_path / "cases.sqlite"
    store = CaseStore(f"sqlite:///{found}")
    for n in range(150):
        apply(store, breach(id=f"b{n}"), planner(), NIGHT)
    apply(store, offline("dev-1"), planner(), NIGHT)
    store.close()
    return found


def use(path: Path) -> None:
    store = CaseStore(f"sqlite:///{path}")
    try:
        store.counts()
        for case in store.cases():
            store.case(case.id)
        store.outbox.due(NIGHT)
        for n in range(200):
            apply(store, breach(id=f"c{n}"), planner(), NIGHT)
    finally:
        store.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_what_is_wrong_and_the_way_out(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    with pytest.raises(StoreDamaged) as caught:
        use(path)
    assert caught.value.exit_code == 2
    assert f"the case store at {path} is damaged (" in str(caught.value)
    assert "Put a copy back in its place, or move it away" in str(caught.value)


@pytest.mark.parametrize("part", ["stage", "dispatcher", "holds"])
async def test_each_part_of_the_service_ends_with_it_and_none_waits(path: Path, part: str) -> None:
    store = CaseStore(f"sqlite:///{path}")
    hurt_in_the_middle(path)
    telemetry, threads, clock = Telemetry("alerts"), ThreadPoolExecutor(2), ManualClock(NIGHT + HOUR)
    dispatcher = Dispatcher(
        store, {"file": Remembering()}, "me", RetryPolicy(), telemetry, Pacing(poll_s=0.02)
    )
    stage = AlertsStage(
        case_writer(store, planner(), clock, threads), telemetry, dispatcher.notify, Quarantined()
    )

    async def deliver() -> None:
        for n in range(400):
            _, value, headers = encode_breach(breach(id=f"c{n}"))
            stage.fold(RawRecord(0, n, headers, value, NIGHT))
            await stage.deliver()

    work = CaseWork(store, planner(), clock, telemetry, threads, dispatcher.notify)
    parts = {"stage": deliver, "dispatcher": dispatcher.run, "holds": lambda: watch_holds(work)}
    with pytest.raises(StoreDamaged) as caught:
        async with asyncio.timeout(30):
            await parts[part]()
    assert exit_code_of(caught.value) == EXIT_SETTINGS
    threads.shutdown()
    store.close()


def test_a_desk_opens_without_it_and_has_it_as_soon_as_it_is_put_right(path: Path) -> None:
    whole = path.read_bytes()
    path.write_text("not a database " * 500)
    late = opened_or_late(lambda: CaseStore(f"sqlite:///{path}"), StoreDamaged)
    assert isinstance(late, LateStore)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            late.cases()
    for beside in path.parent.glob("cases.sqlite-*"):
        beside.unlink()
    path.write_bytes(whole)
    assert len(late.cases()) > 100
    late.close()


def test_an_address_that_is_wrong_is_not_waited_for_by_a_desk() -> None:
    with pytest.raises(ConnectionError, match="no case store of kind"):
        opened_or_late(lambda: CaseStore("mysql://h/d"), StoreDamaged)
