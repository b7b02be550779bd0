"""Clock check: the device's time against the time of receipt.

A time ahead of receipt means a wrong clock. One long behind it means a wrong clock or a back-filled gap,
which the instants alone can't tell apart: suspect first, then fail beyond what any log still holds.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import ConfigDict, model_validator

from processors.columns import Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Seconds, check_order
from processors.quality.quality_check import ByPollutant, PackedBits, QualityCheck
from processors.quality.subjects import Arrivals


class ClockLimits(CheckSettings):
    """How far a device's time may be from that of receipt."""

    __qualname__ = "Clock"  # its name in the JSON Schema
    model_config = ConfigDict(title="Clock")

    ahead_suspect_s: Seconds
    ahead_fail_s: Seconds
    behind_suspect_s: Seconds
    behind_fail_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ahead, behind = ("ahead_suspect_s", "ahead_fail_s"), ("behind_suspect_s", "behind_fail_s")
        return check_order(self, ahead, behind)


def check(time: Int64s, received: Int64s, settings: ClockLimits) -> Uint8s:
    """Flags (n) from each reading's instant and its receipt, ms UTC; values at a limit pass."""
    return flags_of(found(time - received, settings), np.ones(len(time), np.bool_))


def found(ahead: Int64s, settings: ClockLimits) -> Found:
    """Fail and suspect where a time is too far from its receipt; `ahead` in ms (n), negative: behind."""
    return Found(
        (ahead > settings.ahead_fail_s * 1000) | (ahead < -settings.behind_fail_s * 1000),
        (ahead > settings.ahead_suspect_s * 1000) | (ahead < -settings.behind_suspect_s * 1000),
    )


def _at_arrival(settings: ByPollutant[ClockLimits], arrivals: Arrivals) -> Found | None:
    (own,) = settings
    if own is None or not _may_be_off(arrivals.ahead, own):
        return None
    return found(arrivals.ahead, own)


def _may_be_off(ahead: Int64s, settings: ClockLimits) -> bool:
    """True if any instant is far enough from its receipt for the clock to be worth checking."""
    least, most = ahead.min(initial=0), ahead.max(initial=0)
    return bool(
        most > 1000 * min(settings.ahead_suspect_s, settings.ahead_fail_s)
        or -least > 1000 * min(settings.behind_suspect_s, settings.behind_fail_s)
    )


CHECK = QualityCheck(
    name="clock",
    says="the device's time is far ahead of its receipt, or very long behind it",
    settings=ClockLimits,
    each=False,
    # A minute of drift is common; an hour is a wrong zone. A day behind is a back-filled gap at best; 30
    # days is what the log holds.
    defaults={
        "ahead_suspect_s": 120,
        "ahead_fail_s": 3_600,
        "behind_suspect_s": 86_400,
        "behind_fail_s": 30 * 86_400,
    },
    void=True,
    refused=True,
    packing=PackedBits(first=0),
    at_arrival=_at_arrival,
)
