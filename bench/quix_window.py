"""The app that one would write with Quix Streams: a windowed mean a device, and a threshold on it.

Run as a process by `peers`, in an environment of its own: BOOTSTRAP TOPIC READINGS FOLDER. Prints the
seconds from the first reading to the last.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]

_THRESHOLD = 110.0


def measure(bootstrap: str, topic: str, readings: int, folder: str) -> float:
    """Seconds for that many readings of a topic, all of which are there."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"bench-quix-{os.getpid()}",
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="ERROR",
    )
    first = last = 0.0

    def instant(value: Any, headers: Any, timestamp: float, kind: Any) -> int:
        nonlocal first, last
        last = time.monotonic()
        first = first or last
        return int(value["time"] * 1000)

    feed = app.topic(topic, value_deserializer="json", timestamp_extractor=instant)
    frame = app.dataframe(feed)
    frame = frame.apply(lambda value: value["pm10"])
    frame = frame.tumbling_window(timedelta(hours=1)).mean().final()
    frame = frame[frame["value"] > _THRESHOLD]
    frame.update(lambda window: None)
    app.run(count=readings, timeout=20)
    return last - first


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])))
