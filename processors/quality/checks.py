"""Table of all quality checks, read by flags, settings, documentation and both passes.

To add a check, write its module and append its entry to the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from processors.quality import (
    above_range,
    attenuated_signal,
    background,
    ceiling,
    clock,
    device_flag,
    flat_line,
    gross_range,
    humidity,
    neighbour,
    pm_order,
    rate_of_change,
    spike,
)
from processors.quality.quality_check import QualityCheck

# A check's place is the number of its bit, which is part of stored records: none is moved or removed.
TABLE: tuple[QualityCheck[Any, Any], ...] = (
    gross_range.CHECK,
    ceiling.CHECK,
    spike.CHECK,
    rate_of_change.CHECK,
    flat_line.CHECK,
    attenuated_signal.CHECK,
    pm_order.CHECK,
    humidity.CHECK,
    neighbour.CHECK,
    background.CHECK,
    device_flag.CHECK,
    above_range.CHECK,
    clock.CHECK,
)
CHECKS: tuple[str, ...] = tuple(check.name for check in TABLE)
BIT: dict[str, np.uint16] = {name: np.uint16(1 << i) for i, name in enumerate(CHECKS)}


def bits_of(names: Iterable[str]) -> np.uint16:
    """Bit mask of the named checks. Raises KeyError for a name that is not in CHECKS."""
    return np.uint16(sum(int(BIT[name]) for name in set(names)))


@cache
def names_of(bits: int) -> tuple[str, ...]:
    """Names of the checks in a bit mask, sorted. Raises ValueError for a bit that belongs to no check."""
    if not 0 <= bits < 1 << len(CHECKS):
        raise ValueError(f"{bits:#x} has bits of no check; there are {len(CHECKS)}")
    return tuple(sorted(name for name, bit in BIT.items() if bits & int(bit)))


# A value that failed one of these is no measurement: the checks that compare values leave it out.
NO_MEASUREMENT = bits_of(check.name for check in TABLE if check.void)
# What these find of a value may change as long as later ones may come.
LOOKS_AHEAD = bits_of(check.name for check in TABLE if check.awaits is not None)
# What enters no mean where a rule says nothing else: it shows that nothing was measured. What compares with
# others or is stuck stays in: a person decides.
REFUSED_CHECKS: tuple[str, ...] = tuple(sorted(check.name for check in TABLE if check.refused))


def check_lines() -> list[str]:
    """Rows of the table of checks in the documentation (`deploy/docs/rules.md`), one line per check."""
    return [
        f"| `{check.name}` | {check.says} | {', '.join(check.looks)} | "
        f"{'yes' if check.refused else 'no'} | {_where_set(check)} |"
        for check in TABLE
    ]


def _where_set(check: QualityCheck[Any, Any]) -> str:
    if check.settings is None:
        return "nothing"
    names = ", ".join(f"`{name}`" for name in check.settings.model_fields)
    return f"{names}{' of each pollutant' if check.each else ''}"
