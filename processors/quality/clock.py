"""Clock: the device's time against the time of receipt.

Ahead of the receipt is a wrong clock. Long behind it is a wrong clock or a back-filled gap, which the
instants alone can't tell: suspect first, and fail beyond what any log still holds.
"""

from __future__ import annotations

import numpy as np

from processors.columns import Int64s
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach
from processors.quality.settings import Clock

REACH = Reach()


def check(time: Int64s, received: Int64s, settings: Clock) -> Flags:
    """Flags (n) of readings by their instant and that of their receipt, ms UTC; limits themselves pass."""
    return flags_of(found(time - received, settings), np.ones(len(time), np.bool_))


def found(ahead: Int64s, settings: Clock) -> Found:
    """What is too far ahead of its receipt, or behind it where negative; ms (n)."""
    return Found(
        (ahead > settings.ahead_fail_s * 1000) | (ahead < -settings.behind_fail_s * 1000),
        (ahead > settings.ahead_suspect_s * 1000) | (ahead < -settings.behind_suspect_s * 1000),
    )
