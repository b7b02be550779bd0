"""PM order: PM2.5 is part of PM10, and PM10 part of TSP, so no fraction can exceed the next.

A tolerance allows for the noise of two instruments. The order doesn't tell which of the two is wrong, so
both are flagged.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, StrictInt, model_validator

from processors.columns import ABSENT, Bools, Int32s, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Thousandths, check_order
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.windows import REFUSED

# the three pairs, by their place in `units.JUDGED`
_FINER, _COARSER = np.array([1, 0, 1]), np.array([0, 2, 2])
_THOUSAND = 1000


class PmOrder(CheckSettings):
    """How much greater a finer fraction may be: by thousandths of the coarser one, plus an amount."""

    suspect_permille: Annotated[StrictInt, Field(ge=0, le=100_000)]
    suspect_plus: Annotated[Thousandths, Field(ge=0)]
    fail_permille: Annotated[StrictInt, Field(ge=0, le=100_000)]
    fail_plus: Annotated[Thousandths, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect_permille", "fail_permille"), ("suspect_plus", "fail_plus"))


def above(finer: Int64s, coarser: Int64s, permille: int, plus: int) -> Bools:
    """True where the finer fraction exceeds the coarser by more than the tolerance (thousandths)."""
    return np.asarray(finer * _THOUSAND > coarser * (_THOUSAND + permille) + plus * _THOUSAND)


def check(finer: Int64s, coarser: Int64s, settings: PmOrder) -> Uint8s:
    """Flags (n) of two fractions of the same readings, thousandths; not evaluated where either is missing."""
    both = (finer > ABSENT) & (coarser > ABSENT)
    small, great = np.where(both, finer, 0), np.where(both, coarser, 0)
    fail = above(small, great, settings.fail_permille, settings.fail_plus)
    suspect = above(small, great, settings.suspect_permille, settings.suspect_plus)
    return flags_of(Found(fail, suspect), np.ones(len(both), np.bool_), both)


def found(values: Int32s, settings: PmOrder) -> Found | None:
    """Fail and suspect (3, n) of PM10, PM2.5, TSP in the order of `units.JUDGED`; None if there are none.

    `values`: (3, n) thousandths; those not above `row_log.REFUSED` are ignored.
    """
    # the plain order is cheap to see and nearly always kept: only what breaks it is looked at
    broken = values[_FINER] > values[_COARSER]
    broken &= values[_COARSER] > REFUSED
    if not broken.any():
        return None
    pair, at = np.nonzero(broken)
    fine, coarse = _FINER[pair], _COARSER[pair]
    small, great = values[fine, at].astype(np.int64), values[coarse, at].astype(np.int64)
    fail, suspect = np.zeros(values.shape, np.bool_), np.zeros(values.shape, np.bool_)
    failed = above(small, great, settings.fail_permille, settings.fail_plus)
    doubted = above(small, great, settings.suspect_permille, settings.suspect_plus)
    for q in (fine, coarse):
        fail[q[failed], at[failed]] = True
        suspect[q[doubted], at[doubted]] = True
    return Found(fail, suspect)


def _together(settings: ByPollutant[PmOrder], values: Int32s) -> Found | None:
    (own,) = settings
    return None if own is None else found(values, own)


CHECK = QualityCheck(
    name="pm_order",
    says="PM2.5 above PM10, or either above TSP, by more than two instruments may differ",
    settings=PmOrder,
    each=False,
    # A tenth and 5 ug/m3 is the noise of two channels; double and 50 is a channel that is broken.
    defaults={"suspect_permille": 100, "suspect_plus": 5, "fail_permille": 1_000, "fail_plus": 50},
    together=_together,
)
