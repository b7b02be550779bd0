"""Finds the points that a server refuses by halving refused ranges. Pure: the sending is passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Accepted(NamedTuple):
    """All points are stored."""


class PointsRefused(NamedTuple):
    """Some points are bad and can never be stored; `dropped`: their number, if the server reports it."""

    reason: str
    dropped: int | None = None


class Later(NamedTuple):
    """The server could not take it now; `why` in words for the operator.

    `wait_s`: how long it asks us to wait. `passes`: it is there and will take it by itself, later.
    """

    why: str
    wait_s: float | None = None
    passes: bool = False


Reply = Accepted | PointsRefused | Later
Send = Callable[[int, int], Reply]  # sends the points [start, stop)


@dataclass(slots=True)
class Division:
    """Outcome for n points: each is accepted, rejected or in one of the `kept` ranges."""

    accepted: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    kept: list[tuple[int, int]] = field(default_factory=list)
    why: str = ""
    wait_s: float | None = None  # asked for by the server


def divide(count: int, send: Send) -> Division:
    """Send points 0..count, in order, halving refused ranges down to single points.

    A point may be sent several times: writing it twice must be harmless. At the first `Later` the
    rest is kept unsent.
    """
    division = Division()
    waiting = [(0, count)] if count else []
    while waiting:
        start, stop = waiting.pop()
        reply = send(start, stop)
        if isinstance(reply, Accepted):
            division.accepted += stop - start
        elif isinstance(reply, Later):
            division.why, division.wait_s = reply.why, reply.wait_s
            division.kept = [(start, stop), *reversed(waiting)]
            break
        elif stop - start == 1 or reply.dropped == stop - start:
            division.rejected += [(row, reply.reason) for row in range(start, stop)]
        else:
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
    return division
