"""Monitors that an order of maintenance or calibration applies to."""

from __future__ import annotations

import numpy as np

from processors.columns import UNBOUNDED, Bools, Int32s, Int64s
from processors.plan.orders import Order, Orders
from processors.plan.plan import Plan


def is_under(order: Order, plan: Plan) -> Bools:
    """(rows) monitors that the order applies to: the one that it names, else all of its place."""
    concerned = {site for site in plan.facts if order.place in plan.places_of(site)}
    return np.array(
        [
            site in concerned and order.device in (None, device)
            for site, device in zip(plan.sites, plan.devices, strict=True)
        ],
        bool,
    )


def under_maintenance(orders: Orders, plan: Plan, row: Int32s, time: Int64s, reach: Int64s) -> Bools:
    """Mask (n) of readings over [time, reach) made while their monitor was being serviced."""
    found = np.zeros(len(row), bool)
    if not len(row):
        return found
    for order in orders.maintenance(int(time.min()), int(reach.max())):
        until = UNBOUNDED if order.end is None else order.end
        found |= is_under(order, plan)[row] & (time < until) & (reach > order.start)
    return found
