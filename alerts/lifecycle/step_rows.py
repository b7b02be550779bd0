"""Form of a row of the life cycle's table, and rows that several states share."""

from __future__ import annotations

from typing import NamedTuple


class LifeStep(NamedTuple):
    """One row. `before` None: there is no case yet; `after` may be `same`, `back` or `as_given`."""

    before: str | None
    command: str
    after: str
    roles: tuple[str, ...]
    unit: str  # relation of the unit that gives the command
    why: str
    guards: tuple[str, ...] = ()
    when: tuple[str, ...] = ()  # conditions that choose this row
    mandatory: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


class Asks(NamedTuple):
    guards: tuple[str, ...] = ()
    mandatory: str = ""
    optional: str = ""
    tells: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


_NOTHING = Asks()


def steps_of(
    befores: tuple[str | None, ...],
    move: tuple[str, str],
    who: tuple[tuple[str, ...], str],
    why: str,
    asks: Asks = _NOTHING,
) -> tuple[LifeStep, ...]:
    (command, after), (roles, unit) = move, who
    must, may = tuple(asks.mandatory.split()), tuple(asks.optional.split())
    return tuple(
        LifeStep(b, command, after, roles, unit, why, asks.guards, asks.when, must, may, asks.tells)
        for b in befores
    )
