"""How the servers of one machine are started: at once, from the thread that lives as long as the run."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.embedded.process import ServerError
from deploy.machine.desk_address import DeskAddress
from deploy.machine.folder import Purpose
from deploy.machine.stack import BACKGROUND, SERVICES, Stack
from tests.counties import device, write_county


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


@dataclass
class FakeServices:
    """Notes which services are started, as a supervisor would."""

    names: list[str]
    services: list[Any] = field(default_factory=list)

    def add(self, name: str, arguments: list[str], env: dict[str, str], folder: Path) -> None:
        assert arguments == ["run", name]
        assert env["DUSTWATCH_HEALTH_PORT"] == "1234"
        self.names.append(name)
        self.services.append(SimpleNamespace(name=name))


def test_the_service_that_asks_for_background_starts_as_soon_as_the_folder_names_a_feed(
    tmp_path: Path,
) -> None:
    folder = write_county(tmp_path / "county", [device("dev-1")])
    said: list[str] = []
    stack = Stack(tmp_path / "data", folder, "wall", 1, said.append)
    stack.know_users()
    services: Any = FakeServices([])
    stack.supervisor, stack.ports = services, {BACKGROUND: 1234}
    services.services = [SimpleNamespace(name=name) for name in SERVICES]

    def look_at_the_folder() -> list[str]:
        stack._follow_folder(stack.folder_due_at)
        return list(services.names)

    assert look_at_the_folder() == []
    feed = {
        "id": "air",
        "url": "http://air.example/",
        "label": "end",
        "unit": "ug/m3",
        "values": {"pm10": "v"},
    }
    (folder / "ingest.yaml").write_text(json.dumps({"background": [feed]}))
    assert look_at_the_folder() == [BACKGROUND]
    assert look_at_the_folder() == [BACKGROUND], "once"
    assert said == ["background is started: ingest.yaml names a feed"]
