"""Quality check as an entry in the table: its settings, its defaults and a function for each place it looks.

A check may look in six places. **Alone**: at a value by itself. **Together**: at the values of one reading.
**Raw**: at values before their calibration. **At arrival**: at inputs that no log of values keeps (receipt,
humidity, device flags). **Back**: on arrival, at the newest earlier value. **Over**: at the sorted values
of a quarter of an hour with those before them. Findings from raw values or at arrival can't be recomputed:
they are packed into bits of the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ingest.units import JUDGED
from processors.columns import Int32s, Int64s
from processors.quality.flags import Found
from processors.quality.forms import CheckSettings
from processors.quality.monitors import Monitors
from processors.quality.series import CheckReach
from processors.quality.subjects import Arrivals, OddValues, RawValues, Stretch, ValuePairs

S = TypeVar("S", bound=CheckSettings)
L = TypeVar("L")  # what a check makes of its settings and the devices, once a configuration: its limits

ByPollutant = tuple[S | None, ...]  # in the order of `JUDGED`, or one for all; None: the check is off
Ordinary = tuple[tuple[int, int], ...]  # by pollutant: [least, greatest) of values in which nothing is odd


@dataclass(frozen=True, slots=True)
class PackedBits:
    """Bits of a reading that keep a check's findings on arrival; part of stored rows.

    `first`: number of the first bit; bits for fail come before those for suspect. A check that flags single
    pollutants has one bit for each, in the order of `JUDGED`.
    """

    first: int
    fails: bool = True
    suspects: bool = True
    each: bool = False  # a bit a pollutant
    refuses: bool = False  # a value that intake refused was refused because of this, not of its size

    @property
    def width(self) -> int:
        """Number of bits for each of fail and suspect."""
        return len(JUDGED) if self.each else 1

    @property
    def suspect_first(self) -> int:
        """Number of the first bit for suspect."""
        return self.first + self.width * self.fails


UNPACKED = PackedBits(first=0, fails=False, suspects=False)


def as_written(settings: ByPollutant[S], monitors: Monitors) -> ByPollutant[S]:
    """Limits of a check that uses its settings as they are."""
    del monitors
    return settings


def no_reach(settings: CheckSettings) -> CheckReach:
    """Reach of a check that compares with nothing, or only with remembered values."""
    del settings
    return CheckReach()


@dataclass(frozen=True, slots=True, eq=False)
class QualityCheck(Generic[S, L]):
    """One check. Each function below takes the check's limits first, and may be absent."""

    name: str
    says: str  # what it flags, for the documentation
    settings: type[S] | None = None  # None: there is nothing to set
    each: bool = True  # settings by pollutant; else one for all
    defaults: Mapping[str, Any] = field(default_factory=dict)
    exceptions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # pollutant -> other defaults
    void: bool = False  # what fails it is no measurement: the checks that compare values leave it out
    refused: bool = False  # what fails it enters no mean, unless a rule says otherwise
    limits: Callable[[ByPollutant[S], Monitors], L] = as_written  # type: ignore[assignment]
    ordinary: Callable[[L], Ordinary] | None = None  # needed by `alone`
    alone: Callable[[L, OddValues], Found] | None = None
    together: Callable[[L, Int32s], Found | None] | None = None  # of values (3, n)
    packing: PackedBits = UNPACKED  # needed by `raw` and `at_arrival`
    raw: Callable[[L, RawValues], Found] | None = None  # packed by pollutant
    at_arrival: Callable[[L, Arrivals], Found | None] | None = None  # (n), or (3, n) where `packing.each`
    back: Callable[[L, ValuePairs], Found] | None = None
    over: Callable[[L, Stretch], Found | None] | None = None
    # for each value of the stretch, the last instant, ms, of a later one that may change what `over` finds,
    # or 0; a check that has it looks ahead
    awaits: Callable[[L, Stretch], Int64s | None] | None = None
    reach: Callable[[S], CheckReach] = no_reach  # how far back `over` needs the rows of the log

    @property
    def looks(self) -> tuple[str, ...]:
        """Places where the check looks, for the documentation."""
        places = {
            "a value alone": self.alone,
            "a value before its calibration": self.raw,
            "the values of a reading": self.together,
            "a reading at arrival": self.at_arrival,
            "back at the newest value": self.back,
            "over a quarter of an hour": self.over,
        }
        return tuple(words for words, function in places.items() if function is not None)
