"""The series that laws are held against: those that the project makes, and the published ones where they are.

A test that asks for the fixture `recordings` runs on the generated series everywhere, and once more on the
published recordings where their folder is present. `published` is for what was published with a recording:
that test alone skips where the folder is absent.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from tests import series
from tests.counties import DATA, reading, storm_of
from tests.series import FILES, STORM, station_file


@dataclass(frozen=True)
class Recordings:
    """A dust storm as an SDS011 saw it, and the hours of two reference stations."""

    name: str
    text: Callable[[str], str]  # the CSV of one of FILES

    def storm_lines(self) -> list[dict[str, str]]:
        """The storm's lines in the order of the file."""
        return list(csv.DictReader(io.StringIO(self.text(STORM))))

    def dust_storm(self) -> list[tuple[int, float, float]]:
        """(ms UTC, PM2.5, PM10) of the storm, in order of time."""
        return _storm(self)

    def dust_storm_messages(self, devices: Sequence[str]) -> list[dict[str, Any]]:
        """The storm played as several monitors."""
        storm = self.dust_storm()
        return [reading(name, at, pm2_5=pm2_5, pm10=pm10) for at, pm2_5, pm10 in storm for name in devices]

    def station_lines(self, name: str) -> list[dict[str, str]]:
        """The hours of a station as text."""
        return list(csv.DictReader(io.StringIO(self.text(station_file(name)))))

    def station(self, name: str) -> pd.DataFrame:
        """The hours of a station as pandas reads them."""
        return pd.read_csv(io.StringIO(self.text(station_file(name))))

    def hourly_means(self, slot_s: int = 300) -> dict[str, dict[int, tuple[float, float]]]:
        """pollutant -> hour start (ms) -> (mean of slot means, capture), by pandas and nothing of ours."""
        frame = pd.DataFrame(self.dust_storm(), columns=["ms", "pm2_5", "pm10"])
        frame["slot"] = frame.ms // (slot_s * 1000)
        frame["hour"] = frame.ms // 3_600_000 * 3_600_000
        slots = frame.groupby(["hour", "slot"])[["pm2_5", "pm10"]].mean()
        means, counts = slots.groupby("hour").mean(), slots.groupby("hour").size()
        per_hour = 3600 / slot_s
        return {
            p: {int(h): (float(means.loc[h, p]), float(counts.loc[h]) / per_hour) for h in means.index}
            for p in ("pm2_5", "pm10")
        }

    def write(self, folder: Path) -> Path:
        """The files in a folder, as they are published."""
        for file in FILES:
            (folder / file).write_bytes(gzip.compress(self.text(file).encode(), mtime=0))
        return folder


@cache
def _storm(of: Recordings) -> list[tuple[int, float, float]]:
    return storm_of(of.storm_lines())


@cache
def _published(file: str) -> str:
    return gzip.decompress((DATA / file).read_bytes()).decode()


GENERATED = Recordings("generated", series.text)
PUBLISHED = Recordings("published", _published)
PRESENT = [GENERATED, *([PUBLISHED] if DATA.is_dir() else [])]
