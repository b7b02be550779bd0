"""What `up` and `demo` do when an embedded server ends: say so, start it again, wait longer each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.process import ServerError, telling_lines
from deploy.machine.supervisor import CALM_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, KeptServer


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
