"""Change of plan: the plans before and after, and the old and new row of each device. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Renumbering
from processors.plan.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class PlanChange(Renumbering):
    """Transition to the plan `after`, in force from the instant `at` (ms)."""

    before: Plan
    after: Plan
    at: int

    @classmethod
    def between(cls, before: Plan, after: Plan, at: int) -> PlanChange:
        """The change from one plan to another."""
        old_row = np.array([before.row_of.get(device, -1) for device in after.devices], np.int32)
        new_row = np.full(len(before), -1, np.int32)
        stays = old_row >= 0
        new_row[old_row[stays]] = np.flatnonzero(stays)
        return cls(old_row, new_row, after.digest, before, after, at)


class Planned:
    """A part that judges by the plan in force; a calibration gives it a new plan with the same rows."""

    __slots__ = ()

    plan: Plan
