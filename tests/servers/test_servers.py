"""The real servers start, take what they are given, and are there again after a stop or a kill."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from paho.mqtt import publish, subscribe

from tests.servers import influxdb, mosquitto, postgres
from tests.servers.influxdb import InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.process import Process, ServerMissing


@pytest.mark.servers
def test_influxdb_makes_buckets(influxdb: InfluxServer) -> None:
    influxdb.create_bucket("a-bucket-of-its-own", keep_s=3600)
    assert influxdb.history_url.startswith("influx+http://127.0.0.1:")


@pytest.mark.servers
def test_mosquitto_remembers_over_a_restart_unless_told_to_forget(tmp_path: Path) -> None:
    server = mosquitto.start(tmp_path / "mosquitto")
    try:
        publish.single("a/b", "kept", qos=1, retain=True, hostname="127.0.0.1", port=server.port)
        server.stop()
        server.start_again()
        assert _retained(server) == b"kept"
        server.stop()
        server.start_again(forget=True)
        publish.single("a/b", "new", qos=1, retain=True, hostname="127.0.0.1", port=server.port)
        assert _retained(server) == b"new"
    finally:
        server.stop()


def _retained(server: MosquittoServer) -> bytes:
    message = subscribe.simple("a/#", hostname="127.0.0.1", port=server.port)
    payload: bytes = message.payload
    return payload


@pytest.mark.servers
def test_postgres_gives_databases_and_survives_a_kill(tmp_path: Path) -> None:
    server = postgres.start(tmp_path / "postgres")
    try:
        url = server.create_database("one").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7)")
        server.kill()
        server.start_again()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM t").fetchone() == (7,)
    finally:
        server.stop()


def test_a_server_that_does_not_come_up_is_an_error_with_its_log(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "echo no such option; exit 1"], tmp_path / "log")
    with pytest.raises(ServerMissing, match="no such option"):
        process.wait_until(lambda: False)


def test_without_go_and_rust_it_is_said_what_influxdb_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUSTWATCH_CACHE", str(tmp_path))
    monkeypatch.setattr(influxdb.shutil, "which", lambda name: None)
    monkeypatch.setattr(influxdb.os, "access", lambda path, mode: False)
    with pytest.raises(ServerMissing, match=r"needs go.*install Go.*or put a built influxd at"):
        influxdb.binary()
    assert os.listdir(tmp_path / "influxdb") == []
