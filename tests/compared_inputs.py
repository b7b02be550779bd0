"""What `tests.compare_checkouts` has judged: county folders and recordings, the same bytes at each call.

Plain Python and seeds, nothing of the house: a change of the house can't change what it is asked. Three
county-weeks of different traits, two days with outages of our own, and the real recordings.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.counties import DATA, DUST_STORM, device, dust_storm, iso, message, reading, site, write_county

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
STORM_IN = 2_557 * DAY  # moves the dust storm of 2019 seven years on, where all packs are in force
STATIONS = ("guanyuan", "changping")
DUST = ("pm10", "pm2_5", "tsp")
Values = dict[str, float]
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Week:
    """A county and what happens in it; hours count from `start`, a midnight of its zone."""

    name: str
    seed: int
    start: int
    hours: int
    interval: int
    sites: int
    traits: tuple[str, ...]  # of the monitors, one a monitor; they go round the sites
    formats: tuple[str, ...]  # go round the monitors
    packs: tuple[str, ...]
    local: tuple[dict[str, Any], ...]
    zone: str = "Asia/Shanghai"
    offset_h: int = 8
    language: str = "zh_CN"
    suspicion: Any = True
    quality: dict[str, Any] | None = None
    outages: tuple[tuple[float, float], ...] = ()  # hours from, to: what is sent comes at the end
    silent_sites: dict[int, tuple[float, float]] = field(default_factory=dict)
    episodes: dict[int, tuple[float, float, float]] = field(default_factory=dict)  # from, to, ug/m3 more


@dataclass(slots=True)
class Monitor:
    """One of a week's monitors, and what it remembers."""

    id: str
    site: int
    format: str
    key: str
    trait: str
    interval: int
    gain: float
    held: Values | None = None
    quiet_until: int = 0
    kept_back: list[Any] = field(default_factory=list)
    of_hour: list[float] = field(default_factory=list)
    off: bool = False


def rule(id_: str, **more: Any) -> dict[str, Any]:
    """A rule of a county's own."""
    base = {
        "id": id_,
        "title": {"zh": f"本县规则 {id_}", "en": f"local rule {id_}"},
        "citation": "示范县扬尘管控令〔2026〕12 号",
        "clause": "按本令执行",
        "status": "read",
        "pollutant": "pm10",
        "window": 3600,
        "limit": 120,
    }
    return {**base, **more}


