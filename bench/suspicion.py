"""How much falsification is found, how soon, and how often an honest monitor is suspected.

The figures are of the second half of the recordings; those of the first half, on which thresholds may be
tuned, stand beside them. The defaults were chosen before the recordings were parted, by all of them: only
what is changed from now on is measured on weeks that it has not seen.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from bench.detect import folded, made, size_of
from bench.report import Row
from bench.suspicion_fleet import DATA, HOUR_MS, MINUTES, STATIONS, Fleet, Monitor, honest, sds011, station
from bench.suspicion_scenarios import SCENARIOS, TWIN_STRENGTHS, TWINS, twins
from processors.columns import ABSENT
from processors.fold import Suspicions
from processors.suspicion import (
    LONG_HOURS,
    STANDING,
    Blocks,
    Episodes,
    Finding,
    HourReadings,
    Surroundings,
    SuspicionSettings,
    described,
    hour_features,
    restored,
    standing_block,
)

KINDS = ("plain", "stage_end", "fog", "rain", "watering", "at_rest", "poor_network")
MONTH_H = 730.5
_LEAD_H, _AFTER_H = 8 * 24, 7 * 24
# days of the recordings; what is injected in one half is over before the other begins
_TUNED, _MEASURED = (1, 7, 13, 19, 25, 30), (46, 52, 58, 64, 70, 76)
_PARTED = 46 * 24  # hours
_SITES = 100  # numbers of sites from here on are of no other scenario
_GOAL = "< 0.1"
PACKS = ("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10")


def run() -> list[Row]:
    """Scenarios, false alarms, cost."""
    if not DATA.exists():
        print(f"the recordings of {DATA} are absent")
        return []
    return [*detection(), *false_alarms(), *cost()]


def watched(fleet: Fleet, settings: SuspicionSettings | None = None) -> list[Finding]:
    """All that is said of a fleet, hour by hour."""
    devices = len(fleet.monitors)
    episodes, said = Episodes.of(devices), []
    for number in range(fleet.hours):
        start, rows, reference, sums = fleet.hour(number)
        place = Surroundings(fleet.site, (start // HOUR_MS + 8) % 24)
        said += episodes.close(
            hour_features(rows, devices, start, reference, sums=sums), place, settings or SuspicionSettings()
        )
    return said


def injected(start_day: int, others: bool = True) -> Fleet:
    """All scenarios side by side; eight days before, seven after.

    `others`: has each site another monitor, an honest one?
    """
    first, hours = start_day * 24, _LEAD_H + _AFTER_H
    made: list[Monitor] = []
    offset = start_day * 101
    base = start_day * 7

    def next_honest(work: float) -> Monitor:
        nonlocal offset
        offset += 137
        return honest(STATIONS[start_day % 2], first, hours, offset, work)

    for index, (name, (inject, strengths, unit, _)) in enumerate(SCENARIOS.items()):
        at = _LEAD_H * MINUTES + ((base + index * 5) % 8) * MINUTES + (index * 13 + start_day) % 60
        at += 60  # 9:00 to 17:00 local time
        for strength in strengths:
            one = inject(next_honest(40.0 + 20.0 * (index % 3)), at, strength)
            one.begins, one.label = at, (name, f"{unit} {strength:g}")
            made.append(one)
            if others:
                one.site = _SITES + len(made)
                other = honest(STATIONS[start_day % 2], first, hours, offset + 61, 50.0)
                other.site = one.site
                made.append(other)
    at = _LEAD_H * MINUTES + 120
    for n, blur in enumerate(TWIN_STRENGTHS):
        for one in twins(next_honest(60.0), next_honest(90.0), at, blur, site=n):
            one.begins, one.label = at, (TWINS, f"blur {blur:g}")
            made.append(one)
    made += [next_honest(50.0) for _ in range(6)]
    return Fleet(made, station(STATIONS[0]).start + first * HOUR_MS)


def detection() -> list[Row]:
    """Share found and median time to detect, per pattern and strength; where no other monitor is, too."""
    tuned, measured = _injected_over(_TUNED), _injected_over(_MEASURED)
    alone = _injected_over(_MEASURED, others=False)
    rows = [
        Row(
            f"suspicion: {name}, {strength}: found",
            measured.share(name, strength),
            "%",
            note=f"{_soon(measured.hours[name, strength])}of {n} injected; "
            f"first half {tuned.share(name, strength):.0f} %, "
            f"alone on its site {alone.share(name, strength):.0f} %",
        )
        for (name, strength), n in measured.tried.items()
    ]
    said = ", ".join(f"{k} {v}" for k, v in measured.early.most_common())
    return [
        *rows,
        Row(
            "suspicion: before the injections, false alarms",
            measured.alarms,
            "a device-month",
            goal=_GOAL,
            note=f"{measured.lead_h / MONTH_H:.0f} device-months; {said}; first half {tuned.alarms:.3f}",
        ),
    ]


@dataclass
class Injected:
    """What was found of falsifications, and said before them."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    hours: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    early: Counter[str] = field(default_factory=Counter)
    lead_h: int = 0

    def share(self, name: str, strength: str) -> float:
        """Per cent found."""
        return 100 * len(self.hours[name, strength]) / self.tried[name, strength]

    @property
    def alarms(self) -> float:
        return sum(self.early.values()) / (self.lead_h / MONTH_H)


