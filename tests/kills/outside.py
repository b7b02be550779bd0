"""What topics and stores hold, read from outside: Kafka's records, SQL and HTTP, no counter of the product."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import sqlalchemy as sa

from deploy.machine.stack import PARTITIONS
from ingest import codec
from ingest.kafka_options import KafkaOptions
from ingest.scan import scan
from ingest.topics import BREACHES, FEED, QUARANTINE, RESULTS
from processors.records import JUDGED
from processors.records.breaches import BREACH, decode_breach

Place = tuple[str, int]  # device and instant of a reading, ms


class IntervalRow(NamedTuple):
    """A window's mean as history has it."""

    device: str
    start: int
    end: int
    readings: int


class OutsideHistory(Protocol):
    """History, asked in its store's own language."""

    def readings(self, since_ms: int = 0) -> Counter[tuple[str, int, float]]:
        """How often history has each (device, instant, PM10) from then on."""

    def conflicts(self) -> int:
        """Readings that contradict another one."""

    def intervals(self) -> list[IntervalRow]:
        """All means of windows longer than an instant."""


class SqliteRows:
    """The file that `up` keeps."""

    def __init__(self, path: str) -> None:
        self._path = path

    def _rows(self, sql: str, *values: int) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    def readings(self, since_ms: int = 0) -> Counter[tuple[str, int, float]]:
        """See `OutsideHistory.readings`."""
        rows = self._rows("SELECT device, time, pm10 FROM readings WHERE time >= ?", since_ms)
        return Counter((row[0], row[1], row[2]) for row in rows)

    def conflicts(self) -> int:
        """See `OutsideHistory.conflicts`."""
        return int(self._rows("SELECT count(*) FROM conflicts")[0][0])

    def intervals(self) -> list[IntervalRow]:
        """See `OutsideHistory.intervals`."""
        rows = self._rows('SELECT device, time, "end", count FROM intervals WHERE "end" > time')
        return [IntervalRow(*row) for row in rows]


class InfluxRows:
    """A bucket, by InfluxQL over HTTP; `url`: as DUSTWATCH_HISTORY names it."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url.removeprefix("influx+"))
        self._address = f"{parts.scheme}://{parts.netloc}/query"
        self._bucket = parse_qs(parts.query)["bucket"][0]
        self._headers = {"Authorization": f"Token {token}"}

    def _rows(self, query: str) -> list[dict[str, Any]]:
        asked = {"db": self._bucket, "q": query, "epoch": "ms"}
        answer = httpx.get(self._address, params=asked, headers=self._headers, timeout=60)
        (result,) = answer.raise_for_status().json()["results"]
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
            for series in result.get("series", ())
            for row in series["values"]
        ]

    def readings(self, since_ms: int = 0) -> Counter[tuple[str, int, float]]:
        """See `OutsideHistory.readings`."""
        rows = self._rows(f"SELECT pm10 FROM readings WHERE time >= {since_ms}ms GROUP BY *")
        return Counter((row["device"], row["time"], float(row["pm10"])) for row in rows)

    def conflicts(self) -> int:
        """See `OutsideHistory.conflicts`."""
        return len(self._rows("SELECT received_at FROM conflicts GROUP BY *"))

    def intervals(self) -> list[IntervalRow]:
        """See `OutsideHistory.intervals`."""
        rows = self._rows('SELECT "end", "count" FROM intervals GROUP BY *')
        found = (IntervalRow(row["device"], row["time"], row["end"], row["count"]) for row in rows)
        return [one for one in found if one.end > one.start]


@dataclass(slots=True)
class CaseRows:
    """The case store, in SQL."""

    engine: sa.Engine

    def _rows(self, sql: str) -> list[Any]:
        with self.engine.connect() as db:
            return list(db.execute(sa.text(sql)))

    def cases(self) -> dict[str, str]:
        """Case -> breach, of those that have one."""
        return {row[0]: row[1] for row in self._rows("select id, breach from cases where breach is not null")}

    def unfinished(self) -> int:
        """Messages that are neither sent nor given up."""
        return int(self._rows("select count(*) from messages where done_at is null")[0][0])

    def messages(self) -> list[tuple[str, str, str, str, str]]:
        """(id, case, step, recipient, state) of every message."""
        rows = self._rows('select id, "case", step, recipient, state from messages')
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    def doubtful(self) -> set[str]:
        """Messages of which some attempt has an unknown outcome: they may arrive again, under the same id."""
        return {row[0] for row in self._rows("select message from attempts where outcome = 'unknown'")}

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


@dataclass(slots=True)
class Topics:
    """What Kafka holds of a run."""

    fed: Counter[Place] = field(default_factory=Counter)  # how often the feed has each reading
    fed_at: dict[Place, int] = field(default_factory=dict)  # append time of the first, ms
    judged_at: dict[Place, int] = field(default_factory=dict)  # of its first record in the results
    poison: Counter[bytes] = field(default_factory=Counter)
    other_quarantine: list[str] = field(default_factory=list)
    breaches: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))  # opened, by id


async def read_topics(kafka: KafkaOptions) -> Topics:
    """Read the four topics from their beginning to their present end."""
    found = Topics()
    async for record in scan(kafka, FEED, PARTITIONS):
        if codec.schema_of(record.headers) == codec.READINGS:
            for place in _places(record.value):
                found.fed[place] += 1
                found.fed_at.setdefault(place, record.timestamp)
    async for record in scan(kafka, RESULTS, PARTITIONS):
        if codec.schema_of(record.headers) == JUDGED:
            for place in _places(record.value):
                found.judged_at.setdefault(place, record.timestamp)
    async for record in scan(kafka, QUARANTINE, PARTITIONS):
        if codec.schema_of(record.headers) == codec.QUARANTINED:
            held = codec.decode_quarantined(record.value)
            if held.code == "bad_json":
                found.poison[held.raw] += 1
            else:
                found.other_quarantine.append(f"{held.code}: {held.raw[:120]!r}")
    async for record in scan(kafka, BREACHES, PARTITIONS):
        if codec.schema_of(record.headers) == BREACH:
            breach = decode_breach(record.value)
            if breach.event == "opened" and breach.kind == "exceedance":
                found.breaches[breach.id].add((breach.device, breach.start))
    return found


def _places(value: bytes) -> Iterator[Place]:
    batch = codec.decode_readings(value)
    for code, at in zip(batch.codes.tolist(), batch.time.tolist(), strict=True):
        yield batch.devices[code], at


def open_history_rows(settings: Mapping[str, str], data: str) -> OutsideHistory:
    """History as a target's settings name it, or the file in its data folder."""
    url = settings.get("DUSTWATCH_HISTORY")
    if url is None:
        return SqliteRows(f"{data}/history.sqlite")
    return InfluxRows(url, settings["DUSTWATCH_INFLUX_TOKEN"])


def open_case_rows(settings: Mapping[str, str], data: str) -> CaseRows:
    """Cases as a target's settings name them, or the file in its data folder."""
    return CaseRows(sa.create_engine(settings.get("DUSTWATCH_CASES", f"sqlite:///{data}/cases.sqlite")))
