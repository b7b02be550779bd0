"""Honest monitors made of the real recordings, minute by minute; no random number that isn't seeded.

An hour's level is what one Beijing reference station measured (the other is the background), humidity
is of its temperature and dew point; how minutes differ is the texture of the SDS011 recording, its noise
that of the bursts. On top a site's own work by day, as a share of the texture. Honest variants: fog that
swells particles, a shower over the site alone that binds dust, watering, rest at night with whole numbers,
the end of a dusty stage, a poor network.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from ingest.records import MISSING
from ingest.value_extras import COUNT, GREATEST, LEAST
from processors.columns import ABSENT
from processors.suspicion import DeviceSums, HourReadings

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
STATIONS = ("guanyuan", "changping")
MINUTES = 60
HOUR_MS = 3_600_000
_SOFT = 12  # minutes over which an hour's level passes into the next


@dataclass
class Monitor:
    """One device over some hours: (minutes) arrays; NaN is no reading. `site` groups monitors."""

    name: str
    pm10: np.ndarray
    pm2_5: np.ndarray
    tsp: np.ndarray
    humidity: np.ndarray
    reference: np.ndarray  # (hours)
    least: np.ndarray
    greatest: np.ndarray
    lag: np.ndarray  # s
    raw_count: np.ndarray | None = None
    site: int = -1
    astray: np.ndarray | None = None  # whose time stamp can't be used: sent as of its receipt
    begins: int = 0  # minute of an injection
    label: tuple[str, str] = ("", "")
    more: dict[str, float] = field(default_factory=dict)

    def copy(self, **changes: object) -> Monitor:
        own = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}
        return Monitor(**{**own, **changes})


@dataclass(frozen=True)
class Station:
    start: int  # ms UTC of the first hour
    pm10: np.ndarray
    pm2_5: np.ndarray
    humidity: np.ndarray
    rain: np.ndarray

    def part(self, first: int, hours: int) -> Station:
        cut = {k: getattr(self, k)[first : first + hours] for k in ("pm10", "pm2_5", "humidity", "rain")}
        return replace(self, start=self.start + first * HOUR_MS, **cut)


@lru_cache
def station(name: str) -> Station:
    """Hours of a reference station as they are; NaN where it has `NA`."""
    with gzip.open(DATA / f"beijing-{name}-2015-spring.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def column(key: str) -> np.ndarray:
        return np.array([float("nan") if r[key] in ("NA", "") else float(r[key]) for r in rows])

    first = rows[0]
    local = datetime(*(int(first[k]) for k in ("year", "month", "day", "hour")), tzinfo=UTC)
    temperature, dew = column("TEMP"), column("DEWP")
    humidity = 100 * np.exp(17.62 * dew / (243.12 + dew) - 17.62 * temperature / (243.12 + temperature))
    start = int(local.timestamp() * 1000) - 8 * HOUR_MS
    filled = np.where(np.isnan(humidity), 50.0, np.minimum(humidity, 100.0))
    return Station(start, column("PM10"), column("PM2.5"), filled, column("RAIN"))


def sds011() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ms UTC, PM10, PM2.5) of the recording as it is."""
    with gzip.open(DATA / "sds011-dust-storm.csv.gz", "rt", encoding="utf-8") as file:
        rows = sorted(
            (
                int(datetime.fromisoformat(r["time_utc"]).replace(tzinfo=UTC).timestamp() * 1000),
                float(r["pm10"]),
                float(r["pm2_5"]),
            )
            for r in csv.DictReader(file)
        )
    time, pm10, pm2_5 = (np.array(c) for c in zip(*rows, strict=True))
    return time, pm10, pm2_5


