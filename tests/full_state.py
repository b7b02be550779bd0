"""A log of five hours after which every part of a partition's state holds something."""

from __future__ import annotations

from ingest.batches import Row
from ingest.records import FeedRecord, Signal, Status
from tests.logs import HOUR, MINUTE, T0, background, batch, local_rule, revision, row, tick

FIVE = 5 * MINUTE
RULES = [
    local_rule(id="hour", background={"area": "county", "wait_min": 120}, repeat=2),
    local_rule(id="plain", limit=120),
    local_rule(id="counted", allowance=1, refuses=[], refuses_suspect=[]),
    local_rule(id="eight", window=28_800, alignment="rolling", step=3600),
    local_rule(id="quarters", window=900, pollutant="tsp"),
    local_rule(id="single", window=0, limit=300),
    local_rule(id="beside", background={"kind": "reference_device"}),
]
DEVICES = [
    {
        "id": f"d{n}",
        "interval": 300,
        "role": "reference" if n == 2 else "boundary",
        "site": "s1" if n < 4 else "s2",
    }
    for n in range(5)
]


def rows_at(at: int) -> list[Row]:
    """Five monitors: one falls silent after two hours, one is late, one repeats itself, levels rise."""
    minute = (at - T0) // MINUTE
    level = 90.0 + minute / 2
    return [
        *([row(at, level, "d0", tsp=level * 2, wind_speed=2, wind_direction=90)] if minute < 120 else []),
        row(
            at - (50 * MINUTE if minute % 60 == 20 else 0), level + 40, "d1", received=at + 2000, humidity=50
        ),
        *([row(T0 + 50 * MINUTE, 55.0, "d2", received=at + 2500)] if minute == 205 else []),
        row(at, 60.0, "d2", period=300_000, wind_speed=3, wind_direction=80),
        row(at, 500.0 if minute == 65 else 87.0, "d3", pm10_count=50),
        row(at, level, "d4", flags={"pm10": "D"} if minute % 30 == 10 else None, pm2_5=30),
    ]


def log(hours: int) -> list[FeedRecord]:
    until = T0 + hours * HOUR
    orders = [
        Signal("g1", T0 + 70 * MINUTE, "s1", "maintenance", None, T0 + 80 * MINUTE, T0 + 90 * MINUTE, "d3"),
        Signal("g2", T0 + 71 * MINUTE, "s2", "alert", "red", T0 + HOUR, None),
        Signal("g3", T0 + 72 * MINUTE, "*", "gap", None, T0 + 30 * MINUTE, T0 + 31 * MINUTE),
        Signal("g4", T0 + 73 * MINUTE, "s1", "calibration", None, T0 + 74 * MINUTE, None, "d1",
               [{"from": T0 + 74 * MINUTE, "pollutant": "pm10", "slope": 1.1, "offset": 2.0, "factor": 1.0}]),
    ]  # fmt: skip
    came: list[FeedRecord] = [
        *orders,
        Status(T0 + 75 * MINUTE, "d0", "s1", "offline", False),
        background(T0, 40.0, T0 + 65 * MINUTE),
        background(T0 + HOUR, 45.0, T0 + 200 * MINUTE),
        revision(DEVICES, [*RULES, local_rule(id="later")], T0 + 76 * MINUTE, effective=until + HOUR),
    ]
    timed: list[tuple[int, int, FeedRecord]] = [(one.received_at, 0, one) for one in came]
    for at in range(T0, until, FIVE):
        timed += [(at + 3000, 1, batch(*rows_at(at))), (at + 4000, 2, tick(at + 4000, FIVE))]
    return [revision(DEVICES, RULES), *(one for _, _, one in sorted(timed, key=lambda entry: entry[:2]))]
