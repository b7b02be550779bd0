"""The patterns there are: the one table that settings, episodes, messages and the desk read.

To add a pattern, write its module, put its entry at the end of the table, and say in
`ingest.suspicion_thresholds` within which bounds its thresholds may be set.
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
