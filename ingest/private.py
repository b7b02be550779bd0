"""Files that their owner alone may read: stores, logs, messages and settings name people."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600
_FOLDER_OF_OWNER = 0o700
_FOR_NOBODY_ELSE = 0o077


def keep_private() -> None:
    """From now on whatever this process and its children make is for their owner alone."""
    os.umask(_FOR_NOBODY_ELSE)


def make_private(path: Path) -> None:
    """Make the file, with its folders, unless it is there; what is there keeps its mode. Raises OSError."""
    path.parent.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, OWNER_ONLY))
