"""A server's log file, kept short while the server goes on writing to it, without losing a line.

The child holds the file open for appending, and is asked for nothing. What it has written is copied to
NAME.log.1 while it writes on; for the last bit, and to cut the file, it is stopped for about a millisecond
(SIGSTOP, SIGCONT): whatever it wrote is then either in the copy or in the file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LONGEST = 16 * 1024 * 1024  # bytes of a log, before it is turned
GENERATIONS = 4  # NAME.log.1 (the newest) to NAME.log.4
_AGAIN_S = 60.0  # after a failure
_STOPS_WITHIN_S = 0.2
_LONGEST_LINE = 64 * 1024
_CHUNK = 1024 * 1024


@dataclass(slots=True)
class ServerLog:
    """The log of a running child, which is the leader of its process group."""

    path: Path
    pid: int
    longest: int = LONGEST
    generations: int = GENERATIONS
    not_before: float = 0.0

    def tend(self, now: float) -> str | None:
        """Turn it if it is too long; what went wrong, in words: the log is as it was then. `now`: s."""
        try:
            if now < self.not_before or self.path.stat().st_size <= self.longest:
                return None
            copied = self._turn()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.not_before = now + _AGAIN_S
            if error.errno == errno.ENOSPC:
                self._drop_oldest()
            return f"{self.path} can't be turned: {error.strerror or error}"
        if not copied:
            self.not_before = now + _AGAIN_S
        return None

    def generation(self, number: int) -> Path:
        """The file of an older generation; 0: the copy while it is made."""
        return self.path.with_name(f"{self.path.name}.{number or 'part'}")

    def _turn(self) -> bool:
        copy = self.generation(0)
        try:
            with self.path.open("r+b", buffering=0) as log, copy.open("w+b") as target:
                os.fchmod(target.fileno(), 0o600)
                left = os.fstat(log.fileno()).st_size  # not to its end: the child may write faster
                while left > 0 and (data := log.read(min(left, _CHUNK))):
                    left -= target.write(data)
                if not self._cut(log, target):
                    return False
            for number in range(self.generations - 1, 0, -1):
                if (older := self.generation(number)).exists():
                    older.replace(self.generation(number + 1))
            copy.replace(self.generation(1))
        finally:
            copy.unlink(missing_ok=True)
        return True

    def _cut(self, log: BinaryIO, target: BinaryIO) -> bool:
        """Copy what is left, and empty the file but for a line begun; False: the child would not stop."""
        try:
            os.killpg(self.pid, signal.SIGSTOP)
            if not _stands_still(self.pid):
                return False
            shutil.copyfileobj(log, target, _CHUNK)
            target.flush()
            begun = _line_begun(target)
            os.truncate(log.fileno(), 0)
            if begun:
                target.truncate(target.seek(-len(begun), os.SEEK_END))
                os.pwrite(log.fileno(), begun, 0)  # the child appends: it goes on behind it
            return True
        except ProcessLookupError:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGCONT)

    def _drop_oldest(self) -> None:
        for number in range(self.generations, 0, -1):
            if (older := self.generation(number)).exists():
                older.unlink()
                return


def _stands_still(pid: int) -> bool:
    """Wait until all threads of our child have stopped."""
    deadline = time.monotonic() + _STOPS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            state = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            return False
        if state is not None:
            return bool(state.si_code == os.CLD_STOPPED)
        time.sleep(0.0005)
    return False


def _line_begun(target: BinaryIO) -> bytes:
    """The last line of the copy, if its end is still to come."""
    size = os.fstat(target.fileno()).st_size
    last = os.pread(target.fileno(), _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    begun = last[last.rfind(b"\n") + 1 :]
    return begun if len(begun) < len(last) else b""
