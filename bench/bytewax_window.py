"""The dataflow that one would write with bytewax: a windowed mean a device, and a threshold on it.

Run as a process by `peers`, in an environment of its own: FILE of readings, a JSON object a line, which
are in memory before the clock starts (no broker). Prints the seconds that the dataflow takes.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op  # type: ignore[import-not-found]
import orjson
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found]
from bytewax.operators import windowing  # type: ignore[import-not-found]
from bytewax.testing import TestingSink, TestingSource, run_main  # type: ignore[import-not-found]

_THRESHOLD = 110.0
_BATCH = 1000

Sum = tuple[float, int]


def _add(total: Sum, reading: Any) -> Sum:
    return total[0] + reading["pm10"], total[1] + 1


def _merged(one: Sum, other: Sum) -> Sum:
    return one[0] + other[0], one[1] + other[1]


def measure(lines: list[bytes]) -> float:
    """Seconds for the readings."""
    flow = Dataflow("bench")
    said: list[Any] = []
    raw = op.input("in", flow, TestingSource(lines, batch_size=_BATCH))
    keyed = op.key_on("key", op.map("decode", raw, orjson.loads), lambda reading: reading["device"])
    clock = windowing.EventClock(
        ts_getter=lambda reading: datetime.fromtimestamp(reading["time"], UTC),
        wait_for_system_duration=timedelta(0),
    )
    hours = windowing.TumblingWindower(align_to=datetime(2026, 1, 1, tzinfo=UTC), length=timedelta(hours=1))
    sums = windowing.fold_window("sum", keyed, clock, hours, lambda: (0.0, 0), _add, _merged)
    means = op.map_value("mean", sums.down, lambda found: found[1][0] / found[1][1])
    op.output("out", op.filter("above", means, lambda pair: pair[1] > _THRESHOLD), TestingSink(said))
    begin = time.monotonic()
    run_main(flow)
    return time.monotonic() - begin


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]).read_bytes().splitlines())))
