"""How many readings a second one process brings from records of `dust.results` into history."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.report import Row, table
from ingest.codec import encode_readings
from ingest.records import Quarantined, Readings
from ingest.telemetry import Telemetry
from processors.history import History, batches_of_readings
from processors.history.influx import LINES_A_REQUEST, InfluxHistory
from processors.history.line_protocol import lines_of
from processors.history.sqlite import SqliteHistory
from processors.records import encode_judged
from processors.stream.stage import STORE_PACE, RawRecord
from processors.stream.store import StoreStage, Worker
from tests.servers import influxdb

READINGS = 150_000
RECORDS_OF = (300, 20, 1)
_SINGLES = 20_000  # readings where each record brings one
_DEVICES = 500
_GOAL = "> 25,000/s"


def run() -> list[Row]:
    """Both stores, records of several sizes; for InfluxDB the same lines without any stage beside it."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as folder:
        for size in RECORDS_OF:
            history: History = SqliteHistory(Path(folder) / f"{size}.db")
            rows.append(_row("SQLite", size, asyncio.run(_stage(history, size)), None))
            history.close()
        server = influxdb.start(Path(folder) / "influxdb")
        try:
            for size in RECORDS_OF:
                bare = _bare(_bucket(server, f"bare{size}"), size)
                rate = asyncio.run(_stage(_bucket(server, f"stage{size}"), size))
                rows.append(_row("InfluxDB", size, rate, bare))
        finally:
            server.stop()
    return rows


def _row(store: str, size: int, rate: float, bare: float | None) -> Row:
    return Row(
        f"store to {store}, {size} readings a record",
        rate,
        "readings/s",
        "ready lines, 5,000 a request" if bare else "",
        bare,
        _GOAL,
        "decode, columns, write, confirmed; one process, 3 values a reading",
    )


def _bucket(server: influxdb.InfluxServer, name: str) -> InfluxHistory:
    server.create_bucket(name)
    return InfluxHistory(server.url, org=server.org, bucket=name, token=server.token)


def _readings(first: int, count: int) -> Readings:
    rows = np.arange(first, first + count, dtype=np.int64)
    at = 1_763_856_000_000 + rows // _DEVICES * 60_000
    codes = (rows % _DEVICES).astype(np.int32)
    names = tuple(f"dev-{i}" for i in range(_DEVICES))
    used = np.unique(codes)
    return Readings(
        devices=tuple(names[c] for c in used),
        sites=tuple(f"site-{c % 100}" for c in used),
        codes=np.searchsorted(used, codes).astype(np.int32),
        time=at,
        period=np.full(count, 60_000, np.int64),
        received_at=at + 300,
        values={
            "pm10": 80_000 + rows * 7919 % 90_000,
            "pm2_5": 30_000 + rows * 104_729 % 40_000,
            "tsp": 200_000 + rows * 1299 % 200_000,
        },
        revision="r1",
    )


def _total(size: int) -> int:
    return READINGS if size > 1 else _SINGLES


def _records(size: int) -> list[RawRecord]:
    records = []
    for offset, first in enumerate(range(0, _total(size), size)):
        batch = _readings(first, size)
        value, headers = encode_judged(encode_readings(batch), {}, 0, int(batch.received_at.max()))
        records.append(RawRecord(0, offset, headers, value, 0))
    return records


async def _stage(history: History, size: int) -> float:
    """Fold and deliver at the shell's pace; readings a second."""
    records = _records(size)
    refused: list[Quarantined] = []

    async def quarantine(quarantined: Quarantined) -> None:
        refused.append(quarantined)

    stage = StoreStage(0, Worker(history, Telemetry("bench")), quarantine)
    stage.restore(None)
    began = time.perf_counter()
    for record in records:
        stage.fold(record)
        if stage.weight() >= STORE_PACE.deliver_weight:
            await stage.deliver()
    await stage.deliver()
    await stage.settle()
    seconds = time.perf_counter() - began
    stored = history.count("readings")
    if refused or stored != _total(size):
        raise RuntimeError(f"{stored} of {_total(size)} readings stored, {len(refused)} refused")
    return stored / seconds


def _bare(history: InfluxHistory, size: int) -> float:
    """The same lines, made beforehand, sent by the same client."""
    total = _total(size)
    (batch,) = batches_of_readings([_readings(0, total)])
    lines = lines_of(batch)
    ready = [lines.run(at, min(at + LINES_A_REQUEST, total)) for at in range(0, total, LINES_A_REQUEST)]
    began = time.perf_counter()
    for body in ready:
        history.send(body)
    return total / (time.perf_counter() - began)


if __name__ == "__main__":
    print(table(run()))
