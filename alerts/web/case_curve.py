"""The curve that goes with a case: of the monitor and quantity of its worst finding, around it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.kinds import EXCEEDANCE
from alerts.records import Case
from alerts.web.board import HOUR
from alerts.web.curves import LONGEST
from ingest.register import Device, Register
from ingest.units import QUANTITIES

_BEFORE, _AFTER = 6 * HOUR, 3 * HOUR


@dataclass(frozen=True, slots=True)
class CaseCurve:
    """What is drawn; instants in ms. `end` None: until now, for it is not over."""

    device: Device
    quantity: str
    start: int
    end: int | None


def curve_of(register: Register, findings: Sequence[Case], now: int) -> CaseCurve | None:
    """The curve of what was found; None: nothing was measured above a limit, or no such monitor is left."""
    measured = [
        one
        for one in findings
        if one.kind == EXCEEDANCE
        and one.device in register.devices
        and one.data.get("pollutant") in QUANTITIES
        and one.data.get("start")
    ]
    if not measured:
        return None
    worst = max(measured, key=_excess)
    same = [
        one
        for one in measured
        if (one.device, one.data["pollutant"]) == (worst.device, worst.data["pollutant"])
    ]
    start = min(int(one.data["start"]) for one in same) - _BEFORE
    over = [one.recovered_at for one in same if one.recovered_at is not None]
    end = None if len(over) < len(same) else min(max(over) + _AFTER, now)
    if (end or now) - start > LONGEST:
        start = max(start, int(worst.data["start"]) - _BEFORE)
        end = min(start + LONGEST, end or now)
    return CaseCurve(register.devices[worst.device], str(worst.data["pollutant"]), start, end)


def _excess(case: Case) -> tuple[float, int]:
    value, limit = case.data.get("value"), case.data.get("limit")
    above = value - (case.data.get("subtracted") or 0.0) if value is not None else 0.0
    return (above / limit if limit else 0.0, case.opened_at)
