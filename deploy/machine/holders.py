"""Processes that hold a lock: servers whose parent is gone, which nobody else can name.

`/proc/locks` names the process that took a lock, not those that inherited it: so the open files of each are
looked through. Where there is no `/proc`, nobody is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")
_LOCKED = "\nlock:"


@dataclass(frozen=True, slots=True)
class Holder:
    """Process that holds a lock, described in a few words."""

    pid: int
    words: str

    def __str__(self) -> str:
        return f"{self.pid} ({self.words})"


def holders(file: Path) -> list[Holder]:
    """Return the processes that hold a lock on a file, sorted by pid, as far as we may inspect them."""
    try:
        sought = file.stat()
    except OSError:
        return []
    pids = sorted(int(entry.name) for entry in PROCESSES.glob("[0-9]*"))
    return [Holder(pid, _words(pid)) for pid in pids if _holds(pid, sought)]


def _holds(pid: int, sought: os.stat_result) -> bool:
    with suppress(OSError):
        return any(_locks(pid, fd) for fd in _opened(pid, sought))
    return False


def _opened(pid: int, sought: os.stat_result) -> Iterator[str]:
    """Descriptors of a file in a process."""
    for link in (PROCESSES / str(pid) / "fd").iterdir():
        with suppress(OSError):
            if os.path.samestat(link.stat(), sought):
                yield link.name


def _locks(pid: int, fd: str) -> bool:
    """True if a lock belongs to the descriptor: a process that waits for it has the file open too."""
    return _LOCKED in (PROCESSES / str(pid) / "fdinfo" / fd).read_text()


def _words(pid: int) -> str:
    """The program and its last two arguments, which say what it does."""
    told = ""
    with suppress(OSError):
        told = (PROCESSES / str(pid) / "cmdline").read_text(errors="replace").rstrip("\0")
    program, *arguments = told.split("\0")
    return " ".join([Path(program).name or "unknown", *arguments[-2:]])
