"""Water sprayed at the inlet: PM10 dips while humidity jumps far above that of the site's other monitors.

Fog, rain and watering wet the others too, and watering raises humidity little. A site's only monitor shows a
shower and a hose alike: what is found there is not sure enough to be told by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Floats, Int32s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import FOG_HUMIDITY, fog, maintenance
from processors.suspicion.stats import ratio, within
from processors.suspicion.surroundings import Surroundings, others
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "spray"


@dataclass(frozen=True, slots=True)
class SpraySettings:
    """Defaults: a proposal of this project."""

    jump: float = 15.0  # points of humidity
    above_neighbours: float = 15.0  # jump - the median jump of the site's others
    dip: float = 0.7  # PM10 wet / dry, or this hour / the hour before
    reference_fell: float = 0.8  # the background of the hour / of the hour before: it fell as well
    watering: float = 0.5  # share of the jump that another monitor of the site shows


def find(history: FeatureHistory, place: Surroundings, settings: SpraySettings) -> PatternFindings:
    """Devices with a wet dip within the newest hour, or from the hour before to it."""
    jumps = history.last("humidity_jump", 1)[0]
    wet_share = history.last("wet_share", 1)[0]
    humidity, mean = history.last("humidity", 2), history.last("mean", 2)
    reference = history.last("reference", 2)
    inside = wet_share <= settings.dip
    since_before = humidity[1] - humidity[0]
    fall = ratio(mean[1], mean[0])
    reference_fall = ratio(reference[1], reference[0])
    across = (fall <= settings.dip) & (since_before >= settings.jump)
    across &= ~(reference_fall < settings.reference_fell)
    by_before = across & ~(inside & (jumps >= since_before))
    around = np.where(by_before, others(since_before, place.site), others(jumps, place.site))
    jump = np.where(by_before, since_before, jumps)
    alone = np.isnan(around)
    excess = jump - np.where(alone, 0.0, around)
    found = (inside | across) & (jump >= settings.jump) & (excess >= settings.above_neighbours)
    rows = np.flatnonzero(found).astype(np.int32)
    dip = np.fmin(wet_share, np.where(across, fall, np.nan))
    confidence = (
        0.5 + 0.25 * within(excess, settings.above_neighbours, 40.0) + 0.25 * within(dip, settings.dip, 0.2)
    )
    confidence = np.where(alone, confidence * 0.55, confidence)
    # of the site: the second greatest jump; the greatest is the device's own, or a wetter one's
    # a shower or hoses may begin between two hours at one monitor and within one at another
    second = _second_greatest(np.fmax(jumps, since_before), place.site)[rows]
    level, foggy = fog(history, place, rows)
    # where there is no other, the device's own humidity is the spray's
    foggy &= ~alone[rows] | (humidity[0][rows] > FOG_HUMIDITY)
    return PatternFindings(
        NAME,
        rows,
        np.full(len(rows), history.newest, np.int64),
        hundredths(confidence[rows]),
        {
            "humidity_jump": (jump[rows], "%"),
            "neighbours_jump": (around[rows], "%"),
            "dip": (dip[rows], "1"),
            "pm10": (mean[1][rows], "ug/m3"),
            "reference": (reference[1][rows], "ug/m3"),
        },
        {
            "fog": (level, foggy),
            "watering": (second, second >= settings.watering * jump[rows]),
            "maintenance": maintenance(history, rows, 1),
        },
        plot=("mean", "reference", "humidity", "humidity_jump"),
        plot_hours=12,
    )


def _second_greatest(column: Floats, group: Int32s) -> Floats:
    """(devices) the second greatest value of each device's group; NaN: there is none."""
    made = np.full(len(column), np.nan)
    rows = np.flatnonzero(~np.isnan(column) & (group >= 0))
    if len(rows) < 2:
        return made
    rows = rows[np.lexsort((-column[rows], group[rows]))]
    groups = group[rows]
    first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    several = np.diff(first, append=len(groups)) > 1
    second = np.where(several, column[rows[np.minimum(first + 1, len(rows) - 1)]], np.nan)
    place = np.searchsorted(groups[first], groups)
    made[rows] = second[place]
    return made


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似向采样口喷水", "Suspected: water sprayed at the inlet"),
    settings=SpraySettings,
    find=find,
    numbers={
        "dip": Wording("降幅比", "dip"),
        "neighbours_jump": Wording("周边湿度骤升", "jump of humidity at the neighbours"),
    },
)
