"""Tells a SQLite file that is damaged from one that is busy, full or not ours, and says the way out."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY = 0xFF  # an extended code holds its primary one in the lowest byte


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is no (whole) database: no waiting and no restart mends it."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGE


def words_of_damage(what: str, path: Path | str, why: object) -> str:
    """Which file, what is wrong, and the way out."""
    name = Path(path).name
    return (
        f"the {what} at {path} is damaged ({why}); nothing was changed in it. Put a copy back in its place, "
        f"or move it away together with {name}-wal and {name}-shm: the next start begins an empty one"
    )


def damage_of_file(path: Path, within_s: float) -> str | None:
    """What a look through a SQLite file finds within so many seconds; None: nothing (as far as it came).

    Opens it to read only. Raises sqlite3.Error and OSError for what is no damage.
    """
    deadline = time.monotonic() + within_s
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=within_s)
    try:
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return None if said == "ok" else str(said)
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        connection.close()
