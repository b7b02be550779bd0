"""Restart of each part of `dustwatch up` after kill -9: seconds to its first record, under readings."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.report import Row
from deploy.county.compile import revision_of_folder
from deploy.embedded.ports import free_port
from deploy.machine.stack import SERVICES, Stack
from ingest.clock import WallClock
from tests.counties import device, write_county
from tests.mqtt_load import LoadClient

WITHIN_S = 60.0
_GOAL = "< 5 s"
_DEVICES = 8


def run() -> list[Row]:
    """Every service and both brokers in turn, on one running county."""
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
        folder = Path(name)
        county = write_county(folder / "county", [device(f"d{i}") for i in range(_DEVICES)])
        stack = Stack(folder / "data", county, "wall", free_port(), lambda words: None)
        try:
            stack.start_servers()
            stack.apply(revision_of_folder(county, received_at=WallClock().now_ms()))
            stack.start_services()
            load = _Load(stack)
            load.start()
            rows = [_row(name, _seconds(stack, name)) for name in (*SERVICES, "mqtt", "kafka")]
            load.halt.set()
            load.join()
        finally:
            stack.stop()
    return rows


def _row(name: str, seconds: float) -> Row:
    words = {"gateway": "until it is ready", "desk": "until it is ready"}.get(name, "until its first record")
    return Row(f"restart after kill -9: {name}", seconds, "s", goal=_GOAL, note=words)


def _seconds(stack: Stack, name: str) -> float:
    began = time.monotonic()
    if name in SERVICES:
        process = stack.supervisor.named(name).process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.popen.wait()
        done: Callable[[], bool] = lambda: _has_worked(stack, name)  # noqa: E731 - chosen beside the other
    else:
        server = stack.mqtt if name == "mqtt" else stack.kafka
        server.kill()
        before = _handled(stack, "detect")
        done = lambda: server.running() and _handled(stack, "detect") > before  # noqa: E731
    while not done():
        stack.tend()
        if time.monotonic() - began > WITHIN_S:
            raise TimeoutError(f"{name} is not back after {WITHIN_S:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began


def _has_worked(stack: Stack, name: str) -> bool:
    process = stack.supervisor.named(name).process
    if process is None or not process.running():
        return False
    return stack.ready(name) and (name in ("gateway", "desk", "alerts") or _handled(stack, name) > 0)


def _handled(stack: Stack, name: str) -> float:
    """Records that a service has handled since its start; 0 while it does not answer."""
    try:
        address = f"http://127.0.0.1:{stack.ports[name]}/metrics"
        with urllib.request.urlopen(address, timeout=2) as answer:
            lines = answer.read().decode().splitlines()
    except (urllib.error.URLError, OSError):
        return 0.0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("dustwatch_records_total"))


class _Load(threading.Thread):
    """A reading every 50 ms; a connection that broke is made again."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.halt = threading.Event()
        self._stack = stack

    def run(self) -> None:
        number = 0
        client: LoadClient | None = None
        while not self.halt.wait(0.05):
            number += 1
            body = json.dumps({"time": WallClock().now_ms(), "pm10": 10 + number % 50}).encode()
            try:
                if client is None:
                    client = LoadClient(self._stack.mqtt.port, "d0", "d0", self._stack.mqtt.passwords["d0"])
                client.publish([("dust/v1/d0/readings", body)])
            except OSError:
                client = None
