"""What comes late, in whatever pieces and order, is judged as if it had come in time."""

from __future__ import annotations

import sys
from random import Random
from typing import Any, NamedTuple

import pytest

from ingest.batches import Row
from ingest.records import Background, FeedRecord
from processors.fold.detector import Detector
from processors.plan.body import make_revision
from processors.records.verdicts import Interval, Verdict
from tests.logs import HEBEI, HOUR, MIDNIGHT, MINUTE, background, batch, local_rule, rules_of, tick
from tests.logs import revision as revision_of
from tests.shares import in_tests, seeds_of

BEGIN = MIDNIGHT - 6 * HOUR
SPOKEN = 10 * HOUR  # a day ends in between
STEP = 5 * MINUTE
DEVICES = tuple(f"d{number:02d}" for number in range(40))
# many devices in one log cost less than many logs
MANY, LOGS = tuple(f"d{number:03d}" for number in range(250)), range(1000, 1040)  # ten thousand
RULES = [
    *rules_of(HEBEI),
    local_rule(id="hours", limit=150, allowance=1),
    local_rule(id="quarters", window=900, limit=180, allowance=6),
    local_rule(id="runs", window=900, repeat=3, clear={"level": 100, "minutes": 30}, limit=120),
    local_rule(id="rolling", alignment="rolling", step=900, limit=150),
    local_rule(id="long", window=8 * 3600, alignment="rolling", step=3600, limit=120),
    local_rule(id="all-day", window=86_400, limit=120, least_capture=0.2),
]
Key = tuple[str, str, int, int, str]


class Said(NamedTuple):
    """The last word on everything: of a verdict its answer and numbers, of an interval its numbers."""

    verdicts: dict[Key, tuple[Any, ...]]
    intervals: dict[Key, tuple[Any, ...]]


def configuration() -> FeedRecord:
    devices = [
        {"id": device, "site": f"site-{number // 2}", "interval": STEP // 1000}
        for number, device in enumerate(DEVICES)
    ]
    body = revision_of(devices, RULES, BEGIN).body
    # one glitch more or less would be another air: the checks see late values among themselves
    body["quality"] = {name: dict.fromkeys(CHECKS_OVER_TIME) for name in ("pm10", "pm2_5", "tsp")}
    del body["county"]["suspicion"]
    return make_revision(body, BEGIN)


CHECKS_OVER_TIME = ("spike", "rate_of_change", "flat_line", "attenuated_signal", "neighbour", "background")


def readings(draw: Random, device: str) -> list[Row]:
    """What a device measured, each slot once."""
    level, made = draw.choice([60.0, 140.0, 260.0]), []
    period, sparse = draw.choice([0, 0, STEP]), draw.choice([0.0, 0.0, 0.1, 0.4])
    for at in range(0, SPOKEN, STEP):
        if draw.random() < 0.04:
            level = draw.choice([40.0, 90.0, 160.0, 260.0, 500.0])
        if draw.random() >= sparse:
            site = f"site-{DEVICES.index(device) // 2}"
            value = level + draw.randrange(0, 3000) / 100
            made.append(row(BEGIN + at, value, device, period, site))
    return made


def row(time: int, pm10: float, device: str, period: int, site: str) -> Row:
    return Row(device, site, time, period, time + 1000, {"pm10": round(pm10 * 1000)}, {}, {}, ())


def delayed(draw: Random, rows: list[Row]) -> list[Row]:
    """The same readings, some stretches of which came late, in pieces of any order."""
    made = list(rows)
    for _ in range(draw.choice([0, 1, 1, 2])):
        if not made:
            break
        first = draw.randrange(len(made))
        last = min(len(made), first + draw.choice([1, 5, 14, 40, 120]))
        pieces = draw.choice([1, 1, 2, 5])
        order = list(range(first, last))
        if draw.random() < 0.3:
            draw.shuffle(order)
        for number in range(pieces):
            came = BEGIN + draw.choice([1, 2, 4, 9, 14, 30]) * HOUR + draw.randrange(0, HOUR)
            for place in order[number::pieces]:
                one = made[place]
                made[place] = one._replace(received_at=max(came, one.received_at))
        if draw.random() < 0.2:
            made.append(made[first]._replace(received_at=made[first].received_at + 7 * MINUTE))  # once more
    return made


def backgrounds(draw: Random, late: bool) -> list[Background]:
    made = []
    for start in range(BEGIN, BEGIN + SPOKEN + HOUR, HOUR):
        value, wait = draw.choice([30.0, 80.0, 140.0]), draw.choice([5, 5, 5, 90, 600, 1700])
        at = start + HOUR + (wait if late else 5) * MINUTE
        made.append(background(start, value, at, id=f"S1-{start}"))
    return made


def last_word(rows: list[Row], known: list[Background], until: int, crash: int = 0) -> Said:
    """What is said in the end of readings and backgrounds by their receipt."""
    timed: list[tuple[int, int, FeedRecord]] = [
        (at, 0, tick(at, 10 * MINUTE)) for at in range(BEGIN, until, 10 * MINUTE)
    ]
    timed += [(one.received_at, 1, one) for one in known]
    by_receipt: dict[int, list[Row]] = {}
    for one in rows:
        by_receipt.setdefault(one.received_at, []).append(one)
    timed += [(at, 2, batch(*together)) for at, together in by_receipt.items()]
    log = [configuration(), *(record for _, _, record in sorted(timed, key=lambda entry: entry[:2]))]
    said, detector = Said({}, {}), Detector.empty()
    parts = [log[:crash], log[crash:]] if crash else [log]
    for part in parts:
        for out in detector.fold_log(part):
            for verdict in out.verdicts:
                said.verdicts[key_of(verdict)] = (
                    verdict.answer,
                    verdict.value,
                    verdict.capture,
                    verdict.background,
                    verdict.subtracted,
                )
            for interval in out.intervals:
                said.intervals[key_of(interval)] = (interval.value, interval.capture)
        detector = Detector.load(detector.dump())
    return said


def key_of(line: Verdict | Interval) -> Key:
    if isinstance(line, Verdict):
        return line.rule, line.kind, line.start, line.end, line.point
    return line.pollutant, line.statistic, line.start, line.end, line.device


def differences(seed: int) -> list[str]:
    """Where the last word differs if some of a log came late."""
    draw = Random(seed)
    rows = [one for device in DEVICES for one in readings(draw, device)]
    state = draw.getrandbits(32)
    in_time, late = backgrounds(Random(state), late=False), backgrounds(Random(state), late=True)
    belated = [
        one for device in DEVICES for one in delayed(draw, [one for one in rows if one.device == device])
    ]
    until = BEGIN + 33 * HOUR
    expected = last_word(rows, in_time, until)
    found = last_word(belated, late, until, crash=draw.randrange(100, 900))
    made = []
    for name in ("verdicts", "intervals"):
        one, other = getattr(expected, name), getattr(found, name)
        keys = {key for key in {*one, *other} if one.get(key) != other.get(key)}
        made += [f"{key}: {one.get(key)} in time, {other.get(key)} late" for key in sorted(keys)]
    return made


@pytest.mark.parametrize("seed", range(2))
def test_a_backlog_in_any_pieces_is_judged_as_if_it_had_come_in_time(seed: int) -> None:
    assert differences(seed) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seeds", in_tests(LOGS, 10), ids=seeds_of)
def test_the_backlogs_of_ten_thousand_devices_are_judged_as_if_they_had_come_in_time(
    seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "DEVICES", MANY)
    for seed in seeds:
        assert differences(seed) == [], f"seed {seed}"
