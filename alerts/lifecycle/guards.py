"""Guards of the steps: what must hold, what a refusal says, the way out; and conditions that choose a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from alerts.kinds import ALERT
from alerts.lifecycle.case import LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.raising import asks_as_much, rises
from alerts.lifecycle.responsibility import unsigned_of
from alerts.lifecycle.states import (
    ANOTHER_UNIT,
    ANY_UNIT,
    ARCHIVED,
    ENVIRONMENT,
    FROM_ABOVE,
    MACHINE,
    NOT_TOLD_ON_RECORD,
    PATROL,
    RECTIFY,
    RECTIFYING_UNIT,
    SIGN,
    SOURCES,
    STATES,
    UNIT_OF_A_LINE,
    WANTED_VERIFIER,
)
from alerts.lifecycle.stop_watch import StopWatch, due_percents

Check = Callable[[LifeCase, LifeCommand, LifeFacts], bool]


class LifeGuard(NamedTuple):
    """What must hold; `refusal`: said where it does not; `way_out`: what then helps."""

    check: Check
    refusal: str
    way_out: str


def watch_of(case: LifeCase, command: LifeCommand) -> StopWatch | None:
    """The running or paused stop watch that a command names: the case's own, or a line's."""
    if not command.values.get("line"):
        return case.live_watch(str(command.values.get("what", "")))
    named = (one for one in case.lines if one.name == command.values["line"])
    return next((one.watch for one in named if one.watch.ended is None), None)


def _another(case: LifeCase, command: LifeCommand) -> bool:
    return bool(command.actor.unit) and not command.actor.acts_as(case.unit)


def _verifies(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> bool:
    wanted = case.verifier != ENVIRONMENT or command.actor.unit in facts.environment_units
    return wanted and _another(case, command)


def _known(command: LifeCommand, facts: LifeFacts) -> bool:
    named = command.values.get("unit")
    return not named or facts.units is None or named in facts.units


def _source_fits(command: LifeCommand) -> bool:
    by_machine = command.actor.role == MACHINE
    # a machine also hands in what people found: their own program, a list, an order
    return command.values.get("source") in (SOURCES if by_machine else (PATROL, FROM_ABOVE))


def _takes(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> bool:
    other = facts.other
    named = other is not None and other.id == command.values.get("into") and other.id != case.id
    if not named or other is None or other.site != case.site or not other.is_open:
        return False
    # what a monitor measures would have nobody who says that it is over
    return case.seen_by_people or not other.seen_by_people


def _until_ahead(command: LifeCommand) -> bool:
    until = command.values.get("until")
    return isinstance(until, int) and until > command.at


def _is_due(case: LifeCase, command: LifeCommand) -> bool:
    watch = watch_of(case, command)
    return watch is not None and command.values.get("percent") in due_percents(watch, command.at)


def _reached(end: int | None, command: LifeCommand) -> bool:
    return end is not None and command.at >= end


def _given_whole(command: LifeCommand, facts: LifeFacts) -> bool:
    other = facts.other
    said = ("case", "site", "kind", "day", "source", "level")
    return (
        other is not None
        and other.state in STATES
        and (other.id, other.site, other.kind, other.day, other.source, other.level)
        == tuple(command.values.get(name) for name in said)
    )


# Guards that stand in columns of their own: state and command, role, unit, version, fields.
KNOWN_STEP, ROLE, VERSION = "known_step", "role", "version"
FIELDS_COMPLETE, FIELDS_ASKED = "fields_complete", "fields_asked"


def _always(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> bool:
    return True


COLUMN_GUARDS: Mapping[str, LifeGuard] = {
    KNOWN_STEP: LifeGuard(_always, "this step is not possible in this state", "take one of the steps named"),
    ROLE: LifeGuard(_always, "this role may not take this step", "ask somebody of a role named"),
    VERSION: LifeGuard(
        _always, "the case has changed meanwhile", "look at what has changed, and decide anew"
    ),
    FIELDS_COMPLETE: LifeGuard(_always, "a field that is mandatory is empty", "fill in the fields named"),
    FIELDS_ASKED: LifeGuard(_always, "a field is given that this step does not ask for", "leave it out"),
    ANY_UNIT: LifeGuard(_always, "any unit may", "-"),
    RECTIFYING_UNIT: LifeGuard(
        lambda case, command, facts: command.actor.acts_as(case.unit),
        "only the rectifying unit may",
        "ask the rectifying unit, or have the case transferred",
    ),
    ANOTHER_UNIT: LifeGuard(
        lambda case, command, facts: _another(case, command),
        "only another unit than the rectifying one may",
        "ask another unit",
    ),
    WANTED_VERIFIER: LifeGuard(
        _verifies,
        "only the verifier that the matter wants may",
        "ask a unit other than the rectifying one; where it is wanted, the environment branch",
    ),
    UNIT_OF_A_LINE: LifeGuard(
        lambda case, command, facts: any(command.actor.acts_as(line.unit) for line in case.lines),
        "only the unit of another line of responsibility may",
        "sign as the rectifying unit, or ask a unit of a line",
    ),
}

STEP_GUARDS: Mapping[str, LifeGuard] = {
    "no_case_takes_it": LifeGuard(
        lambda case, command, facts: facts.taken_by is None,
        "another case takes it already",
        "go to that case",
    ),
    "source_fits_role": LifeGuard(
        lambda case, command, facts: _source_fits(command),
        "the machine finds, people patrol or are told from above",
        "name the source `patrol` or `above`",
    ),
    "not_to_be_told": LifeGuard(
        lambda case, command, facts: command.values.get("why") == NOT_TOLD_ON_RECORD,
        "only what is late, or not to be told, is on record alone",
        "open it",
    ),
    "unit_is_known": LifeGuard(
        lambda case, command, facts: _known(command, facts),
        "there is no such unit",
        "name a unit of the register",
    ),
    "import_is_whole": LifeGuard(
        lambda case, command, facts: _given_whole(command, facts),
        "no such case is handed in, it differs, or is in no declared state",
        "hand in the case that the command names, in a declared state",
    ),
    "names_another_unit": LifeGuard(
        lambda case, command, facts: command.values.get("unit") != case.unit,
        "it is that unit's already",
        "name another unit",
    ),
    "not_the_county_office": LifeGuard(
        lambda case, command, facts: case.unit != facts.county_office,
        "the county office is the last; it cannot refuse",
        "transfer the case, or end it with a reason",
    ),
    "on_rectify_track": LifeGuard(
        lambda case, command, facts: case.track == RECTIFY,
        "this case needs a signature only",
        "nothing is to be rectified: it ends once it is over",
    ),
    "on_sign_track": LifeGuard(
        lambda case, command, facts: case.track == SIGN,
        "this case needs rectification and verification",
        "start to rectify, and hand in the evidence",
    ),
    "signed": LifeGuard(
        lambda case, command, facts: case.signed_at is not None,
        "the rectifying unit has not signed",
        "ask the rectifying unit to sign",
    ),
    "over": LifeGuard(
        lambda case, command, facts: case.over_at is not None or case.seen_by_people,
        "it is not over: the newest verdicts still exceed",
        "wait until it is back under the limit",
    ),
    "not_over_yet": LifeGuard(
        lambda case, command, facts: case.over_at is None,
        "it is over already",
        "nothing is to be done",
    ),
    "newest_determined": LifeGuard(
        lambda case, command, facts: facts.newest_determined or case.seen_by_people,
        "the newest interval is undetermined: silence closes nothing",
        "wait for an interval with enough data, or have the monitor repaired",
    ),
    "evidence_complete": LifeGuard(
        lambda case, command, facts: set(case.evidence) <= command.given,
        "evidence that the matter wants is missing",
        "add the evidence named",
    ),
    "until_ahead": LifeGuard(
        lambda case, command, facts: _until_ahead(command),
        "the end does not lie ahead",
        "name an end that lies ahead",
    ),
    "postponement_has_ended": LifeGuard(
        lambda case, command, facts: command.actor.role != MACHINE or _reached(case.postponed_until, command),
        "its postponement has not ended",
        "wait for its end, or have the county office take the case up again",
    ),
    "target_takes_it": LifeGuard(
        _takes,
        "it can be merged only into another open case of the site, what is measured into what is measured",
        "name an open case of the site",
    ),
    "target_asks_as_much": LifeGuard(
        lambda case, command, facts: facts.other is not None and asks_as_much(facts.other, case),
        "the other case asks for less: a lower track, or an easier verifier",
        "merge that case into this one",
    ),
    "target_has_ended": LifeGuard(
        lambda case, command, facts: (
            facts.other is not None and facts.other.id == case.merged_into and facts.other.state == ARCHIVED
        ),
        "the case that it was merged into goes on",
        "end that case",
    ),
    "no_appeal_pending": LifeGuard(
        lambda case, command, facts: case.appealed_at is None,
        "an appeal is being decided already",
        "wait for its decision",
    ),
    "appeal_pending": LifeGuard(
        lambda case, command, facts: case.appealed_at is not None,
        "there is no appeal to decide",
        "nothing is to be done",
    ),
    "no_withdrawal_proposed": LifeGuard(
        lambda case, command, facts: case.withdrawal_at is None,
        "its withdrawal is proposed already",
        "wait for the verifier",
    ),
    "is_for_an_alert": LifeGuard(
        lambda case, command, facts: case.kind == ALERT,
        "it is for no alert",
        "rectify it, and have it verified",
    ),
    "withdrawal_proposed": LifeGuard(
        lambda case, command, facts: case.withdrawal_at is not None,
        "its verdicts still exceed: no withdrawal is proposed",
        "end it as a false alarm, with a reason",
    ),
    "rebound_watch_has_ended": LifeGuard(
        lambda case, command, facts: _reached(case.watch_until, command),
        "it is still watched for a rebound",
        "wait for the end of the watch",
    ),
    "work_goes_on": LifeGuard(
        lambda case, command, facts: case.stopped_at is None,
        "work has stopped already",
        "nothing is to be done",
    ),
    "work_stopped": LifeGuard(
        lambda case, command, facts: case.stopped_at is not None,
        "work has not stopped",
        "nothing is to be done",
    ),
    "suppressed": LifeGuard(
        lambda case, command, facts: case.suppressed_at is not None,
        "it is not suppressed",
        "nothing is to be done",
    ),
    "line_waits": LifeGuard(
        lambda case, command, facts: any(
            command.actor.acts_as(line.unit) and unsigned_of(case.lines, line.unit) for line in case.lines
        ),
        "this unit has signed for its line already",
        "nothing is to be done",
    ),
    "threshold_is_due": LifeGuard(
        lambda case, command, facts: _is_due(case, command),
        "no such threshold is reached that nobody was told of",
        "wait for its deadline",
    ),
}
GUARDS: Mapping[str, LifeGuard] = {**COLUMN_GUARDS, **STEP_GUARDS}

# Conditions that choose between two rows of one state and command; where none holds, the last row does.
CONDITIONS: Mapping[str, tuple[Check, str]] = {
    "rises": (rises, "level or track rises"),
    "first_refusal": (lambda case, command, facts: case.refusals == 0, "first refusal of the round"),
    "first_amendment": (lambda case, command, facts: case.amended_at is None, "first since its end"),
}
