"""Start a server as a plain process on loopback, wait until it answers, stop it by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServerMissing(RuntimeError):
    """A server that cannot be built or started here; says what is missing and how to get it."""


def find_program(name: str, *folders: str, way_out: str) -> str:
    """The path of a program on PATH or in one of the folders. Raises ServerMissing."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise ServerMissing(f"{name} is not installed: {way_out}")
    return found


class Process:
    """A running server; its output goes to `log`."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.command, self.log = command, log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env=env, user=user, cwd=log.parent
            )

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def wait_until(self, answers: Callable[[], bool], seconds: float = 30.0) -> None:
        """Return when `answers` is true. Raises ServerMissing when the server ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerMissing(f"{self.command[0]} did not come up:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> None:
        """End it and wait; SIGKILL when it takes too long."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it as a power cut would (kill -9)."""
        self.stop(signal.SIGKILL)


def accepts(port: int) -> bool:
    """Whether somebody listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