_NIGHT = rule(
    "night",
    window=900,
    limit=100,
    hours=["22:00-06:00"],
    stages=["earthwork", "demolition"],
    zones=["urban"],
    unless=["permit"],
    severity=[{"above": 160, "level": "violation"}],
    repeat=2,
    clear={"level": 80, "minutes": 30},
    opens=["interval"],
    deadline_h=2,
)
WEEKS = (
    Week(
        name="week-of-minutes",
        seed=11,
        start=1_790_265_600_000,  # 2026-09-25T00:00+08:00
        hours=168,
        interval=60,
        sites=7,
        traits=(
            *("honest", "gaps", "honest", "stutter", "late", "honest", "conflict"),
            *("garbled", "honest", "silent", "arrays", "dies", "gaps", "fines"),
            *("text", "codes", "honest"),
        ),
        formats=("json_v1",) * 6 + ("hj212",),
        packs=("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10"),
        local=(
            _NIGHT,
            rule("rolling-hour", alignment="rolling", step=900, limit=140),
            rule("upwind", limit=40, background={"kind": "upwind_device", "cap": 150}, outlook=False),
            rule("day", window=86_400, limit=90, least_capture=0.8333),
            rule("red", alert_levels=["red"], limit=60, level="violation"),
            rule("p98", statistic="percentile", percentile=98, limit=180, kinds=["road", "demolition"]),
            rule("often", statistic="count", above=150, limit=10, window=3600, during=["shutdown"]),
        ),
        outages=((61.2, 61.9), (130.0, 133.4)),
        silent_sites={2: (80, 86.5), 5: (100, 101)},
        episodes={0: (33, 36.5, 160), 1: (56, 57, 420), 3: (62, 70, 120), 4: (118, 118.4, 1500)},
    ),
    Week(
        name="week-of-five-minutes",
        seed=23,
        start=1_792_623_600_000,  # 2026-10-22T00:00+01:00: the clocks go back in it
        hours=168,
        interval=300,
        sites=8,
        traits=(
            *("honest", "late", "gaps", "reference", "honest", "codes", "stutter", "hourly"),
            *("honest", "faulty", "hourly", "honest", "dies", "garbled", "gaps", "late"),
            *("honest", "behind", "ahead", "honest", "conflict", "text", "honest", "silent"),
        ),
        formats=(
            "json_v1",
            "hj212",
            "airgradient",
            "json_v1",
            "airrohr",
            "qingping",
            "json_v1",
            "thingsboard",
        ),
        packs=("uk-iaqm-2018", "london-bpg-2006", "us-40-cfr-50-6", "jiangsu-db32-4437-2022", "gb-3095-2026"),
        local=(
            rule("eight-hours", window=28_800, alignment="rolling", unit="mg/m3", limit=0.11, clear=None),
            rule(
                "rolling-day",
                window=86_400,
                alignment="rolling",
                step=3600,
                limit=85,
                refuses_suspect=["spike"],
            ),
            rule("beside", limit=30, background={"kind": "reference_device"}),
            rule("single", window=0, limit=300, refuses=[], severity=[{"above": 600, "level": "violation"}]),
            rule("highest", statistic="max", limit=250, strict=False, allowance=3),
            rule("tsp-quarter", pollutant="tsp", window=900, limit=350, lateness_s=1200, allowance=2),
            rule("fine-day", pollutant="pm2_5", window=86_400, limit=45, opens=["interval"]),
        ),
        zone="Europe/London",
        offset_h=1,
        language="en",
        suspicion={"mass_factor": {"fall": 0.7, "fall_alone": 0.6}, "told": 0.7, "quiet_h": 24},
        quality={"humidity": {"fail_above": 97}, "pm10": {"spike": {"suspect": 400}, "background": None}},
        outages=((77.0, 79.0),),
        silent_sites={1: (30, 55), 6: (120, 124)},
        episodes={2: (9, 16, 200), 5: (57, 63, 170), 7: (130, 140, 240), 0: (99, 100, 700)},
    ),
    Week(
        name="week-of-tampering",
        seed=37,
        start=1_774_627_200_000,  # 2026-03-28T00:00+08:00
        hours=168,
        interval=60,
        sites=6,
        traits=(
            *("honest", "honest", "honest", "honest", "honest", "honest"),
            *("flat", "ceiling", "band", "factor", "computed", "twin"),
            *("spray", "cover", "absent_when_high", "zero", "flat_means", "clock_back"),
        ),
        formats=("json_v1",) * 16 + ("hj212", "json_v1"),
        packs=("hebei-db13-2934-2019", "gb-3095-2026", "chongqing-db50-418-2016", "liaoning-db21-2642-2016"),
        local=(
            rule("quarter", window=900, limit=150, allowance=8, day_level="warning", tell_within_h=1),
            rule("third-in-a-row", limit=110, repeat=3, clear={"level": 90, "minutes": 120}),
        ),
        outages=((44.0, 44.6),),
        silent_sites={3: (60, 61.5)},
        episodes={0: (82, 90, 130), 1: (34, 40, 90), 2: (106, 112, 160), 4: (130, 138, 100)},
    ),
)
OUTAGES = Week(
    name="days-with-outages",
    seed=53,
    start=1_795_363_200_000,  # 2026-11-23T00:00+08:00
    hours=54,
    interval=300,
    sites=4,
    traits=(
        "honest",
        "gaps",
        "late",
        "dies",
        "honest",
        "stutter",
        "calibrated",
        "flat",
        "conflict",
        "arrays",
    ),
    formats=("json_v1", "json_v1", "hj212"),
    packs=("hebei-db13-2934-2019", "wuhan-2017-pm10", "gb-3095-2026", "shanghai-db31-964-2016"),
    local=(
        _NIGHT,
        rule("upwind", limit=40, background={"kind": "upwind_device"}),
        rule("rolling-hour", alignment="rolling"),
    ),
    outages=((9.1, 9.7), (20.5, 23.25), (33.0, 33.02)),
    silent_sites={1: (15, 19)},
    episodes={0: (8.5, 12, 200), 2: (19, 25, 150)},
)


def make_inputs(folder: Path) -> list[str]:
    """Write all inputs below an empty folder; what is left out because recorded data is absent."""
    for week in (*WEEKS, OUTAGES):
        _county(folder / week.name / "county", week)
        name = "recording.jsonl" if week is OUTAGES else "recording.jsonl.gz"
        _write(folder / week.name / name, messages_of(week))
    if not DATA.is_dir():
        return ["dust-storm", "beijing"]
    _write_storm(folder)
    _write_beijing(folder)
    return []


def _write(path: Path, messages: Iterable[Message]) -> None:
    """A recording by time of receipt; the same messages give the same bytes, gzipped or not."""
    ordered = sorted(messages, key=lambda m: m["received_at"])
    text = "".join(json.dumps(m, ensure_ascii=False) + "\n" for m in ordered).encode()
    path.write_bytes(gzip.compress(text, 6, mtime=0) if path.suffix == ".gz" else text)


# --------------------------------------------------------------------------------- the real recordings


