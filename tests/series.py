"""Series that the project makes itself, with the traits of what instruments and stations send.

Everything is drawn from `numpy.random.default_rng` of a seed: the same seed gives the same text, byte for
byte. The files have the columns of the published recordings, so that whatever reads those reads these.

`dust_storm`: an optical dust sensor (`time_utc,pm2_5,pm10`; UTC, ug/m3, one decimal) over about 36 hours.
Bursts of about five samples 1.1 s apart (now and then four, and two that run together), about two minutes
between them, seldom one, four or five, and two gaps, of half an hour and of an hour and a half. PM10 wanders
between clear air near 0 and the sensor's ceiling of 1999.9; PM2.5 is a tenth of it, more when the dust is
thickest, has a ceiling of its own (999.9) and stands above PM10 now and then. The clock is set forward once and
back once, so that a few bursts are written after later ones; no two samples have the same millisecond.

`station`: 92 days of hours of a reference station, March to May (local time, UTC+8, hours 0-23): PM2.5, PM10
and gases in ug/m3 as whole numbers, `NA` where nothing was measured (single hours, and runs of up to a day),
temperature and dew point in degrees Celsius, pressure in hPa, rain in mm, wind speed in m/s and its direction as
one of 16 points of text, seldom `NA`. Both stations breathe the same air, each with its own share. On 15 April
a sandstorm comes with a north wind: an hour near 970 ug/m3 in the evening, after hours that are `NA`.

`damaged`: a recording whose file was hurt: runs of NUL bytes where a disk lost power, lines cut off, lines that
are no JSON, bytes that are no text.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

SEED = 20190828
STORM = "sds011-dust-storm.csv.gz"
STATIONS = ("guanyuan", "changping")
POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
FIRST_BURST = datetime(2019, 8, 28, 11, 30, 11, 975_404, tzinfo=UTC)
CEILING, FINE_CEILING = 1999.9, 999.9  # ug/m3
DAYS = 92  # March, April, May
SANDSTORM = 45 * 24 + 20  # hour of the series: 15 April, 20:00
HURT = ("NUL bytes alone", "NUL bytes in front", "cut off", "no JSON", "bytes that are no text")
Floats = np.ndarray[Any, np.dtype[np.float64]]


def station_file(name: str) -> str:
    """The name of a station's file, as it is published."""
    return f"beijing-{name}-2015-spring.csv.gz"


FILES = (STORM, *(station_file(name) for name in STATIONS))


@cache
def text(file: str, seed: int = SEED) -> str:
    """The CSV of one of FILES."""
    if file == STORM:
        return dust_storm(seed)
    return station(next(name for name in STATIONS if file == station_file(name)), seed)


def wandering(random: np.random.Generator, n: int, memory: float) -> Floats:
    """A stationary series of deviation 1 whose neighbours are alike for about `memory` steps."""
    kept = np.exp(-1 / memory)
    steps = random.normal(0, np.sqrt(1 - kept * kept), n)
    steps[0] = random.normal()
    for i in range(1, n):
        steps[i] += kept * steps[i - 1]
    return steps


# ----------------------------------------------------------------------------------------- the dust storm


def dust_storm(seed: int = SEED) -> str:
    """`time_utc,pm2_5,pm10` as text, in the order in which the sensor wrote it."""
    random = np.random.default_rng([seed, 0])
    ends = _bursts(random)
    level = _level(random, np.array([at for at, _ in ends]))
    lines = []
    for (at, samples), pm10 in zip(ends, level, strict=True):
        lines += _burst(random, at, samples, pm10)
    return _csv(("time_utc", "pm2_5", "pm10"), lines)


def _bursts(random: np.random.Generator) -> list[tuple[float, int]]:
    """(s since the beginning by the sensor's clock, samples) of each burst."""
    made, at, clock = [], 0.0, 0.0
    number = 0
    while at < 36.4 * 3600:
        samples = 4 if number and random.random() < 0.004 else 5
        made.append((at + clock, 9 if number == 500 else samples))
        at += random.choice([119.8, 120.9, 68.0, 240.5], p=[0.75, 0.15, 0.02, 0.08]) + random.normal(0, 0.1)
        number += 1
        at += {200: 1800.0, 700: 5400.0}.get(number, 0.0)
        if number == 330:
            clock += 45.0
        if number == 610:
            clock -= 310.0  # three bursts are dated before ones that came earlier
        if number % 211 == 0:
            at += random.uniform(100, 175)
    return made


