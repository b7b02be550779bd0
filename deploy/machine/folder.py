"""Data folder of a county on one machine: held by one process at a time, and marked for its purpose.

Two Kafka nodes on one folder destroy its log, and a demo empties its folder: so neither may ever take a
folder that is in use, that belongs to the other, or that holds files we did not make.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from ingest.private import make_private

MARK = "dustwatch.folder"  # first line: the purpose; second: the process that holds it
Purpose = Literal["demo", "up"]
_OF_OWNER = 0o700
_WAY_OUT = "choose another with --data"


class FolderError(Exception):
    """A data folder that can't be used: which, why, what to do."""

    exit_code = 2


@dataclass(slots=True)
class HeldFolder:
    """A folder held until `release`, or until this process ends in whatever way."""

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
        self.mark.close()


def hold_folder(path: Path, purpose: Purpose) -> HeldFolder:
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
        _take(path, mark, purpose)
    except BaseException:
        mark.close()
        raise
    return HeldFolder(path, mark)


def _take(path: Path, mark: IO[str], purpose: Purpose) -> None:
    mark.seek(0)
    lines = mark.read().splitlines()
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = lines[1] if len(lines) > 1 else "process unknown"
        raise FolderError(
            f"{path} is in use by another `dustwatch {lines[0] if lines else purpose}` ({holder}): "
            f"stop that one, or {_WAY_OUT}"
        ) from None
    if lines and lines[0] != purpose:
        raise FolderError(
            f"{path} holds the data of `dustwatch {lines[0]}`, not of `dustwatch {purpose}`: {_WAY_OUT}"
        )
    try:
        mark.truncate(0)
        mark.write(f"{purpose}\nprocess {os.getpid()}\n")
        mark.flush()
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> FolderError:
    return FolderError(f"the data folder {path} can't be used ({error.strerror}): {_WAY_OUT}")
