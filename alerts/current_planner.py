"""The planner of the configuration in force; a new one takes over between two decisions, never within one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.casework import LifePlanner
from alerts.morning_tellings import MorningTeller
from alerts.planner import CasePlanner
from alerts.records import Case, CaseChange, CaseContext, Telling
from alerts.step_tellings import StepTeller
from processors.records import Breach, Outlook


class CurrentPlanner:
    """The store's `Planner`: passes each decision as a whole to the current planner."""

    def __init__(self, planner: CasePlanner) -> None:
        self.planner = planner

    @property
    def life(self) -> LifePlanner:
        """See `Planner.life`."""
        return self.planner.life

    @property
    def steps(self) -> StepTeller:
        """See `CasePlanner.steps`."""
        return self.planner.steps

    @property
    def mornings(self) -> MorningTeller:
        """See `CasePlanner.mornings`."""
        return self.planner.mornings

    def breach(self, event: Breach, context: CaseContext, now: int) -> list[CaseChange]:
        """See `Planner.breach`."""
        return self.planner.breach(event, context, now)

    def outlook(self, event: Outlook, context: CaseContext, now: int) -> list[CaseChange]:
        """See `Planner.outlook`."""
        return self.planner.outlook(event, context, now)

    def release(self, held: Sequence[Case], now: int) -> list[CaseChange]:
        """See `Planner.release`."""
        return self.planner.release(held, now)

    def fault_began(self, fault: str, facts: dict[str, Any], now: int) -> CaseChange:
        """See `Planner.fault_began`."""
        return self.planner.fault_began(fault, facts, now)

    def fault_ended(self, case: Case, told: Sequence[Telling], now: int) -> CaseChange | None:
        """See `Planner.fault_ended`."""
        return self.planner.fault_ended(case, told, now)
