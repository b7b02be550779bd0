"""Who else joins or leaves the group is no fault of ours; who takes our membership again and again is."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

import processors.stream.shell
from ingest.telemetry import Telemetry
from processors.stream import engine
from processors.stream.shell import Shell, Work
from processors.stream.stage import Pace


class Group:
    """A shell in a consumer group, as Faust shows it, and the rebalances that it is told of."""

    def __init__(self) -> None:
        nobody: Any = None
        work = Work("detect", "g", "feed", nobody, Pace(), partitions=4)
        self.shell = Shell(work, nobody, nobody, nobody, Telemetry("detect"))
        self.coordinator = SimpleNamespace(member_id="m-1")
        inner = SimpleNamespace(_coordinator=self.coordinator)
        self.shell.app = SimpleNamespace(
            consumer=SimpleNamespace(_thread=SimpleNamespace(_ensure_consumer=lambda: inner)),
            conf=SimpleNamespace(consumer_group_instance_id="one"),
        )

    async def rebalance(self, member: str = "m-1") -> None:
        self.coordinator.member_id = member
        await self.shell._assigned(None, set())


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the process would have ended for."""
    said: list[str] = []
    monkeypatch.setattr(processors.stream.shell, "end_process", lambda name, error: said.append(str(error)))
    return said


def test_what_is_taken_from_inside_the_engine_is_known_of_the_version_that_is_installed() -> None:
    assert version("faust-streaming") == engine.FAUST


async def test_a_rebalance_long_after_the_start_ends_nothing(
    ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = Group()
    await group.rebalance()
    monkeypatch.setattr(processors.stream.shell, "_CLASH_WITHIN_S", -1.0)  # everything so far is long ago
    for _ in range(20):
        await group.rebalance()
    assert ended == []


async def test_a_membership_that_is_taken_over_and_over_within_the_time_names_the_setting(
    ended: list[str],
) -> None:
    group = Group()
    for number in range(20):
        await group.rebalance(f"m-{number}")
    assert ended
    assert "DUSTWATCH_INSTANCE" in ended[0]


async def test_takeovers_far_apart_are_restarts_of_the_other_and_end_nothing(
    ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors.stream.shell, "_CLASH_WITHIN_S", -1.0)
    group = Group()
    for number in range(20):
        await group.rebalance(f"m-{number}")
    assert ended == []
