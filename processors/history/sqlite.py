"""History in one SQLite file, a table per measurement: for one county on one machine, nothing to install.

Writers take turns on one connection; readers have their own and, thanks to the write-ahead log, never wait,
whether the writer is in this process or another.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.damaged import is_damage, words_of_damage
from ingest.private import make_private
from ingest.units import QUANTITIES
from processors.history.base import (
    HistoryDamaged,
    HistoryUnusable,
    LatestReading,
    WriteOutcome,
    latest_of,
    outlook_of,
    tidy,
    write_points,
)
from processors.history.measurements import FLOAT, INT, MEASUREMENTS, TEXT, Measurement
from processors.history.points import Point, PointBatch, merge, set_apart
from processors.history.summaries import (
    FlaggedReading,
    StepAnswer,
    StepCapture,
    Steps,
    flagged_readings,
    sql_answers,
    sql_captures,
    sql_flagged,
    step_answers,
    step_captures,
)

_TYPES = {FLOAT: "REAL", INT: "INTEGER", TEXT: "TEXT"}
_FULL = "full"
_CHUNK = 20_000  # rows a transaction: readers of the log file wait no longer for it


class SqliteHistory:
    """`History` on the file at `path`.

    `max_pages`: bound on its size (pages of 4 KiB); `busy_s`: time to wait for another process that writes.
    """

    def __init__(self, path: Path, max_pages: int | None = None, busy_s: float = 10.0) -> None:
        self.path, self._busy_s = path, busy_s
        self._writing, self._reading = threading.Lock(), threading.Lock()
        try:
            make_private(path)  # what SQLite lays beside it gets the same mode
            self._writer = self._connect()
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA synchronous=FULL")  # a confirmed write survives a power cut
            for spec in MEASUREMENTS.values():
                _prepare(self._writer, spec)
            self._writer.commit()
            if max_pages is not None:
                self._writer.execute(f"PRAGMA max_page_count={max_pages}")
            self._reader = self._connect()
            self._reader.execute("PRAGMA query_only=ON")
        except (sqlite3.Error, OSError) as error:
            if is_damage(error):
                raise self._damaged(error) from None
            raise HistoryUnusable(
                f"history at {path}: {error}; name a file on a writable disk, as sqlite:///var/lib/dustwatch/history.db",
                exit_code=2,
            ) from None

    def _damaged(self, error: BaseException) -> HistoryDamaged:
        return HistoryDamaged(words_of_damage("history", self.path, error))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=self._busy_s, check_same_thread=False)

    def check(self) -> None:
        """Do nothing: opening the file has shown that it can be written."""

    def write(self, points: Sequence[Point]) -> WriteOutcome:
        """See `History.write`."""
        return write_points(self, points)

    def write_batches(self, batches: Iterable[PointBatch]) -> WriteOutcome:
        """See `History.write_batches`. What the disk or a lock refuses is kept, with the reason.

        Raises HistoryDamaged.
        """
        outcome = WriteOutcome()
        for merged in merge(batches):
            batch, refused = set_apart(merged)
            outcome.rejected += refused
            for start in range(0, len(batch), _CHUNK):
                part = batch.slice(start, min(start + _CHUNK, len(batch)))
                if not outcome.why:
                    outcome.why = self._store(part)
                if outcome.why:
                    outcome.kept.append(part)
                else:
                    outcome.accepted += len(part)
        return outcome

    def _store(self, batch: PointBatch) -> str:
        """Write one transaction; empty if it is durable, otherwise the reason why not."""
        names = batch.data.column_names
        columns = [batch.data[name].to_pylist() for name in names]
        with self._writing:
            try:
                self._writer.executemany(
                    _upsert(MEASUREMENTS[batch.measurement], names), zip(*columns, strict=True)
                )
                self._writer.commit()
            except sqlite3.Error as error:
                self._undo()
                if is_damage(error):
                    raise self._damaged(error) from None
                return self._explain(error)
        return ""

    def _undo(self) -> None:
        try:
            self._writer.rollback()
        except sqlite3.Error:
            return  # a full disk may have rolled back by itself

    def _explain(self, error: sqlite3.Error) -> str:
        if _FULL in str(error):
            return f"the disk of {self.path} is full ({error}): free some space, nothing is lost meanwhile"
        return f"SQLite at {self.path}: {error}"

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with self._reading:
            try:
                cursor = self._reader.execute(sql, values)
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except sqlite3.Error as error:
                if is_damage(error):
                    raise self._damaged(error) from None
                raise

    def latest(self) -> list[LatestReading]:
        """See `History.latest`. One index look-up per device, however long the history is."""
        return latest_of(self._rows(_LATEST))

    def readings(
        self, device: str, quantity: str, start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[tuple[int, float]]:
        """See `History.readings`."""
        if quantity not in QUANTITIES:
            return []
        rows = self._rows(
            f'SELECT time, "{quantity}" AS value FROM readings WHERE device = ? AND time >= ? AND time < ? '
            f'AND "{quantity}" IS NOT NULL ORDER BY time DESC, period DESC LIMIT ?',
            (device, start_ms, end_ms, -1 if limit is None else limit),
        )
        return [(row["time"], row["value"]) for row in reversed(rows)]

    def intervals(
        self,
        *,
        pollutant: str,
        start_ms: int,
        end_ms: int,
        site: str | None = None,
        device: str | None = None,
        window: str | None = None,
    ) -> list[dict[str, Any]]:
        """See `History.intervals`."""
        named = {"pollutant": pollutant, "site": site, "device": device, "window": window}
        rows = self._select("intervals", named, start_ms, end_ms, "time, device, statistic, window", -1)
        return [tidy(row) for row in rows]

    def verdicts(
        self, *, start_ms: int, end_ms: int, site: str | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """See `History.verdicts`."""
        order = "time DESC, site, device, rule, pollutant, kind"
        return [tidy(row) for row in self._select("verdicts", {"site": site}, start_ms, end_ms, order, limit)]

    def outlooks(self, *, start_ms: int, end_ms: int, site: str | None = None) -> list[dict[str, Any]]:
        """See `History.outlooks`."""
        rows = self._select("outlooks", {"site": site}, start_ms, end_ms, "time, device, rule, pollutant", -1)
        return [outlook_of(row) for row in rows]

    def answers(self, of: Steps) -> list[StepAnswer]:
        """See `History.answers`."""
        return step_answers(self._rows(*sql_answers(of)))

    def captures(self, of: Steps) -> list[StepCapture]:
        """See `History.captures`."""
        return step_captures(self._rows(*sql_captures(of)))

    def flagged(self, of: Steps, most: int) -> list[FlaggedReading]:
        """See `History.flagged`."""
        return flagged_readings(self._rows(*sql_flagged(of, most)))

    def _select(
        self, table: str, named: dict[str, str | None], start_ms: int, end_ms: int, order: str, limit: int
    ) -> list[dict[str, Any]]:
        asked = {name: value for name, value in named.items() if value is not None}
        where = "".join(f' AND "{name}" = ?' for name in asked)
        sql = f"SELECT * FROM {table} WHERE time >= ? AND time < ?{where} ORDER BY {order} LIMIT ?"
        return self._rows(sql, (start_ms, end_ms, *asked.values(), limit))

    def rows(
        self,
        measurement: str,
        named: Mapping[str, str],
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[dict[str, Any]]:
        """See `History.rows`."""
        spec = MEASUREMENTS[measurement]
        asked: list[tuple[str, Any]] = [(f'"{name}" = ?', text) for name, text in named.items()]
        if start_ms is not None and "device" in spec.tags and not {"device", "id"} & named.keys():
            asked.append((f"device IN ({_DEVICES.format(table=spec.name)}) AND 1 = ?", 1))
        asked += [(f"time {sign} ?", at) for sign, at in ((">=", start_ms), ("<", end_ms)) if at is not None]
        where = " AND ".join(words for words, _ in asked) or "1"
        sql = f"SELECT * FROM {spec.name} WHERE {where} ORDER BY {', '.join(('time', *spec.tags))}"
        return self._rows(sql, [value for _, value in asked])

    def count(self, kind: str) -> int:
        """See `History.count`."""
        return int(self._rows(f"SELECT count(*) AS n FROM {MEASUREMENTS[kind].name}")[0]["n"])

    def close(self) -> None:
        """See `History.close`."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()


