"""The same records give the same lines in any number of partitions."""

from __future__ import annotations

import sys
from random import Random

import pytest

from ingest.batches import Row
from ingest.records import Background, FeedRecord, Revision, Signal, Status
from processors.plan.body import make_revision
from tests.logs import (
    HEBEI,
    HEBEI_RULE,
    HOUR,
    INSTANT,
    MIDNIGHT,
    MINUTE,
    SHANGHAI,
    T0,
    background,
    batch,
    local_rule,
    minutes,
    row,
    rules_of,
    tick,
    ticking,
)
from tests.logs import revision as revision_of
from tests.partitions import difference, said_by
from tests.shares import in_tests, seeds_of

SITES = tuple(f"site-{number}" for number in range(30))  # in twelve partitions some alone, some not
AREAS = ("east", "west", None)
STATIONS = {"east": ("E1", "E2"), "west": ("W1",), "county": ("S1",)}
BEGIN = MIDNIGHT - 3 * HOUR  # a day ends in between
LASTS = 6 * HOUR
STEP = 5 * MINUTE
RULES = [
    *rules_of(HEBEI, SHANGHAI, INSTANT),
    local_rule(id="beside", limit=60, background={"kind": "upwind_device", "cap": 150}, allowance=1),
    local_rule(id="runs", window=900, repeat=2, clear={"level": 80, "minutes": 30}),
    local_rule(id="rolling", alignment="rolling", step=900, limit=250),
    local_rule(id="long", window=8 * 3600, alignment="rolling", step=3600, limit=150),
    local_rule(
        id="ordered", limit=90, unless=["shutdown"], background={"area": "west", "wait_min": 30}, allowance=0
    ),
]
# many sites in one log cost less than many logs
MANY, LOGS = tuple(f"site-{number}" for number in range(250)), range(1000, 1040)  # ten thousand


