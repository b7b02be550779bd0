"""State of the revisions in the log: which is in force, which wait, which never came into force. Pure.

The same rules as the fold's (`Detector`): a repeated revision is ignored, and a later one replaces those
planned for the same time or after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.county.difference import difference
from ingest.decoders.instants import instant_text
from ingest.records import Revision

MOST_TOLD = 100  # differences that are kept with a revision
FEW = 10  # differences of one that are listed
WAITING, IN_FORCE, REPLACED, CANCELLED = "waiting", "in force", "replaced", "cancelled"


@dataclass(slots=True)
class Standing:
    """State of the revisions at an instant."""

    in_force: Revision | None = None
    waiting: list[Revision] = field(default_factory=list)  # by effective instant
    states: list[tuple[Revision, str]] = field(default_factory=list)  # all of them, in the log's order

    @property
    def newest(self) -> Revision | None:
        """The newest revision, which a repeated one repeats; None: there is none."""
        return self.waiting[-1] if self.waiting else self.in_force

    def at(self, instant: int) -> Revision | None:
        """Revision that will be in force at a future instant, as planned."""
        planned = [revision for revision in self.waiting if revision.effective <= instant]
        return planned[-1] if planned else self.in_force


def standing(revisions: Iterable[Revision], now: int) -> Standing:
    """State at `now` of revisions given in the log's order."""
    found = Standing()
    state: dict[int, str] = {}
    order: list[Revision] = []

    def adopt(until: int) -> None:
        while found.waiting and found.waiting[0].effective <= until:
            if found.in_force is not None:
                state[id(found.in_force)] = REPLACED
            found.in_force = found.waiting.pop(0)
            state[id(found.in_force)] = IN_FORCE

    for revision in revisions:
        adopt(revision.received_at)
        if found.newest is not None and found.newest.id == revision.id:
            continue
        order.append(revision)
        for planned in found.waiting:
            if planned.effective >= revision.effective:
                state[id(planned)] = CANCELLED
        kept = [planned for planned in found.waiting if planned.effective < revision.effective]
        found.waiting = [*kept, revision]
        state[id(revision)] = WAITING
        adopt(revision.received_at)
    adopt(now)
    found.states = [(revision, state[id(revision)]) for revision in order]
    return found


def prepared(revision: Revision, known: Standing, by: str, reason: str) -> Revision:
    """The revision as put into the log: with who, when, why and what it changes.

    If the log already holds it as its newest, it keeps all its own data: sending it again finishes an
    incomplete apply and changes nothing.
    """
    newest = known.newest
    if newest is not None and newest.id == revision.id:
        return replace(newest, received_at=revision.received_at)
    before = known.at(revision.effective)
    changes = difference(before.body if before else None, revision.body)
    applied: dict[str, Any] = {
        "by": by,
        "at": revision.received_at,
        "reason": reason,
        "before": before.id if before else None,
        "difference": [change.words() for change in changes[:MOST_TOLD]],
        "differences": len(changes),
    }
    return replace(revision, applied=applied)


def story(revision: Revision, state: str) -> list[str]:
    """Lines on a revision for the operator: state, who, when, why, and what it changed."""
    applied = revision.applied
    head = f"{revision.id}  {state}, effective {instant_text(revision.effective)}, applied "
    head += instant_text(applied.get("at", revision.received_at))
    head += f" by {applied['by']}" if applied.get("by") else ""
    head += f": {applied['reason']}" if applied.get("reason") else ""
    told = applied.get("difference", [])
    lines = [head, *(f"    {words}" for words in told[:FEW])]
    more = applied.get("differences", len(told)) - len(told[:FEW])
    return [*lines, f"    ... {more} more"] if more > 0 else lines
