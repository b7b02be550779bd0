"""What a stored raw value becomes by the calibrations that were known of its monitor. Pure.

Worked out by decimal arithmetic, not by the columns of the live fold: `explain` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from ingest.records import Signal
from processors.plan.orders import CALIBRATION, MAINTENANCE

Line = Mapping[str, Any]
_MILLIONTH, _THOUSANDTH = Decimal("0.000001"), Decimal("0.001")


class Applied(NamedTuple):
    """A correction that held for a value; `signal`: the id of the signal, None: of the configuration."""

    since: int
    slope: float
    offset: float
    factor: float
    signal: str | None


def service_windows(signals: Iterable[Signal]) -> list[tuple[int, int | None]]:
    """[start, end) of maintenance and calibration; a calibration without an end is no window."""
    return [
        (one.start, one.end)
        for one in signals
        if one.kind == MAINTENANCE or (one.kind == CALIBRATION and one.end is not None)
    ]


def applied_to(row: Line, pollutant: str, device: Line | None, signals: Iterable[Signal]) -> Applied | None:
    """The correction that held for a row of `readings`: the one with the latest `from` not after its time.

    `device`: its entry in the configuration. A signal counts for what came after it.
    """
    known: list[tuple[str | None, Line]] = [(None, one) for one in (device or {}).get("calibration") or ()]
    for signal in signals:
        if signal.received_at < row["received_at"]:
            known += [(signal.id, one) for one in signal.calibration or ()]
    best: Applied | None = None
    for name, one in known:
        if one["pollutant"] == pollutant and one["from"] <= row["time"]:
            found = Applied(one["from"], one["slope"], one["offset"], one["factor"], name)
            if best is None or found.since >= best.since:  # of two from one instant the later word
                best = found
    return best


def corrected(value: float, by: Applied | None) -> float:
    """raw x slope x factor + offset, thousandths of the unit rounded half up."""
    if by is None:
        return value
    gain = (Decimal(repr(by.slope)) * Decimal(repr(by.factor))).quantize(_MILLIONTH, ROUND_HALF_UP)
    product = Decimal(repr(value)) * gain + _THOUSANDTH / 2
    return float(product.quantize(_THOUSANDTH, ROUND_FLOOR) + Decimal(repr(by.offset)))
