"""State table of a case: which command leads from which state to which, and why.

    open -> acknowledged -> closed, open -> recovered -> closed, foretold

A case is closed when two things have happened: it is over (`recover`: compliant again, heard again, or no
longer judged) and a person has acknowledged it (`acknowledge`). The passing of time does neither.
An outlook's case is `foretold`: it ends with its window, and needs no signature. Later steps
(assigned, rectified, verified) would be further rows of the table.
"""

from __future__ import annotations

from typing import NamedTuple

OPEN = "open"
ACKNOWLEDGED = "acknowledged"
RECOVERED = "recovered"
CLOSED = "closed"
FORETOLD = "foretold"
STATES: tuple[str, ...] = (OPEN, ACKNOWLEDGED, RECOVERED, CLOSED, FORETOLD)

START = "start"
AMEND = "amend"
ACKNOWLEDGE = "acknowledge"
RECOVER = "recover"
FORETELL = "foretell"
COMMANDS: tuple[str, ...] = (START, AMEND, ACKNOWLEDGE, RECOVER, FORETELL)


class Transition(NamedTuple):
    """The command leads from `before` (None: no case yet) to `after`."""

    before: str | None
    command: str
    after: str
    why: str


class Decision(NamedTuple):
    """Effect of a command on a case; a refused command leaves the state unchanged."""

    accepted: bool
    before: str | None
    after: str | None
    reason: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, START, OPEN, "a breach or a fault was found"),
    Transition(None, RECOVER, RECOVERED, "it is over, and its beginning was never seen here"),
    Transition(OPEN, AMEND, OPEN, "a later result corrects what was measured"),
    Transition(OPEN, ACKNOWLEDGE, ACKNOWLEDGED, "a person has taken note; the breach lasts"),
    Transition(OPEN, RECOVER, RECOVERED, "it is over; nobody has taken note yet"),
    Transition(ACKNOWLEDGED, AMEND, ACKNOWLEDGED, "a later result corrects what was measured"),
    Transition(ACKNOWLEDGED, RECOVER, CLOSED, "it is over, and a person had taken note"),
    Transition(RECOVERED, AMEND, RECOVERED, "a later result corrects what was measured"),
    Transition(RECOVERED, ACKNOWLEDGE, CLOSED, "a person has taken note of what is over"),
    Transition(CLOSED, AMEND, CLOSED, "a later result corrects what was measured"),
    Transition(None, FORETELL, FORETOLD, "told before a breach; its window's end ends it"),
    Transition(FORETOLD, FORETELL, FORETOLD, "what is to be expected of its window has changed"),
)
_TABLE = {(row.before, row.command): row for row in TRANSITIONS}
_REFUSALS: dict[tuple[str | None, str], str] = {
    (None, ACKNOWLEDGE): "there is no such case",
    (None, AMEND): "there is no such case",
    (FORETOLD, ACKNOWLEDGE): "nobody needs to sign for what is told before a breach",
    (FORETOLD, RECOVER): "its window's end ends it",
    (ACKNOWLEDGED, ACKNOWLEDGE): "the case is already acknowledged",
    (CLOSED, ACKNOWLEDGE): "the case is already closed",
    (RECOVERED, RECOVER): "the case has already recovered",
    (CLOSED, RECOVER): "the case is already closed",
}


def decide(state: str | None, command: str) -> Decision:
    """Effect of `command` on a case in `state` (None: no case). Raises ValueError for unknown words."""
    if command not in COMMANDS or (state is not None and state not in STATES):
        raise ValueError(f"no command {command!r} or no state {state!r}")
    row = _TABLE.get((state, command))
    if row is not None:
        return Decision(True, state, row.after, row.why)
    return Decision(False, state, state, _REFUSALS.get((state, command), "the case is already open"))


def is_over(state: str) -> bool:
    """True if the breach or fault has ended."""
    return state in (RECOVERED, CLOSED)


def diagram() -> str:
    """The table as a Mermaid state diagram, for deploy/docs/cases.md."""
    lines = ["stateDiagram-v2"]
    for row in TRANSITIONS:
        lines.append(f"    {row.before or '[*]'} --> {row.after}: {row.command}")
    lines += [f"    {CLOSED} --> [*]", f"    {FORETOLD} --> [*]"]
    return "\n".join(lines)
