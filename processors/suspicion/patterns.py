"""Table of all patterns, read by settings, episodes, messages and the desk.

To add a pattern, write its module, append its entry to the table, and set the bounds of its thresholds in
`ingest.suspicion_thresholds`.
"""

from __future__ import annotations

from typing import Any

from processors.suspicion import (
    band,
    ceiling,
    clock,
    cover,
    flat_means,
    mass_factor,
    offline,
    spray,
    stuck,
    tsp,
    twins,
)
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import SHARED_NUMBERS, Wording

# A pattern's place is that of its column in the state of a partition.
_TABLE: tuple[SuspicionPattern[Any], ...] = (
    mass_factor.PATTERN,
    spray.PATTERN,
    cover.PATTERN,
    ceiling.PATTERN,
    band.PATTERN,
    tsp.PATTERN,
    flat_means.PATTERN,
    stuck.PATTERN,
    offline.PATTERN,
    twins.PATTERN,
    clock.PATTERN,
)
PATTERNS: dict[str, SuspicionPattern[Any]] = {pattern.name: pattern for pattern in _TABLE}
TITLES: dict[str, Wording] = {pattern.name: pattern.title for pattern in _TABLE}
# Numbers of the evidence, and the features that are plotted.
NUMBERS: dict[str, Wording] = dict(SHARED_NUMBERS)
for _pattern in _TABLE:
    NUMBERS.update(_pattern.numbers)
