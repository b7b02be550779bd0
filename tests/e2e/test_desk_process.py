"""The desk as a process: it serves a stream, and ends on SIGTERM without leaving its readers hanging."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from deploy.embedded.ports import free_port
from tests.fakes.desk import EXAMPLE
from tests.pipeline import wait_for


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def test_an_open_stream_ends_with_the_desk_and_nothing_is_complained_of(tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "CONFIG": EXAMPLE,
        "HISTORY": f"sqlite:///{tmp_path}/history.sqlite",
        "CASES": f"sqlite:///{tmp_path}/cases.sqlite",
        "DESK_PORT": port,
    }
    environment = {**os.environ, **{f"DUSTWATCH_{name}": str(value) for name, value in settings.items()}}
    program = [sys.executable, "-c", "from deploy.cli import main; main()", "run", "desk"]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(program, env=environment, stdout=said, stderr=said)
    try:
        wait_for("the desk answers", lambda: process.poll() is None and answers(f"{url}/readyz"))
        seen: list[str] = []

        def read() -> None:
            with httpx.stream("GET", f"{url}/events", timeout=30) as stream:
                seen.extend(stream.iter_lines())

        reader = threading.Thread(target=read)
        reader.start()
        listening = f"{url}/metrics"
        wait_for(
            "the stream is open",
            lambda: 'dustwatch_waiting{kind="board_streams"} 1.0' in httpx.get(listening).text,
        )
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        reader.join(max(0.1, 10 - (time.monotonic() - began)))
        assert not reader.is_alive()
        assert seen[0] == "retry: 2000"
        assert "Traceback" not in (tmp_path / "said").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
