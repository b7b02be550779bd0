"""The board of 300 sites with 2,000 open cases under 50 viewers: how long a page takes, what a stream costs.

The desk is a process of its own; this one is its viewers, and the county whose monitors report each minute.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from alerts.web.app import create_app, run_desk
from bench.processes import cpu_seconds, first_line, resident_mb
from bench.real_load import percentile
from bench.report import Row, table
from deploy.embedded.ports import free_port
from ingest.clock import WallClock
from tests.fakes.large_county import LargeCounty
from tests.fakes.people import cookie_of

VIEWERS = 50
SITES, CASES = 300, 2000
SECONDS = 60
_SETTLES = 10  # s that the streams are open before they are measured
_PAGE_EVERY = 0.5  # s: each viewer loads the page anew about twice a minute


@dataclass(slots=True)
class _Measured:
    pages: list[float] = field(default_factory=list)
    page_bytes: int = 0
    stream_bytes: int = 0
    events: int = 0


def run() -> list[Row]:
    """Rows of the page and of the stream."""
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
        folder = Path(name)
        county = LargeCounty.start(folder, WallClock().now_ms(), SITES, CASES)
        port = free_port()
        desk = subprocess.Popen(
            [sys.executable, "-m", "bench.board", str(folder), str(port)], stdout=subprocess.PIPE, text=True
        )
        try:
            first_line(desk, "the desk", 60)
            began = cpu_seconds(desk.pid)
            measured = asyncio.run(_watch(county, f"http://127.0.0.1:{port}"))
            spent = cpu_seconds(desk.pid) - began
            memory = resident_mb(desk.pid)
        finally:
            desk.terminate()
            desk.wait(20)
    return _rows(measured, spent, memory)


def _rows(measured: _Measured, spent: float, memory: float) -> list[Row]:
    of = f"{SITES} sites, {CASES:,} open cases, {VIEWERS} viewers"
    return [
        Row("board, p95", 1000 * percentile(measured.pages, 0.95), "ms", goal="< 200 ms", note=of),
        Row(
            "board, median", 1000 * percentile(measured.pages, 0.5), "ms", note=f"{len(measured.pages)} pages"
        ),
        Row("board, compressed", measured.page_bytes / 1000, "KB"),
        Row(
            "stream of a viewer",
            measured.stream_bytes / SECONDS / VIEWERS / 1000,
            "KB/s",
            goal="<= 5 KB/s",
            note=f"each monitor reports once a minute; {measured.events} pieces in {SECONDS} s",
        ),
        Row("desk's CPU", 100 * spent / (SECONDS + _SETTLES), "% of a core", note=f"{memory:.0f} MB"),
    ]


async def _watch(county: LargeCounty, url: str) -> _Measured:
    measured = _Measured()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"accept-encoding": "gzip", "accept-language": "zh-CN"}
    cookies = cookie_of(county.people)
    async with httpx.AsyncClient(
        base_url=url, cookies=cookies, headers=headers, timeout=60, limits=limits
    ) as client:
        await client.get("/")
        counting, ending = asyncio.Event(), asyncio.Event()
        streams = [asyncio.create_task(_follow(client, measured, counting)) for _ in range(VIEWERS)]
        reporting = asyncio.create_task(_report(county, ending))
        await asyncio.sleep(_SETTLES)
        counting.set()
        until = time.monotonic() + SECONDS
        while (began := time.monotonic()) < until:
            page = await client.get("/")
            page.raise_for_status()
            measured.pages.append(time.monotonic() - began)
            measured.page_bytes = page.num_bytes_downloaded
            await asyncio.sleep(max(0.0, _PAGE_EVERY - measured.pages[-1]))
        counting.clear()
        ending.set()
        for stream in streams:
            stream.cancel()
        await asyncio.gather(reporting, *streams, return_exceptions=True)
    return measured


async def _follow(client: httpx.AsyncClient, measured: _Measured, counting: asyncio.Event) -> None:
    async with client.stream("GET", "/events?seen=") as stream:
        stream.raise_for_status()
        async for piece in stream.aiter_raw():
            if counting.is_set():
                measured.stream_bytes += len(piece)
                measured.events += 1


async def _report(county: LargeCounty, ending: asyncio.Event) -> None:
    """Each second the sixtieth part of the monitors reports, as monitors do whose clocks are their own."""
    devices = list(county.register.devices.values())
    turn = 0
    while not ending.is_set():
        began = time.monotonic()
        some = devices[turn % 60 :: 60]
        turn += 1
        await asyncio.to_thread(county.measure, some, WallClock().now_ms())
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


def _serve(folder: Path, port: int) -> None:
    county = LargeCounty.stores(folder, SITES)
    app = create_app(county.sources, county.register, WallClock(), f"http://127.0.0.1:{port}")
    print("serves", flush=True)
    run_desk(app, port=port)


if __name__ == "__main__":
    if sys.argv[1:]:
        _serve(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        print(table(run()))