def _level(random: np.random.Generator, at: Floats) -> Floats:
    """PM10 at these instants (s): hours, a quarter of an hour and gusts of a minute, multiplied."""
    n = int(at.max() // 10) + 2
    slow, gusts = wandering(random, n, 1200.0), wandering(random, n, 40.0)
    quick = wandering(random, n, 6.0)
    hours = np.arange(n) / 360
    fronts = sum(
        (h * np.exp(-(((hours - c) / w) ** 2)) for c, h, w in ((7.5, 2.2, 1.1), (28.6, 2.0, 0.9))),
        np.zeros(n),
    )
    clear = sum((3.2 * np.exp(-(((hours - c) / 0.8) ** 2)) for c in (15.6, 20.4)), np.zeros(n))
    log = 4.75 + 0.85 * slow + 0.75 * gusts + 0.25 * quick + fronts - clear
    return np.exp(log)[(at // 10).astype(int)]


def _burst(random: np.random.Generator, at: float, samples: int, pm10: float) -> list[tuple[str, str, str]]:
    start = FIRST_BURST + timedelta(seconds=at)
    steps = random.normal(0, 0.05, samples).cumsum()
    share = 0.085 + 0.05 * random.random() + (0.12 if pm10 > 1200 else 0.0)
    if random.random() < 0.004:
        share = 1.02  # fine dust alone, and the coarse channel a little behind
        pm10 = min(pm10, 40.0)
    lines = []
    for number, step in enumerate(steps):
        value = pm10 * np.exp(step)
        fine = value * share * (1 + random.normal(0, 0.03))
        value = 0.0 if value < 1.5 else value
        instant = start + timedelta(microseconds=int(number * 1_103_900 + random.integers(0, 900)))
        lines.append(
            (
                instant.replace(tzinfo=None).isoformat(timespec="microseconds"),
                f"{min(fine, FINE_CEILING):.1f}",
                f"{min(value, CEILING):.1f}",
            )
        )
    return lines


# -------------------------------------------------------------------------------- the reference stations


def station(name: str, seed: int = SEED) -> str:
    """The hours of one station as text."""
    own = np.random.default_rng([seed, 1 + STATIONS.index(name)])
    n = DAYS * 24
    air = _air(seed)
    # two stations part for some hours, and each day alike at the same hours: valley wind, traffic
    alone = 0.27 * wandering(own, n, 3.0) + own.normal(0, 0.08, n) + 0.06 * wandering(own, n, 60.0)
    daily = {STATIONS[0]: 0.06, STATIONS[1]: -0.06}[name] * (1 + 2 * air["warm"])
    pm10 = 600 * np.tanh(np.exp(air["pm10"] + alone + daily) / 600)  # but for sand it stays below 600
    fine = 0.55 + 0.16 * air["fine"] + 0.06 * wandering(own, n, 6.0)
    since = np.arange(n) - SANDSTORM
    sand = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 5.0), 0.0) * (since < 14)
    pm10 = pm10 * (1 - 0.6 * (sand > 0)) + sand * (930 if name == STATIONS[0] else 760)
    fine = np.where(sand > 0.05, 0.16, np.clip(fine, 0.12, 0.97))
    pm2_5 = pm10 * fine
    pm10[SANDSTORM] = {STATIONS[0]: 968.0}.get(name, 741.0)
    for at in own.choice(np.flatnonzero(pm10 < 60), 3, replace=False):
        pm2_5[at] = pm10[at] + own.integers(1, 5)
    speed = np.maximum(air["speed"] * (1 + 0.18 * wandering(own, n, 5.0)), 0.0)
    speed = np.where(sand > 0, speed + 3.0, speed)
    turned = air["direction"] + 40.0 * wandering(own, n, 6.0) + own.normal(0, 12, n)
    degrees = np.where(sand > 0, 345.0 + 12 * own.normal(0, 1, n), turned) % 360
    temperature = air["temperature"] + own.normal(0, 0.3, n)
    columns = {
        "PM2.5": _whole(_gaps(own, np.maximum(pm2_5, 3), 0.012)),
        "PM10": _whole(_gaps(own, np.maximum(pm10, 3), 0.008, before=SANDSTORM)),
        "SO2": _whole(_gaps(own, 2 + 11 * np.exp(0.8 * wandering(own, n, 12.0)), 0.005)),
        "NO2": _whole(_gaps(own, 42 * np.exp(0.5 * wandering(own, n, 12.0)), 0.005)),
        "CO": _whole(_gaps(own, 100 * np.rint(8 * np.exp(0.6 * wandering(own, n, 12.0)) + 1), 0.005)),
        "O3": _whole(_gaps(own, np.maximum(70 + 50 * air["warm"] + own.normal(0, 9, n), 2), 0.005)),
        "TEMP": _tenths(temperature),
        "PRES": _tenths(air["pressure"] - (5.0 if name == STATIONS[1] else 0.0)),
        "DEWP": _tenths(np.minimum(air["dew"], temperature - 0.4)),
        "RAIN": _tenths(air["rain"]),
        "wd": [POINTS[int((d + 11.25) // 22.5) % 16] for d in degrees],
        "WSPM": _tenths(speed),
    }
    if name == STATIONS[1]:
        for at in own.choice(n, 5, replace=False):
            columns["wd"][at] = "NA"
    lines, first = [], datetime(2015, 3, 1, tzinfo=UTC)  # only its digits are written
    for i, values in enumerate(zip(*columns.values(), strict=True)):
        at = first + timedelta(hours=i)
        lines.append((17_521 + i, at.year, at.month, at.day, at.hour, *values, name.capitalize()))
    return _csv(("No", "year", "month", "day", "hour", *columns, "station"), lines)


@cache
def _air(seed: int) -> Mapping[str, Floats]:
    """What both stations share: weather, and PM10 as its logarithm."""
    random = np.random.default_rng([seed, 9])
    n = DAYS * 24
    hour, day = np.arange(n) % 24, np.arange(n) / 24
    warm = np.sin((hour - 9) / 24 * 2 * np.pi)
    front = wandering(random, n, 40.0)
    shower = (wandering(random, n, 6.0) > 1.6) & (front > 0)
    return {
        "warm": warm,
        "pm10": 4.55 + 0.62 * front + 0.25 * wandering(random, n, 14.0) - 0.12 * warm,
        "fine": wandering(random, n, 30.0),
        "speed": np.exp(0.6 - 0.3 * front + 0.3 * warm + 0.45 * wandering(random, n, 5.0)),
        "direction": 350 - 60 * front + 120 * wandering(random, n, 25.0),
        "temperature": 5 + 0.22 * day + 5.5 * warm + 2.5 * wandering(random, n, 60.0),
        "dew": -10 + 0.2 * day + 5 * front + 2.0 * wandering(random, n, 20.0),
        "pressure": 1018 - 0.17 * day + 6 * wandering(random, n, 50.0),
        "rain": np.where(shower, np.exp(random.normal(-0.8, 1.0, n)), 0.0),
    }


def _gaps(random: np.random.Generator, values: Floats, share: float, before: int | None = None) -> Floats:
    """Without single hours, a few runs of hours, one of nearly a day, and the two hours before `before`."""
    made = values.copy()
    n = len(made)
    kept = made[before] if before is not None else 0.0
    made[random.random(n) < share / 2] = np.nan
    for length in (2, 3, 3, 5, 19):
        first = int(random.integers(24, n - 48))
        made[first : first + length] = np.nan
    if before is not None:
        made[before - 2 : before] = np.nan
        made[before] = kept
    return made


def _whole(values: Floats) -> list[str]:
    return ["NA" if np.isnan(v) else str(round(v)) for v in values]


def _tenths(values: Floats) -> list[str]:
    return [f"{v + 0.0:.1f}".replace("-0.0", "0.0").removesuffix(".0") for v in np.round(values, 1)]


def _csv(header: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


# -------------------------------------------------------------------------------------- damaged recordings


@dataclass(frozen=True)
class Line:
    """A line of a recording as it stands in its file, with its line feed; hurt: why, or empty."""

    text: bytes
    hurt: str = ""


def damaged(messages: Sequence[Mapping[str, Any]], seed: int = SEED, share: float = 0.1) -> list[Line]:
    """The messages as lines of a recording, about `share` of which were hurt one way or another."""
    random = np.random.default_rng([seed, 3])
    made = []
    for message in messages:
        whole = json.dumps(message, ensure_ascii=False).encode() + b"\n"
        if random.random() >= share:
            made.append(Line(whole))
            continue
        cut = int(random.integers(1, len(whole) - 2))
        why = HURT[int(random.integers(len(HURT)))]
        hurt = {
            "NUL bytes alone": bytes(len(whole) - 1),
            "NUL bytes in front": bytes(cut) + whole[:-1],
            "cut off": whole[:cut],
            "no JSON": b"-- started again --",
            "bytes that are no text": whole[:cut] + b"\xff\xfe" + whole[cut:-1],
        }[why]
        made.append(Line(hurt + b"\n", why))
    return made
