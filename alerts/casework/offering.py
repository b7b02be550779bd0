"""What a person may do with a case: the steps to offer, each with its form or with what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from alerts.lifecycle import Actor, LifeCase, LifeCommand, LifeFacts, form_of
from alerts.lifecycle.fields import HIDDEN
from alerts.lifecycle.guards import CONDITIONS, GUARDS
from alerts.lifecycle.table import BY_MOVE, commands_in

# Guards that only what is filled in can meet: the step is offered, and its form asks for it.
_OF_THE_FORM = frozenset(
    {
        "evidence_complete",
        "names_another_unit",
        "unit_is_known",
        "until_ahead",
        "target_takes_it",
        "target_asks_as_much",
    }
)
# Guards whose meeting is only a matter of time: the step is shown with what it waits for.
_OF_TIME = frozenset({"over", "newest_determined", "signed"})
# Fields that nobody types in: the page knows them, or a machine says them.
_NOT_ASKED = frozenset(
    {"case", "site", "kind", "day", "source", "level", "allowance_left", "rectify_hours", "predecessor"}
    | {"person", "what", "percent", "line", "why", "breach", "verdict", "message", "responsibility"}
)


# Steps on the way of a case to its end; the others turn it aside.
_ON_ITS_WAY = frozenset({"sign", "countersign", "start", "submit", "accept", "confirm_withdrawal", "archive"})


class OfferedStep(NamedTuple):
    """A step; `fields`: those of its form with their mode; `waits`: why it cannot be taken yet."""

    command: str
    fields: Mapping[str, str]
    waits: str | None  # the guard

    @property
    def goes_on(self) -> bool:
        """True if the case goes on its way by it."""
        return self.command in _ON_ITS_WAY


def offered(case: LifeCase, actor: Actor, facts: LifeFacts, at: int) -> tuple[OfferedStep, ...]:
    """Steps that `actor` may take with a case now: those by which it goes on first."""
    found = []
    for name in commands_in(case.state, actor.role):
        command = LifeCommand(name, at, case.version, actor)
        row = next(
            r
            for r in BY_MOVE[case.state, name]
            if all(CONDITIONS[word][0](case, command, facts) for word in r.when)
        )
        unmet = [guard for guard in (row.unit, *row.guards) if not GUARDS[guard].check(case, command, facts)]
        if actor.role not in row.roles or set(unmet) - _OF_THE_FORM - _OF_TIME:
            continue
        waits = next((guard for guard in unmet if guard in _OF_TIME), None)
        found.append(OfferedStep(name, asked_fields(case, name), waits))
    return tuple(sorted(found, key=lambda step: (step.waits is not None, not step.goes_on)))


def asked_fields(case: LifeCase | None, command: str) -> dict[str, str]:
    """Fields of a step's form with their mode, those that people fill in."""
    modes = form_of(case, command)
    return {name: mode for name, mode in modes.items() if mode != HIDDEN and name not in _NOT_ASKED}


def are_determined(points: Iterable[tuple[str, str]], answers: Mapping[tuple[str, str], str]) -> bool:
    """True if the newest interval of every (device, rule) has an answer other than undetermined.

    A point that nothing was judged at lately has none: silence closes nothing.
    """
    return all(answers.get(point, "undetermined") != "undetermined" for point in points)
