"""The desk as a process: it serves a stream, and ends on SIGTERM without leaving its readers hanging."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.store.people_store import PeopleStore
from deploy.embedded.ports import free_port
from ingest.listener import descriptors_for
from tests.fakes.desk import EXAMPLE
from tests.fakes.people import cookie_of
from tests.pipeline import wait_for


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def desk(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A desk that answers, and its address; what it says is in the file `said`."""
    port = free_port()
    settings = {
        "CONFIG": EXAMPLE,
        "HISTORY": f"sqlite:///{tmp_path}/history.sqlite",
        "CASES": f"sqlite:///{tmp_path}/cases.sqlite",
        "DESK_PORT": port,
        "HEALTH_PORT": free_port(),
        "DESK_METRICS": "true",
    }
    environment = {**os.environ, **{f"DUSTWATCH_{name}": str(value) for name, value in settings.items()}}
    program = [sys.executable, "-c", "from deploy.cli import main; main()", "run", "desk"]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(program, env=environment, stdout=said, stderr=said)
    try:
        wait_for("the desk answers", lambda: process.poll() is None and answers(f"{url}/readyz"))
        yield process, url
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_an_open_stream_ends_with_the_desk_and_nothing_is_complained_of(tmp_path: Path) -> None:
    with desk(tmp_path) as (process, url):
        seen: list[str] = []

        people = PeopleStore(f"sqlite:///{tmp_path}/cases.sqlite")
        cookies = cookie_of(people)
        people.close()

        def read() -> None:
            with httpx.stream("GET", f"{url}/events", timeout=30, cookies=cookies) as stream:
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


PARTS = {
    "nothing": b"",
    "a head begun": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "a body begun": b"POST /cases/1/acknowledge HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nwho=",
    "an answer never read, and another head": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET ",
}


@pytest.mark.parametrize("part", PARTS)
def test_two_thousand_half_requests_keep_nobody_from_the_desk(tmp_path: Path, part: str) -> None:
    if descriptors_for(2200) < 2200:
        pytest.skip("the system allows too few open files")
    began = time.monotonic()
    with desk(tmp_path) as (process, url), contextlib.ExitStack() as crowd:
        threads = len(os.listdir(f"/proc/{process.pid}/task"))
        port = int(url.rpartition(":")[2])
        for _ in range(2000):
            one = crowd.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            with contextlib.suppress(ConnectionError):
                one.sendall(PARTS[part])
        for path in ("/healthz", "/sign-in"):
            # not at once: a thousand requests that are complete may be served just then
            wait_for(f"{path} answers", lambda path=path: answers(url + path), within_s=20)
        ready = httpx.get(f"{url}/readyz", timeout=20)
        # where that was so, somebody was refused, and it says so for a minute
        assert ready.status_code == 200 or "refused" in ready.text, ready.text
        metrics = httpx.get(f"{url}/metrics", timeout=20).text
        assert 1 <= float(metrics.partition('kind="connections"} ')[2].partition("\n")[0]) <= 1000
        assert len(os.listdir(f"/proc/{process.pid}/task")) <= threads + 40  # the pool of the stores' readers
    said = (tmp_path / "said").read_text()
    told = Counter(json.loads(line)["what"] for line in said.splitlines() if "desk_connections" in line)
    minutes = 1 + (time.monotonic() - began) // 60
    assert all(count <= minutes for count in told.values()), "each kind once a minute"
    assert "Traceback" not in said
