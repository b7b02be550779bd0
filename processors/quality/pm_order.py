"""PM order: PM2.5 is part of PM10, and PM10 part of TSP, so none can be greater than the next.

A tolerance leaves room for the noise of two instruments. Which of the two is wrong the order does not
tell, so both bear the flag.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.records import Int64s
from processors.quality.flags import Bools, Flags, Found, flags_of
from processors.quality.series import Reach
from processors.quality.settings import PmOrder
from processors.rowlog import ABSENT, REFUSED

REACH = Reach()
PAIRS = ((1, 0), (0, 2), (1, 2))  # (finer, coarser) by their place in `units.JUDGED`
_THOUSAND = 1000


def above(finer: Int64s, coarser: Int64s, permille: int, plus: int) -> Bools:
    """Is the finer fraction greater than the coarser by more than the tolerance (thousandths)?"""
    return np.asarray(finer * _THOUSAND > coarser * (_THOUSAND + permille) + plus * _THOUSAND)


def check(finer: Int64s, coarser: Int64s, settings: PmOrder) -> Flags:
    """Flags (n) of two fractions of the same readings, thousandths; not evaluated where one is missing."""
    both = (finer > ABSENT) & (coarser > ABSENT)
    small, great = np.where(both, finer, 0), np.where(both, coarser, 0)
    fail = above(small, great, settings.fail_permille, settings.fail_plus)
    suspect = above(small, great, settings.suspect_permille, settings.suspect_plus)
    return flags_of(Found(fail, suspect), np.ones(len(both), np.bool_), both)


def found(values: npt.NDArray[np.int32], settings: PmOrder) -> Found | None:
    """What bears a flag (3, n) of PM10, PM2.5, TSP in the order of `units.JUDGED`; None: nothing does.

    `values`: (3, n) thousandths; what is not above `rowlog.REFUSED` has no part.
    """
    usable = values > REFUSED
    fail, suspect = np.zeros(values.shape, np.bool_), np.zeros(values.shape, np.bool_)
    for fine, coarse in PAIRS:
        # the plain order is cheap and nearly always kept: only what breaks it is looked at
        odd = np.flatnonzero((values[fine] > values[coarse]) & usable[coarse])
        if len(odd):
            small, great = values[fine, odd].astype(np.int64), values[coarse, odd].astype(np.int64)
            for q in (fine, coarse):
                suspect[q, odd] |= above(small, great, settings.suspect_permille, settings.suspect_plus)
                fail[q, odd] |= above(small, great, settings.fail_permille, settings.fail_plus)
    return Found(fail, suspect) if suspect.any() or fail.any() else None
