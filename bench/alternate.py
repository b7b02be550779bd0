"""`python -m bench.alternate BEFORE AFTER [--runs 3] [--only detect_worker]`: two checkouts in turn.

Each run is the checkout's own measurement in its own environment; the order turns round from run to run,
so that what else the machine does meets both. Of the peers beside them nothing is measured. Printed are
every run, the medians and their ratio: a rate above 1 is faster, CPU seconds below 1 are fewer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

_MARK = "measured: "
_WITHIN_S = 900
# what runs inside a checkout: one measurement without its peers, as (rate, note)
_DETECT_WORKER = """
import asyncio, json
from bench import detect_worker as own
with own._kafka() as (bootstrap, folder):
    said = asyncio.run(own._detect(bootstrap, folder))
"""
_WHOLE_WAY = """
import json
from bench import whole_way as own
own.telegraf.binary = lambda: None
row, = own.run()
said = row.value, row.note
"""
_SAY = f"print({_MARK!r} + json.dumps(said), flush=True)\n"
PARTS = {"detect_worker": _DETECT_WORKER + _SAY, "whole_way": _WHOLE_WAY + _SAY}
_CPU = re.compile(r"([\d.]+) s CPU")
_CPU_OF_STAGES = re.compile(r"CPU s per 100,000: (.*)")
_STAGE = re.compile(r"(\w+) ([\d.]+)")

Figures = dict[str, float]


def figures_of(said: str) -> Figures:
    """The rate, and CPU seconds, of what a run has printed. Raises ValueError where it measured nothing."""
    for line in said.splitlines():
        if line.startswith(_MARK):
            rate, note = json.loads(line.removeprefix(_MARK))
            break
    else:
        raise ValueError((said.strip().splitlines() or ["it said nothing"])[-1])
    figures = {"readings/s": float(rate)}
    if cpu := _CPU.search(note):
        figures["CPU s"] = float(cpu[1])
    if stages := _CPU_OF_STAGES.search(note):
        figures |= {f"CPU s of {name}": float(cost) for name, cost in _STAGE.findall(stages[1])}
    return figures


def measure(checkout: Path, part: str) -> Figures:
    """One measurement of a checkout. Raises RuntimeError with its last words."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}
    done = subprocess.run(
        [str(checkout / ".venv" / "bin" / "python"), "-c", PARTS[part]],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    try:
        return figures_of(done.stdout if done.returncode == 0 else done.stderr)
    except ValueError as error:
        raise RuntimeError(f"{part} of {checkout}: {error}") from None


def lines_of(before: Sequence[Figures], after: Sequence[Figures]) -> list[str]:
    """A line for each figure: medians of both sides, and after over before."""
    lines = []
    for name in before[0]:
        old, new = (median(run[name] for run in runs if name in run) for runs in (before, after))
        ratio = f"{new / old:.3f}" if old else "-"
        lines.append(f"{name:<18} before {old:>12,.1f}  after {new:>12,.1f}  ratio {ratio}")
    return lines


def _shown(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:,.1f}" for name, value in figures.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both in turn; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.alternate", description="Two checkouts in turn.")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--runs", type=int, default=3, help="of each side and measurement")
    parser.add_argument("--only", choices=PARTS, action="append", help="may be given twice")
    asked = parser.parse_args(arguments)
    failed = False
    for part in asked.only or PARTS:
        runs: dict[str, list[Figures]] = {"before": [], "after": []}
        sides = [("before", asked.before.resolve()), ("after", asked.after.resolve())]
        try:
            for number in range(asked.runs):
                for name, checkout in sides if number % 2 == 0 else reversed(sides):
                    runs[name].append(measure(checkout, part))
                    load = os.getloadavg()[0]
                    print(f"{part} {name}: {_shown(runs[name][-1])}; load {load:.1f}", flush=True)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            print(f"not measured: {error}", file=sys.stderr, flush=True)
            failed = True
            continue
        print(f"\n{part}, medians of {asked.runs}", *lines_of(*runs.values()), "", sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
