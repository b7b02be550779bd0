"""A service whose server is away goes on trying, and says on its health page which address and what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerProcess
from tests.e2e.test_command_line import EXAMPLE, dustwatch
from tests.fakes.servers import PageFake
from tests.pipeline import wait_for
from tests.stored_stores import put_stored


@contextmanager
def service(name: str, folder: Path, **settings: object) -> Iterator[tuple[ServerProcess, str]]:
    """A running service and the address of its readiness."""
    port = free_port()
    own = {"CONFIG": EXAMPLE, "HEALTH_PORT": port, **settings}
    env = {**os.environ, **{f"DUSTWATCH_{key}": str(value) for key, value in own.items()}}
    command = [sys.executable, "-m", "deploy.cli", "run", name]
    process = ServerProcess(name, command, folder / f"{name}.log", env)
    try:
        yield process, f"http://127.0.0.1:{port}/readyz"
    finally:
        process.stop()


def wrong(url: str) -> dict[str, str]:
    """What the service complains of."""
    try:
        answer = httpx.get(url, timeout=5)
    except httpx.TransportError:
        return {}
    return dict(answer.json().get("wrong", {})) if answer.status_code == 503 else {}


def test_a_bridge_without_its_broker_names_the_address_and_lives(kafka: KafkaNode, tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    settings = {"KAFKA": kafka.bootstrap, "MQTT": f"mqtt://{nowhere}"}
    with service("bridge", tmp_path, **settings) as (process, url):
        wait_for("the bridge complains", lambda: nowhere in wrong(url).get("mqtt", ""), 60)
        assert process.running()
    assert "Traceback" not in process.log.read_text(encoding="utf-8")


def test_a_store_whose_influxdb_is_busy_at_the_start_waits_says_so_and_stops_when_told(
    tmp_path: Path,
) -> None:
    busy = PageFake(lambda method, path, body: (503, {"Retry-After": "1"}, b"starting"))
    settings = {
        "KAFKA": f"127.0.0.1:{free_port()}",  # not asked before the history takes something
        "HISTORY": f"influx+{busy.url}?org=o&bucket=b",
        "INFLUX_TOKEN": "s3cretMARK",
    }
    with service("store", tmp_path, **settings) as (process, url):
        wait_for("the store waits", lambda: "answers 503" in wrong(url).get("history_start", ""), 60)
        wait_for("it asks again", lambda: len(busy.asked) >= 3, 60)
        assert process.running()
        process.popen.terminate()
        assert process.ended() == 0
    busy.stop()
    said = process.log.read_text(encoding="utf-8")
    assert "history_busy" in said
    assert "s3cretMARK" not in said
    assert "Traceback" not in said


def test_playing_a_recording_to_no_broker_is_named_with_its_address_and_exit_3(tmp_path: Path) -> None:
    recording = tmp_path / "r.jsonl"
    recording.write_text('{"received_at": "2026-11-23T00:00:00Z", "topic": "a", "payload": "x"}\n')
    done = dustwatch("publish", str(recording), "--to", "mqtt://127.0.0.1:1")
    assert done.returncode == 3, done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "--to" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("then", ["told to stop", "migrated"])
def test_alerts_whose_store_is_behind_wait_until_it_is_migrated_and_say_so(tmp_path: Path, then: str) -> None:
    cases = put_stored(f"sqlite:///{tmp_path}/cases.sqlite")
    nowhere = f"127.0.0.1:{free_port()}"  # Kafka is not asked before the store can be used
    with service("alerts", tmp_path, KAFKA=nowhere, CASES=cases) as (process, url):
        wait_for("alerts complain", lambda: "case_store_start" in wrong(url), 60)
        assert (
            f"at revision 0001, this program needs {name_of(REVISION)}: run `dustwatch store mig"
            in wrong(url)["case_store_start"]
        )
        if then == "told to stop":
            process.popen.terminate()
            assert process.popen.wait(30) == 0
        else:
            done = dustwatch("store", "migrate", cases)
            assert f"migrated from revision 0001 to {name_of(REVISION)}" in done.stdout
            wait_for("alerts go on", lambda: process.popen.poll() is not None, 60)
            assert process.popen.returncode == 3  # there is no Kafka
    said = process.log.read_text(encoding="utf-8")
    assert said.count("waits_for_migration") == 1
    assert ("store_is_migrated" in said) == (then == "migrated")
    assert "Traceback" not in said
