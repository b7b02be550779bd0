"""One recording of 200 minutes that the tests of determinism judge in every way: storms, gaps, faults.

Readings come late, twice and not at all, garbage between them; three monitors exceed for hours, one for
an instant; background comes for some hours only.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.counties import device, iso, message, reading, site, write_county

MINUTE = 60_000
START = 1_795_395_600_000  # a whole hour
MINUTES = 200
SITES, DEVICES = 4, 8
PACKS = ("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10")


def eventful_messages() -> list[dict[str, Any]]:
    """The recording's messages by time of receipt; the same at each call."""
    chance = random.Random(7)
    sent: list[dict[str, Any]] = []
    for turn in range(MINUTES):
        for which in range(DEVICES):
            if chance.random() < 0.05:
                continue
            at = START + turn * MINUTE + which * 3_000
            dusty = which < 3 and 40 < turn < 150
            pm10 = chance.uniform(200, 420) if dusty else chance.uniform(40, 90)
            pm10 = 1500.0 if (which, turn) == (5, 77) else pm10
            one = reading(f"d{which}", at, chance.randrange(200, 4_000), pm10=round(pm10, 1), tsp=pm10 * 4)
            sent += [one] * (2 if chance.random() < 0.03 else 1)
            if chance.random() < 0.01:
                sent.append(message(at + 500, f"dust/v1/d{which}/readings", '{"cut":'))
        if turn % 60 == 7 and turn > 60:
            hour = START + (turn // 60 - 1) * 60 * MINUTE
            body = {"time": iso(hour), "label": "start", "period": 3600, "pm10": 70.0 + turn}
            sent.append(message(START + turn * MINUTE + 30_000, "dust/v1/background/S001", body))
    # the end falls between whole minutes, where nothing is due
    sent.sort(key=lambda m: m["received_at"])
    return sent


def eventful_county(folder: Path) -> Path:
    """The configuration of the recording."""
    devices = [device(f"d{i}", f"site-{i % SITES}", offline_after=86_400) for i in range(DEVICES)]
    return write_county(folder, devices, [site(f"site-{i}") for i in range(SITES)], packs=PACKS)
