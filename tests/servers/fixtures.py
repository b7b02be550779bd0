"""Fixtures that start the real servers, once a run (marker `servers`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import influxdb as influxdb_server


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[influxdb_server.InfluxServer]:
    """InfluxDB 2.7.12, shared by the whole run: use buckets of your own."""
    server = influxdb_server.start(tmp_path_factory.mktemp("influxdb"))
    yield server
    server.stop()
