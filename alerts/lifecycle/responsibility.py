"""Other lines of responsibility: each with a signature and a stop watch of its own, which move no state.

The rectifying unit stands in the case itself. Beside it the sector line, the territorial line and the site
each say that they know; whoever has signed stays, and a second signature of a line is refused, not dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.lifecycle.stop_watch import StopWatch, TimeAllowed, frozen, started
from alerts.lifecycle.working_time import WorkingCalendar


@dataclass(frozen=True, slots=True)
class ResponsibleLine:
    """A line of responsibility; `watch` runs until it signs."""

    line: str  # sector | territorial | site
    unit: str
    watch: StopWatch
    signed_at: int | None = None
    signed_by: str = ""  # digest of the person

    @property
    def name(self) -> str:
        """LINE/UNIT, by which a command names it."""
        return f"{self.line}/{self.unit}"


def lines_of(
    named: Sequence[tuple[str, str]], allowed: TimeAllowed, round: int, at: int, calendar: WorkingCalendar
) -> tuple[ResponsibleLine, ...]:
    """Lines as routing names them: (line, unit), each once."""
    once = dict.fromkeys(named)
    return tuple(
        ResponsibleLine(line, unit, started(allowed, unit, round, at, calendar)) for line, unit in once
    )


def unsigned_of(lines: Sequence[ResponsibleLine], unit: str) -> tuple[ResponsibleLine, ...]:
    """Lines of a unit that wait for its signature."""
    return tuple(line for line in lines if line.unit == unit and line.signed_at is None)


def signed_by_unit(
    lines: Sequence[ResponsibleLine], unit: str, person: str, at: int, calendar: WorkingCalendar
) -> tuple[ResponsibleLine, ...]:
    """The lines after a unit's signature, which is for all of its lines."""

    def one(line: ResponsibleLine) -> ResponsibleLine:
        if line.unit != unit or line.signed_at is not None:
            return line
        return replace(line, signed_at=at, signed_by=person, watch=frozen(line.watch, at, calendar))

    return tuple(one(line) for line in lines)


def ended_lines(
    lines: Sequence[ResponsibleLine], at: int, calendar: WorkingCalendar
) -> tuple[ResponsibleLine, ...]:
    """The lines with their watches frozen: the case has ended, or a new round asks them anew."""
    return tuple(replace(line, watch=frozen(line.watch, at, calendar)) for line in lines)
