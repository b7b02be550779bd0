"""What a measured process has said and cost: its first line, CPU seconds and memory, from /proc."""

from __future__ import annotations

import os
import select
import subprocess
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def first_line(child: subprocess.Popen[str], name: str, within_s: float) -> str:
    """The first line of a child's output. Raises RuntimeError when it ends or is silent for too long."""
    assert child.stdout is not None
    heard, _, _ = select.select([child.stdout], [], [], within_s)
    line = child.stdout.readline() if heard else ""
    if not line:
        raise RuntimeError(f"{name} {'ended without a result' if heard else f'said nothing in {within_s} s'}")
    return line