def _soon(hours: list[float]) -> str:
    return f"median {median(hours):.1f} h, " if hours else ""


def _injected_over(days: tuple[int, ...], others: bool = True) -> Injected:
    made = Injected()
    for day in days:
        fleet = injected(day, others)
        found: dict[tuple[int, str], float] = {}
        for finding in watched(fleet):
            one = fleet.monitors[finding.row]
            began = fleet.start + one.begins * 60_000
            if finding.silenced:
                continue
            if one.label[0] == "honest" or finding.end <= began:
                made.early[finding.pattern] += 1
                continue
            found.setdefault((finding.row, finding.pattern), (finding.end - began) / HOUR_MS)
        for row, one in enumerate(fleet.monitors):
            made.lead_h += _LEAD_H if one.label[0] != "honest" else fleet.hours
            if one.label[0] == "honest":
                continue
            pattern = SCENARIOS[one.label[0]][3] if one.label[0] in SCENARIOS else TWINS
            made.tried[one.label] += 1
            if (row, pattern) in found:
                made.hours[one.label].append(found[row, pattern])
    return made


def false_alarms() -> list[Row]:
    """What is said of monitors that are honest."""
    rows = [_untouched_storm(), _untouched_stations()]
    hours = len(station(STATIONS[0]).pm10)
    monitors = [
        honest(own, 0, hours, 211 * (k + 1) + 1009 * copy, 30.0 + 25.0 * copy, kind=kind)
        for k, kind in enumerate(KINDS)
        for own in STATIONS
        for copy in range(3)
    ]
    for n, one in enumerate(monitors):
        one.site = n // 3  # three monitors a site
    fleet = Fleet(monitors, station(STATIONS[0]).start)
    said = watched(fleet)
    for kind in KINDS:
        own = [f for f in said if fleet.monitors[f.row].label[1] == kind]
        count = sum(m.label[1] == kind for m in monitors)
        rows.append(_alarms(f"honest, {kind}", own, fleet.start, count, hours))
    rows.append(_alarms("honest, all", said, fleet.start, len(monitors), hours))
    for one in monitors:
        one.site = -1
    said = watched(Fleet(monitors, fleet.start))
    return [*rows, _alarms("honest, each alone on its site", said, fleet.start, len(monitors), hours)]