def _write_storm(folder: Path) -> None:
    """The dust storm as three monitors of two sites, with a TSP of its own and a background of one station."""
    assert DUST_STORM.is_file()
    areas = [{"area": area, "stations": ["S001"], "min_stations": 1} for area in ("county", "city")]
    county = {
        "name": "示范县",
        "zone": "Asia/Shanghai",
        "language": "zh_CN",
        "background": areas,
        "suspicion": True,
    }
    more = {"interval": 300}
    devices = [device("d0", **more), device("d1", **more), device("d2", "site-2", **more)]
    sites = [site("site-1"), site("site-2", zone="main", stage="structure")]
    packs = ("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10")
    local = (
        rule("rolling-hour", alignment="rolling"),
        rule("single", window=0, limit=400),
        rule("day", window=86_400),
    )
    for name, moved in (("dust-storm", 0), ("dust-storm-moved", STORM_IN)):
        extra = {"county.yaml": county}
        write_county(folder / name / "county", devices, sites, packs, local, extra=extra)
        _write(folder / name / "recording.jsonl", _storm_messages(moved))


def _storm_messages(moved: int) -> Iterator[Message]:
    storm = dust_storm()
    for at, pm2_5, pm10 in storm:
        when = at + moved
        yield reading("d0", when, pm2_5=pm2_5, pm10=pm10)
        yield reading(
            "d1", when, 2500, pm2_5=round(pm2_5 * 1.1, 1), pm10=round(pm10 * 0.8, 1), tsp=round(pm10 * 1.7, 1)
        )
        yield reading("d2", when, 700, pm10=round(pm10 * 1.05, 1), tsp=round(pm10 * 2.1, 1), humidity=40.0)
    first, last = storm[0][0] // HOUR * HOUR, storm[-1][0]
    for number, hour in enumerate(range(first, last, HOUR)):
        if number % 7 != 5:
            body = {
                "time": iso(hour + moved),
                "label": "start",
                "period": 3600,
                "pm10": 60.0 + 5 * (number % 11),
            }
            yield message(hour + moved + HOUR + 6 * MINUTE, "dust/v1/background/S001", body)


def _write_beijing(folder: Path) -> None:
    """Two stations as the county's background, and beside it as hourly monitors of two sites."""
    areas = [{"area": "county", "stations": list(STATIONS), "min_stations": 1}]
    county = {
        "name": "Spring",
        "zone": "Asia/Shanghai",
        "language": "en",
        "background": areas,
        "suspicion": True,
    }
    hourly = {"interval": 3600, "offline_after": 6 * 3600}
    devices = [device(f"h-{name}", f"site-{i}", **hourly) for i, name in enumerate(STATIONS)]
    sites = [site(f"site-{i}") for i in range(2)]
    packs = ("hebei-db13-2934-2019", "wuhan-2017-pm10", "us-40-cfr-50-6")
    local = (
        rule("rolling-day", window=86_400, alignment="rolling", limit=150),
        rule("fine", pollutant="pm2_5", limit=75),
    )
    write_county(folder / "beijing" / "county", devices, sites, packs, local, extra={"county.yaml": county})
    for name in STATIONS:
        _write(folder / "beijing" / f"{name}.jsonl", _station_messages(name))


def _station_messages(name: str) -> Iterator[Message]:
    path = DATA / f"beijing-{name}-2015-spring.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            local = datetime(*(int(row[key]) for key in ("year", "month", "day", "hour")), tzinfo=UTC)
            hour = int(local.timestamp() * 1000) - 8 * HOUR
            keys = {
                "pm10": "PM10",
                "pm2_5": "PM2.5",
                "temperature": "TEMP",
                "pressure": "PRES",
                "wind_speed": "WSPM",
            }
            values = {
                ours: float(row[theirs]) for ours, theirs in keys.items() if row[theirs] not in ("NA", "")
            }
            body = {"time": iso(hour), "period": 3600, **values}
            yield message(hour + HOUR + 20_000, f"dust/v1/h-{name}/readings", body)
            dust = {key: value for key, value in values.items() if key in DUST}
            if dust:
                own = {"time": iso(hour + HOUR), "label": "end", "period": 3600, **dust}
                yield message(hour + HOUR + 4 * MINUTE, f"dust/v1/background/{name}", own)


# ------------------------------------------------------------------------------------ a simulated week