# Steps from device to device along the primary key instead of reading all of it.
_DEVICES = """
WITH RECURSIVE known(device) AS (
    SELECT min(device) FROM {table}
    UNION ALL
    SELECT (SELECT min(device) FROM {table} WHERE device > known.device) FROM known WHERE device IS NOT NULL
)
SELECT device FROM known
"""
_LATEST = """
WITH RECURSIVE known(device) AS (
    SELECT min(device) FROM readings
    UNION ALL
    SELECT (SELECT min(device) FROM readings WHERE device > known.device) FROM known WHERE device IS NOT NULL
)
SELECT r.* FROM known JOIN readings r ON r.device = known.device
    AND r.time = (SELECT max(time) FROM readings WHERE device = known.device)
"""


def _prepare(connection: sqlite3.Connection, spec: Measurement) -> None:
    """Create the table of a measurement, or add the columns introduced by a newer version."""
    tags = "".join(f'"{tag}" TEXT NOT NULL, ' for tag in spec.tags)
    fields = "".join(f'"{name}" {_TYPES[kind]}, ' for name, kind in spec.fields.items())
    key = ", ".join(f'"{name}"' for name in _key(spec))
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {spec.name} "
        f"(time INTEGER NOT NULL, {tags}{fields}PRIMARY KEY ({key})) WITHOUT ROWID"
    )
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({spec.name})")}
    if missing := [tag for tag in spec.tags if tag not in present]:
        _key_anew(connection, spec, present, missing)
        return
    for name, kind in spec.fields.items():
        if name not in present:
            connection.execute(f'ALTER TABLE {spec.name} ADD COLUMN "{name}" {_TYPES[kind]}')
    for column in spec.indexes:
        connection.execute(f"CREATE INDEX IF NOT EXISTS {spec.name}_{column} ON {spec.name} ({column})")


