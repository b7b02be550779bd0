"""Server processes: starting, watching and stopping by pid, with the output in a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.child_environment import environment_of
from ingest.private import make_private

STOP_WITHIN_S = 10.0


class ServerError(RuntimeError):
    """A server that did not start; the message says where its log is."""


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """True if something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


class ServerProcess:
    """One child process in a group of its own."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None):
        self.name, self.log = name, log
        make_private(log)
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                list(command),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**environment_of(name, os.environ), **(env or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        """True if the process has not ended."""
        return self.popen.poll() is None

    def wait_until(self, ready: Callable[[], bool], within_s: float) -> None:
        """Wait for `ready`. Raises ServerError if the process ends or the time runs out."""
        deadline = time.monotonic() + within_s
        while not ready():
            if not self.running():
                raise ServerError(f"{self.name} ended with {self.popen.returncode}: {self._last_words()}")
            if time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"{self.name} was not ready within {within_s:.0f} s: {self._last_words()}")
            time.sleep(0.05)

    def stop(self, within_s: float = STOP_WITHIN_S) -> int:
        """Send SIGTERM, then SIGKILL after `within_s`; returns the exit code."""
        if self.running():
            self.popen.terminate()
        return self.ended(within_s)

    def ended(self, within_s: float = STOP_WITHIN_S) -> int:
        """Wait for the end, sending SIGKILL after `within_s`; returns the exit code."""
        try:
            return self.popen.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.popen.wait()

    def kill(self) -> None:
        """Send SIGKILL to the whole group, like a power cut."""
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(telling_lines(lines)) + f" (whole log: {self.log})"


def telling_lines(lines: Sequence[str], count: int = 3) -> list[str]:
    """Last meaningful lines of a log: no stack frames of a Java trace, no warnings of the JVM."""
    said = [line.strip() for line in lines if line.strip() and not line.startswith(("\tat ", "WARNING: "))]
    return said[-count:]
