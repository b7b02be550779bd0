"""The probes and metrics of a service, as a container's health check and Prometheus ask for them."""

from __future__ import annotations

import json
import urllib.request

import pytest

from deploy.health import HealthServer, PortTaken, answer
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
