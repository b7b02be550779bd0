"""Supervisor of the service processes: started together, restarted when one ends, stopped together.

A service that ends unexpectedly asks thereby to be started again from the log; the supervisor does so
after a pause that doubles up to a bound, and counts it.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.embedded.process import STOP_WITHIN_S, ServerError, ServerProcess, telling_lines
from ingest.plain_text import one_line

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
CALM_S = 60.0  # a service that ran this long starts again without waiting
LITTLE_ROOM = 8 * 1024 * 1024  # bytes; Kafka makes an index of 10 MB for each new segment
# Exit codes that no restart mends: a wrong configuration, a state that can be neither read nor made again.
HOPELESS = frozenset({2})
_TAIL = 8192  # bytes of a log in which its last words are


def last_words(log: Path) -> str:
    """Why a service ended, by the end of its log: its error in words, or a line of JSON that holds it."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            lines = telling_lines(file.read().decode(errors="replace").splitlines(), 1)
    except OSError:
        return ""
    if not lines:
        return ""
    try:
        event = json.loads(lines[0])
        return one_line(str(event.get("error") or event.get("event") or ""))
    except (ValueError, AttributeError):
        return one_line(lines[0])


@dataclass(slots=True)
class Service:
    """One supervised process."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: ServerProcess | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at: float = 0.0
    restarts: int = 0
    gave_up: bool = False
    asked_at: float | None = None  # when an operator asked for a restart that is not done yet


def free_bytes(folder: Path) -> int:
    """Free space on the disk of a folder, in bytes."""
    return shutil.disk_usage(folder).free


class Server(Protocol):
    """An embedded server that the services are clients of."""

    def running(self) -> bool: ...
    def start(self) -> object:
        """Start and wait until it answers. Raises ServerError."""

    def stop(self) -> object: ...


@dataclass(slots=True)
class KeptServer:
    """An embedded server that is restarted on its folder when it ends (full disk, kill -9) or is of no use.

    `useless`: why it must be restarted though it runs; None: it need not.
    """

    name: str
    server: Server
    log: Path
    started_at: float
    pause_s: float = FIRST_PAUSE_S
    due_at: float | None = None  # None: it runs, as far as we know
    restarts: int = 0
    room: Callable[[Path], int] = free_bytes
    useless: Callable[[], str | None] = lambda: None

    def tend(self, now: float) -> list[str]:
        """Restart it if it has ended and is due; returns what happened, in words. `now`: monotonic, s."""
        if self.due_at is None:
            why = f"ended, see {self.log}"
            if self.server.running():
                useless = self.useless()
                if useless is None:
                    return []
                self.server.stop()
                why = f"was stopped: {useless}"
            if now - self.started_at > CALM_S:
                self.pause_s = FIRST_PAUSE_S
            return [f"{self.name} {why}; {self._again(now)}"]
        if now < self.due_at:
            return []
        self.restarts += 1
        try:
            self.server.start()
        except (
            ServerError,
            OSError,
        ) as error:  # a full disk refuses already the settings that start() writes
            return [f"{self.name} does not start: {error}; {self._again(now)}"]
        self.due_at, self.started_at = None, now
        return [f"{self.name} runs again"]

    def _again(self, now: float) -> str:
        pause = self.pause_s
        self.due_at = now + pause
        self.pause_s = min(pause * 2, LONGEST_PAUSE_S)
        # A server whose log is on the full disk can't say it itself.
        full = f"the disk under {self.log.parent} is full, make room; " if self._disk_is_full() else ""
        return f"{full}again in {pause:.1f} s"

    def _disk_is_full(self) -> bool:
        try:
            return self.room(self.log.parent) < LITTLE_ROOM
        except OSError:
            return False


@dataclass(slots=True)
class Supervisor:
    """The services of one machine."""

    services: list[Service] = field(default_factory=list)
    longest_pause_s: float = LONGEST_PAUSE_S

    def add(self, name: str, arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        """Start `dustwatch ARGUMENTS` as service `name`, logging to `folder`/NAME.log."""
        command = [sys.executable, "-m", "deploy.cli", *arguments]
        service = Service(name, command, env, folder / f"{name}.log")
        _start(service)
        self.services.append(service)

    def restart(self, name: str) -> None:
        """End a service; `tend` starts it again at once, even one that stayed down. Raises KeyError."""
        service = self.named(name)
        service.asked_at, service.gave_up = time.monotonic(), False
        if service.process is not None and service.process.running():
            service.process.popen.terminate()

    def named(self, name: str) -> Service:
        """Return the service of that name. Raises KeyError."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    def tend(self) -> list[str]:
        """Restart services that have ended and are due; returns what happened, in words."""
        said: list[str] = []
        now = time.monotonic()
        for service in self.services:
            process = service.process
            if process is not None and process.running():
                if service.asked_at is not None and now - service.asked_at > STOP_WITHIN_S:
                    process.kill()
                continue
            if service.asked_at is not None:
                said.append(_restarted(service))
                continue
            if process is not None:
                code = process.popen.returncode
                service.process = None
                if code in HOPELESS:
                    service.gave_up = True
                    why = last_words(service.log)
                    said.append(
                        f"{service.name} stays down: no restart mends it (exit {code}), see {service.log}; "
                        f"the others go on{': ' if why else ''}{why}"
                    )
                    continue
                if now - service.started_at > CALM_S:
                    service.pause_s = FIRST_PAUSE_S
                service.due_at = now + service.pause_s
                said.append(f"{service.name} ended with {code}; again in {service.pause_s:.1f} s")
                service.pause_s = min(service.pause_s * 2, self.longest_pause_s)
            if not service.gave_up and now >= service.due_at:
                service.restarts += 1
                _start(service)
        return said

    def stop(self) -> dict[str, int]:
        """Send SIGTERM to all at once, wait for each; returns exit codes by name."""
        alive = [s for s in self.services if s.process is not None and s.process.running()]
        for service in alive:
            assert service.process is not None
            service.process.popen.terminate()
        # once: a second SIGTERM would cut short the saving that the first began
        return {s.name: s.process.ended() for s in alive if s.process is not None}


def _start(service: Service) -> None:
    service.process = ServerProcess(service.name, service.command, service.log, service.env)
    service.started_at = time.monotonic()


def _restarted(service: Service) -> str:
    """Start a service that ended at an operator's request; returns what happened, in words."""
    ended = "was down" if service.process is None else f"ended with {service.process.popen.returncode}"
    service.asked_at, service.pause_s = None, FIRST_PAUSE_S
    service.restarts += 1
    _start(service)
    return f"{service.name} {ended} and is started again, as asked"
