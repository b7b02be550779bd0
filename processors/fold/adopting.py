"""Adoption of a plan by every part of the memory."""

from __future__ import annotations

from processors.fold.memory import Memory
from processors.plan import Plan, PlanChange, Planned


def adopt(memory: Memory, plan: Plan, at: int) -> None:
    """Put a plan in force; knowledge of devices that stay moves to their new rows."""
    change = PlanChange.between(memory.plan, plan, at)
    for part in memory.parts:
        part.follow(change)
    memory.plan = plan


def replan(memory: Memory, plan: Plan) -> None:
    """Replace the plan in force by one with the same rows."""
    memory.plan = plan
    for part in memory.parts:
        if isinstance(part, Planned):
            part.plan = plan
