"""Finding of a pattern: interval, confidence, evidence, and the guards that were checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.columns import Bools, Floats, Int32s, Int64s


class EvidenceNumber(NamedTuple):
    """A number of the evidence with its unit; None: unknown."""

    value: float | None
    unit: str


class Guard(NamedTuple):
    """An innocent explanation that was checked: the value observed, and whether it silenced the finding."""

    name: str
    seen: float | None
    silenced: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Suspected falsification (疑似) of one device; `pattern` is a key of `patterns.TITLES`."""

    row: int
    pattern: str
    start: int  # [start, end) ms UTC
    end: int
    confidence: float  # 0..1 in hundredths
    evidence: dict[str, EvidenceNumber]
    guards: tuple[Guard, ...]
    plot: dict[str, tuple[float | None, ...]]  # a number an hour, the last at the interval's end

    @property
    def silenced(self) -> str | None:
        """Name of the first guard that explains the finding; None: no guard does."""
        return next((guard.name for guard in self.guards if guard.silenced), None)


@dataclass(frozen=True, slots=True, eq=False)
class PatternFindings:
    """Findings in columns of k devices; `plot` names the features that show them, over `plot_hours`."""

    pattern: str
    row: Int32s
    start: Int64s
    confidence: Floats
    evidence: dict[str, tuple[Floats, str]] = field(default_factory=dict)  # (numbers, unit)
    guards: dict[str, tuple[Floats, Bools]] = field(default_factory=dict)  # (seen, silenced)
    plot: tuple[str, ...] = ("mean", "reference")
    plot_hours: int = 24

    @property
    def silenced(self) -> Bools:
        """(k) True where a guard explains the finding."""
        made = np.zeros(len(self.row), bool)
        for _, silent in self.guards.values():
            made |= silent
        return made


def hundredths(confidence: npt.NDArray[np.float64]) -> Floats:
    """Confidence as reported: within 0..1, in hundredths, so that a last bit can't change a text."""
    made: Floats = np.rint(np.clip(confidence, 0.0, 1.0) * 100.0) / 100.0
    return made


def number(value: float) -> float | None:
    """A number of the evidence to three digits, as many as an hour keeps; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.3g}")
