"""Laws of the spike: one glitch gives the same window at every phase, and flags are those of the whole series.

An example is a monitor with its own interval, values and delays; the monitors of one log share its batches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Revision
from processors.fold.detector import Detector
from processors.plan.body import make_revision
from processors.records import Breach, Interval, Verdict
from tests.logs import HOUR, MINUTE, T0, local_rule, revision, row, tick
from tests.property.test_fold_laws import by_kind, fold, fold_together
from tests.quality_series import OFF
from tests.shares import in_tests, seeds_of

MONITORS = 240  # of a log: many in one cost less than many logs
FEW = range(1)  # seeds
MANY = in_tests(range(100, 144), 11)  # 10,560 monitors
everywhere = pytest.mark.parametrize(
    "seeds", [FEW, *(pytest.param(some, marks=pytest.mark.long) for some in MANY)], ids=seeds_of
)

SPIKES = {**OFF, "spike": {"suspect": 50, "fail": 200}}
CHECKS = {"pm10": SPIKES, "pm2_5": SPIKES, "tsp": SPIKES, "pm_order": None, "humidity": None, "clock": None}
LIMIT = 100
RULES = [
    local_rule(id="hour", limit=LIMIT, least_capture=0.01),
    local_rule(id="rolling", limit=LIMIT, alignment="rolling", step=300, least_capture=0.01),
    local_rule(id="five", limit=LIMIT, window=300, least_capture=0.01),
]
LEVEL, GLITCH = 50.0, 6050.0


@dataclass
class Monitor:
    """A monitor and what it measures: time -> value, in ms and ug/m3; when each is received."""

    name: str
    interval: int
    period: int
    values: dict[int, float]
    received: dict[int, int] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        return [
            row(t, v, self.name, received=self.received.get(t, t + self.period + 1000), period=self.period)
            for t, v in self.values.items()
        ]


def plan_of(monitors: list[Monitor]) -> Revision:
    found = revision([{"id": m.name, "interval": m.interval // 1000} for m in monitors], RULES)
    county = {**found.body["county"], "suspicion": None}
    return make_revision({**found.body, "county": county, "quality": CHECKS}, T0)


@dataclass
class Said:
    """The last word on each window and each value, and the episodes that stay open."""

    intervals: dict[tuple[str, int, int], Interval] = field(default_factory=dict)
    verdicts: dict[tuple[str, str, int, int], Verdict] = field(default_factory=dict)
    spikes: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    open: dict[str, Breach] = field(default_factory=dict)


def log_of(monitors: list[Monitor], until: int, rng: random.Random, cut: float = 0.01) -> list[FeedRecord]:
    """A log in random batches, with a tick every minute."""
    rows = sorted((r for m in monitors for r in m.rows()), key=lambda r: r.received_at)
    ticks = range(T0, until + 1, MINUTE)
    timed: list[tuple[int, int, Any]] = [(t, 0, t) for t in ticks] + [(r.received_at, 1, r) for r in rows]
    records: list[FeedRecord] = [plan_of(monitors)]
    waiting: list[Row] = []
    for _, kind, what in sorted(timed, key=lambda entry: entry[:2]):
        if waiting and (kind == 0 or rng.random() < cut):
            records.append(readings_of(waiting))
            waiting = []
        if kind:
            waiting.append(what)
        else:
            records.append(tick(what))
    records += [readings_of(waiting)] if waiting else []
    return [*records, tick(until)]


def judged(monitors: list[Monitor], until: int, rng: random.Random) -> Said:
    """What the fold says of a log in random batches, with a crash in between."""
    records = log_of(monitors, until, rng)
    detector, said = Detector.empty(), Said()
    crash = rng.randrange(len(records))
    for part in (records[:crash], records[crash:]):
        for out in detector.fold_log(part):
            said.intervals |= {(i.device, i.start, i.end): i for i in out.intervals}
            said.verdicts |= {
                (v.rule, v.point, v.start, v.end): v for v in out.verdicts if v.kind == "interval"
            }
            said.spikes |= {(f.device, f.time): f.words.get("pm10", ()) for f in out.flags}
            for breach in out.breaches:
                if breach.event == "closed":
                    said.open.pop(breach.id, None)
                elif breach.event == "opened" and breach.kind == "exceedance":
                    said.open[breach.id] = breach
        detector = Detector.load(detector.dump())
    return said


@everywhere
def test_a_glitch_at_any_phase_of_a_window_gives_the_same_windows(seeds: range) -> None:
    for seed in seeds:
        rng = random.Random(seed)
        monitors, glitches = [], {}
        for number in range(MONITORS):
            interval = rng.choice([60, 300, 900]) * 1000
            period = rng.choice([0, interval])
            offset = rng.choice([0, rng.randrange(interval // 1000) * 1000])
            times = range(T0 + offset, T0 + 3 * HOUR, interval)
            glitch = rng.choice([t for t in times if T0 + interval <= t < T0 + 2 * HOUR + HOUR // 2])
            level = dict.fromkeys(times, LEVEL)
            monitors.append(Monitor(f"d{number:02}", interval, period, level | {glitch: GLITCH}))
            glitches[monitors[-1].name] = glitch
        said = judged(monitors, T0 + 4 * HOUR, rng)
        assert {key: words for key, words in said.spikes.items() if words} == dict.fromkeys(
            glitches.items(), ("spike!",)
        )
        assert {i.value for i in said.intervals.values()} <= {LEVEL, None}
        assert {v.answer for v in said.verdicts.values()} <= {"compliant", "undetermined"}
        assert said.open == {}
        for m in monitors:
            if m.period == 0 or min(m.values) == T0:
                of_hours = [said.intervals[m.name, T0 + k * HOUR, T0 + (k + 1) * HOUR] for k in range(3)]
                slots = HOUR // m.interval
                lost = [T0 + k * HOUR <= glitches[m.name] < T0 + (k + 1) * HOUR for k in range(3)]
                assert [i.capture for i in of_hours] == [(slots - gone) / slots for gone in lost]


def spikes_of(values: dict[int, float], within: int) -> dict[int, tuple[str, ...]]:
    """What ioos_qc's differential method says of each value but the ends, where the next one comes in time."""
    times = sorted(values)
    found: dict[int, tuple[str, ...]] = {}
    for before, at, after in zip(times, times[1:], times[2:], strict=False):
        up, down = values[at] - values[before], values[after] - values[at]
        away = min(abs(up), abs(down)) if up * down < 0 and after - at <= within else 0
        if away > 50:
            found[at] = ("spike!",) if away > 200 else ("spike",)
    return found


