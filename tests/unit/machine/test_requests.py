"""A running `up` is asked for a restart through its data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.machine.folder import hold_folder
from deploy.machine.requests import RestartRequests
from deploy.machine.stack import Stack
from deploy.machine.supervisor import Service
from tests.pipeline import wait_for


def test_a_request_waits_until_it_is_done(tmp_path: Path) -> None:
    requests = RestartRequests(tmp_path)
    assert requests.waiting() == []
    requests.listen()
    requests.ask("detect")
    requests.ask("desk")
    assert requests.waiting() == ["desk", "detect"]
    requests.done("desk")
    requests.done("desk")
    assert requests.waiting() == ["detect"]
    requests.listen()
    assert requests.waiting() == [], "those of a run before are void"


def test_a_request_where_nobody_listens_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        RestartRequests(tmp_path).ask("detect")


def test_a_run_restarts_what_was_asked_for_and_calls_it_done_when_it_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    stack = Stack(tmp_path, tmp_path, "wall", 1, said.append)
    stack.requests.listen()
    service = Service("store", ["sleep", "600"], {}, tmp_path / "log", gave_up=True)
    stack.supervisor.services = [service]
    ready = False
    monkeypatch.setattr(Stack, "ready", lambda self, name: ready)
    for name in ("store", "nonsense"):
        stack.requests.ask(name)
    stack.tend()
    stack.tend()
    assert said == ["store was down and is started again, as asked"]
    assert stack.requests.waiting() == ["store"]
    ready = True
    stack.tend()
    assert stack.requests.waiting() == []
    assert said[1:] == ["store is ready again"]
    stack.stop()


def test_a_run_says_of_a_service_that_stays_down_again_that_the_restart_failed(tmp_path: Path) -> None:
    said: list[str] = []
    stack = Stack(tmp_path, tmp_path, "wall", 1, said.append, ports={"store": 1})
    stack.requests.listen()
    stack.supervisor.services = [Service("store", ["sh", "-c", "exit 2"], {}, tmp_path / "log", gave_up=True)]
    stack.requests.ask("store")

    def is_answered() -> bool:
        stack.tend()
        return stack.requests.waiting() == []

    wait_for("an answer", is_answered, 20, 0.02)
    assert stack.requests.has_failed("store")
    assert [line for line in said if "stays down" in line]
    stack.requests.ask("store")
    assert not stack.requests.has_failed("store"), "a new request has no answer yet"
    stack.stop()


def test_a_restart_where_nothing_runs_says_so_with_exit_3(tmp_path: Path) -> None:
    hold_folder(tmp_path, "up").release()
    command = [sys.executable, "-m", "deploy.cli", "restart", "detect", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert f"no `dustwatch up` or `demo` is running on {tmp_path}" in done.stderr
    assert "--data" in done.stderr


def test_a_restart_before_a_run_listens_says_that_it_is_too_early_with_exit_3(tmp_path: Path) -> None:
    held = hold_folder(tmp_path, "up")
    command = [sys.executable, "-m", "deploy.cli", "restart", "detect", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    held.release()
    assert done.returncode == 3, done.stderr
    assert "wait until all is ready" in done.stderr
