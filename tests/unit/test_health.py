"""The probes and metrics of a service, as a container's health check and Prometheus ask for them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import urllib.error
import urllib.request

import pytest

from deploy.health import HealthServer, PortTaken, answer
from ingest.listener import descriptors_for
from ingest.telemetry import Telemetry


def test_a_service_without_a_word_of_its_stage_lives_and_is_not_ready() -> None:
    telemetry = Telemetry("detect")
    assert answer(telemetry, "/healthz")[0] == 200
    status, _, body = answer(telemetry, "/readyz")
    assert status == 503
    assert json.loads(body)["wrong"] == {"start": "still starting"}


def test_a_failing_probe_is_told_in_words_and_a_stuck_stage_is_not_ready_either() -> None:
    telemetry = Telemetry("store")
    telemetry.ready_when("target", lambda: "InfluxDB does not answer")
    assert answer(telemetry, "/healthz")[0] == 200
    assert json.loads(answer(telemetry, "/readyz")[2])["wrong"] == {"target": "InfluxDB does not answer"}
    telemetry.alive_when("stage", lambda: "stuck for 130 s")
    assert answer(telemetry, "/healthz")[0] == 503
    assert set(json.loads(answer(telemetry, "/readyz")[2])["wrong"]) == {"stage", "target"}


def test_metrics_hold_tick_reading_lag_quarantine_by_reason_and_outbox() -> None:
    telemetry = Telemetry("alerts")
    telemetry.quarantined.labels("bad_json").inc(3)
    telemetry.lag.labels("0").set(7)
    telemetry.waiting.labels("outbox").set(2)
    telemetry.last_tick.set(5)
    text = answer(telemetry, "/metrics")[2].decode()
    for line in (
        'dustwatch_quarantined_total{reason="bad_json"} 3.0',
        'dustwatch_lag_records{partition="0"} 7.0',
        'dustwatch_waiting{kind="outbox"} 2.0',
        "dustwatch_last_tick_seconds 5.0",
        "dustwatch_last_reading_seconds 0.0",
    ):
        assert line in text.splitlines(), text


def test_the_page_is_served_and_a_taken_port_is_named_with_the_setting() -> None:
    server = HealthServer(Telemetry("bridge"), "127.0.0.1", 0).start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz?from=test") as reply:
            assert json.loads(reply.read()) == {"service": "bridge", "ok": True, "wrong": {}}
        with pytest.raises(PortTaken, match=rf"{server.port}.*DUSTWATCH_HEALTH_PORT"):
            HealthServer(Telemetry("bridge"), "127.0.0.1", server.port)
    finally:
        server.stop()


def test_two_thousand_half_requests_neither_pile_up_threads_nor_keep_a_probe_out() -> None:
    if descriptors_for(4200) < 4200:
        pytest.skip("the system allows too few open files for both ends")
    telemetry = Telemetry("gateway")
    telemetry.ready_when("kafka", lambda: None)
    server = HealthServer(telemetry, "127.0.0.1", 0).start()
    before = threading.active_count()
    with contextlib.ExitStack() as crowd:
        try:
            for number in range(2000):
                one = crowd.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
                with contextlib.suppress(ConnectionError):
                    one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n"[: 1 + number % 30])
            for _ in range(3):
                with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=20) as reply:
                    assert json.loads(reply.read())["ok"]
            assert threading.active_count() <= before  # threads of others may end meanwhile
            assert len(server._door) <= 64
            assert telemetry.faults.labels("health_connection")._value.get() >= 1900
        finally:
            server.stop()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.0\n\n", 200),
        (b"GET /nowhere HTTP/1.0\r\n\r\n", 404),
        (b"POST /healthz HTTP/1.1\r\n\r\n", 405),
        (b"\x16\x03\x01 hello\r\n\r\n", 400),
        (b"GET /" + b"x" * 10_000, 404),
    ],
)
def test_whatever_is_asked_is_answered_once_and_closed(sent: bytes, status: int) -> None:
    server = HealthServer(Telemetry("bridge"), "127.0.0.1", 0).start()
    try:
        with socket.create_connection(("127.0.0.1", server.port), 20) as one:
            one.sendall(sent)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while data := one.recv(65536):
                    answer += data
        assert answer.startswith(f"HTTP/1.0 {status} ".encode())
    finally:
        server.stop()


def test_a_broken_probe_is_an_answer_too() -> None:
    telemetry = Telemetry("bridge")
    telemetry.alive_when("broken", lambda: str(1 / 0))
    server = HealthServer(telemetry, "127.0.0.1", 0).start()
    try:
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=20)
    finally:
        server.stop()
