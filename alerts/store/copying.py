"""Copies a SQLite file beside itself, whole or not at all, and never over another."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from pathlib import Path

from ingest.private import make_private


def copy_beside(path: Path, label: str) -> Path:
    """The copy, named `FILE.LABEL` (or `FILE.LABEL-2`, ... where that is taken); for its owner alone.

    What is copied is what is committed. The caller keeps other writers out by a transaction of its own, so
    that nobody else copies this file now. The copy is on the disk when this returns. Raises sqlite3.Error and
    OSError, and leaves nothing behind then.
    """
    part = path.with_name(f"{path.name}.{label}.part")  # of a process that was killed, perhaps: begun anew
    part.unlink(missing_ok=True)
    make_private(part)  # SQLite takes an empty file for one that isn't there
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        _to_disk(part)
        copy = name_of_copy(path, label)
        part.rename(copy)
        _to_disk(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return copy


def name_of_copy(path: Path, label: str) -> Path:
    """The first name that is free."""
    names = itertools.chain([label], (f"{label}-{n}" for n in itertools.count(2)))
    return next(found for name in names if not (found := path.with_name(f"{path.name}.{name}")).exists())


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
