"""`dustwatch up` as an operator runs it: it looks after its servers, tells how it is doing, and ends in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from deploy.embedded.ports import free_port
from tests.e2e.test_demo import left_behind
from tests.pipeline import wait_for
from tests.stored_stores import put_stored

EXAMPLE = Path(__file__).parents[2] / "deploy" / "example"
PROGRAM = [sys.executable, "-m", "deploy.cli"]


@pytest.mark.long
def test_up_starts_a_killed_kafka_again_answers_status_and_ends_within_its_time(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ports = [f"--{name}={free_port()}" for name in ("port", "kafka-port", "mqtt-port")]
    command = [*PROGRAM, "up", str(EXAMPLE), "--data", str(folder), *ports]
    env = {**os.environ, "DUSTWATCH_SETTINGS": str(folder / "settings.env")}
    log = tmp_path / "up.log"
    with log.open("wb") as out:
        secret = {**os.environ, "DUSTWATCH_SECRET_robot": "https://robot.example/?key=s3cretMARK"}
        up = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=secret)
    try:
        wait_for("up is ready", lambda: "the desk: http" in log.read_text() or up.poll() is not None, 90)
        assert up.poll() is None, log.read_text()
        assert services_with(b"s3cretMARK", folder) == {"alerts"}, "a channel's secret is nobody else's"
        os.kill(kafka_of(folder), signal.SIGKILL)
        wait_for("Kafka runs again", lambda: "Kafka runs again" in log.read_text(), 60)
        assert "Kafka ended, see" in log.read_text()

        def status() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*PROGRAM, "status"], env=env, capture_output=True, text=True, timeout=60, check=False
            )

        wait_for("all is well again", lambda: status().returncode == 0, 90, 1.0)
        said = status().stdout
        assert "detect" in said
        assert "cases         0" in said
        applied = subprocess.run(
            [*PROGRAM, "apply", str(EXAMPLE)], env=env, capture_output=True, text=True, check=False
        )
        assert applied.returncode == 0, applied.stderr
    finally:
        asked = time.monotonic()
        up.terminate()
        code = up.wait(60)
    assert code == 0, log.read_text()
    assert time.monotonic() - asked < 30, "ten seconds for the services, then the brokers"
    assert left_behind(folder) == []


def services_with(mark: bytes, folder: Path) -> set[str]:
    """The last word of the command of each process on a folder whose environment holds a mark."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told, given = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            if b"up\0" not in told and str(folder).encode() in told + given and mark in given:
                found.add(told.rstrip(b"\0").rsplit(b"\0", 1)[-1].decode())
    return found


def kafka_of(folder: Path) -> int:
    """The pid of the Kafka that works on a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        told = (process / "cmdline").read_bytes() if (process / "cmdline").exists() else b""
        if b"kafka.Kafka" in told and str(folder).encode() in told:
            return int(process.name)
    raise AssertionError(f"no Kafka on {folder}")


@pytest.mark.long
@pytest.mark.parametrize(("file", "service"), [("history.sqlite", "store"), ("cases.sqlite", "alerts")])
def test_a_damaged_file_ends_its_own_service_and_up_goes_on_and_says_so(
    tmp_path: Path, file: str, service: str
) -> None:
    folder, desk = tmp_path / "data", free_port()
    folder.mkdir()
    (folder / file).write_text("no database at all\n" * 500)
    if file != "cases.sqlite":
        put_stored(f"sqlite:///{folder}/cases.sqlite")
    ports = [f"--port={desk}", *(f"--{name}={free_port()}" for name in ("kafka-port", "mqtt-port"))]
    env = {**os.environ, "DUSTWATCH_SETTINGS": str(folder / "settings.env")}
    log = tmp_path / "up.log"
    with log.open("wb") as out:
        command = [*PROGRAM, "up", str(EXAMPLE), "--data", str(folder), *ports]
        up = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for("up is ready", lambda: "the desk: http" in log.read_text() or up.poll() is not None, 90)
        said = log.read_text()
        assert up.poll() is None, said
        assert f"{service} stays down: no restart mends it (exit 2)" in said
        assert "the others go on: the " in said
        assert f"at {folder / file} is damaged (file is not a database)" in said
        for other in {"bridge", "gateway", "detect", "store", "alerts"} - {service}:
            assert f"{other} is ready" in said
        if file != "cases.sqlite":
            assert (
                said.count(
                    f"the case store: migrated from revision 0001 to {name_of(REVISION)}; as it was before: "
                )
                == 1
            )
            assert (folder / "cases.sqlite.revision-0001").exists()
        assert httpx.get(f"http://127.0.0.1:{desk}/healthz", timeout=10).status_code == 200
        status = subprocess.run(
            [*PROGRAM, "status"], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert status.returncode == 1
        assert "Traceback" not in status.stdout + status.stderr
        assert f"{folder / file} is damaged" in status.stdout
        assert "Traceback" not in (folder / "log" / f"{service}.log").read_text()
    finally:
        up.terminate()
        code = up.wait(60)
    assert code == 0, log.read_text()
    assert left_behind(folder) == []
