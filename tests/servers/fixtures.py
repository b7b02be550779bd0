"""Fixtures that start the real servers, once a run, for tests with the marker `servers`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import influxdb as influxdb_server
from tests.servers import mosquitto as mosquitto_server
from tests.servers import postgres as postgres_server


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[influxdb_server.InfluxServer]:
    """InfluxDB 2.7.12, shared by the whole run: use buckets of your own."""
    server = influxdb_server.start(tmp_path_factory.mktemp("influxdb"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mosquitto_server.MosquittoServer]:
    """Mosquitto, shared by the whole run: use client ids and topics of your own."""
    server = mosquitto_server.start(tmp_path_factory.mktemp("mosquitto"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres_server.PostgresServer]:
    """PostgreSQL, shared by the whole run: use databases of your own."""
    server = postgres_server.start(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()
