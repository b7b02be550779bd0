"""What a process loads: no driver, framework or template engine that its own work does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRIVERS = {"pandas", "influxdb_client", "reactivex", "sqlalchemy", "psycopg"}
PAGES = {"starlette", "jinja2", "babel", "uvicorn"}
# one after the other in one process, so each may have what those before it have
FOREIGN = {
    "deploy.cli": DRIVERS | PAGES | {"faust", "aiokafka", "numpy"},
    "ingest.bridge": DRIVERS | PAGES | {"faust", "processors"},
    "ingest.gateway": DRIVERS | PAGES | {"faust", "processors"},
    "deploy.services": DRIVERS | PAGES | {"faust", "alerts"},
    "processors.stream.app": DRIVERS | PAGES,
    "processors.stream.detect": DRIVERS | PAGES,
}
ASK = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
    print(module, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_process_loads_no_driver_or_framework_that_its_work_does_not_need() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASK, *FOREIGN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {module: set(names) for module, *names in map(str.split, said.stdout.splitlines())}
    assert {module: names & FOREIGN[module] for module, names in loaded.items()} == {
        module: set() for module in FOREIGN
    }