def _county(folder: Path, week: Week) -> Path:
    """The configuration of a week."""
    kinds = ("building", "road", "demolition", "stock_yard", "municipal")
    stages = ("earthwork", "structure", "demolition", "operation", "foundation")
    zones = ("urban", "suburban", "urban", "rural")
    sites = [
        site(
            _site(i),
            kind=kinds[i % 5],
            stage=stages[i % 5],
            zone=zones[i % 4],
            location=[39.90 + 0.01 * i, 116.40 - 0.01 * i],
        )
        for i in range(week.sites)
    ]
    areas = [
        {"area": "county", "stations": ["S001", "S002"], "min_stations": 1},
        {"area": "city", "stations": ["S002", "S003", "S004"], "min_stations": 2},
    ]
    county = {
        "name": week.name,
        "zone": week.zone,
        "language": week.language,
        "background": areas,
        "suspicion": week.suspicion,
    }
    ingest = [
        {"filter": "dust/v1/+/readings", "format": "json_v1"},
        {"filter": "hj212/+", "format": "hj212"},
        {"filter": "airgradient/readings/+", "format": "airgradient"},
        {"filter": "airrohr/+", "format": "airrohr"},
        {"filter": "v1/gateway/telemetry", "format": "thingsboard"},
        {"filter": "/qingping/+/up", "format": "qingping"},
    ]
    extra: dict[str, Any] = {"county.yaml": county, "ingest.yaml": ingest}
    if week.quality:
        extra["quality.yaml"] = week.quality
    devices = [_device(week, one) for one in _monitors(week)]
    return write_county(folder, devices, sites, week.packs, _plain(week.local), extra=extra)


def _plain(rules: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if value is not None} for one in rules]


def _device(week: Week, one: Monitor) -> dict[str, Any]:
    number = int(one.id[1:])
    more: dict[str, Any] = {
        "interval": one.interval,
        "bearing": float(number * 47 % 360),
        "format": one.format,
    }
    if one.key != one.id:
        more["aliases"] = [one.key]
    if one.trait == "reference":
        more["role"] = "reference"
    if one.trait == "behind":
        more["clock"] = {"behind": 2 * 3600, "when_behind": "receipt"}
    if one.trait == "calibrated":
        since = iso(week.start + 13 * HOUR)
        more["calibration"] = [
            {"from": since[:10], "pollutant": "pm10", "slope": 1.1, "offset": -4.0, "factor": 1.05}
        ]
    if one.trait == "codes":
        more["maximum"] = {"pm10": 1999.9}
    if number % 5 == 1:
        more["offline_after"] = 1800
    if number % 6 == 2:
        more["optical"] = True
    if one.format == "hj212" and number % 2:
        more["units"] = {"tsp": "mg/m3"}
    return device(one.id, _site(one.site), **more)


def _site(number: int) -> str:
    return f"site-{number}"


def _monitors(week: Week) -> list[Monitor]:
    found = []
    for i, trait in enumerate(week.traits):
        form = week.formats[i % len(week.formats)]
        key = {"hj212": f"010000A8900016F0{week.seed:04d}{i:04d}", "airrohr": f"esp8266-1359{i:04d}"}
        interval = 3600 if trait == "hourly" else week.interval
        form = "json_v1" if trait in ("hourly", "arrays", "late", "text", "codes") else form
        gain = 0.9 + 0.2 * ((i * 37) % 11) / 10
        found.append(
            Monitor(f"m{i:02d}", i % week.sites, form, key.get(form, f"m{i:02d}"), trait, interval, gain)
        )
    return found


def messages_of(week: Week) -> list[Message]:
    """All messages of a week; what falls into an outage comes in a burst at its end."""
    chance = random.Random(week.seed)
    sent: list[Message] = []
    monitors = _monitors(week)
    latest: dict[int, Values] = {}
    for one in monitors:
        sent.append(message(week.start + 1000, f"dust/v1/{one.id}/status", "online", retain=True))
    for at in range(week.start, week.start + week.hours * HOUR, week.interval * 1000):
        air = _air(week, at)
        for number, one in enumerate(monitors):
            own = _measured(week, one, at, air, chance)
            values = _altered(week, one, at, own, latest.get(one.site), chance)
            latest[one.site] = own
            if values is not None:
                sent += _spoken(week, one, at + number * 1000, values, chance)
    sent += _stations(week, chance)
    sent += _orders(week)
    sent += _odds(week, monitors)
    return [_after_outage(week, m, n) for n, m in enumerate(sent)]


def _after_outage(week: Week, sent: Message, number: int) -> Message:
    for begin, end in week.outages:
        first, last = (iso(week.start + round(h * HOUR)) for h in (begin, end))
        if first <= sent["received_at"] < last:
            late = week.start + round(end * HOUR) + 1000 + number % 40_000
            return {**sent, "received_at": iso(late), **({"dup": True} if number % 3 == 0 else {})}
    return sent


def _hours(week: Week, at: int) -> float:
    return (at - week.start) / HOUR