def _key_anew(
    connection: sqlite3.Connection, spec: Measurement, present: set[str], missing: list[str]
) -> None:
    """Add missing tags to a table of an older version, empty in its existing rows."""
    before = f"{spec.name}_before"
    connection.execute(f"ALTER TABLE {spec.name} RENAME TO {before}")
    for (index,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (before,)
    ).fetchall():
        connection.execute(f'DROP INDEX "{index}"')
    _prepare(connection, spec)
    kept = ", ".join(f'"{name}"' for name in ("time", *spec.tags, *spec.fields) if name in present)
    new, empty = (", ".join(f'"{tag}"' for tag in missing), ", ".join("''" for _ in missing))
    connection.execute(f"INSERT INTO {spec.name} ({kept}, {new}) SELECT {kept}, {empty} FROM {before}")
    connection.execute(f"DROP TABLE {before}")


def _key(spec: Measurement) -> list[str]:
    first = [tag for tag in ("device",) if tag in spec.tags]
    return [*first, "time", *(tag for tag in spec.tags if tag not in first)]


def _upsert(spec: Measurement, names: Sequence[str]) -> str:
    """Statement that inserts a point or overwrites the given fields, as InfluxDB does with the same point."""
    quoted = ", ".join(f'"{name}"' for name in names)
    holes = ", ".join("?" * len(names))
    key = ", ".join(f'"{name}"' for name in _key(spec))
    fields = [name for name in names if name in spec.fields]
    sets = ", ".join(f'"{name}" = coalesce(excluded."{name}", "{name}")' for name in fields)
    return f"INSERT INTO {spec.name} ({quoted}) VALUES ({holes}) ON CONFLICT ({key}) DO UPDATE SET {sets}"
