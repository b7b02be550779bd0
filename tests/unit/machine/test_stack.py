"""How the servers of one machine are started: at once, from the thread that lives as long as the run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.process import ServerError
from deploy.machine.desk_address import DeskAddress
from deploy.machine.folder import Purpose
from deploy.machine.stack import Stack


@dataclass
class FakeServer:
    """Notes what is asked of it; waiting for it fails where told."""

    name: str
    steps: list[str]
    fails: bool = False

    def launch(self) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.steps.append(f"{self.name} launched")

    def wait(self) -> None:
        self.steps.append(f"{self.name} waited for")
        if self.fails:
            raise ServerError(f"{self.name} was not ready")

    def stop(self) -> None:
        self.steps.append(f"{self.name} stopped")


class NoCounty(Stack):
    """Of a folder that holds no county, so the broker has no users."""

    def know_users(self) -> None:
        """Nobody."""


def started(folder: Path, purpose: Purpose, desk: DeskAddress) -> tuple[Stack, list[str]]:
    """A stack of which Kafka did not come up, and what was asked of its servers."""
    steps: list[str] = []
    mqtt: Any = FakeServer("MQTT", steps)
    kafka: Any = FakeServer("Kafka", steps, fails=True)
    stack = NoCounty(folder, folder, "wall", 1, lambda words: None, purpose, desk=desk)
    stack.mqtt, stack.kafka = mqtt, kafka
    with pytest.raises(ServerError):
        stack.start_servers()
    stack.stop()
    return stack, steps


def test_both_servers_are_launched_from_the_main_thread_before_either_is_waited_for(tmp_path: Path) -> None:
    _, steps = started(tmp_path, "up", DeskAddress())
    assert steps == [
        "MQTT launched",
        "Kafka launched",
        "MQTT waited for",
        "Kafka waited for",
        "MQTT stopped",
        "Kafka stopped",
    ]


@pytest.mark.parametrize("purpose", ["up", "demo"])
def test_where_the_desk_is_outlives_a_start_also_that_of_a_demo_which_empties_its_folder(
    tmp_path: Path, purpose: Purpose
) -> None:
    told = DeskAddress("localhost", "https://dust.example")
    started(tmp_path, purpose, told)
    (tmp_path / "history.sqlite").touch()
    stack, _ = started(tmp_path, purpose, DeskAddress())
    assert stack.desk == told
    assert (tmp_path / "history.sqlite").exists() == (purpose == "up")
