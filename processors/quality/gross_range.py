"""Gross range: a value outside what the sensor, or dust of any kind, can show.

As `ioos_qc.qartod.gross_range_test`: the ends of a span are inside it. A value that intake refused as
impossible for its quantity fails as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from processors.columns import Int32s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Span
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, Ordinary, QualityCheck
from processors.quality.series import Series
from processors.quality.subjects import OddValues
from processors.windows import GREATEST, REFUSED

_ANYTHING = (REFUSED + 1, GREATEST - 1)


class GrossRange(CheckSettings):
    """Least and greatest value, the ends included."""

    fail: Span
    suspect: Span | None = None

    @model_validator(mode="after")
    def _nested(self) -> Self:
        for name, span in (("fail", self.fail), ("suspect", self.suspect or self.fail)):
            if span[0] > span[1]:
                raise ValueError(f"`{name}` begins above its end")
        if self.suspect and (self.suspect[0] < self.fail[0] or self.suspect[1] > self.fail[1]):
            raise ValueError("`suspect` reaches outside `fail`")
        return self


class Spans(NamedTuple):
    """(least, greatest) by pollutant, each (3)."""

    fail: tuple[Int32s, Int32s]
    suspect: tuple[Int32s, Int32s]


def found(value: Any, fail: Any, suspect: Any) -> Found:
    """Fail and suspect outside the spans (least, greatest); arrays or numbers of compatible shapes."""
    return Found((value < fail[0]) | (value > fail[1]), (value < suspect[0]) | (value > suspect[1]))


def check(series: Series, settings: GrossRange) -> Uint8s:
    """Flags (n): fail outside `fail`, suspect outside `suspect`."""
    return flags_of(found(series.value, settings.fail, settings.suspect or settings.fail), series.present)


def _limits(settings: ByPollutant[GrossRange], monitors: Monitors) -> Spans:
    del monitors
    fail = [own.fail if own else _ANYTHING for own in settings]
    suspect = [(own.suspect or own.fail) if own else _ANYTHING for own in settings]
    return Spans(_columns(fail), _columns(suspect))


def _columns(spans: list[tuple[int, int]]) -> tuple[Int32s, Int32s]:
    least, greatest = (np.array(ends, np.int32) for ends in zip(*spans, strict=True))
    return least, greatest


def _ordinary(limits: Spans) -> Ordinary:
    least, greatest = limits.suspect
    return tuple((low, high + 1) for low, high in zip(least.tolist(), greatest.tolist(), strict=True))


def _alone(limits: Spans, odd: OddValues) -> Found:
    q = odd.pollutant
    outside = found(odd.value, [ends[q] for ends in limits.fail], [ends[q] for ends in limits.suspect])
    refused = odd.value == REFUSED
    return Found(outside.fail | refused, outside.suspect & ~refused)


CHECK = QualityCheck(
    name="gross_range",
    says="outside what the sensor, or dust of any kind, can show",
    settings=GrossRange,
    # Dust monitors end their range at 20 to 30 mg/m3, and the worst storms on record stay near 10 mg/m3
    # (as `ingest.units` says); dust can't be negative, but an instrument's zero may drift a little below.
    defaults={"fail": (-5, 30_000), "suspect": (0, 10_000)},
    exceptions={"pm2_5": {"fail": (-5, 10_000), "suspect": (0, 2_000)}},
    void=True,
    refused=True,
    limits=_limits,
    ordinary=_ordinary,
    alone=_alone,
)