def configuration(at: int) -> Revision:
    devices = [
        {"id": f"{site}-{nth}", "site": site, "interval": STEP // 1000, "bearing": 180.0 * nth}
        for number, site in enumerate(SITES)
        for nth in range(1 + number % 2)
    ]
    body = revision_of(devices, RULES, at).body
    for number, site in enumerate(body["sites"]):
        site["area"] = AREAS[number % len(AREAS)]
    body["county"]["background"] = [
        {"area": name, "stations": list(stations), "min_stations": 1} for name, stations in STATIONS.items()
    ]
    return make_revision(body, at)


def readings(draw: Random) -> list[Row]:
    """What each device sends over three and a half hours: with holes, delays, cuts and what came twice."""
    made: list[Row] = []
    for number, site in enumerate(SITES):
        for nth in range(1 + number % 2):
            level, period = draw.choice([40.0, 120.0, 200.0, 400.0]), draw.choice([0, 0, 0, STEP])
            begin = draw.choice([0, 0, 7, 20]) * STEP
            cut = draw.randrange(0, 48) * STEP
            until = cut + draw.choice([0, 1, 6, 14]) * STEP
            back = until + draw.choice([0, 8, 40, 100, 170, 260]) * MINUTE  # when what was kept is sent
            sparse = draw.choice([1, 1, 1, 5, 12])
            for at in range(begin, 4 * HOUR + draw.choice([0, 25]) * MINUTE, STEP * sparse):
                if draw.random() < 0.03:
                    level = draw.choice([40.0, 120.0, 400.0, 2500.0])
                delay = draw.choice([700, 700, 700, 95_000, 400_000])
                came = BEGIN + (max(back, at) if cut <= at < until else at) + delay
                wind = {"wind_speed": 3.0, "wind_direction": draw.choice([10.0, 190.0])} if nth == 0 else {}
                values = {"tsp": 3 * level, **wind}
                one = row(BEGIN + at, level, f"{site}-{nth}", came, period, site=site, **values)
                made.append(one)
                if draw.random() < 0.01:
                    made.append(one._replace(received_at=came + draw.choice([5, 4 * HOUR])))
    return made


def backgrounds(draw: Random) -> list[Background]:
    made = []
    for start in range(BEGIN - HOUR, BEGIN + 4 * HOUR, HOUR):
        for station in (name for names in STATIONS.values() for name in names):
            for again in range(draw.choice([0, 1, 1, 1, 2])):
                wait = draw.choice([3, 5, 12, 59, 61, 100, 170])
                value = draw.choice([30.0, 90.0, 140.0])
                at, name = start + HOUR + wait * MINUTE + 7, f"{station}-{start}-{again}"
                made.append(background(start, value, at, station, name))
    return made


def signals(draw: Random) -> list[Signal | Status]:
    made: list[Signal | Status] = []
    for number in range(draw.choice([0, 1, 3])):
        kind = draw.choice(["maintenance", "shutdown", "stage", "alert", "gap"])
        level = {"stage": "structure", "alert": "red"}.get(kind)
        start = BEGIN + draw.randrange(0, 200) * MINUTE
        end = start + draw.choice([10, 45, 90]) * MINUTE
        at = start + draw.choice([0, 5, 30, 130, 200]) * MINUTE + 11
        if kind == "gap":
            at = max(at, end)
        place = "county" if kind == "gap" else draw.choice([*SITES, "east", "county"])
        made.append(Signal(f"signal-{number}", at, place, kind, level, start, end))
    for _ in range(draw.choice([0, 2])):
        site = draw.choice(SITES)
        made.append(Status(BEGIN + draw.randrange(0, 300) * MINUTE, f"{site}-0", site, "offline", False))
    return made


def log_of(seed: int) -> list[FeedRecord]:
    """A county's log, by time of receipt."""
    draw = Random(seed)
    deaf = draw.choice([None, None, (80, 95), (190, 200)])  # minutes without ticks: the outage is ours
    ticks = [
        tick(BEGIN + at * MINUTE)
        for at in range(LASTS // MINUTE)
        if deaf is None or not deaf[0] < at < deaf[1]
    ]
    timed: list[tuple[int, int, FeedRecord]] = [(one.received_at, 0, one) for one in ticks]
    timed += [(one.received_at, 1, one) for one in (*backgrounds(draw), *signals(draw))]
    by_receipt: dict[int, list[Row]] = {}
    for one in readings(draw):
        by_receipt.setdefault(one.received_at, []).append(one)
    timed += [(at, 2, batch(*rows)) for at, rows in by_receipt.items()]
    timed = [entry for entry in timed if entry[0] <= ticks[-1].received_at]  # to which all partitions come
    return [configuration(BEGIN), *(record for _, _, record in sorted(timed, key=lambda entry: entry[:2]))]


def holds(seed: int) -> None:
    log = log_of(seed)
    whole = said_by(log, 1, SITES)
    for partitions in (3, 12):
        parts = said_by(log, partitions, SITES)
        assert difference(whole, parts) == [], f"seed {seed}, {partitions} partitions"


@pytest.mark.parametrize("seed", range(2))
def test_any_number_of_partitions_says_the_same(seed: int) -> None:
    holds(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seeds", in_tests(LOGS, 10), ids=seeds_of)
def test_any_number_of_partitions_says_the_same_of_ten_thousand_sites(
    seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SITES", MANY)
    for seed in seeds:
        holds(seed)


@pytest.mark.parametrize("partitions", [1, 3, 12])
def test_readings_that_come_after_their_background_are_judged_by_it_in_any_partition(partitions: int) -> None:
    """The hour closes without them, while other sites wait for the background, or none does."""
    sites = ["site-1", "site-2"]
    feed = revision_of([{"id": f"d-{site}", "site": site} for site in sites], rules_of(HEBEI))
    came = T0 + HOUR + 10 * MINUTE
    late = minutes(T0, T0 + HOUR, 300, "d-site-1", received=came, site="site-1")
    others = minutes(T0, T0 + HOUR, 61, "d-site-2", site="site-2")
    known = [background(T0, 70, T0 + HOUR + 5 * MINUTE)]
    log = [feed, *ticking([*others, *late], T0 + 3 * HOUR, others=known)]
    said = said_by(log, partitions, sites)
    mine = [
        line
        for line in said
        if line.startswith("Verdict") and HEBEI_RULE in line and f"start={T0}," in line and "'site-1'" in line
    ]
    assert sorted(
        answer for line in mine for answer in ("exceeds", "undetermined") if f"'{answer}'" in line
    ) == [
        "exceeds",
        "undetermined",
    ]
    assert any("background=70.0" in line and "revision=2" in line for line in mine)
