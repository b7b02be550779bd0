"""Every feature of an hour of several devices against the same worked out in plain loops over its readings."""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from statistics import fmean, pstdev

import numpy as np
import pytest

from processors.columns import ABSENT
from processors.suspicion.features import FEATURES, HourReadings, hour_features
from processors.suspicion.hour_sums import DeviceSums

MINUTE = 60_000
START = 7 * 3_600_000 + 12_345
NAN = float("nan")


def share(part, whole):
    return part / whole if whole else NAN


def by_hand(readings):
    """Features of one device; readings are dicts, numbers in thousandths, None: it has no such value."""
    if not readings:
        return {}
    made = {
        "last_minute": (readings[-1]["time"] - START) // MINUTE,
        "excused": fmean(r["excused"] for r in readings),
        "lag": min(r["lag"] for r in readings) / 1000,
        "lag_span": (max(r["lag"] for r in readings) - min(r["lag"] for r in readings)) / 1000,
    }
    own = [r for r in readings if not r["excused"] and r["pm10"] is not None]
    if not own:
        return made
    x = [r["pm10"] for r in own]
    middle = sum(x) // len(x)
    d = [v - middle for v in x]
    slots = [[r for r in own if (r["time"] - START) // (5 * MINUTE) == n] for n in range(12)]
    means = [fmean(r["pm10"] for r in slot) / 1000 if slot else None for slot in slots]
    made |= {
        "count": len(x),
        "mean": fmean(x) / 1000,
        "least": min(x) / 1000,
        "greatest": max(x) / 1000,
        "deviation": pstdev(x) / 1000,
        "autocorrelation": share(sum(a * b for a, b in pairwise(d)), sum(v * v for v in d)),
        "run_share": max(len(list(run)) for _, run in groupby(x)) / len(x),
        "top_share": sum(v >= max(x) - max(x) // 200 for v in x) / len(x),
    }
    for n in range(4):
        quarter = [r["pm10"] for slot in slots[3 * n : 3 * n + 3] for r in slot]
        made[f"quarter_{n + 1}"] = fmean(quarter) / 1000 if quarter else NAN
    last = max(n for n in range(12) if slots[n])
    near = [means[last - back] if last >= back else None for back in range(6)]
    made["ending"] = near[0] if near[1] is None else (near[0] + near[1]) / 2
    if None not in near:
        made["rise"] = made["ending"] / fmean(near[2:])
    fine = [r for r in own if r["pm2_5"] is not None]
    made["fine_share"] = share(sum(r["pm2_5"] for r in fine), sum(r["pm10"] for r in fine))
    both = [(r["pm10"] / 1000, r["tsp"] / 1000) for r in own if r["tsp"] is not None]
    if len({a for a, _ in both}) > 1:
        pm10, tsp = np.array(both).T
        slope, _ = np.polyfit(pm10, tsp, 1)
        rest = tsp - tsp.mean() - slope * (pm10 - pm10.mean())
        made |= {"tsp_slope": slope, "tsp_residual": math.sqrt((rest**2).mean()) / tsp.mean()}
    wet_slots = [[r["humidity"] / 1000 for r in slot if r["humidity"] is not None] for slot in slots]
    if any(wet_slots):
        made["humidity"] = fmean(h for slot in wet_slots for h in slot)
        levels = [fmean(slot) if slot else None for slot in wet_slots]
        known = [level for level in levels if level is not None]
        jump = max(known) - min(known)
        made["humidity_jump"] = jump
        mark = (max(known) + min(known)) / 2
        wet = [
            r["pm10"] for s, h in zip(slots, levels, strict=True) if h is not None and h >= mark for r in s
        ]
        dry = [r["pm10"] for s, h in zip(slots, levels, strict=True) if h is not None and h < mark for r in s]
        if jump >= 10:
            made["wet_share"] = fmean(wet) / fmean(dry)
    return made


def some_hour(seed):
    """Readings of four devices: one of them silent, one in the last slots only, values that repeat."""
    random = np.random.default_rng(seed)
    made = []
    for device in range(4):
        if device == 1:
            made.append([])
            continue
        minutes = np.flatnonzero(random.random(60) < 0.8)
        if device == 2:
            minutes = minutes[minutes >= 44]

        def maybe(number, most=0.9):
            return int(number) if random.random() < most else None

        level = random.integers(30, 60) * 1000
        made.append([
            {
                "time": START + int(minute) * MINUTE + int(random.integers(0, MINUTE)),
                "pm10": maybe(level + random.integers(0, 20) * 2500),
                "pm2_5": maybe(random.integers(5, 30) * 1000),
                "tsp": maybe(level * 2 + random.integers(0, 60) * 1500),
                "humidity": maybe((40 + 30 * (minute > 30)) * 1000 + random.integers(0, 9) * 1000),
                "lag": int(random.integers(-3, 90)) * 1000,
                "excused": bool(random.random() < 0.1),
            }
            for minute in minutes
        ])  # fmt: skip
    return made


def rows_of(devices):
    flat = [(row, one) for row, readings in enumerate(devices) for one in readings]

    def column(name):
        return np.array([ABSENT if one[name] is None else one[name] for _, one in flat], np.int32)

    return HourReadings(
        np.array([row for row, _ in flat], np.int32),
        np.array([one["time"] for _, one in flat], np.int64),
        column("pm10"), column("pm2_5"), column("tsp"), column("humidity"),
        np.array([one["lag"] for _, one in flat], np.int64),
        np.array([one["excused"] for _, one in flat]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_features_of_an_hour_are_those_that_are_worked_out_by_hand(seed):
    devices = some_hour(seed)
    reference = np.array([80.0, NAN, 90.0, 100.0])
    found = hour_features(rows_of(devices), 4, START, reference)
    for row, readings in enumerate(devices):
        wanted = {column.name: NAN for column in FEATURES} | by_hand(readings) | {"reference": reference[row]}
        got = {name: float(found[name][row]) for name in wanted}
        assert got == pytest.approx(wanted, rel=1e-6, abs=1e-9, nan_ok=True)


def test_what_came_beside_counts_but_for_a_device_that_is_excused():
    sums = DeviceSums(
        *(np.array(n, np.int64) for n in ([4, 4, 0], [3, 4, 0], [50, 50, 9], [100, 0, 3], [0, 2, 5]))
    )
    nobody = HourReadings(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int32))
    found = hour_features(nobody, 3, START, np.full(3, NAN), np.array([False, False, True]), sums)
    np.testing.assert_array_equal(found["flat_share"], [0.75, 1.0, NAN])
    np.testing.assert_array_equal(found["factor"], [0.5, NAN, NAN])
    np.testing.assert_array_equal(found["astray"], [NAN, 2, NAN])
    np.testing.assert_array_equal(found["excused"], [NAN, NAN, 1.0])
    # one whose readings all went astray has spoken all the same
    np.testing.assert_array_equal(found["last_minute"], [NAN, 59, 59])
    without = hour_features(nobody, 3, START, np.full(3, NAN), None, sums)
    np.testing.assert_array_equal(without["astray"], [NAN, 2, 5])


def test_the_hour_is_half_open_and_a_jump_of_ten_points_is_the_least_that_is_wet():
    def one(minutes, humidity):
        n = len(minutes)
        return HourReadings(
            np.zeros(n, np.int32), START + np.array(minutes) * MINUTE, np.full(n, 5000, np.int32),
            humidity=np.array(humidity, np.int32),
        )  # fmt: skip

    reference = np.full(1, NAN)
    for second, wet in ((60_000, 1.0), (59_999, NAN)):
        found = hour_features(one([0, 30], [50_000, second]), 1, START, reference)
        assert found["wet_share"].tolist() == pytest.approx([wet], nan_ok=True)
    last = one([0, 30], [0, 0])._replace(time=np.array([START, START + 60 * MINUTE - 1]))
    assert hour_features(last, 1, START, reference)["last_minute"].tolist() == [59]
    for early, late in ((-1, 0), (0, 60 * MINUTE)):
        with pytest.raises(ValueError, match=f"than the one from {START} ms on"):
            hour_features(last._replace(time=np.array([START + early, START + late])), 1, START, reference)


def test_farther_than_ten_milligrams_from_the_mean_counts_as_so_far():
    values = np.array([0, 0, 0, 100_000_000], np.int32)
    one = HourReadings(np.zeros(4, np.int32), START + np.arange(4) * MINUTE, values)
    found = hour_features(one, 1, START, np.full(1, NAN))
    d = np.array([-10_000, -10_000, -10_000, 10_000.0])
    assert found["deviation"][0] == pytest.approx(d.std())
    assert found["autocorrelation"][0] == pytest.approx((d[1:] * d[:-1]).sum() / (d * d).sum())
