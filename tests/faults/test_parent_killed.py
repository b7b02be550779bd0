"""kill -9 of `up` and `demo`: no child is left, nothing is lost, and nobody else takes the folder before that."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from alerts.store import CaseStore
from deploy.embedded.ports import free_port
from deploy.machine.account import ReadingsAccount, take_account
from deploy.machine.stack import PARTITIONS, SERVICES
from ingest.kafka_options import KafkaOptions
from processors.history import open_history
from tests.counties import device, iso, write_county
from tests.e2e.test_demo import left_behind
from tests.e2e.test_up import kafka_of
from tests.mqtt_load import LoadClient
from tests.pipeline import wait_for

PROGRAM = [sys.executable, "-m", "deploy.cli"]
GONE_WITHIN_S = 15.0
DEVICES, TURNS = 5, 40


class Run:
    """A running `up` or `demo` and what it says."""

    def __init__(self, command: str, *arguments: str, data: Path, log: Path) -> None:
        self.ports = {name: free_port() for name in ("port", "kafka-port", "mqtt-port")}
        own = [f"--{name}={port}" for name, port in self.ports.items() if command == "up" or name == "port"]
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*PROGRAM, command, *arguments, "--data", str(data), *own],
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, words: str, within_s: float = 90.0) -> None:
        """Until it has said that. Raises AssertionError when it ends before."""

        def has_said() -> bool:
            assert self.process.poll() is None or words in self.log.read_text(), self.log.read_text()
            return words in self.log.read_text()

        wait_for(f"{words!r} in {self.log}", has_said, within_s)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(command: str, *arguments: str, data: Path, log: Path) -> Iterator[Run]:
    """A run for the length of a with-block."""
    run = Run(command, *arguments, data=data, log=log)
    try:
        yield run
    finally:
        run.process.terminate()
        run.process.wait(60)


def account_of(data: Path, kafka_port: int, published: int) -> ReadingsAccount:
    """What topics and stores of a data folder hold now."""
    history = open_history(f"sqlite:///{data}/history.sqlite")
    cases = CaseStore(f"sqlite:///{data}/cases.sqlite")
    try:
        return asyncio.run(
            take_account(KafkaOptions(f"127.0.0.1:{kafka_port}"), PARTITIONS, history, cases, published)
        )
    finally:
        history.close()
        cases.close()


def publish(data: Path, port: int, first: int) -> int:
    """Publish readings that the broker confirms, each device as its own user; how many."""
    now = int(time.time() * 1000)
    passwords = dict(line.split(":") for line in (data / "passwords").read_text().splitlines())
    for i in range(DEVICES):
        bodies = [{"time": iso(now - turn * 1000), "pm10": first + i} for turn in range(TURNS)]
        client = LoadClient(port, f"load-{i}", f"d{i}", passwords[f"d{i}"])
        client.publish([(f"dust/v1/d{i}/readings", json.dumps(body).encode()) for body in bodies])
        client.close()
    return TURNS * DEVICES


def watchers_of(pid: int) -> list[int]:
    """The children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.servers
@pytest.mark.timeout(400)
def test_a_killed_up_leaves_no_child_loses_nothing_and_starts_again_on_its_folder(tmp_path: Path) -> None:
    county = write_county(tmp_path / "county", [device(f"d{i}") for i in range(DEVICES)])
    data = tmp_path / "data"
    published = 0
    with running("up", str(county), "--host=0.0.0.0", data=data, log=tmp_path / "first.log") as first:
        first.wait_for("the desk: http")
        assert len(left_behind(data)) >= 2 + len(SERVICES)
        published += publish(data, first.ports["mqtt-port"], 50)
        first.kill()
        with running("up", str(county), data=data, log=tmp_path / "second.log") as second:
            # it waits for what the first has left by itself
            second.wait_for("Kafka at", GONE_WITHIN_S + 60)
            second.wait_for("the desk: http")
            assert "listens on 0.0.0.0" in second.log.read_text(), "told once, kept"
            published += publish(data, second.ports["mqtt-port"], 70)

            def all_is_stored() -> bool:
                # what was killed before the broker heard of it comes twice, and counts as found twice
                account = account_of(data, second.ports["kafka-port"], published)
                return account.complete and account.stored == published

            wait_for("all is accounted for", all_is_stored, 90, 0.5)
            done = subprocess.run(
                [*PROGRAM, "restart", "store", "--data", str(data)],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert (done.returncode, done.stdout) == (0, "store was started again and is ready\n"), (
                done.stderr
            )
            second.process.terminate()
            assert second.process.wait(60) == 0
            said = second.log.read_text()
            assert "store ended with 0 and is started again, as asked" in said
            assert "stopped: " + ", ".join(f"{name} 0" for name in sorted(SERVICES)) in said
            assert "restarted: store 1" in said
    assert left_behind(data) == []


@pytest.mark.long
@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_run_that_is_killed_while_it_starts_leaves_no_child(tmp_path: Path, command: str) -> None:
    county = write_county(tmp_path / "county", [device("d0")])
    data = tmp_path / "data"
    arguments = [str(county)] if command == "up" else ["--config", str(county)]
    with running(command, *arguments, data=data, log=tmp_path / "log") as run:
        run.wait_for("Kafka at")
        assert left_behind(data)
        run.kill()
        wait_for("no child is left", lambda: left_behind(data) == [], GONE_WITHIN_S)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="no /proc")
def test_two_kafka_on_one_folder_are_impossible_even_where_one_outlives_its_parent(tmp_path: Path) -> None:
    county = write_county(tmp_path / "county", [device("d0")])
    data = tmp_path / "data"
    with running("up", str(county), data=data, log=tmp_path / "first.log") as first:
        first.wait_for("Kafka at")
        kafka = kafka_of(data)
        # A Kafka that neither the kernel's signal nor its watcher ends.
        for watcher in watchers_of(kafka):
            os.kill(watcher, signal.SIGKILL)
        os.kill(kafka, signal.SIGSTOP)
        try:
            first.kill()
            second = Run("up", str(county), data=data, log=tmp_path / "second.log")
            assert second.process.wait(60) == 2
            said = second.log.read_text()
            assert f"{data} is in use by servers of a `dustwatch up` (process {first.process.pid})" in said
            assert f"{kafka} (java kafka.Kafka {data}/kafka/server.properties)" in said
            assert "Traceback" not in said
            os.kill(kafka, signal.SIGCONT)
            wait_for("it takes the signal that it was sent", lambda: left_behind(data) == [], 60)
        finally:
            with suppress(ProcessLookupError):
                os.kill(kafka, signal.SIGKILL)
        with running("up", str(county), data=data, log=tmp_path / "third.log") as third:
            third.wait_for("Kafka at")
