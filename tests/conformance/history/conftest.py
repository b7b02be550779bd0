"""One store after the other under the same tests: SQLite always, InfluxDB with the real servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.history import History, open_history


@pytest.fixture(params=["sqlite", pytest.param("influxdb", marks=pytest.mark.servers)])
def history(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[History]:
    """An empty store."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/history.db"
    else:
        server = request.getfixturevalue("influxdb")
        bucket = f"dust-{uuid.uuid4().hex[:12]}"
        server.create_bucket(bucket)
        monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", server.token)
        url = f"influx+{server.url}?org={server.org}&bucket={bucket}"
    opened = open_history(url)
    yield opened
    opened.close()
