"""Interface of a history store, and the outcome of a write: points accepted, rejected or kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from ingest.units import QUANTITIES
from processors.history.points import Point, PointBatch, Refusal, gather
from processors.history.summaries import FlaggedReading, StepAnswer, StepCapture, Steps


class HistoryUnusable(Exception):
    """The store cannot be used as configured: an operator's error. Says where, why, and how to fix it.

    `exit_code`: 2 when no restart mends it (URL, token, bucket, damaged file), 3 when the server is missing.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class HistoryDamaged(HistoryUnusable):
    """The file is no whole database: a person has to put a copy back, or move it away."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


class HistoryBusy(HistoryUnusable):
    """The server is there and asks for patience (starting, overloaded): it will take everything later.

    `wait_s`: how long it asks to be left alone, where it says so.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message, exit_code=3)
        self.wait_s = wait_s


class LatestReading(NamedTuple):
    """The newest reading of a device; instants and period in ms, values in the unit of the quantity."""

    device: str
    site: str
    time: int
    received_at: int
    period: int
    values: dict[str, float]


@dataclass(slots=True)
class WriteOutcome:
    """Outcome of a write: every point is accepted, rejected or kept.

    `rejected` will never be accepted as they are; `kept` may be later, `why` says what is in the way, and
    `wait_s` how long the server asks to be left alone.
    """

    accepted: int = 0
    rejected: list[Refusal] = field(default_factory=list)
    kept: list[PointBatch] = field(default_factory=list)
    why: str = ""
    wait_s: float | None = None

    @property
    def kept_points(self) -> list[Point]:
        """The kept points one by one."""
        return [point for batch in self.kept for point in batch.points()]


class History(Protocol):
    """Readings, intervals and verdicts of a county. All methods may be called from any thread."""

    def check(self) -> None:
        """Raises HistoryUnusable when the store cannot be reached or refuses us; HistoryBusy: it starts."""

    def write(self, points: Sequence[Point]) -> WriteOutcome:
        """Store few points given one by one; never raises for what is the data's or the server's fault.

        Raises HistoryDamaged.
        """

    def write_batches(self, batches: Iterable[PointBatch]) -> WriteOutcome:
        """Store points in columns, in the order given: the fast way, with the same guarantees."""

    def latest(self) -> list[LatestReading]:
        """The newest reading of every device, by device."""

    def readings(
        self, device: str, quantity: str, start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[tuple[int, float]]:
        """(time, value) of [start, end) in order of time; with `limit`, only the newest `limit`."""

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
        """Intervals whose start is in [start, end), by start and device; keys: tags, fields, `start`."""

    def verdicts(
        self, *, start_ms: int, end_ms: int, site: str | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """The newest `limit` verdicts whose start is in [start, end), newest first; keys as above."""

    def outlooks(self, *, start_ms: int, end_ms: int, site: str | None = None) -> list[dict[str, Any]]:
        """Outlooks published in [start, end), by `at` (the instant), device and rule.

        Keys: `at`, the tags and fields of the measurement; `start` and `end` are the window's.
        """

    def answers(self, of: Steps) -> list[StepAnswer]:
        """The worst answer of each rule in each step, by step and rule; verdicts on days are left out."""

    def captures(self, of: Steps) -> list[StepCapture]:
        """What each device captured in each step, by step, device, pollutant and length of window."""

    def flagged(self, of: Steps, most: int) -> list[FlaggedReading]:
        """The newest `most` readings of [start, end) of which the quality checks say something."""

    def rows(
        self,
        measurement: str,
        named: Mapping[str, str],
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[dict[str, Any]]:
        """Whole rows, by time and tags: every tag (text), every field (None where absent), and `time`.

        `named`: required values of tags or text fields; times of [start, end), None: unbounded.
        """

    def count(self, kind: str) -> int:
        """Number of points of a measurement."""

    def close(self) -> None:
        """Close connections and files."""


def write_points(history: History, points: Sequence[Point]) -> WriteOutcome:
    """Store points by way of `write_batches`."""
    batches, refused = gather(points)
    outcome = history.write_batches(batches)
    outcome.rejected[:0] = refused
    return outcome


def latest_of(rows: Iterable[dict[str, Any]]) -> list[LatestReading]:
    """Newest reading of each device from rows of `readings`; of several, the one of the shortest period."""
    newest: dict[str, LatestReading] = {}
    for row in rows:
        found = LatestReading(
            row["device"],
            row["site"],
            row["time"],
            row["received_at"],
            round(float(row["period"] or 0) * 1000),
            {q: float(row[q]) for q in QUANTITIES if row.get(q) is not None},
        )
        held = newest.get(found.device)
        if held is None or (held.time, -held.period) < (found.time, -found.period):
            newest[found.device] = found
    return [newest[device] for device in sorted(newest)]


def outlook_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `outlooks` as handed out: `time` becomes `at`, `background_known` a bool.

    `regional` becomes a dict or None.
    """
    row["at"] = row.pop("time")
    row["background_known"] = bool(row["background_known"])
    row["kind"] = row["kind"] or "interval"  # a version before days had outlooks named none
    row["regional"] = orjson.loads(row["regional"]) if row.get("regional") else None
    return row


def tidy(row: dict[str, Any]) -> dict[str, Any]:
    """A row as handed out: `time` becomes `start`, reasons become a list, the title a dict by language."""
    row["start"] = row.pop("time")
    if "title" in row:
        row["title"] = orjson.loads(row["title"] or "{}")
    if "reasons" in row:
        row["reasons"] = [code for code in (row["reasons"] or "").split(",") if code]
    return row