def _air(week: Week, at: int) -> Values:
    """Weather and regional dust: rush hours, a slow wave, one storm a week."""
    hours = _hours(week, at)
    day = hours % 24
    wave = math.sin(hours / 17 + week.seed) * 0.6 + math.sin(hours / 5.3) * 0.4
    rush = math.exp(-(((day - 8.5) / 2.2) ** 2)) + 0.8 * math.exp(-(((day - 19) / 2.5) ** 2))
    storm = 260 * math.exp(-(((hours - 110) / 5) ** 2))
    sun = math.cos((day - 14) / 24 * 2 * math.pi)
    return {
        "pm10": 48 + 34 * rush + 14 * wave + storm,
        "temperature": 9 + 7 * sun + 2 * wave,
        "humidity": min(99.0, 55 - 24 * sun + 18 * wave),
        "pressure": 1012 + 6 * wave,
        "wind_speed": max(0.1, 2.2 + 1.5 * sun + 1.2 * wave),
        "wind_direction": (hours * 7 + 60 * wave) % 360,
    }


def _measured(week: Week, one: Monitor, at: int, air: Values, chance: random.Random) -> Values:
    """What an honest monitor says."""
    hours = _hours(week, at)
    day = hours % 24
    busy = (0.35 if 12 <= day < 13 else 1.0) if 7 <= day < 19 else 0.05
    gust = 0.3 + 1.4 * (((at // (15 * MINUTE)) * 2_654_435_761 + one.site * 40_503) % 1000) / 1000
    if one.site % 3 == 2:  # works by night, too, and in gusts that its monitors share
        busy, gust = max(busy, 0.8), 2 * gust
    own = (18 + 9 * (one.site % 4)) * busy * gust * (0.8 + 0.4 * chance.random())
    begin, end, more = week.episodes.get(one.site, (0.0, 0.0, 0.0))
    if begin <= hours < end:
        own += more * (0.8 + 0.4 * chance.random())
    pm10 = max(2.0, (air["pm10"] * (1 + 0.1 * (chance.random() - 0.5)) + own) * one.gain)
    values = {
        "pm10": pm10,
        "pm2_5": min(pm10, 0.42 * air["pm10"] + 0.1 * own),
        "tsp": pm10 * (1.5 + 0.6 * chance.random()),
        "temperature": air["temperature"] + chance.random(),
        "humidity": min(100.0, air["humidity"] + 3 * chance.random()),
        "pressure": air["pressure"],
        "wind_speed": air["wind_speed"] * (0.8 + 0.4 * chance.random()),
        "wind_direction": (air["wind_direction"] + 20 * chance.random()) % 360,
    }
    return {name: round(value, 1) for name, value in values.items()}


def _altered(
    week: Week, one: Monitor, at: int, values: Values, beside: Values | None, chance: random.Random
) -> Values | None:
    """The values by the monitor's trait; None where it is silent."""
    hours = _hours(week, at)
    begin, end = week.silent_sites.get(one.site, (0.0, 0.0))
    trait = one.trait
    if begin <= hours < end or trait == "silent" or (trait == "dies" and hours > week.hours * 0.4):
        return None
    if at < one.quiet_until:
        return None
    if trait == "gaps" and chance.random() < 0.004:
        one.quiet_until = at + chance.choice((4, 11, 35, 90, 300)) * MINUTE
        return None
    if trait == "absent_when_high" and values["pm10"] > 120 and chance.random() < 0.5:
        one.quiet_until = at + 3 * HOUR
        return None
    new = _TAMPERED[trait](hours, dict(values), one, beside, chance) if trait in _TAMPERED else values
    return {name: round(max(value, -5.0), 2) for name, value in new.items()}


def _flat(hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random) -> Values:
    if 20 <= hours % 84 < 44:
        one.held = one.held or values
        return one.held
    one.held = None
    return values


def _zero(hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random) -> Values:
    return {**values, **dict.fromkeys(DUST, 0.0)} if 100 <= hours < 112 else values


def _ceiling(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    return {**values, "pm10": min(values["pm10"], 88.0)} if hours >= 60 else values


def _band(hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random) -> Values:
    return {**values, "pm10": chance.uniform(50, 66)} if hours >= 66 else values


def _factor(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    return {**values, **{name: values[name] * 0.35 for name in DUST}} if hours >= 80 else values


def _computed(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    return {**values, "tsp": round(12 + 1.1 * values["pm10"])} if hours >= 48 else values


def _twin(hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random) -> Values:
    if hours < 60 or beside is None:
        return values
    return {**values, **{name: beside[name] * (1 + 0.01 * chance.random()) for name in DUST}}


def _spray(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    if not (10 <= hours % 24 < 10.6 or 15 <= hours % 24 < 15.6):
        return values
    wet = {"humidity": min(values["humidity"] + 35, 99.0)}
    return {**values, **{name: values[name] * 0.25 for name in DUST}, **wet}


def _cover(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    if not 104 <= hours < 111:
        return values
    return {**values, "pm10": 14.0 + chance.random(), "tsp": 19.0 + chance.random(), "pm2_5": 11.0}


def _codes(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    return (
        {**values, "pm10": chance.choice((65535, 99999, 1999.9, 2500.0, 0.0))}
        if chance.random() < 0.02
        else values
    )


def _fines(
    hours: float, values: Values, one: Monitor, beside: Values | None, chance: random.Random
) -> Values:
    return {**values, "pm2_5": values["pm10"] * 1.6, "humidity": 96.0} if 30 <= hours < 50 else values


_TAMPERED = {
    "flat": _flat,
    "zero": _zero,
    "ceiling": _ceiling,
    "band": _band,
    "factor": _factor,
    "computed": _computed,
    "twin": _twin,
    "spray": _spray,
    "cover": _cover,
    "codes": _codes,
    "fines": _fines,
}


# --------------------------------------------------------------------------------- how monitors speak


def _spoken(week: Week, one: Monitor, at: int, values: Values, chance: random.Random) -> list[Message]:
    """The messages of one monitor at an instant, by its format and trait."""
    delay = chance.randrange(200, 4_000)
    hours, trait = _hours(week, at), one.trait
    named = at
    if trait in ("behind", "clock_back") and hours >= 70:
        named = at - HOUR
    if trait == "behind" and hours >= 100:
        named = at - 5 * HOUR
    if trait == "ahead" and hours >= 70:
        named = at + 30 * MINUTE
    if trait == "hourly":
        return _hourly(one, at, values)
    if trait == "arrays":
        return _in_arrays(one, at, values, delay)
    sent = [
        message(at + delay, topic, body) for topic, body in _FORMATS[one.format](week, one, named, values)
    ]
    if trait == "late" and chance.random() < 0.03:
        wait = chance.choice((5 * MINUTE, HOUR, 5 * HOUR, 30 * HOUR, 100 * HOUR))
        return [{**m, "received_at": iso(at + wait)} for m in sent]
    if trait == "stutter" and chance.random() < 0.1:
        sent += [
            {**m, "received_at": iso(at + delay + chance.randrange(100, 90_000)), "dup": True}
            for m in sent[:1]
        ]
    if trait == "conflict" and chance.random() < 0.05:
        other = {**values, "pm10": round(values["pm10"] * 1.3, 1)}
        sent += [
            message(at + delay + 1500, topic, body)
            for topic, body in _FORMATS[one.format](week, one, named, other)
        ]
    if trait == "garbled" and chance.random() < 0.04:
        sent = [{**m, "payload": m["payload"][: len(m["payload"]) // 2]} for m in sent]
    if trait in ("gaps", "dies") and chance.random() < 0.004:
        one.off = not one.off
        topic = f"dust/v1/{one.id}/status"
        sent.append(
            message(
                at + delay + 40_000, topic, "offline" if one.off else "online", retain=chance.random() < 0.3
            )
        )
    return sent


def _hourly(one: Monitor, at: int, values: Values) -> list[Message]:
    """A mean of the clock hour, said at its end."""
    one.of_hour.append(values["pm10"])
    if at % HOUR < 55 * MINUTE:
        return []
    mean = round(sum(one.of_hour) / len(one.of_hour), 1)
    low, high = min(one.of_hour), max(one.of_hour)
    one.of_hour.clear()
    body = {"time": iso(at // HOUR * HOUR), "period": 3600, "pm10": mean, "pm10_min": low, "pm10_max": high}
    return [message(at // HOUR * HOUR + HOUR + 15_000, f"dust/v1/{one.id}/readings", body)]


def _in_arrays(one: Monitor, at: int, values: Values, delay: int) -> list[Message]:
    one.kept_back.append({"time": iso(at), **values})
    if len(one.kept_back) < 5:
        return []
    body, one.kept_back = one.kept_back, []
    return [message(at + delay, f"dust/v1/{one.id}/readings", body)]


def _json_v1(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    body: dict[str, Any] = {"time": iso(at), **values, "seq": at // 1000 % 10_000}
    hours = _hours(week, at)
    if one.trait == "text":
        body |= {
            "pm10": str(values["pm10"]),
            "tsp": values["tsp"] / 1000,
            "units": {"tsp": "mg/m3"},
            "cpm": 40,
        }
        body["humidity"] = 103 if values["humidity"] > 80 else None
    if one.trait == "faulty" and 40 <= hours % 60 < 44:
        body["flags"] = {"pm10": "D", "tsp": "M"}
    if one.trait == "factor":
        body["cpm"] = round(values["pm10"] * (0.37 if hours < 80 else 1.05), 1)
    if one.trait == "honest" and one.site == 1:
        body["time"] = at
    yield f"dust/v1/{one.key}/readings", body


def _hj212(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    """Real-time data, and every fifth interval minute data with least and greatest value."""
    local = datetime.fromtimestamp(at / 1000 + 8 * 3600, UTC)
    stamp = f"{local:%Y%m%d%H%M%S}"
    flat = one.trait == "flat_means" and _hours(week, at) >= 40
    milligrams = int(one.id[1:]) % 2
    tsp = round(values["tsp"] / 1000, 4) if milligrams else values["tsp"]
    flag = "D" if one.trait == "faulty" and 40 <= _hours(week, at) % 60 < 44 else "N"
    parts = [
        f"a34001-Rtd={tsp},a34001-Flag=N",
        f"a34002-Rtd={values['pm10']},a34002-Flag={flag}",
        f"a34004-Rtd={values['pm2_5']},a34004-Flag=N",
        f"a01001-Rtd={values['temperature']},a01001-Flag=N",
        f"a01002-Rtd={values['humidity']},a01002-Flag=N",
        f"a01006-Rtd={values['pressure'] / 10:.2f},a01006-Flag=N",
        f"a01007-Rtd={values['wind_speed']},a01007-Flag=N",
        f"a01008-Rtd={values['wind_direction']},a01008-Flag=N",
    ]
    yield f"hj212/{one.key}", _frame(f"QN={stamp}000;ST=39;CN=2011;PW=123456;MN={one.key}", stamp, parts)
    if at // (week.interval * 1000) % 5 == 0:
        spread = 0.0 if flat else 0.08
        low, high = (round(values["pm10"] * (1 + sign * spread), 2) for sign in (-1, 1))
        minute = f"{local:%Y%m%d%H%M}00"
        means = [f"a34002-Min={low},a34002-Avg={values['pm10']},a34002-Max={high},a34002-Flag={flag}"]
        yield f"hj212/{one.key}", _frame(f"QN={stamp}001;ST=39;CN=2051;PW=123456;MN={one.key}", minute, means)


def _frame(head: str, stamp: str, parts: list[str]) -> str:
    """A frame of HJ 212 with its length and checksum (Annex A)."""
    data = f"{head};Flag=5;CP=&&DataTime={stamp};{';'.join(parts)}&&"
    crc = 0xFFFF
    for byte in data.encode():
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return f"##{len(data):04d}{data}{crc:04X}\r\n"


def _airgradient(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    body = {
        "serialno": one.key,
        "pm02": values["pm2_5"],
        "pm10": values["pm10"],
        "atmp": values["temperature"],
        "rhum": values["humidity"],
    }
    yield f"airgradient/readings/{one.key}", body


def _airrohr(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    said = {"SDS_P1": values["pm10"], "SDS_P2": values["pm2_5"], "BME280_humidity": values["humidity"]}
    listed = [{"value_type": key, "value": str(value)} for key, value in said.items()]
    yield f"airrohr/{one.key}", {"software_version": "NRZ-2024-135", "sensordatavalues": listed}


def _thingsboard(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    said = {
        "PM10": values["pm10"],
        "PM2.5": str(values["pm2_5"]),
        "humidity": values["humidity"],
        "battery": 3.7,
    }
    yield "v1/gateway/telemetry", {one.key: [{"ts": at, "values": said}]}


def _qingping(week: Week, one: Monitor, at: int, values: Values) -> Iterator[tuple[str, Any]]:
    said = {
        "timestamp": {"value": at // 1000},
        "pm10": {"value": values["pm10"], "unit": "ug/m3", "status": int(at // HOUR % 50 == 7)},
        "pm25": {"value": values["pm2_5"], "unit": "ug/m3", "status": 0},
    }
    yield f"/qingping/{one.key}/up", {"id": 1, "type": "12", "mac": one.key, "sensorData": [said]}


_FORMATS = {
    "json_v1": _json_v1,
    "hj212": _hj212,
    "airgradient": _airgradient,
    "airrohr": _airrohr,
    "thingsboard": _thingsboard,
    "qingping": _qingping,
}


# ------------------------------------------------------------------------- stations, orders and others


def _stations(week: Week, chance: random.Random) -> list[Message]:
    """Hours of the reference stations: missing, late, corrected, twice, and by their end."""
    sent: list[Message] = []
    for hour in range(week.hours):
        start = week.start + hour * HOUR
        air = _air(week, start + HOUR // 2)["pm10"]
        for number in range(1, 5):
            if chance.random() < (0.03 if number < 3 else 0.15) or (number < 3 and 70 <= hour < 74):
                continue
            pm10 = round(air * (0.9 + 0.05 * number + 0.04 * chance.random()), 1)
            body = {
                "time": iso(start),
                "label": "start",
                "period": 3600,
                "pm10": pm10,
                "pm2_5": round(pm10 * 0.4, 1),
            }
            if number == 2:
                body |= {"time": iso(start + HOUR), "label": "end"}
            wait = HOUR + 4 * MINUTE + chance.randrange(60_000)
            if chance.random() < 0.06:
                wait += chance.choice((20, 55, 130, 1000, 3000)) * MINUTE
            topic = f"dust/v1/background/S00{number}"
            sent.append(message(start + wait, topic, body))
            if chance.random() < 0.05:
                corrected = {**body, "pm10": round(pm10 * chance.choice((0.6, 1.4)), 1)}
                sent.append(message(start + wait + chance.choice((9, 70, 400)) * MINUTE, topic, corrected))
            if chance.random() < 0.05:
                sent.append(message(start + wait + 30_000, topic, body, dup=True))
    return sent


def _orders(week: Week) -> list[Message]:
    """Alerts, stages, permits, shutdowns, maintenance and calibrations, some late or called off."""

    def hour(number: float) -> str:
        return iso(week.start + round(number * HOUR))

    def order(
        at: float, place: str, kind: str, begin: float | None, end: float | None, **more: Any
    ) -> Message:
        body: dict[str, Any] = {"id": f"{kind}-{place}-{at}", "kind": kind, **more}
        body |= {key: hour(value) for key, value in (("from", begin), ("until", end)) if value is not None}
        return message(week.start + round(at * HOUR), f"dust/v1/signals/{place}", body, retain=at % 2 == 1)

    slope = [{"pollutant": "pm10", "slope": 1.05, "offset": -2.0}, {"pollutant": "tsp", "factor": 1.2}]
    dated = [{"pollutant": "pm10", "factor": 0.9, "from": hour(15)}]
    return [
        order(6.5, "county", "alert", 7, 31, level="red"),
        order(30, "county", "alert", 34, None, level="yellow"),
        order(50, "county", "alert", 52, 60, level="red"),
        order(60.5, "city", "alert", 61, 90, level="aqi-200-300"),
        order(12, "site-0", "stage", None, None, level="structure"),
        order(40.2, "site-1", "stage", 40, None, level="demolition"),
        order(20, "site-0", "permit", 21, 31),
        order(44, "town-east", "permit", 46, 54),
        order(16, "town-east", "shutdown", 16.5, 26),
        order(58, "site-2", "shutdown", 58, None),
        order(9, "site-1", "maintenance", 9, 11.5),
        order(35, "site-0", "maintenance", 31, 34),
        order(38, "site-0", "maintenance", 38, 39, device="m00"),
        order(14, "site-0", "calibration", 14, 15.5, device="m00", calibration=slope),
        order(42, "site-1", "calibration", None, 41, device="m01", calibration=slope[:1]),
        order(48.5, "site-2", "calibration", None, None, device="m02", calibration=dated),
        order(53, "site-0", "calibration", 53, 54, device="m01", calibration=slope),
        order(10, "site-1", "power", 10, 12),
        order(11, "nowhere", "permit", 11, 12),
        message(
            week.start + 13 * HOUR,
            "dust/v1/signals/site-1",
            {"kind": "permit", "from": hour(15), "until": hour(14)},
        ),
    ]


def _odds(week: Week, monitors: list[Monitor]) -> list[Message]:
    """What belongs to nobody, can't be read, or comes from another time."""
    at, key = week.start + 5 * HOUR, monitors[0].key
    native = f"dust/v1/{key}/readings"
    return [
        message(at, "dust/v1/stranger/readings", {"time": iso(at), "pm10": 5.0}),
        message(at + 1000, "other/topic", "x"),
        message(at + 2000, native, ""),
        message(at + 3000, native, {"time": "soon", "pm10": 1}),
        message(at + 4000, native, {"pm10": -4, "time": iso(at)}),
        message(at + 5000, native, {"co2": 400}),
        message(at + 6000, native, {"time": iso(at - 9 * DAY), "pm10": 77.0}),
        message(at + 7000, native, {"time": iso(at + 2 * DAY), "pm10": 78.0}),
        message(at + 8000, native, {"pm10": 79.0}),
        message(at + 8000, native, {"pm10": 79.0}, dup=True),
        message(at + 9000, native, {"time": iso(at), "pm10": 80.0}, retain=True),
        message(at + 10_000, native, {"pm10": 81.0}, retain=True),
        message(at + 11_000, native, [{"time": iso(at + 1), "pm10": 82.0}, 5, {"pm10": "many"}]),
        message(at + 12_000, "dust/v1/background/S099", {"time": iso(at), "pm10": 5.0}),
        message(at + 13_000, "dust/v1/background/S001", {"pm10": 5.0}),
        message(at + 14_000, f"dust/v1/{key}/status", "gone"),
        message(at + 15_000, "dust/v1/stranger/status", "offline", retain=True),
        message(at + 16_000, "hj212/nobody", "##0010bad"),
        {"received_at": iso(at + 17_000), "topic": native, "payload_base64": "//79/A=="},
    ]
