"""The app that one would write first with Faust: a tumbling table, updated once a reading.

Run as a process by `detect_worker`; leaves the number of events and the seconds between the first and
the last in a file. It may see fewer than were sent: tables lose records (ADR 0003).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import faust

_QUIET_S = 3.0


def build(bootstrap: str, topic: str, expected: int, folder: Path) -> faust.App:
    """Hourly sum and count a device, as the documentation of Faust shows it."""
    app = faust.App(
        f"bench-table-{os.getpid()}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=str(folder),
        topic_partitions=4,
        web_enabled=False,
        autodiscover=False,
    )
    feed = app.topic(topic, value_serializer="json")
    hours = app.Table("hours", default=lambda: (0.0, 0), partitions=4).tumbling(3600, expires=7200)
    seen = 0
    first = last = 0.0

    @app.agent(feed, name="sum_up")
    async def sum_up(stream: Any) -> None:
        nonlocal seen, first, last
        async for reading in stream:
            last = time.monotonic()
            first = first or last
            total, count = hours[reading["device"]].value()
            hours[reading["device"]] = (total + reading["pm10"], count + 1)
            seen += 1

    @app.timer(0.25, name="end")
    async def end() -> None:
        if seen == expected or (seen and time.monotonic() - last > _QUIET_S):
            said = json.dumps({"events": seen, "seconds": last - first})
            (folder / "said.json").write_text(said, encoding="ascii")
            os._exit(0)

    return app


if __name__ == "__main__":
    faust.Worker(
        build(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])), quiet=True, loglevel="ERROR"
    ).execute_from_commandline()
