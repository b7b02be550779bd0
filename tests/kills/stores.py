"""The stores of a run: the files of `up`, or an InfluxDB and a PostgreSQL of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import influxdb, postgres


@contextmanager
def on_servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """Settings that name a running InfluxDB and PostgreSQL. Raises ServerMissing."""
    with ExitStack() as stack:
        history = influxdb.start(folder / "influxdb")
        stack.callback(history.stop)
        cases = postgres.start(folder / "postgres")
        stack.callback(cases.stop)
        yield {
            "DUSTWATCH_HISTORY": history.history_url,
            "DUSTWATCH_INFLUX_TOKEN": history.token,
            "DUSTWATCH_CASES": cases.url,
        }
