"""What `up` and `demo` do when an embedded server ends: say so, start it again, wait longer each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.embedded.process import ServerError, ServerProcess, telling_lines
from deploy.machine import supervisor as supervising
from deploy.machine.stack import Stack
from deploy.machine.supervisor import (
    CALM_S,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    KeptServer,
    Service,
    Supervisor,
)
from tests.pipeline import wait_for


@dataclass(slots=True)
class FakeServer:
    """A server that runs when told, and fails to start as often as told."""

    alive: bool = True
    faults: list[Exception] = field(default_factory=list)

    def running(self) -> bool:
        return self.alive

    def start(self) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.alive = True

    def stop(self) -> None:
        self.alive = False


def kept(server: FakeServer) -> KeptServer:
    return KeptServer("Kafka", server, Path("/data/kafka.log"), started_at=0.0)


def test_a_server_that_runs_is_left_alone() -> None:
    assert kept(FakeServer()).tend(1.0) == []


def test_a_server_that_ended_is_named_with_its_log_and_started_again_after_a_pause() -> None:
    one = kept(FakeServer(alive=False))
    (said,) = one.tend(10.0)
    assert "Kafka ended, see /data/kafka.log" in said
    assert one.tend(10.0 + FIRST_PAUSE_S / 2) == []
    assert one.tend(10.0 + FIRST_PAUSE_S) == ["Kafka runs again"]
    assert one.tend(11.0) == []
    assert one.restarts == 1


def test_a_server_that_runs_and_is_of_no_use_is_stopped_and_started_again() -> None:
    reasons = ["out of ids", None]
    one = KeptServer("MQTT", FakeServer(), Path("/data/mqtt.log"), 0.0, useless=lambda: reasons.pop(0))
    (said,) = one.tend(10.0)
    assert "MQTT was stopped: out of ids" in said
    assert not one.server.running()
    assert one.tend(10.0 + FIRST_PAUSE_S) == ["MQTT runs again"]
    assert one.tend(11.0) == []


def test_a_server_that_does_not_start_is_tried_less_and_less_often_and_says_why() -> None:
    faults: list[Exception] = [
        ServerError("No space left on device"),
        OSError(28, "No space left on device"),
    ] * 5
    one = kept(FakeServer(alive=False, faults=faults))
    one.tend(0.0)
    pauses = []
    while faults:
        at = one.due_at
        assert at is not None
        (said,) = one.tend(at)
        assert "No space left on device" in said
        assert one.due_at is not None
        pauses.append(one.due_at - at)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S
    assert one.tend(one.due_at) == ["Kafka runs again"]


def test_a_full_disk_is_named_for_a_server_that_can_not_write_it_down() -> None:
    one = kept(FakeServer(alive=False))
    one.room = lambda folder: 1000
    assert "the disk under /data is full, make room" in one.tend(0.0)[0]


def test_after_a_calm_while_the_first_pause_is_short_again() -> None:
    server = FakeServer(alive=False, faults=[ServerError("x")] * 4)
    one = kept(server)
    one.tend(0.0)
    while one.due_at is not None:
        one.tend(one.due_at)
    server.alive = False
    one.tend(one.started_at + CALM_S + 1)
    assert one.due_at == one.started_at + CALM_S + 1 + FIRST_PAUSE_S


def test_the_last_words_of_a_java_program_are_its_errors_and_not_the_places_of_its_trace() -> None:
    log = [
        "WARNING: sun.misc.Unsafe::invokeCleaner will be removed in a future release",
        "ERROR Error while writing to checkpoint file /data/recovery-point-offset-checkpoint",
        "java.io.IOException: No space left on device",
        "\tat java.base/sun.nio.ch.UnixFileDispatcherImpl.write0(Native Method)",
        "\tat java.base/java.lang.Thread.run(Unknown Source)",
        "",
    ]
    assert telling_lines(log) == log[1:3]
    assert telling_lines([]) == []


WAITS = "echo up; while :; do sleep 0.02; done"


@contextmanager
def supervised(folder: Path, shell: str, ready: str = "up") -> Iterator[tuple[Supervisor, Service]]:
    """A service that has begun to run, or has ended where it says nothing."""
    log = folder / "log"
    service = Service("detect", ["sh", "-c", shell], {}, log)
    service.process = ServerProcess(service.name, service.command, log)
    supervisor = Supervisor([service])
    try:
        wait_for("it says so", lambda: ready in log.read_text(), 20, 0.02)
        yield supervisor, service
    finally:
        supervisor.stop()


def tend_until(supervisor: Supervisor, words: str) -> list[str]:
    """Tend until it says these words; all that it said."""
    said: list[str] = []

    def has_said() -> bool:
        said.extend(supervisor.tend())
        return any(words in line for line in said)

    wait_for(words, has_said, 20, 0.02)
    return said


def test_a_service_is_restarted_at_once_when_an_operator_asks(tmp_path: Path) -> None:
    with supervised(tmp_path, f"trap 'exit 0' TERM; {WAITS}") as (supervisor, service):
        assert service.process is not None
        before = service.process.pid
        supervisor.restart("detect")
        said = tend_until(supervisor, "as asked")
        assert said == ["detect ended with 0 and is started again, as asked"]
        assert service.process.pid != before
        assert (service.restarts, service.asked_at) == (1, None)
        assert supervisor.tend() == []


def test_a_service_that_stays_down_is_started_when_an_operator_asks(tmp_path: Path) -> None:
    with supervised(tmp_path, "echo up; exit 2") as (supervisor, service):
        tend_until(supervisor, "stays down")
        assert service.gave_up
        supervisor.restart("detect")
        assert supervisor.tend() == ["detect was down and is started again, as asked"]
        tend_until(supervisor, "stays down")


def test_a_service_that_does_not_end_when_asked_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "STOP_WITHIN_S", 0.1)
    with supervised(tmp_path, f"trap '' TERM; {WAITS}") as (supervisor, service):
        supervisor.restart("detect")
        assert tend_until(supervisor, "as asked") == ["detect ended with -9 and is started again, as asked"]
        assert service.process is not None
        service.process.kill()


def test_a_service_that_is_not_there_can_not_be_restarted() -> None:
    with pytest.raises(KeyError):
        Supervisor().restart("detect")


def test_a_run_says_at_its_end_what_it_stopped_what_was_down_and_what_it_restarted(tmp_path: Path) -> None:
    stack = Stack(tmp_path, tmp_path, "wall", 1, print)
    assert stack.what_was_done({}) == []
    log = tmp_path / "log"
    stack.servers = [
        KeptServer("Kafka", FakeServer(), log, 0.0, restarts=2),
        KeptServer("x", FakeServer(), log, 0),
    ]
    stack.supervisor.services = [
        Service(name, [], {}, log, restarts=count)
        for name, count in (("store", 0), ("detect", 1), ("desk", 0))
    ]
    assert stack.what_was_done({"store": 0, "detect": -9}) == [
        "stopped: detect -9, store 0",
        "was down already: desk",
        "restarted: Kafka 2, detect 1",
    ]
