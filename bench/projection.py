"""How good the word before the breach is: warnings on real recordings, against what the windows became.

Beside it, in the same run: the simplest forecast, "the mean so far is above the limit".
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.report import Row, table
from processors.columns import Int64s
from processors.outlook import (
    NONE,
    Bars,
    LeadTimes,
    OutlookSettings,
    Progress,
    ProjectionSettings,
    Recent,
    WindowStates,
    conditions,
    lead_times,
    learn,
    project,
    prospects,
    step,
)
from processors.records import QUIET, STATES, WARNING
from tests.counties import DATA, dust_storm

NANO = 10**9
LEAST_PERMYRIAD = 7500
_PARTS = 4  # the simplest forecast says nothing before a quarter of the window is covered


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Slot means of one place and pollutant, and the limits that its windows are held against."""

    name: str
    means: Int64s  # 1e-9 unit, NONE where nothing was measured
    interval: int  # ms
    slots: int  # of a window
    limits: tuple[int, ...]  # in the unit


@dataclass(frozen=True, slots=True)
class Outcome:
    """One window under one limit: what it became, and how long before its end it was announced."""

    exceeds: bool
    won: LeadTimes
    warned: bool  # ever, also where it was taken back
    simplest: int | None  # ms by which the mean so far stood above the limit until the end
    simplest_warned: bool
    certain: bool  # ever


def recordings() -> dict[str, list[Series]]:
    """The recordings by the kind of window; none where the folder is absent."""
    if not DATA.exists():
        return {}
    storm = [
        Series(f"{name} of the dust storm", _slot_means(column), 300_000, slots, (80, 150, 190, 250))
        for name, column in (("PM10", 2), ("PM2.5", 1))
        for slots in (12, 3)
    ]
    stations = [
        Series(f"{pollutant} of {path.stem}", _hours(path, pollutant), 3_600_000, 24, limits)
        for path in sorted(DATA.glob("beijing-*.csv.gz"))
        for pollutant, limits in (("PM10", (120, 150)), ("PM2.5", (60, 75)))
    ]
    return {
        "1 h, sensor in dust storms": [s for s in storm if s.slots == 12],
        "15 min, sensor in dust storms": [s for s in storm if s.slots == 3],
        "day of hourly means, 2 stations": stations,
    }


def _slot_means(column: int, interval: int = 300_000) -> Int64s:
    rows = dust_storm()
    first = rows[0][0] // 3_600_000 * (3_600_000 // interval)
    slots: dict[int, list[float]] = {}
    for row in rows:
        slots.setdefault(row[0] // interval - first, []).append(row[column])
    made = np.full(-(-(max(slots) + 1) // 12) * 12, NONE, np.int64)
    for slot, values in slots.items():
        made[slot] = round(sum(values) / len(values) * NANO)
    return made


def _hours(path: Path, pollutant: str) -> Int64s:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        values = [row[pollutant] for row in csv.DictReader(file)]
    return np.array([NONE if v == "NA" else round(float(v) * NANO) for v in values], np.int64)


def play(series: Series) -> list[Outcome]:
    """Every window with enough capture, looked at as each of its slots ends; a line a limit."""
    n, step_ms = len(series.limits), series.interval
    rows = np.arange(n, dtype=np.int32)
    interval, slots = np.full(n, step_ms, np.int64), np.full(n, series.slots, np.int64)
    bar = np.array(series.limits, np.int64) * NANO
    bars, settings = Bars(bar, bar), ProjectionSettings()
    recent, made = Recent.of(n), []
    for first in range(0, len(series.means) - series.slots + 1, series.slots):
        total, covered = np.zeros(n, np.int64), np.zeros(n, np.int64)
        watch, said, simplest = WindowStates.of(n), [], []
        for slot in range(series.slots):  # one evaluation before each slot: some of the window is open
            progress = Progress(total, covered, 0 * slots, 0 * slots + slot, slots)
            found = prospects(progress, bars, True, LEAST_PERMYRIAD)
            now = (first + slot) * step_ms
            projection = project(progress, bars, True, recent, interval, now, settings)
            step(watch, rows, conditions(found, projection, OutlookSettings()))
            said.append(watch.state.copy())
            simplest.append((covered * _PARTS >= slots) & (total > bar * covered))
            mean = int(series.means[first + slot])
            if mean != NONE:
                total, covered = total + mean, covered + 1
                start = np.full(n, now, np.int64)
                learn(recent, rows, start, np.full(n, mean, np.int64), interval, settings.memory)
        if int(covered[0]) * 10_000 < LEAST_PERMYRIAD * series.slots:
            continue
        end = (first + series.slots) * step_ms
        instants = [(first + slot) * step_ms for slot in range(series.slots)]
        for i in range(n):
            states = [STATES[int(state[i])] for state in said]
            stood = [STATES[WARNING if above[i] else QUIET] for above in simplest]
            made.append(
                Outcome(
                    exceeds=bool(total[i] > bar[i] * covered[i]),
                    won=lead_times(list(zip(instants, states, strict=True)), end),
                    warned=any(state in STATES[1:4] for state in states),
                    simplest=lead_times(list(zip(instants, stood, strict=True)), end).warning,
                    simplest_warned=STATES[WARNING] in stood,
                    certain="certain" in states,
                )
            )
    return made


def run() -> list[Row]:
    """Hit rate, false warnings and time won for each kind of window; a certain must never be wrong."""
    return [row for kind, many in recordings().items() for row in _rows(kind, [play(one) for one in many])]


def _rows(kind: str, played: Iterable[list[Outcome]]) -> list[Row]:
    all_ = [one for outcomes in played for one in outcomes]
    bad, good = [one for one in all_ if one.exceeds], [one for one in all_ if not one.exceeds]
    peer, of = "mean so far", f"{len(bad)} exceeding of {len(all_)} windows and limits"
    warned, simple = _minutes(o.won.warning for o in bad), _minutes(o.simplest for o in bad)
    certain = _minutes(o.won.certain for o in bad)
    return [
        Row(
            f"warning, {kind}: hit rate",
            100 * len(warned) / len(bad),
            "%",
            peer,
            100 * len(simple) / len(bad),
            note=of,
        ),
        Row(
            f"warning, {kind}: windows warned of that complied",
            100 * sum(o.warned for o in good) / len(good),
            "%",
            peer,
            100 * sum(o.simplest_warned for o in good) / len(good),
            note=f"{sum(o.warned for o in good)} of {len(good)}",
        ),
        Row(f"warning, {kind}: median time won", _median(warned), "min", peer, _median(simple)),
        Row(
            f"certain, {kind}: median time won",
            _median(certain),
            "min",
            note=f"{len(certain)} of {len(bad)} before the end",
        ),
        Row(f"certain, {kind}: ended otherwise", sum(o.certain for o in good), "windows", goal="0"),
    ]


def _minutes(won: Iterable[int | None]) -> list[float]:
    return [ms / 60_000 for ms in won if ms]


def _median(won: list[float]) -> float:
    return median(won) if won else 0.0


if __name__ == "__main__":
    print(table(run()))
