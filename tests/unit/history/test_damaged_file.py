"""A history whose file is damaged says which, why and the way out; it is neither waited for nor written over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.damaged import damage_of_file
from ingest.telemetry import Telemetry
from processors.history import HistoryDamaged, HistoryUnusable, Point, open_history
from processors.stream.shell import EXIT_SETTINGS, exit_code_of
from processors.stream.store import StoreStage, Worker
from tests.damage import DAMAGES, hurt_in_the_middle
from tests.unit.stream.test_store import judged, readings

N = 4000


def points(n: int, start: int = 0) -> list[Point]:
    text = {"extras": '{"a": "' + "x" * 100 + '"}'}
    return [
        Point("readings", {"device": f"d{i % 40}", "site": "s"}, {"pm10": 1.0, "received_at": i, **text}, i)
        for i in range(start, start + n)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with rows in every part of its file."""
    found = tmp_path / "history.sqlite"
    history = open_history(f"sqlite:///{found}")
    history.write(points(N))
    history.close()
    return found


def use(path: Path) -> None:
    """Open, read and write, as the services do."""
    history = open_history(f"sqlite:///{path}")
    try:
        history.check()
        history.count("readings")
        history.latest()
        history.write(points(N, N))
    finally:
        history.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_what_is_wrong_and_the_way_out(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    before = path.read_bytes()
    with pytest.raises(HistoryDamaged) as caught:
        use(path)
    said = str(caught.value)
    assert caught.value.exit_code == 2
    assert f"the history at {path} is damaged (" in said
    assert "Put a copy back in its place, or move it away" in said
    assert f"{path.name}-wal" in said
    assert "writable disk" not in said
    assert path.read_bytes()[4096:] == before[4096:], "what is left of it is left to whoever restores it"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_look_through_the_file_finds_it(path: Path, damage: Callable[[Path], None]) -> None:
    assert damage_of_file(path, 60) is None
    damage(path)
    assert damage_of_file(path, 60)


async def test_a_file_that_is_damaged_while_the_service_runs_ends_the_stage_and_is_not_waited_for(
    path: Path,
) -> None:
    history = open_history(f"sqlite:///{path}")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 3, "it waits for a file that no waiting mends"

    async def quarantine(_: object) -> None:
        raise AssertionError("a good point was set aside")

    hurt_in_the_middle(path)
    stage = StoreStage(0, Worker(history, Telemetry("store"), sleep), quarantine)
    stage.restore(None)

    async def deliver_all() -> None:
        for n in range(40):
            stage.fold(judged(n, readings(500, n * 500)))
            await stage.deliver()

    with pytest.raises(HistoryUnusable) as caught:
        await deliver_all()
    assert isinstance(caught.value, HistoryDamaged)
    assert exit_code_of(caught.value) == EXIT_SETTINGS
