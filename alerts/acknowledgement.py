"""Acknowledgement of a case: what a signature changes in it, and in the cases told through it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.cases import ACKNOWLEDGE, CLOSED, Decision, decide
from alerts.records import Case, CaseChange, CaseEvent
from processors.records import short_id


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person's signature: by whom, with which note, and when (ms UTC).

    Of a person at the desk the event has the account, and of the note a digest: events take no change, and
    a person can be erased. Name and text stand where they can be.
    """

    by: str
    note: str
    at: int
    signer: Mapping[str, str] = field(default_factory=dict)  # account, role and unit, where they are known
    words: str = ""  # digest of the note, where there is a signer


def acknowledge(
    case: Case | None, members: Sequence[Case], signature: Acknowledgement
) -> tuple[Decision, list[CaseChange]]:
    """The decision on `case` (None: there is none), and all changes that follow from it.

    `members` are the cases that were told through this one; each that can be signed for is signed too.
    """
    decision = decide(case.state if case else None, ACKNOWLEDGE)
    if case is None or not decision.accepted:
        return decision, []
    changes = [_signed(case, decision, signature)]
    for member in members:
        own = decide(member.state, ACKNOWLEDGE)
        if own.accepted:
            changes.append(_signed(member, own, signature))
    return decision, changes


def _signed(case: Case, decision: Decision, signature: Acknowledgement) -> CaseChange:
    state, at, signer = str(decision.after), signature.at, signature.signer
    said: dict[str, Any] = {"signer": dict(signer)} if signer else {}
    if signature.words:
        said["note"] = signature.words
    after = replace(
        case,
        state=state,
        updated_at=max(at, case.updated_at),
        acknowledged_at=at,
        acknowledged_by=signature.by,
        closed_at=at if state == CLOSED else case.closed_at,
    )
    event = CaseEvent(
        id=short_id("acknowledge", case.id, at, signer.get("account", signature.by)),
        case=case.id,
        at=at,
        event="acknowledged",
        actor="" if signer else signature.by,
        before=decision.before,
        after=state,
        reason=decision.reason,
        note="" if signer else signature.note,
        data=said,
    )
    return CaseChange(decision.reason, after, event)
