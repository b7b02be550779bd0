"""Rotation of a child's log file while the child keeps writing to it, without losing a line.

The child holds the file open for appending and need not cooperate. The file is copied to NAME.log.1 while the
child writes on; while the rest is copied and the file truncated, the child is stopped for about a millisecond
(SIGSTOP, SIGCONT), so that every line is either in the copy or in the file.
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

LONGEST = 16 * 1024 * 1024  # bytes of a log before it is rotated
GENERATIONS = 4  # NAME.log.1 (the newest) to NAME.log.4
_AGAIN_S = 60.0  # after a failure
_STOPS_WITHIN_S = 0.2
_LONGEST_LINE = 64 * 1024
_CHUNK = 1024 * 1024


@dataclass(slots=True)
class ServerLog:
    """Log of a running child that leads its own process group."""

    path: Path
    pid: int
    longest: int = LONGEST
    generations: int = GENERATIONS
    not_before: float = 0.0

    def tend(self, now: float) -> str | None:
        """Rotate the log if it is too long; returns what went wrong, leaving the log as it was. `now`: s."""
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
            return f"{self.path} can't be rotated: {error.strerror or error}"
        if not copied:
            self.not_before = now + _AGAIN_S
        return None

    def generation(self, number: int) -> Path:
        """Path of an older generation; 0 is the copy while it is being made."""
        return self.path.with_name(f"{self.path.name}.{number or 'part'}")

    def _turn(self) -> bool:
        copy = self.generation(0)
        try:
            with self.path.open("r+b", buffering=0) as log, copy.open("w+b") as target:
                os.fchmod(target.fileno(), 0o600)
                left = os.fstat(log.fileno()).st_size  # not to its end: the child keeps writing
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
        """Copy the rest and truncate the file to its unfinished line; False if the child did not stop."""
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
    """Wait until all threads of our child have stopped; False if they have not."""
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
    """Unfinished last line of the copy; empty if it is finished."""
    size = os.fstat(target.fileno()).st_size
    last = os.pread(target.fileno(), _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    begun = last[last.rfind(b"\n") + 1 :]
    return begun if len(begun) < len(last) else b""
