"""Files that their owner alone may read: stores, logs, messages and settings name people."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
_FOLDER_OF_OWNER = 0o700
_FOR_NOBODY_ELSE = 0o077


def keep_private() -> None:
    """From now on whatever this process and its children make is for their owner alone."""
    os.umask(_FOR_NOBODY_ELSE)


def make_private(path: Path) -> None:
    """Make the file, with its folders, unless it is there; what is there keeps its mode. Raises OSError.

    What is there is not opened: the close would take this process's locks from it (POSIX), those too by which
    SQLite knows that a database is in use; whoever closes it next would then take its log away.
    """
    path.parent.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, OWNER_ONLY))
