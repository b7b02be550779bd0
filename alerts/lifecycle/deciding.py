"""Decision on a command: the case after it and the record of it, or the guard that failed and the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from alerts.lifecycle.case import LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.clocks import with_lines, with_watches
from alerts.lifecycle.effects import EFFECTS, NO_CASE
from alerts.lifecycle.fields import FIELD_HOLDERS, PERSONAL, REF, TEXT, VALUE
from alerts.lifecycle.guards import (
    CONDITIONS,
    FIELDS_ASKED,
    FIELDS_COMPLETE,
    GUARDS,
    KNOWN_STEP,
    ROLE,
    VERSION,
)
from alerts.lifecycle.states import AS_GIVEN, BACK, SAME
from alerts.lifecycle.stop_watch import StopWatch, time_spent
from alerts.lifecycle.table import BY_MOVE, COMMANDS, LifeStep, commands_in
from alerts.lifecycle.trail import CaseRecord, digest_of, record_id


class LifeRefusal(NamedTuple):
    """The guard that failed; `detail`: fields, steps or roles; `missed`: what a stale command did not see."""

    guard: str
    why: str
    way_out: str
    detail: tuple[str, ...] = ()
    missed: tuple[CaseRecord, ...] = ()


class Decided(NamedTuple):
    """A command's outcome. Accepted: the case and the record to write together, and the parties to be told.
    Refused: the case as it was (None: there is none), and the refusal."""

    accepted: bool
    case: LifeCase | None
    record: CaseRecord | None
    refusal: LifeRefusal | None
    tells: tuple[str, ...]
    why: str


def decide(case: LifeCase | None, command: LifeCommand, facts: LifeFacts) -> Decided:
    """The decision on `command`; the same again for the same again. Raises ValueError for an unknown command.

    A command that is older than the case's last change (from a telephone that was offline) counts as given
    then; its own instant is kept in the record as `said_at`.
    """
    if command.name not in COMMANDS:
        raise ValueError(f"no command {command.name!r}")
    known = case if case is not None else NO_CASE
    timely = replace(command, at=max(command.at, known.updated_at))
    step, refusal = _step_of(case, timely, facts)
    if step is None or refusal is not None:
        return Decided(False, case, None, refusal, (), refusal.why if refusal else "")
    after = _after(known, step, timely, facts)
    record = _record_of(case, after, timely, command.at, facts)
    return Decided(
        True,
        replace(after, version=record.number, digest=digest_of(record)),
        record,
        None,
        step.tells,
        step.why,
    )


def _step_of(
    case: LifeCase | None, command: LifeCommand, facts: LifeFacts
) -> tuple[LifeStep | None, LifeRefusal | None]:
    known = case if case is not None else NO_CASE
    state = case.state if case is not None else None
    if command.version != known.version:
        missed = tuple(record for record in facts.trail if record.number > command.version)
        return None, _refused(VERSION, tuple(record.command for record in missed), missed)
    rows = BY_MOVE.get((state, command.name), ())
    row = next((r for r in rows if all(CONDITIONS[name][0](known, command, facts) for name in r.when)), None)
    if row is None:
        return None, _refused(KNOWN_STEP, commands_in(state, command.actor.role))
    if command.actor.role not in row.roles:
        return row, _refused(ROLE, row.roles)
    if not GUARDS[row.unit].check(known, command, facts):
        return row, _refused(row.unit, (known.unit,) if known.unit else ())
    if empty := tuple(name for name in row.mandatory if name not in command.given):
        return row, _refused(FIELDS_COMPLETE, empty)
    if unasked := (command.given - {*row.mandatory, *row.optional}) | _misplaced(command):
        return row, _refused(FIELDS_ASKED, tuple(sorted(unasked)))
    for name in row.guards:
        if not GUARDS[name].check(known, command, facts):
            missing = tuple(e for e in known.evidence if e not in command.given)
            return row, _refused(name, missing if name == "evidence_complete" else ())
    return row, None


def _misplaced(command: LifeCommand) -> set[str]:
    """Fields in another part of the command than theirs: nothing personal may stand among plain values."""
    parts = ((VALUE, command.values), (TEXT, command.texts), (REF, command.refs))
    return {name for holder, part in parts for name in part if FIELD_HOLDERS.get(name) != holder}


def _refused(name: str, detail: tuple[str, ...], missed: tuple[CaseRecord, ...] = ()) -> LifeRefusal:
    guard = GUARDS[name]
    return LifeRefusal(name, guard.refusal, guard.way_out, detail, missed)


def _after(case: LifeCase, step: LifeStep, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    changed = EFFECTS[step.command](case, command, facts)
    at = command.at
    if step.after == AS_GIVEN:
        return changed
    state = {SAME: case.state, BACK: case.postponed_from or case.state}.get(step.after, step.after)
    if state != case.state:
        changed = replace(changed, state=state, state_since=at, spent_in=_left(case, at))
    changed = replace(changed, updated_at=at)
    if step.command in ("open", "rebound"):
        changed = with_lines(changed, command.lines, at, facts)
    return with_watches(changed, at, facts)


def _left(case: LifeCase, at: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(case.times_at(at).items())) if case.id else ()


def _record_of(
    before: LifeCase | None, after: LifeCase, command: LifeCommand, said_at: int, facts: LifeFacts
) -> CaseRecord:
    number = (before.version if before else 0) + 1
    actor = command.actor
    return CaseRecord(
        id=record_id(after.id, number),
        case=after.id,
        number=number,
        previous=before.digest if before else None,
        at=command.at,
        command=command.name,
        before=before.state if before else None,
        after=after.state,
        round=after.round,
        unit=actor.unit,
        role=actor.role,
        person=actor.person.digest if actor.person else None,
        texts={name: text.digest for name, text in sorted(command.texts.items()) if text.text.strip()},
        stop_watches=_watches_of(before, after, command.at, facts),
        refs={name: value for name, value in sorted(command.refs.items()) if name in command.given},
        values=_values_of(before, after, command, said_at),
    )


def _values_of(
    before: LifeCase | None, after: LifeCase, command: LifeCommand, said_at: int
) -> dict[str, Any]:
    """What was said that names nobody, and what became of the case beside its state."""
    was = before if before is not None else NO_CASE
    kept = {n: v for n, v in command.values.items() if n in command.given and n not in PERSONAL}
    became = {
        "to_unit": (was.unit, after.unit),
        "to_track": ("" if before is None else was.track, after.track),
        "to_level": ("" if before is None else was.level, after.level),
        "archived_as": (was.archived_as, after.archived_as),
    }
    kept |= {name: new for name, (old, new) in became.items() if new != old and new}
    if said_at != command.at:
        kept["said_at"] = said_at
    return dict(sorted(kept.items()))


def _watches_of(
    before: LifeCase | None, after: LifeCase, at: int, facts: LifeFacts
) -> tuple[dict[str, Any], ...]:
    """The watches that go on, and those that this step has frozen."""
    was = before if before is not None else NO_CASE
    own = [_shown(w, at, facts) for w in after.watches if w.ended is None or w not in was.watches]
    others = [
        {**_shown(one.watch, at, facts), "line": one.line, "unit": one.unit}
        for one in after.lines
        if one.watch.ended is None or one not in was.lines
    ]
    return (*own, *others)


def _shown(watch: StopWatch, at: int, facts: LifeFacts) -> dict[str, Any]:
    spent = time_spent(watch, at, facts.calendar)
    return {"what": watch.what, "deadline": watch.deadline, "spent": spent, "state": watch.state}
