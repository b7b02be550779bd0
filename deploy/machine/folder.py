"""Data folder of a county on one machine: held by one run at a time, and marked for its purpose.

Two Kafka nodes on one folder destroy its log, and a demo empties its folder: so neither may ever take a
folder that is in use, that belongs to the other, or that holds files we did not make.

The lock is on the mark, and all servers of the run inherit it: it is free when the last of them has ended,
not when the process that started them has.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from deploy.embedded.process import no_longer_share, share_with_children
from deploy.machine.holders import holders
from ingest.private import make_private

MARK = "dustwatch.folder"  # first line: the purpose; second: the process that took it
FREE_WITHIN_S = 15.0  # servers whose parent was killed have ended by then: they get ten seconds
Purpose = Literal["demo", "up"]
_OF_OWNER = 0o700
_WAY_OUT = "choose another with --data"
_LOOK_EVERY_S = 0.1


class FolderError(Exception):
    """A data folder that can't be used: which, why, what to do."""

    exit_code = 2


@dataclass(slots=True)
class HeldFolder:
    """A folder held until `release`, or until this process and the last of its servers have ended."""

    path: Path
    mark: IO[str]

    def empty(self) -> None:
        """Remove everything but the mark. Raises FolderError."""
        try:
            for entry in self.path.iterdir():
                if entry.name == MARK:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
        except OSError as error:
            raise _unusable(self.path, error) from error

    def release(self) -> None:
        """Let other processes have it; the mark stays."""
        no_longer_share(self.mark.fileno())
        self.mark.close()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a start waits for the servers of an earlier run, and what it does meanwhile."""

    within_s: float = FREE_WITHIN_S
    say: Callable[[str], None] = lambda words: None
    check: Callable[[], None] = lambda: None  # each time before it looks again; may raise


def hold_folder(path: Path, purpose: Purpose, patience: Patience = Patience()) -> HeldFolder:
    """Create the folder if needed, and hold it. Raises FolderError, in which case no file was changed."""
    try:
        path.mkdir(mode=_OF_OWNER, parents=True, exist_ok=True)
        strange = not (path / MARK).exists() and any(path.iterdir())
        if strange and purpose == "demo":
            raise FolderError(
                f"{path} holds files that no demo made, and a demo empties its folder; nothing was deleted: "
                f"{_WAY_OUT}, or remove it yourself"
            )
        if not strange:
            path.chmod(_OF_OWNER)  # of a version before, or made by hand for us
        make_private(path / MARK)
        mark = (path / MARK).open("a+", encoding="utf-8")
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        _take(path, mark, purpose, patience)
    except BaseException:
        mark.close()
        raise
    share_with_children(mark.fileno())
    return HeldFolder(path, mark)


def is_held(path: Path) -> bool:
    """True if a run, or a server that it left behind, holds the folder."""
    try:
        with (path / MARK).open(encoding="utf-8") as mark:
            return not _locked(mark, fcntl.LOCK_SH)
    except OSError:
        return False


def _take(path: Path, mark: IO[str], purpose: Purpose, patience: Patience) -> None:
    _wait_for_lock(path, mark, purpose, patience)
    found = _read(mark)
    if found and found[0] != purpose:
        raise FolderError(
            f"{path} holds the data of `dustwatch {found[0]}`, not of `dustwatch {purpose}`: {_WAY_OUT}"
        )
    try:
        mark.truncate(0)
        mark.write(f"{purpose}\nprocess {os.getpid()}\n")
        mark.flush()
    except OSError as error:
        raise _unusable(path, error) from error


def _wait_for_lock(path: Path, mark: IO[str], purpose: Purpose, patience: Patience) -> None:
    """Take the lock as soon as it is free. Raises FolderError."""
    deadline = time.monotonic() + patience.within_s
    told = False
    while not _locked(mark, fcntl.LOCK_EX):
        patience.check()
        if time.monotonic() >= deadline:
            raise FolderError(_in_use(path, _read(mark), purpose))
        if not told:
            patience.say(f"{path} is still held; waiting up to {patience.within_s:g} s for it to be free")
            told = True
        time.sleep(_LOOK_EVERY_S)


def _locked(mark: IO[str], how: int) -> bool:
    try:
        fcntl.flock(mark, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(mark: IO[str]) -> list[str]:
    mark.seek(0)
    return mark.read().splitlines()


def _in_use(path: Path, lines: list[str], purpose: Purpose) -> str:
    """Name the holder of the folder and the way out: stop a live run, or end what a dead one left."""
    run = f"`dustwatch {lines[0] if lines else purpose}`"
    taker = lines[1] if len(lines) > 1 else "process unknown"
    found = holders(path / MARK)
    if not found:
        return (
            f"{path} is in use by another {run} ({taker}) or its servers (`lsof {path / MARK}`): {_WAY_OUT}"
        )
    if taker in {f"process {one.pid}" for one in found}:
        return f"{path} is in use by another {run} ({taker}): stop that one, or {_WAY_OUT}"
    pids = " ".join(str(one.pid) for one in found)
    return (
        f"{path} is in use by servers of a {run} ({taker}) that has ended: {', '.join(map(str, found))}; "
        f"end them (`kill -9 {pids}`), or {_WAY_OUT}"
    )


def _unusable(path: Path, error: OSError) -> FolderError:
    return FolderError(f"the data folder {path} can't be used ({error.strerror}): {_WAY_OUT}")
