"""What a process loads: no driver, framework or template engine that its own work does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRIVERS = {"pandas", "influxdb_client", "reactivex", "sqlalchemy", "psycopg"}
PAGES = {"starlette", "jinja2", "babel", "uvicorn"}
SAY = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        pytest.param("deploy.services", DRIVERS | PAGES | {"faust", "alerts"}, id="every service"),
        pytest.param("processors.history", DRIVERS | PAGES, id="who opens no history"),
        pytest.param("processors.stream.detect", DRIVERS | PAGES, id="detect"),
        pytest.param("processors.stream.app", DRIVERS | PAGES, id="every worker"),
        pytest.param("ingest.bridge", DRIVERS | PAGES | {"faust", "processors"}, id="bridge"),
        pytest.param("ingest.gateway", DRIVERS | PAGES | {"faust", "paho"}, id="gateway"),
        pytest.param("deploy.cli", DRIVERS | PAGES | {"faust", "aiokafka", "numpy"}, id="the command line"),
    ],
)
def test_a_process_loads_no_driver_or_framework_that_its_work_does_not_need(
    module: str, foreign: set[str]
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"import {module}; {SAY}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert foreign & set(said.stdout.split()) == set()
