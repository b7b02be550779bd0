"""Puts a plan in force: every part of the memory follows it."""

from __future__ import annotations

from processors.fold.memory import Memory
from processors.plan import Plan, PlanChange, Planned


def adopt(memory: Memory, plan: Plan, at: int) -> None:
    """Put a plan in force; what is known of devices that stay goes to their new rows."""
    change = PlanChange.between(memory.plan, plan, at)
    for part in memory.parts:
        part.follow(change)
    memory.plan = plan


def replan(memory: Memory, plan: Plan) -> None:
    """Put a plan of the same rows in the place of the one in force."""
    memory.plan = plan
    for part in memory.parts:
        if isinstance(part, Planned):
            part.plan = plan
