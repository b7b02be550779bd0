"""`dustwatch demo` as a newcomer runs it: it starts, tells a department, accounts, and ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port


def test_a_demo_of_half_a_minute_tells_a_department_and_accounts_for_every_reading(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.cli", "demo", "--for", "30s", "--speed", "60"]
    command += ["--port", str(free_port()), "--data", str(tmp_path / "demo")]
    before = os.umask(0o022)  # what most machines have
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stdout + done.stderr
    open_to_others = [
        path for path in (tmp_path / "demo", *(tmp_path / "demo").rglob("*")) if path.stat().st_mode & 0o077
    ]
    assert open_to_others == [], "what a demo leaves is readable by its owner alone"
    account = json.loads(done.stdout.strip().splitlines()[-1])
    assert account["published"] > 500
    settled = account["stored"] + account["duplicates"] + sum(account["quarantined"].values())
    assert account["published"] == settled
    assert account["duplicates"] > 0, "one monitor stutters"
    assert account["quarantined"], "one monitor is broken"
    assert account["breaches"] >= account["cases"] > 0
    assert account["messages"] > 0
    told = list((tmp_path / "demo" / "messages").rglob("*"))
    assert any(file.is_file() and file.stat().st_size for file in told), "the file channel wrote messages"
    lines = [line for file in told if file.is_file() for line in file.read_text("utf-8").splitlines()]
    people = Counter(json.loads(line)["to"] for line in lines)
    assert max(people.values()) <= 6, f"half an hour of the county is a few messages to a person: {people}"


def test_a_demo_on_a_taken_port_says_which_one_and_what_to_do(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "deploy.cli", "demo", "--for", "5s", "--port", port]
        command += ["--data", str(tmp_path / "demo")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert port in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def read_until(demo: subprocess.Popen[str], words: str) -> None:
    """Read what a running demo says up to these words; one that ends before tells what it said."""
    assert demo.stdout is not None
    said = ""
    while words not in said:
        line = demo.stdout.readline()
        said += line
        if not line:
            _, wrong = demo.communicate(timeout=60)
            pytest.fail(f"the demo ended with {demo.returncode} before {words!r}:\n{said}{wrong}")


def left_behind(folder: Path) -> list[str]:
    """Command lines and settings of processes that still work on a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(folder).encode() in told:
                found.append(told.decode(errors="replace"))
    return found


def test_a_demo_that_is_stopped_while_it_starts_ends_at_once_and_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "deploy.cli", "demo", "--port", str(free_port()), "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        read_until(demo, "Kafka at")
        assert left_behind(folder)
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert said.strip() == "stopped before all was ready"
    assert left_behind(folder) == []


@pytest.mark.long
def test_a_demo_that_is_stopped_while_it_runs_accounts_before_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "deploy.cli", "demo", "--port", str(free_port()), "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        read_until(demo, "first message")
        second = subprocess.run(
            [*command[:5], str(free_port()), *command[6:]], capture_output=True, text=True, check=False
        )
        demo.send_signal(signal.SIGINT)
        said, wrong = demo.communicate(timeout=90)
    assert second.returncode == 2, second.stdout
    assert f"{folder} is in use by another `dustwatch demo` (process {demo.pid})" in second.stderr
    assert demo.returncode == 0, said + wrong
    account = json.loads(said.strip().splitlines()[-1])
    assert account["published"] == account["stored"] + account["duplicates"] + sum(
        account["quarantined"].values()
    )
    assert left_behind(folder) == []
