"""Windows to be judged: those that have just closed, and those amended since."""

from __future__ import annotations

from dataclasses import dataclass

from processors.columns import Bools, Int32s
from processors.silence import Bits
from processors.wind import Wind


@dataclass(frozen=True, slots=True, eq=False)
class ClosedWindow:
    """A window that has just closed, with its context besides the means."""

    start: int
    end: int
    decided_at: int
    spoke: Bools  # (all rows) with readings in it
    gap_onsets: Bits  # (all rows) how the gaps began that touch it
    log_gap: bool = False  # the log lacks records of it
    wind: Wind | None = None  # of an hour, by site
    cut: Bools | None = None  # (all rows) a cut that touches it was announced; None: of nobody


@dataclass(frozen=True, slots=True, eq=False)
class AmendedWindow:
    """A window whose readings have changed since it closed."""

    start: int
    decided_at: int
    gap_onsets: Bits  # (all rows) how the gaps began that touch it
    # of an hour, for what one device measured may be the background of another
    neighbours: Int32s | None = None  # the devices of the sites concerned
    wind: Wind | None = None  # by site, as it is now; None: forgotten, and as it was
    late: Bools | None = None  # (all rows) changed by what came late
    cut: Bools | None = None  # (all rows) a cut that touches it was announced; None: of nobody
