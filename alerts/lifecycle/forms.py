"""Forms made from the table: what a command asks of whoever gives it, what a page shows in a state."""

from __future__ import annotations

from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.fields import (
    FIELD_HOLDERS,
    HIDDEN,
    MANDATORY,
    OPTIONAL,
    READ_ONLY,
    SHOWN,
    STATE_FIELDS,
)
from alerts.lifecycle.table import BY_MOVE


def form_of(case: LifeCase | None, command: str) -> dict[str, str]:
    """Field -> hidden, optional or mandatory for a command on a case; all hidden where it is not possible.

    The evidence that the case's matter wants is mandatory.
    """
    rows = BY_MOVE.get((case.state if case is not None else None, command), ())
    if not rows:
        return dict.fromkeys(FIELD_HOLDERS, HIDDEN)
    row = rows[0]
    wanted = {*row.mandatory}
    if case is not None and "evidence_complete" in row.guards:
        wanted |= set(case.evidence)
    modes = {name: MANDATORY if name in wanted else OPTIONAL for name in (*row.mandatory, *row.optional)}
    return {name: modes.get(name, HIDDEN) for name in FIELD_HOLDERS}


def shown_fields(state: str) -> dict[str, str]:
    """Field of the case -> read_only or hidden in a state. Raises KeyError for an unknown state."""
    shown = STATE_FIELDS[state]
    return {name: READ_ONLY if name in shown else HIDDEN for name in SHOWN}
