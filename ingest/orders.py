"""Orders and notices checked against the register: the places and monitors that a signal may name. Pure."""

from __future__ import annotations

from dataclasses import replace

from ingest.decoders.notices import SignalNotice
from ingest.records import Signal
from ingest.register import Register
from ingest.strict_yaml import did_you_mean
from ingest.units import Refused


def places_of(register: Register) -> list[str]:
    """Names of all places that an order may be for: the county, its areas, townships, sites."""
    areas = [area.area for area in register.county.background]
    return [*dict.fromkeys(["county", *areas, *register.departments, *register.sites])]


def signal_of_notice(order: SignalNotice, register: Register, at: int) -> Signal:
    """The signal of an order that was received at `at`. Raises Refused: which value, and the way out.

    A monitor named without its site is looked for at the place that the order is for.
    """
    place, device = order.place, None
    if place not in places_of(register):
        hint = did_you_mean(place, places_of(register)) or "; name one of them, or add it to the register"
        words = f"{place!r} is no area of county.yaml, township, or site of sites.yaml{hint}"
        raise Refused("unknown_place", words)
    if order.device is not None:
        device = register.device_of(order.device)
        if device is None:
            hint = did_you_mean(order.device, register.devices) or "; devices.yaml lists the monitors"
            raise Refused("unknown_device", f"{order.device!r} is no monitor of {place!r}{hint}")
        if device.site != place:
            words = f"{order.device!r} is no monitor of {place!r}: it stands at {device.site!r}, name that"
            raise Refused("unknown_device", words)
    start = at if order.start is None else order.start
    made = Signal(order.id, at, place, order.kind, order.level, start, order.end)
    return replace(
        made,
        device=None if device is None else device.id,
        calibration=[
            {**one, "from": start if one["from"] is None else one["from"]} for one in order.calibration
        ]
        or None,
        author=order.author,
        reason=order.reason,
        document=order.document,
    )
