"""What a measurement says, and how a run's measurements are printed and kept."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

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
        **{name: version(name) for name in _PACKAGES},
    }


def keep(rows: Sequence[Row]) -> Path:
    """Write the run to `bench/results/DATE.md` and `.json`; returns the Markdown file."""
    RESULTS.mkdir(exist_ok=True)
    where = machine()
    stem = where["date"].replace(":", "").replace("+0000", "Z")
    facts = "\n".join(f"- {key}: {value}" for key, value in where.items())
    path = RESULTS / f"{stem}.md"
    path.write_text(f"# Measured {where['date']}\n\n{facts}\n\n{table(rows)}\n", encoding="utf-8")
    body = {"machine": where, "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}
    path.with_suffix(".json").write_text(json.dumps(body, indent=1, ensure_ascii=False), encoding="utf-8")
    return path
