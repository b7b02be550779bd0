"""Corrections of stored raw values by the calibrations known for their monitor. Pure.

Computed in decimal arithmetic, not by the columns of the live fold: `explain` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ingest.records import Signal
from processors.audit.facts import CorrectionFacts, DeviceFacts, corrections_of
from processors.history import ReadingRow
from processors.plan import CALIBRATION, MAINTENANCE

_MILLIONTH, _THOUSANDTH = Decimal("0.000001"), Decimal("0.001")


def maintenance_windows(signals: Iterable[Signal]) -> list[tuple[int, int | None]]:
    """Periods [start, end) of maintenance and calibration; a calibration without an end is left out."""
    return [
        (one.start, one.end)
        for one in signals
        if one.kind == MAINTENANCE or (one.kind == CALIBRATION and one.end is not None)
    ]


def correction_of(
    reading: ReadingRow, pollutant: str, device: DeviceFacts | None, signals: Iterable[Signal]
) -> CorrectionFacts | None:
    """Correction in force for a value: the one with the latest start that is not after its time.

    A signal applies only to readings received after it.
    """
    known = list(device.corrections) if device is not None else []
    for signal in signals:
        if signal.received_at < reading.received_at:
            known += corrections_of(signal)
    best: CorrectionFacts | None = None
    for one in known:
        holds = one.pollutant == pollutant and one.since <= reading.time
        if holds and (best is None or one.since >= best.since):  # of two from one instant the later word
            best = one
    return best


def corrected(value: float, correction: CorrectionFacts | None) -> float:
    """raw x slope x factor + offset, thousandths of the unit rounded half up."""
    if correction is None:
        return value
    gain = Decimal(repr(correction.slope)) * Decimal(repr(correction.factor))
    product = Decimal(repr(value)) * gain.quantize(_MILLIONTH, ROUND_HALF_UP) + _THOUSANDTH / 2
    return float(product.quantize(_THOUSANDTH, ROUND_FLOOR) + Decimal(repr(correction.offset)))