def late_monitors(rng: random.Random, monitors: int) -> list[Monitor]:
    """Monitors that send anything in any order, up to forty minutes late, with holes."""
    made = []
    for number in range(monitors):
        interval = rng.choice([60, 60, 300, 900]) * 1000
        whole = rng.choice([1, 0.8])
        times = [t for t in range(T0, T0 + 2 * HOUR, interval) if rng.random() < whole]
        values = {t: rng.choice([20.0, 20.0, 60.0, 90.0, 400.0]) for t in times}
        wait = rng.choice([0, 0, 5, 40]) * MINUTE
        late = {t: t + 1000 + rng.choice([0, 0, rng.randrange(wait + 1)]) for t in times}
        made.append(Monitor(f"d{number:02}", interval, 0, values, late))
    return made


@everywhere
def test_whatever_comes_late_and_in_whatever_order_flags_and_windows_are_those_of_the_whole_series(
    seeds: range,
) -> None:
    for seed in seeds:
        rng = random.Random(-1 - seed)
        monitors = late_monitors(rng, MONITORS)
        said = judged(monitors, T0 + 4 * HOUR, rng)
        for m in monitors:
            spikes = spikes_of(m.values, 2 * m.interval)
            assert {t: w for (name, t), w in said.spikes.items() if name == m.name and w} == spikes
            admitted = {t: v for t, v in m.values.items() if spikes.get(t) != ("spike!",)}
            for (name, start, end), interval_ in said.intervals.items():
                if name == m.name:
                    inside = [v for t, v in admitted.items() if start <= t < end]
                    mean = float(np.mean(inside)) if inside else None
                    assert interval_.value == (None if mean is None else pytest.approx(mean, abs=1e-8))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_looked_at_again_does_not_depend_on_batches_or_crashes(seed: int) -> None:
    monitors = late_monitors(random.Random(seed), 6)
    one_by_one = log_of(monitors, T0 + 3 * HOUR, random.Random(seed), cut=1.0)
    said, detector = fold(one_by_one)
    assert any(out.final for out in by_kind(said)[4] if out.words)  # type: ignore[attr-defined]
    for cut in (0.0, 0.2):
        records = log_of(monitors, T0 + 3 * HOUR, random.Random(seed), cut)
        for other, after in (fold(records), fold(records, crash_every=7)):
            assert by_kind(other) == by_kind(said)
            assert after.dump() == detector.dump()
        assert by_kind(fold_together(records)) == by_kind(said)
