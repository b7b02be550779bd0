"""Limits: settings and devices in the form that each check needs; built once per configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from processors.columns import QUARTER_MS, Int32s
from processors.quality.checks import BIT, LOOKS_AHEAD, TABLE
from processors.quality.monitors import Monitors
from processors.quality.quality_check import PackedBits, QualityCheck
from processors.quality.settings import QualitySettings


class Look(NamedTuple):
    """One check at one place where it looks: `function(limits, subject)` returns the findings for `bit`."""

    bit: np.uint16
    function: Any
    limits: Any
    packing: PackedBits


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of each check, and the checks grouped by where they look (`quality_check`)."""

    settings: QualitySettings
    monitors: Monitors
    low: Int32s  # (3, 1): at or above it and below `high` a value is ordinary: nothing alone is odd in it
    high: Int32s  # (3, 1)
    alone: tuple[Look, ...]
    together: tuple[Look, ...]
    raw: tuple[Look, ...]
    at_arrival: tuple[Look, ...]
    back: tuple[Look, ...]
    over: tuple[Look, ...]
    ahead: tuple[Look, ...]  # those of `over` that look ahead
    awaits: tuple[Look, ...]  # of the same checks
    reach: int  # ms before a stretch that its context must cover

    @classmethod
    def of(cls, settings: QualitySettings, monitors: Monitors) -> Limits:
        """Builds the limits from settings, for the devices of a plan."""
        own = {check.name: check.limits(settings.of(check), monitors) for check in TABLE}
        spans = [check.ordinary(own[check.name]) for check in TABLE if check.ordinary is not None]
        by_pollutant = list(zip(*spans, strict=True))

        def looks(place: str) -> tuple[Look, ...]:
            return tuple(_look(check, place, own) for check in TABLE if getattr(check, place) is not None)

        return cls(
            settings=settings,
            monitors=monitors,
            reach=reach_ms(settings),
            low=np.array([[max(low for low, _ in each)] for each in by_pollutant], np.int32),
            high=np.array([[min(high for _, high in each)] for each in by_pollutant], np.int32),
            alone=looks("alone"),
            together=looks("together"),
            raw=looks("raw"),
            at_arrival=looks("at_arrival"),
            back=looks("back"),
            over=looks("over"),
            ahead=tuple(look for look in looks("over") if look.bit & LOOKS_AHEAD),
            awaits=looks("awaits"),
        )


def _look(check: QualityCheck[Any, Any], place: str, limits: Mapping[str, Any]) -> Look:
    return Look(BIT[check.name], getattr(check, place), limits[check.name], check.packing)


def reach_ms(settings: QualitySettings) -> int:
    """Time before a stretch that its context must cover, ms; a whole number of quarters of an hour."""
    reaches = [
        check.reach(own).ms
        for check in TABLE
        if check.over is not None
        for own in settings.of(check)
        if own is not None
    ]
    return -(-max(reaches, default=0) // QUARTER_MS) * QUARTER_MS