@lru_cache
def texture() -> tuple[np.ndarray, np.ndarray]:
    """(PM10 of a minute / mean of the two hours around it, relative noise of the bursts) of the SDS011."""
    time, pm10, _ = sds011()
    burst = np.cumsum(np.diff(time, prepend=time[0]) > 20_000)
    mean = np.bincount(burst, pm10) / np.bincount(burst)
    at = np.bincount(burst, time - time[0]) / np.bincount(burst) / 60_000
    minutes = np.interp(np.arange(int(at[-1])), at, mean)
    around = np.convolve(minutes, np.ones(121) / 121, mode="same")
    weight = np.convolve(np.ones_like(minutes), np.ones(121) / 121, mode="same")
    noise = (pm10 - mean[burst]) / np.maximum(mean[burst], 5.0)
    return np.maximum(minutes / np.maximum(around / weight, 1.0), 0.05), np.clip(noise, -0.25, 0.25)


def _cycle(values: np.ndarray, offset: int, n: int) -> np.ndarray:
    return values[(offset + np.arange(n)) % len(values)]


def _hours_to_minutes(hours: np.ndarray) -> np.ndarray:
    """An hour's value held, passing softly into the next; NaN stays a whole hour."""
    held = np.repeat(hours, MINUTES)
    filled = np.repeat(np.where(np.isnan(hours), np.nanmedian(hours), hours), MINUTES)
    soft = np.convolve(np.pad(filled, _SOFT, mode="edge"), np.ones(2 * _SOFT + 1) / (2 * _SOFT + 1), "valid")
    return np.where(np.isnan(held), np.nan, soft)


