"""Effects of the commands on the case's own values; state, times, watches and trail are those of `decide`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from alerts.lifecycle.case import LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.raising import with_matter
from alerts.lifecycle.responsibility import signed_by_unit
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    APPEAL_UPHELD,
    FALSE_ALARM,
    HANDED_OVER,
    MACHINE,
    MERGED,
    NO_REBOUND,
    NOTHING_TO_DO,
    REBOUND_WATCH,
    RECORDED,
    SIGN,
    SIGNED_AND_OVER,
    WATCH_SIGN,
    WITH_ITS_TARGET,
    WITHDRAWN,
)
from alerts.lifecycle.stop_watch import StopWatch, frozen, triggered

Effect = Callable[[LifeCase, LifeCommand, LifeFacts], LifeCase]
_DAY = 24 * 3_600_000

# What stands for the case where there is none yet.
NO_CASE = LifeCase(
    id="",
    site="",
    kind="",
    day="",
    source="",
    level="",
    state="",
    track=SIGN,
    opened_at=0,
    state_since=0,
    updated_at=0,
)
_HOW_IT_ENDED = {
    RECORDED: NOTHING_TO_DO,
    ACKNOWLEDGED: SIGNED_AND_OVER,
    REBOUND_WATCH: NO_REBOUND,
    MERGED: WITH_ITS_TARGET,
}


def _text(command: LifeCommand, name: str, otherwise: str = "") -> str:
    said = command.values.get(name)
    return said if isinstance(said, str) and said else otherwise


def _number(command: LifeCommand, name: str) -> int | None:
    said = command.values.get(name)
    return said if isinstance(said, int) else None


def _begin(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    asked = with_matter(case, command, facts)
    day = _text(command, "day")
    return replace(
        asked,
        id=_text(command, "case"),
        site=_text(command, "site"),
        kind=_text(command, "kind"),
        day=day,
        days=(day,),
        source=_text(command, "source"),
        opened_at=command.at,
        state_since=command.at,
        updated_at=command.at,
        predecessor=_text(command, "predecessor") or None,
    )


def _open(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    begun = with_matter(case, command, facts) if case.id else _begin(case, command, facts)
    unit = _text(command, "unit", facts.county_office)
    # a machine opens what exceeds; what a person opens may have been over for long
    over_at = None if command.actor.role == MACHINE else case.over_at
    return replace(begun, unit=unit, person=_text(command, "person"), over_at=over_at, opened_at=command.at)


def _import(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    given = facts.other or case
    return replace(given, version=0, digest=None, state_since=command.at, updated_at=command.at, spent_in=())


def _sign(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, signed_at=command.at, person=_text(command, "person", case.person))


def _handed(case: LifeCase, command: LifeCommand, facts: LifeFacts, unit: str) -> LifeCase:
    """The case with another rectifying unit, which has to sign in its own time."""
    watches = tuple(
        frozen(w, command.at, facts.calendar) if w.what == WATCH_SIGN else w for w in case.watches
    )
    person = _text(command, "person") if unit == _text(command, "unit") else ""
    return replace(
        case,
        unit=unit,
        person=person,
        signed_at=None,
        watches=watches,
        postponed_from=None,
        postponed_until=None,
    )


def _refuse(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    unit = facts.county_office if case.refusals else _text(command, "unit")
    return replace(_handed(case, command, facts, unit), refusals=case.refusals + 1)


def _transfer(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return _handed(case, command, facts, _text(command, "unit"))


def _accept(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    watch_until = command.at + case.rebound_days * _DAY
    return replace(case, closed_at=command.at, watch_until=watch_until, withdrawal_at=None, appealed_at=None)


def _reject(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, rework=case.rework + 1)


def _rebound(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    asked = with_matter(case, command, facts)
    return replace(
        asked,
        round=case.round + 1,
        rung=case.rung + 1,
        refusals=0,
        days=(*case.days, _text(command, "day")),
        unit=_text(command, "unit", case.unit),
        person=_text(command, "person", case.person),
        signed_at=None,
        over_at=None,
        stopped_at=None,
        closed_at=None,
        watch_until=None,
    )


def _join(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(with_matter(case, command, facts), over_at=None, withdrawal_at=None)


def _postpone(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, postponed_from=case.state, postponed_until=_number(command, "until"))


def _resume(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, postponed_from=None, postponed_until=None)


def _merge(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, merged_into=_text(command, "into"))


def _archive(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return replace(case, archived_at=command.at, archived_as=_HOW_IT_ENDED[case.state])


def _ends_as(how: str) -> Effect:
    return lambda case, command, facts: replace(
        case, archived_at=command.at, archived_as=how, withdrawal_at=None, appealed_at=None
    )


def _withdraw(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    if case.state == RECORDED:
        return replace(case, archived_at=command.at, archived_as=WITHDRAWN)
    return replace(case, withdrawal_at=command.at)


def _decline_withdrawal(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    # Nothing of it exceeds any more, and no end of a breach will say so again.
    return replace(case, withdrawal_at=None, over_at=case.over_at or case.withdrawal_at)


def _amend(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    later = case.archived_at is not None and case.amended_at is None
    return replace(case, amended_at=command.at) if later else case


def _suppress(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    since = case.suppressed_at if case.suppressed_at is not None else command.at
    return replace(case, suppressed_at=since, suppressed_until=_number(command, "until"))


def _threshold(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    percent, named = _number(command, "percent") or 0, _text(command, "line")
    what = _text(command, "what")

    def told(watch: StopWatch) -> StopWatch:
        return triggered(watch, percent, command.at) if watch.ended is None else watch

    if not named:
        return replace(case, watches=tuple(told(w) if w.what == what else w for w in case.watches))
    lines = (replace(b, watch=told(b.watch)) if b.name == named else b for b in case.lines)
    return replace(case, lines=tuple(lines))


def _countersign(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    actor = command.actor
    by = actor.person.digest if actor.person else ""
    lines = case.lines
    for unit in {line.unit for line in lines if actor.acts_as(line.unit)}:
        lines = signed_by_unit(lines, unit, by, command.at, facts.calendar)
    return replace(case, lines=lines)


def _unchanged(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    return case


EFFECTS: Mapping[str, Effect] = {
    "open": _open,
    "record": _begin,
    "imported": _import,
    "archive": _archive,
    "withdraw": _withdraw,
    "sign": _sign,
    "refuse": _refuse,
    "start": _unchanged,
    "submit": _unchanged,
    "accept": _accept,
    "reject": _reject,
    "rebound": _rebound,
    "postpone": _postpone,
    "resume": _resume,
    "transfer": _transfer,
    "merge": _merge,
    "false_alarm": _ends_as(FALSE_ALARM),
    "appeal": lambda case, command, facts: replace(case, appealed_at=command.at),
    "uphold_appeal": _ends_as(APPEAL_UPHELD),
    "dismiss_appeal": lambda case, command, facts: replace(case, appealed_at=None),
    "hand_over": _ends_as(HANDED_OVER),
    "confirm_withdrawal": _ends_as(WITHDRAWN),
    "decline_withdrawal": _decline_withdrawal,
    "join": _join,
    "amend": _amend,
    "over": lambda case, command, facts: replace(case, over_at=command.at),
    "stop_work": lambda case, command, facts: replace(case, stopped_at=command.at),
    "resume_work": lambda case, command, facts: replace(case, stopped_at=None),
    "suppress": _suppress,
    "unsuppress": lambda case, command, facts: replace(case, suppressed_at=None, suppressed_until=None),
    "threshold": _threshold,
    "countersign": _countersign,
    "note": _unchanged,
}
