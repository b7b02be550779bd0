"""Mosquitto for tests: a broker with the project's limits on a loopback port, its data in a folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.ports import free_port
from tests.servers.process import Process, accepts, find_program

# The limits of deploy/brokers; autosave after each change, so that a clean stop and a
# kill differ as little as Mosquitto can make them.
_SETTINGS = (
    "max_inflight_messages 1000",
    "max_queued_messages 0",
    "autosave_on_changes true",
    "autosave_interval 1",
)


@dataclass(slots=True)
class MosquittoServer:
    """A running broker without credentials."""

    folder: Path
    port: int
    process: Process
    settings: Sequence[str] = field(default=_SETTINGS)

    @property
    def url(self) -> str:
        """Address for a client."""
        return f"mqtt://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it; sessions and retained messages are saved."""
        self.process.stop()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()

    def pause(self) -> None:
        """Let connections hang without an answer."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def start_again(self, forget: bool = False) -> None:
        """The same port; with `forget` the broker remembers no session."""
        if forget:
            _store(self.folder).unlink(missing_ok=True)
        self.process = _launch(self.folder, self.port, self.settings)


def start(folder: Path, settings: Sequence[str] = _SETTINGS) -> MosquittoServer:
    """A fresh broker; `settings` are further lines of its configuration. Raises ServerMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    return MosquittoServer(folder, port, _launch(folder, port, settings), settings)


def _launch(folder: Path, port: int, settings: Sequence[str]) -> Process:
    program = find_program(
        "mosquitto",
        "/usr/sbin",
        "/usr/local/sbin",
        way_out="run tests/servers/install.sh as root (apt: mosquitto)",
    )
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder}/",
        f"persistence_file {_store(folder).name}",
        *settings,
    ]
    if os.geteuid() == 0:
        lines.append("user root")  # the folder is ours; otherwise it would become the user mosquitto
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    process = Process([program, "-c", str(config)], folder / "mosquitto.log")
    process.wait_until(lambda: accepts(port))
    return process


def _store(folder: Path) -> Path:
    return folder / "mosquitto.db"