def local_hour(start: int, minutes: int) -> np.ndarray:
    """(minutes) hour of the day, UTC+8."""
    return ((start // 60_000 + np.arange(minutes)) // 60 + 8) % 24


def honest(
    own: str, first: int, hours: int, offset: int, work: float = 60.0, gain: float = 1.0, kind: str = "plain"
) -> Monitor:
    """A monitor of the variant `kind` whose air is of station `own`; `offset`: where in the texture."""
    other = STATIONS[1 - STATIONS.index(own)]
    air, background = station(own).part(first, hours), station(other).part(first, hours)
    n = hours * MINUTES
    # no two places breathe the same: up to two fifths of the air is that of the other station
    share_other = (offset * 37 % 41) / 100
    gain = gain * (0.92 + (offset * 29 % 17) / 100)  # units of one make differ by some per cent
    pm10_air = np.where(
        np.isnan(background.pm10), air.pm10, (1 - share_other) * air.pm10 + share_other * background.pm10
    )
    relative, noise = texture()
    hour = local_hour(air.start, n)
    day = (hour >= 6) & (hour < 22)
    by_day = np.convolve(day.astype(float), np.ones(31) / 31, mode="same")
    level = _hours_to_minutes(pm10_air) * gain
    humidity = np.clip(_hours_to_minutes(air.humidity) + 2.0 * (_cycle(relative, offset + 99, n) - 1), 1, 100)
    share = np.where(day, 0.3, 0.12)
    base = level * (1 + share * (_cycle(relative, offset, n) - 1))
    strength = np.full(n, work)
    if kind == "stage_end":
        strength[n // 2 :] = 0.0
        strength[: n // 2] *= 2.5
    if kind == "at_rest":
        strength[:] = 0.0
        base = level
    own_dust = strength * by_day * _cycle(relative, offset * 3 + 700, n)
    if kind == "watering":
        minute_of_day = (air.start // 60_000 + np.arange(n) + 480) % 1440
        wet = ((minute_of_day >= 600) & (minute_of_day < 625)) | (
            (minute_of_day >= 900) & (minute_of_day < 925)
        )
        own_dust = np.where(wet, own_dust * 0.3, own_dust)
        humidity = np.where(wet, np.minimum(humidity + 7.0, 100.0), humidity)
    total = base + own_dust
    if kind == "rain":
        raining = np.repeat(air.rain > 0, MINUTES)
        total = np.where(raining, base * 0.8 + own_dust * 0.2, total)
        humidity = np.where(raining, np.maximum(humidity, 94.0), humidity)
    if kind == "fog":
        total = total * (1 + np.maximum(humidity - 85.0, 0.0) / 15.0 * 0.6)
    pm10 = np.maximum(total * (1 + _cycle(noise, offset * 7, n)), 0.0)
    fine = np.repeat(
        np.where(np.isnan(air.pm2_5 / air.pm10), 0.5, np.minimum(air.pm2_5 / air.pm10, 1.0)), MINUTES
    )
    pm2_5 = (fine * base + 0.1 * own_dust) * (1 + _cycle(noise, offset * 11 + 5, n))
    coarse = 1.35 + 0.25 * (_cycle(relative, offset * 5 + 333, n) - 1)
    tsp = np.maximum(pm10 * np.maximum(coarse, 1.02), pm10)
    decimals = 0 if kind == "at_rest" else 1
    pm10, pm2_5, tsp = (np.round(v, decimals) for v in (pm10, pm2_5, tsp))
    if kind == "poor_network":
        for begin, length in _outages(offset, n):
            pm10[begin : begin + length] = np.nan
    spread = 0.02 + np.abs(_cycle(noise, offset * 13 + 1, n))
    return Monitor(
        name=f"{kind}-{own}-{offset}",
        pm10=pm10,
        pm2_5=pm2_5,
        tsp=tsp,
        humidity=np.round(humidity, 1),
        reference=background.pm10,
        least=np.round(pm10 * (1 - spread), 1),
        greatest=np.round(pm10 * (1 + spread), 1),
        lag=1.0 + np.abs(_cycle(noise, offset * 17, n)) * 8,
        label=("honest", kind),
    )


def _outages(seed: int, minutes: int) -> list[tuple[int, int]]:
    """About one a day, of 20 minutes to 8 hours, at any time."""
    random = np.random.default_rng(seed)
    count = minutes // 1440
    begin = np.sort(random.integers(0, minutes, count))
    return list(zip(begin.tolist(), random.integers(20, 480, count).tolist(), strict=True))


def _thousandths(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), float(ABSENT), np.rint(values * 1000)).astype(np.int32)


def _wide(values: np.ndarray) -> np.ndarray:
    whole = np.rint(np.where(np.isnan(values), 0.0, values) * 1000).astype(np.int64)
    return np.where(np.isnan(values), MISSING, whole)


class Fleet:
    """Monitors side by side, read hour by hour as sorted rows."""

    def __init__(self, monitors: list[Monitor], start: int) -> None:
        self.monitors, self.start = monitors, start
        self.here = ~np.isnan(np.stack([m.pm10 for m in monitors]))
        names = ("pm10", "pm2_5", "tsp", "humidity")
        self.columns = {name: _thousandths(np.stack([getattr(m, name) for m in monitors])) for name in names}
        nobody = np.full(self.here.shape[1], np.nan)
        counts = [nobody if m.raw_count is None else m.raw_count for m in monitors]
        self.beside = {
            LEAST: _wide(np.stack([m.least for m in monitors])),
            GREATEST: _wide(np.stack([m.greatest for m in monitors])),
            COUNT: _wide(np.stack(counts)),
        }
        self.columns["lag"] = np.rint(np.stack([m.lag for m in monitors]) * 1000).astype(np.int64)
        self.references = np.stack([m.reference for m in monitors], axis=1)
        self.site = np.array([m.site if m.site >= 0 else 1000 + i for i, m in enumerate(monitors)], np.int32)

    @property
    def hours(self) -> int:
        return self.here.shape[1] // MINUTES

    def hour(self, number: int) -> tuple[int, HourReadings, np.ndarray, DeviceSums]:
        """(start, rows, reference, sums of what is beside) of an hour."""
        part = slice(number * MINUTES, (number + 1) * MINUTES)
        row, minute = np.nonzero(self.here[:, part])
        start = self.start + number * HOUR_MS
        columns = {name: column[:, part][row, minute] for name, column in self.columns.items()}
        rows = HourReadings(row=row.astype(np.int32), time=start + minute * 60_000, **columns)
        sums = DeviceSums.of(len(self.monitors))
        beside = {name: column[:, part][row, minute] for name, column in self.beside.items()}
        for at, monitor in enumerate(self.monitors):
            if monitor.astray is not None:
                sums.astray[at] = int((monitor.astray[part] & self.here[at, part]).sum())
        sums.add(rows.row, columns["pm10"].astype(np.int64), beside)
        return start, rows, self.references[number], sums
