"""Silences that were announced: until when an order, or the state of the site, holds back telling of them.

An order of kind `power` holds wherever it is for; `maintenance` and `shutdown` only where they name a source
(a site, or a monitor of it): a county's alert stops work everywhere and cuts nobody's power. What holds lasts
for its span and the device's `offline_after` beyond it, in which the device has the time to speak again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.columns import Bools, Int64s
from processors.plan import CUTS, POWER, SERVICE, STOPPED, Order, Orders, Plan, is_under
from processors.silence.heard import FAR

ANNOUNCED, ANNOUNCED_OVER, SITE_STOPPED = "announced", "announced_over", "site_stopped"
HELD = (ANNOUNCED, SITE_STOPPED)


class Hold(NamedTuple):
    """Devices (rows) whose silence is not told over [start, end) and a while beyond; FAR: open-ended."""

    reason: str
    rows: Bools
    start: int
    end: int


class Held(NamedTuple):
    """Until when (ms, by row) a silence is held back, and by which reasons."""

    until: Int64s
    by: dict[str, Bools]

    def reasons(self, row: int) -> set[str]:
        """The reasons that hold back the silence of a device."""
        return {reason for reason, rows in self.by.items() if rows[row]}


def announces(order: Order, plan: Plan) -> bool:
    """True if it says beforehand that monitors may stand without power."""
    names_a_source = order.device is not None or order.place in plan.facts
    return order.kind == POWER or (order.kind in CUTS and names_a_source)


def holds_of(orders: Orders, plan: Plan) -> list[Hold]:
    """All that holds back the telling of silences, under the orders held now."""
    made = [
        Hold(ANNOUNCED, is_under(order, plan), order.start, FAR if order.end is None else order.end)
        for order in orders.held
        if order.end is None or order.end > order.start
        if announces(order, plan)
    ]
    for stop in plan.states:
        if stop.state == STOPPED:
            rows = np.zeros(len(plan), bool)
            rows[stop.rows] = True
            made.append(Hold(SITE_STOPPED, rows, stop.start, stop.end))
    return made


def held_until(holds: list[Hold], offline_after: Int64s, at: int) -> Held:
    """Until when the silence of each device is held back, seen from the instant `at`; `at`: nothing holds it.

    Orders that follow or overlap one another hold it together.
    """
    until = np.full(len(offline_after), at, np.int64)
    by = {reason: np.zeros(len(offline_after), bool) for reason in HELD}
    grown = True
    while grown:
        grown = False
        for hold in holds:
            over = FAR if hold.end == FAR else hold.end + offline_after
            more = hold.rows & (hold.start <= until) & (until < over)
            if more.any():
                until = np.where(more, over, until)
                by[hold.reason] |= more
                grown = True
    return Held(until, by)


def excuses(orders: Orders, plan: Plan, start: int, end: int) -> list[Order]:
    """Orders over [start, end) that explain why a monitor says nothing, or nothing of the air."""
    touching = orders.touching({*SERVICE, *CUTS}, start, end)
    return [order for order in touching if order.kind in SERVICE or announces(order, plan)]


def cuts(orders: Orders, plan: Plan, start: int, end: int, known_by: int) -> Bools:
    """Mask (rows) of the devices for which a cut that touches [start, end) was announced by `known_by`.

    Maintenance counts also where it was named later: it supersedes what it touches.
    """
    found = np.zeros(len(plan), bool)
    for order in orders.cuts(start, end, known_by):
        if announces(order, plan):
            found |= is_under(order, plan)
    return found
