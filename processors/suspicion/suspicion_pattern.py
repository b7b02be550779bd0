"""Pattern of suspected falsification as an entry in the table: its words, settings and search function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.wording import Wording

S = TypeVar("S")


@dataclass(frozen=True, slots=True, eq=False)
class SuspicionPattern(Generic[S]):
    """One pattern; the permitted values of its settings are in `ingest.suspicion_thresholds`."""

    name: str
    title: Wording
    settings: type[S]  # a frozen dataclass whose defaults are a proposal of this project
    find: Callable[[FeatureHistory, Surroundings, S], PatternFindings]
    numbers: Mapping[str, Wording] = field(default_factory=dict)  # of its evidence, beside the shared ones
    # threshold -> the most that can be asked for; above it the pattern would never be found
    at_most: Mapping[str, Callable[[S], float]] = field(default_factory=dict)
    without_background: str | None = None  # what becomes of it where no station is known; None: nothing
