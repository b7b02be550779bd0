"""Server processes: starting, watching and stopping by pid, with the output in a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from weakref import WeakSet

from deploy.child_environment import environment_of
from deploy.embedded import launcher
from deploy.embedded.log_file import ServerLog
from ingest.private import make_private

STOP_WITHIN_S = 10.0
GRACE_S = 10  # for children whose parent has ended
# Files that every child holds open as this process does: a lock on one is free when the last has ended.
_shared_files: set[int] = set()


class ServerError(RuntimeError):
    """A server that did not start; the message says where its log is."""


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """True if something listens on the port."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def share_with_children(fd: int) -> None:
    """Let every child started from now on hold this open file too, until `no_longer_share`."""
    _shared_files.add(fd)


def no_longer_share(fd: int) -> None:
    """Stop handing the file to new children; those that have it keep it."""
    _shared_files.discard(fd)


_ALL: WeakSet[ServerProcess] = WeakSet()


def tend_logs(now: float) -> list[str]:
    """Rotate the logs of all running children that are too long; returns what went wrong. `now`: s."""
    said = (process.kept_log.tend(now) for process in list(_ALL) if process.running())
    return [line for line in said if line]


class ServerProcess:
    """Child process in a group of its own, which ends when this process does, in whatever way.

    SIGTERM then, and SIGKILL after `grace_s`, s. `stays`: without the kernel's death signal (`launcher`).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        *,
        stays: bool = False,
        grace_s: int = GRACE_S,
    ) -> None:
        self.name, self.log = name, log
        make_private(log)
        # The kernel's signal would come with the end of the thread that starts the child.
        stays = stays or threading.current_thread() is not threading.main_thread()
        how = launcher.STAY if stays else launcher.EXEC
        shared = sorted(_shared_files)
        life, self._life = os.pipe()
        self._holds_life = True
        words = [str(os.getpid()), str(life), str(grace_s), ",".join(map(str, shared)), how]
        try:
            with log.open("ab") as out:
                self.popen = subprocess.Popen(
                    [sys.executable, "-I", "-S", launcher.__file__, *words, *command],
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    env={**environment_of(name, os.environ), **(env or {})},
                    start_new_session=True,
                    pass_fds=(life, *shared),
                )
        except BaseException:
            self._let_life_go()
            raise
        finally:
            os.close(life)

        self.kept_log = ServerLog(log, self.popen.pid)
        _ALL.add(self)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        """True if the process has not ended."""
        if self.popen.poll() is None:
            return True
        self._let_life_go()
        return False

    def _let_life_go(self) -> None:
        """Close our end of the pipe, once."""
        if self._holds_life:
            self._holds_life = False
            os.close(self._life)

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

    def finish(self, within_s: float) -> None:
        """Wait for a tool that ends by itself. Raises ServerError if it fails or the time runs out."""
        code = self.ended(within_s)
        if code:
            raise ServerError(f"{self.name} ended with {code}: {self._last_words()}")

    def stop(self, within_s: float = STOP_WITHIN_S) -> int:
        """Send SIGTERM, then SIGKILL after `within_s`; returns the exit code."""
        if self.running():
            self.popen.terminate()
        return self.ended(within_s)

    def ended(self, within_s: float = STOP_WITHIN_S) -> int:
        """Wait for the end, sending SIGKILL after `within_s`; returns the exit code."""
        try:
            self.popen.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._let_life_go()
        return self.popen.wait()

    def kill(self) -> None:
        """Send SIGKILL to the whole group, like a power cut."""
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        self._let_life_go()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(telling_lines(lines)) + f" (whole log: {self.log})"


def telling_lines(lines: Sequence[str], count: int = 3) -> list[str]:
    """Last meaningful lines of a log: no stack frames of a Java trace, no warnings of the JVM."""
    said = [line.strip() for line in lines if line.strip() and not line.startswith(("\tat ", "WARNING: "))]
    return said[-count:]
