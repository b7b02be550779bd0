"""The log of a child that writes without pause is turned, and not a line of it is lost or cut in two."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.log_file import ServerLog
from deploy.embedded.process import ServerProcess, tend_logs

pytestmark = pytest.mark.timeout(60)
# writes numbered lines in pieces, from two threads, until it is told to stop
WRITER = """
import os, signal, sys, threading, time
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
def write(name):
    number = 0
    while not stop.is_set():
        text = f"{name} {number} " + "x" * (number % 300) + "\\n"
        os.write(1, text.encode())
        number += 1
        time.sleep(0.0001)  # or a slow disk keeps it from hearing its end
threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
[one.start() for one in threads]
while not stop.wait(0.1):  # Python hears of a signal that another thread got when this one wakes up
    pass
[one.join() for one in threads]
print("end", flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess("writer", [sys.executable, "-c", WRITER], tmp_path / "writer.log")
    yield process
    process.kill()


def lines_of(log: ServerLog) -> list[str]:
    files = [log.generation(number) for number in range(log.generations, 0, -1)] + [log.path]
    return "".join(one.read_text() for one in files if one.exists()).splitlines()


def test_no_line_is_lost_or_cut_while_the_log_is_turned_again_and_again(writer: ServerProcess) -> None:
    log = ServerLog(writer.log, writer.pid, longest=50_000, generations=1000)
    turned, deadline = 0, time.monotonic() + 40
    while turned < 20 and time.monotonic() < deadline:
        before = log.generation(1).stat().st_ino if log.generation(1).exists() else 0
        assert log.tend(0.0) is None
        log.not_before = 0.0
        turned += log.generation(1).exists() and log.generation(1).stat().st_ino != before
    assert turned == 20
    assert writer.stop() == 0
    lines = lines_of(log)
    assert lines.pop() == "end"
    for name in "ab":
        numbers = [int(line.split()[1]) for line in lines if line.startswith(f"{name} ")]
        assert numbers == list(range(len(numbers)))
    assert all(re.fullmatch(r"[ab] \d+ x*", line) for line in lines)


def test_so_many_generations_are_kept_and_no_more(tmp_path: Path, writer: ServerProcess) -> None:
    log = writer.kept_log
    log.longest, log.generations = 10_000, 3
    deadline = time.monotonic() + 40
    seen: set[int] = set()
    while len(seen) < 4 and time.monotonic() < deadline:
        assert tend_logs(0.0) == []
        log.not_before = 0.0
        seen |= {one.stat().st_ino for one in (log.generation(n) for n in (1, 2, 3)) if one.exists()}
    assert len(seen) >= 4
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["writer.log", "writer.log.1", "writer.log.2", "writer.log.3"]
    assert (tmp_path / "writer.log.1").stat().st_mode & 0o077 == 0


def test_a_short_log_and_that_of_an_ended_child_are_left_alone(tmp_path: Path) -> None:
    process = ServerProcess("quick", [sys.executable, "-c", "print('x' * 1000)"], tmp_path / "quick.log")
    assert process.ended() == 0
    process.kept_log.longest = 10
    assert tend_logs(0.0) == []
    assert process.kept_log.tend(0.0) is None
    assert [one.name for one in tmp_path.iterdir()] == ["quick.log"]
    assert (tmp_path / "quick.log").stat().st_size == 1001


def test_a_full_disk_leaves_the_log_and_says_so_once_a_minute(
    tmp_path: Path, writer: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ServerLog(writer.log, writer.pid, longest=10_000)
    log.generation(4).write_text("old")
    deadline = time.monotonic() + 20
    while writer.log.stat().st_size <= 10_000 and time.monotonic() < deadline:
        time.sleep(0.01)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deploy.embedded.log_file.shutil.copyfileobj", full)
    size = writer.log.stat().st_size
    assert "No space left" in str(log.tend(100.0))
    assert writer.log.stat().st_size >= size
    assert not log.generation(4).exists()  # makes room
    assert not log.generation(0).exists()
    assert log.tend(101.0) is None
    assert "No space left" in str(log.tend(161.0))
    os.kill(writer.pid, signal.SIGTERM)
    assert writer.ended() == 0  # it was not left stopped