def _alarms(what: str, said: list[Finding], start: int, monitors: int, hours: int) -> Row:
    """Of `monitors` over `hours` from `start` on: those of the second half; a short series counts whole."""
    parted = start + (_PARTED if hours > 2 * _PARTED - 24 else 0) * HOUR_MS
    later = [f for f in said if f.end > parted]
    months = monitors * (hours - (parted - start) // HOUR_MS) / MONTH_H
    told = Counter(f.pattern for f in later if not f.silenced)
    held = Counter(f"{f.pattern} by {f.silenced}" for f in later if f.silenced)
    words = ", ".join(f"{k} {v}" for k, v in told.most_common()) or "none"
    silent = ", ".join(f"{k} {v}" for k, v in held.most_common())
    note = f"{months:.2f} device-months; {words}" + (f"; silenced: {silent}" if silent else "")
    if parted > start:
        before = sum(f.end <= parted and not f.silenced for f in said)
        note += f"; first half {before / (monitors * _PARTED / MONTH_H):.3f}"
    return Row(
        f"suspicion: {what}: false alarms",
        sum(told.values()) / months,
        "a device-month",
        goal=_GOAL,
        note=note,
    )


def _untouched_storm() -> Row:
    """The SDS011 through its dust storms, without a background."""
    at, pm10, pm2_5 = sds011()
    episodes, said = Episodes.of(1), []
    hours = range(int(at[0] // HOUR_MS), int(at[-1] // HOUR_MS) + 1)
    for hour in hours:
        own = at // HOUR_MS == hour
        rows = HourReadings(
            np.zeros(int(own.sum()), np.int32),
            at[own],
            np.rint(pm10[own] * 1000).astype(np.int32),
            np.rint(pm2_5[own] * 1000).astype(np.int32),
        )
        place = Surroundings(np.zeros(1, np.int32), (hour + 8) % 24)
        said += episodes.close(
            hour_features(rows, 1, hour * HOUR_MS, np.full(1, np.nan)), place, SuspicionSettings()
        )
    return _alarms("SDS011 as recorded", said, int(hours[0]) * HOUR_MS, 1, len(hours))


def _untouched_stations() -> Row:
    """Each reference station's hours as a monitor with the other as its background."""
    episodes, said = Episodes.of(2), []
    both = [station(name) for name in STATIONS]
    hours = len(both[0].pm10)
    for hour in range(hours):
        values = np.array([s.pm10[hour] for s in both])
        here = np.flatnonzero(~np.isnan(values))
        start = both[0].start + hour * HOUR_MS
        fine = np.array([s.pm2_5[hour] for s in both])[here]
        rows = HourReadings(
            here.astype(np.int32),
            np.full(len(here), start),
            np.rint(values[here] * 1000).astype(np.int32),
            np.where(np.isnan(fine), ABSENT, np.rint(fine * 1000)).astype(np.int32),
            humidity=np.rint(np.array([s.humidity[hour] for s in both])[here] * 1000).astype(np.int32),
        )
        place = Surroundings(np.arange(2, dtype=np.int32), (start // HOUR_MS + 8) % 24)
        said += episodes.close(hour_features(rows, 2, start, values[::-1].copy()), place, SuspicionSettings())
    return _alarms("the two stations as recorded", said, both[0].start, 2, hours)


def cost(devices: int = 5_000, hours: int = LONG_HOURS + 2) -> list[Row]:
    """CPU time for features and patterns, the longest stop, and what a week's state takes."""
    random = np.random.default_rng(5)
    n = devices * MINUTES
    row = np.repeat(np.arange(devices, dtype=np.int32), MINUTES)
    minute = np.tile(np.arange(MINUTES, dtype=np.int64) * 60_000, devices)
    episodes, blocks = Episodes.of(devices), Blocks()
    site = (np.arange(devices) // 4).astype(np.int32)
    making, finding, saving, said = [], [], [], 0
    for hour in range(hours):
        pm10 = _wandering(random, devices, hour)
        rows = HourReadings(
            row,
            hour * HOUR_MS + minute,
            pm10,
            pm10 // 3,
            (pm10 * random.uniform(1.2, 2.0, n)).astype(np.int32),
            np.clip(60_000 + pm10 // 100 + random.integers(-500, 500, n), 0, 100_000).astype(np.int32),
            lag=random.integers(500, 3000, n),
        )
        begin = time.process_time()
        features = hour_features(rows, devices, hour * HOUR_MS, np.full(devices, 90.0 + hour % 7 * 20))
        made = time.process_time()
        place = Surroundings(site, (hour + 8) % 24)
        said += len(episodes.close(features, place, SuspicionSettings()))
        found = time.process_time()
        saved = blocks.bring_up(episodes.history) | {STANDING: standing_block(episodes)}
        making.append(made - begin)
        finding.append(found - made)
        saving.append(time.process_time() - found)
    restored(described(episodes), saved)
    longest = max(a + b for a, b in zip(making, finding, strict=True))
    kept = (episodes.history.recent, episodes.history.long, episodes.since, episodes.seen, episodes.how)
    size = sum(array.nbytes for array in kept) / devices
    return [
        Row("suspicion: features of an hour", 1e6 * median(making) / n, "us a reading", goal="<= 1 together"),
        Row(
            "suspicion: all patterns",
            1e6 * median(finding[-6:]) / n,
            "us a reading",
            note=f"{devices} devices, a reading a minute; {said} findings",
        ),
        Row("suspicion: longest stop at an hour's end", 1e3 * longest, "ms"),
        Row(
            "suspicion: state of a full week",
            sum(map(len, saved.values())) / devices,
            "B a device",
            note=f"{size:.0f} B before compression",
        ),
        Row("suspicion: packing it, once an hour", 1e3 * max(saving[24:]), "ms", goal="< 50"),
        *_whole_state(episodes, blocks),
    ]


def _whole_state(episodes: Episodes, blocks: Blocks) -> list[Row]:
    """A partition's snapshot with two hours of readings, three packs, and this week of suspicion."""
    detector, _, _ = folded(made(minutes=125, packs=PACKS, suspicion=True))
    without = detector.dump()
    episodes.history.newest = detector.suspicions.episodes.history.newest
    detector.suspicions = Suspicions(len(detector.plan))
    detector.suspicions.episodes, detector.suspicions.blocks = episodes, blocks
    begin = time.process_time()
    whole = detector.dump()
    between = time.process_time()
    detector.dump()
    devices = len(detector.plan)
    note = (
        f"{size_of(without) / devices:.0f} B without the week; Hebei, TSP and warning packs, 2 h of readings"
    )
    return [
        Row(
            "suspicion: the whole state of a partition",
            size_of(whole) / devices,
            "B a device",
            goal="<= 4096",
            note=note,
        ),
        Row("suspicion: saving it at an hour's end", 1e3 * (between - begin), "ms", goal="< 50"),
        Row("suspicion: saving it between", 1e3 * (time.process_time() - between), "ms", goal="< 50"),
    ]


def _wandering(random: np.random.Generator, devices: int, hour: int) -> np.ndarray:
    """PM10 in thousandths by device and minute: a level of the hour, steps that remember each other."""
    steps = random.normal(0, 1, (devices, MINUTES)).cumsum(axis=1) / 8
    level = 60_000 * (1 + 0.5 * np.sin(hour / 4)) * random.uniform(0.7, 1.4, (devices, 1))
    return np.maximum(level * (1 + 0.3 * steps), 500).astype(np.int32).ravel()
