"""Onset of a gap: whether PM10 was rising steeply or the background was high when a device fell silent.

A gap may begin at any time, so this is recorded beside the gap and accuses nobody; how often one device's
gaps begin at high values is a separate question (`suspicion.offline`). No standard gives these figures: they
are a proposal of this project, based on reported cases of monitors taken offline when pollution was high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.units import JUDGED
from processors.columns import HOUR_MS, Bools, Floats, Int32s, Int64s
from processors.records import HIGH_BACKGROUND, RISING
from processors.suspicion import HourReadings, hour_features
from processors.windows import Columns

Bits = npt.NDArray[np.uint8]
_PM10 = JUDGED.index("pm10")


@dataclass(frozen=True, slots=True)
class OnsetSettings:
    """Defaults: a proposal of this project."""

    rising: float = 2.0  # the last ten minutes / the twenty before
    rising_least: float = 75.0  # ug/m3 at the end: a rise of clean air is nothing to hide
    high_background: float = 150.0  # ug/m3


class GapOnsets(NamedTuple):
    """Flags of how gaps began, (gaps)."""

    rising: Bools
    high_background: Bools


def gap_onsets(rise: Floats, level: Floats, background: Floats, settings: OnsetSettings) -> GapOnsets:
    """Flags of gaps. `rise`, `level` (ug/m3): `rise` and `ending` of the hour before each, as in
    `suspicion.features`; `background`: ug/m3. NaN means unknown and sets no flag.
    """
    return GapOnsets(
        (rise >= settings.rising) & (level >= settings.rising_least), background >= settings.high_background
    )


def onset_bits(
    held: Columns, rows: Int32s, last: Int64s, background: Floats, settings: OnsetSettings | None = None
) -> Bits:
    """(gaps) RISING and HIGH_BACKGROUND of gaps of different devices, each after its last reading.

    `held`: readings, in any order, maybe with duplicates; `rows` (gaps): their devices, ascending; `last`: ms
    of the last reading; `background`: ug/m3 then, NaN where unknown.
    """
    place = np.searchsorted(rows, held.row)
    place[place == len(rows)] = 0
    at = held.time - last[place] + (HOUR_MS - 1)
    mine = np.flatnonzero((rows[place] == held.row) & (at >= 0) & (at < HOUR_MS))
    key = (place[mine].astype(np.int64) << 22) + at[mine]
    order = np.lexsort((held.hash[mine], key))  # of a conflict the smaller hash counts
    first = np.ones(len(order), bool)
    first[1:] = key[order][1:] != key[order][:-1]
    mine = mine[order[first]]
    features = hour_features(
        HourReadings(place[mine].astype(np.int32), at[mine], held.values[_PM10, mine]),
        len(rows),
        0,
        background,
    )
    found = gap_onsets(features["rise"], features["ending"], background, settings or OnsetSettings())
    bits: Bits = found.rising * np.uint8(RISING) + found.high_background * np.uint8(HIGH_BACKGROUND)
    return bits
