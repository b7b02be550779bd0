"""Table of the life cycle: which command of whom leads from state to state, what it asks, whom it tells.

A state without a row for a command refuses it. Where a state and a command have two rows, the first whose
conditions hold is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.lifecycle.matters import DOCUMENT, EVIDENCE
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ADMINISTRATOR,
    ANOTHER_UNIT,
    ANY_UNIT,
    ARCHIVED,
    AS_GIVEN,
    ASSIGNED,
    AWAITING,
    BACK,
    CONTRACTOR,
    COUNTY_OFFICE,
    DEPARTMENT,
    MACHINE,
    MERGED,
    OPEN_STATES,
    POSTPONED,
    REBOUND_WATCH,
    RECORDED,
    RECTIFYING,
    RECTIFYING_UNIT,
    SAME,
    SITE,
    STATES,
    TO_COUNTY_OFFICE,
    TO_LINES,
    TO_UNIT,
    TO_VERIFIER,
    TOWNSHIP,
    UNIT_OF_A_LINE,
    VERIFIER,
    WANTED_VERIFIER,
)
from alerts.lifecycle.step_rows import Asks, LifeStep, steps_of

_M = (MACHINE,)
_OFFICE = (COUNTY_OFFICE,)
_FINDERS = (MACHINE, TOWNSHIP, DEPARTMENT, COUNTY_OFFICE)
_WORKERS = (SITE, CONTRACTOR, TOWNSHIP, DEPARTMENT, COUNTY_OFFICE)
_VERIFIERS = (VERIFIER, DEPARTMENT, TOWNSHIP, COUNTY_OFFICE)
_JUDGES = (VERIFIER, DEPARTMENT, COUNTY_OFFICE)
_PEOPLE = (*_WORKERS, VERIFIER)
_BOTH = (TO_UNIT, TO_LINES)
_OVER = ("over",)
_NEW = "case site kind day source level"
_FOUND = "unit person allowance_left rectify_hours predecessor breach verdict responsibility why reason note"
_BREACH = "verdict level allowance_left rectify_hours day why"


_BY_MACHINE = (_M, ANY_UNIT)
_OWN = (_WORKERS, RECTIFYING_UNIT)
_VERIFYING = (_VERIFIERS, WANTED_VERIFIER)
_JUDGING = (_JUDGES, ANOTHER_UNIT)

STEPS: tuple[LifeStep, ...] = (
    # ---- a case begins
    *steps_of(
        (None,),
        ("open", ASSIGNED),
        (_FINDERS, ANY_UNIT),
        "it was found, and goes to a unit; where routing names none, to the county office",
        Asks(("no_case_takes_it", "source_fits_role", "unit_is_known"), _NEW, _FOUND, _BOTH),
    ),
    *steps_of(
        (None,),
        ("record", RECORDED),
        _BY_MACHINE,
        "it was found too late, or nobody is to be told",
        Asks(("no_case_takes_it", "source_fits_role", "not_to_be_told"), f"{_NEW} why", _FOUND),
    ),
    *steps_of(
        (None,),
        ("imported", AS_GIVEN),
        ((MACHINE, ADMINISTRATOR), ANY_UNIT),
        "it comes from a store of before, in the state that it had",
        Asks(("import_is_whole",), _NEW, "note"),
    ),
    *steps_of(
        (RECORDED,),
        ("open", ASSIGNED),
        (_FINDERS, ANY_UNIT),
        "a person opens it, or it goes on and is told now",
        Asks(("no_case_takes_it", "unit_is_known"), "", f"{_FOUND} level", _BOTH),
    ),
    *steps_of(
        (RECORDED,),
        ("archive", ARCHIVED),
        ((COUNTY_OFFICE, VERIFIER), ANY_UNIT),
        "a person has seen it, and there is nothing to do",
        Asks((), "reason", "note"),
    ),
    *steps_of(
        (RECORDED,),
        ("withdraw", ARCHIVED),
        _BY_MACHINE,
        "all its verdicts comply now, and nobody was told of it",
        Asks((), "", "verdict"),
    ),
    # ---- taking
    *steps_of(
        (ASSIGNED,),
        ("sign", ACKNOWLEDGED),
        _OWN,
        "the rectifying unit has taken it",
        Asks((), "", "note person"),
    ),
    *steps_of(
        (ASSIGNED, ACKNOWLEDGED),
        ("refuse", ASSIGNED),
        _OWN,
        "it is not theirs, but of the unit that they name",
        Asks(
            ("not_the_county_office", "names_another_unit", "unit_is_known"),
            "unit reason",
            "person note",
            _BOTH,
            ("first_refusal",),
        ),
    ),
    *steps_of(
        (ASSIGNED, ACKNOWLEDGED),
        ("refuse", ASSIGNED),
        _OWN,
        "refused a second time: the county office decides",
        Asks(
            ("not_the_county_office", "names_another_unit", "unit_is_known"),
            "unit reason",
            "person note",
            (TO_COUNTY_OFFICE,),
        ),
    ),
    # ---- the two ways on
    *steps_of(
        (ACKNOWLEDGED,),
        ("start", RECTIFYING),
        _OWN,
        "the rectifying unit has begun",
        Asks(("on_rectify_track",), "", "note"),
    ),
    *steps_of(
        (ACKNOWLEDGED,),
        ("archive", ARCHIVED),
        ((MACHINE, *_JUDGES), ANY_UNIT),
        "it needed a signature only, and is over",
        Asks(("on_sign_track", "signed", *_OVER), "", "note"),
    ),
    *steps_of(
        (RECTIFYING,),
        ("submit", AWAITING),
        _OWN,
        "the unit hands in its evidence",
        Asks(("evidence_complete",), "", f"{' '.join(EVIDENCE)} note", (TO_VERIFIER,)),
    ),
    *steps_of(
        (AWAITING,),
        ("accept", REBOUND_WATCH),
        _VERIFYING,
        "verified and closed; from now on it is watched for a rebound",
        Asks((*_OVER, "newest_determined"), "", f"note {DOCUMENT}", _BOTH),
    ),
    *steps_of(
        (AWAITING,),
        ("reject", RECTIFYING),
        _VERIFYING,
        "not good enough: to be done again",
        Asks((), "reason", f"note {DOCUMENT}", (TO_UNIT,)),
    ),
    *steps_of(
        (REBOUND_WATCH,),
        ("rebound", ASSIGNED),
        _BY_MACHINE,
        "found again after its closing: a further round, one rung up",
        Asks(
            ("no_case_takes_it", "unit_is_known"),
            "breach day",
            f"{_BREACH} unit person",
            (*_BOTH, TO_COUNTY_OFFICE),
        ),
    ),
    *steps_of(
        (REBOUND_WATCH,),
        ("archive", ARCHIVED),
        _BY_MACHINE,
        "nothing was found again while it was watched",
        Asks(("rebound_watch_has_ended",)),
    ),
    # ---- postponed
    *steps_of(
        (ASSIGNED, ACKNOWLEDGED, RECTIFYING, AWAITING),
        ("postpone", POSTPONED),
        _JUDGING,
        "another unit approves that it waits; its stop watches stand",
        Asks(("until_ahead",), "until reason", f"note {DOCUMENT}", (TO_UNIT,)),
    ),
    *steps_of(
        (POSTPONED,),
        ("resume", BACK),
        ((MACHINE, COUNTY_OFFICE), ANY_UNIT),
        "the postponement has ended, or the county office takes it up again",
        Asks(("postponement_has_ended",), "", "note", (TO_UNIT,)),
    ),
    # ---- any open case
    *steps_of(
        OPEN_STATES,
        ("transfer", ASSIGNED),
        (_OFFICE, ANY_UNIT),
        "the county office gives it to another unit",
        Asks(("names_another_unit", "unit_is_known"), "unit reason", "person note", _BOTH),
    ),
    *steps_of(
        OPEN_STATES,
        ("merge", MERGED),
        ((COUNTY_OFFICE, VERIFIER), ANY_UNIT),
        "another case of the site goes on for it",
        Asks(("target_takes_it", "target_asks_as_much"), "into reason", "note", (TO_UNIT,)),
    ),
    *steps_of(
        (MERGED,),
        ("archive", ARCHIVED),
        _BY_MACHINE,
        "the case that it was merged into has ended",
        Asks(("target_has_ended",)),
    ),
    *steps_of(
        OPEN_STATES,
        ("false_alarm", ARCHIVED),
        _JUDGING,
        "what was measured did not happen",
        Asks((), "reason", f"note {DOCUMENT}", _BOTH),
    ),
    *steps_of(
        OPEN_STATES,
        ("appeal", SAME),
        _OWN,
        "the unit appeals (申诉); the work goes on until another unit decides",
        Asks(("no_appeal_pending",), "reason", f"note {DOCUMENT}", (TO_COUNTY_OFFICE,)),
    ),
    *steps_of(
        OPEN_STATES,
        ("uphold_appeal", ARCHIVED),
        _JUDGING,
        "another unit finds the appeal right",
        Asks(("appeal_pending",), "reason", f"note {DOCUMENT}", _BOTH),
    ),
    *steps_of(
        OPEN_STATES,
        ("dismiss_appeal", SAME),
        _JUDGING,
        "another unit finds the appeal wrong",
        Asks(("appeal_pending",), "reason", f"note {DOCUMENT}", (TO_UNIT,)),
    ),
    *steps_of(
        OPEN_STATES,
        ("hand_over", ARCHIVED),
        (_JUDGES, ANY_UNIT),
        "handed to law enforcement (移送执法)",
        Asks((), DOCUMENT, "reason note", _BOTH),
    ),
    *steps_of(
        OPEN_STATES,
        ("withdraw", SAME),
        _BY_MACHINE,
        "all its verdicts comply now: proposed to the verifier",
        Asks(("no_withdrawal_proposed",), "", "verdict", (TO_VERIFIER,)),
    ),
    *steps_of(
        OPEN_STATES,
        ("confirm_withdrawal", ARCHIVED),
        _VERIFYING,
        "the verifier agrees that there was nothing",
        Asks(("withdrawal_proposed",), "", "reason note", _BOTH),
    ),
    *steps_of(
        OPEN_STATES,
        ("decline_withdrawal", SAME),
        _VERIFYING,
        "the verifier wants it worked at all the same",
        Asks(("withdrawal_proposed",), "reason", "note"),
    ),
    # ---- what the machine notes
    *steps_of(
        (ACKNOWLEDGED,),
        ("join", ASSIGNED),
        _BY_MACHINE,
        "a worse one joins it: to be signed for anew",
        Asks((), "breach", _BREACH, _BOTH, ("rises",)),
    ),
    *steps_of(
        OPEN_STATES,
        ("join", SAME),
        _BY_MACHINE,
        "a breach, or a further hour of one, belongs to it: it is not over",
        Asks((), "breach", _BREACH, _BOTH),
    ),
    *steps_of(
        (ARCHIVED,),
        ("amend", SAME),
        _BY_MACHINE,
        "a later result is noted, and the verifier told, once",
        Asks((), "", "breach verdict why", (TO_VERIFIER,), ("first_amendment",)),
    ),
    *steps_of(
        (RECORDED, *OPEN_STATES, REBOUND_WATCH, MERGED, ARCHIVED),
        ("amend", SAME),
        _BY_MACHINE,
        "a later result, or one that nobody is told of, is noted",
        Asks((), "", "breach verdict why"),
    ),
    *steps_of(
        (RECORDED, *OPEN_STATES),
        ("over", SAME),
        _BY_MACHINE,
        "all that belongs to it is back under the limit",
        Asks(("not_over_yet",), "", "verdict"),
    ),
    *steps_of(
        OPEN_STATES,
        ("stop_work", SAME),
        ((MACHINE, *_WORKERS), ANY_UNIT),
        "work that raises dust has stopped",
        Asks(("work_goes_on",), "", f"note {DOCUMENT}"),
    ),
    *steps_of(
        OPEN_STATES,
        ("resume_work", SAME),
        ((MACHINE, *_WORKERS), ANY_UNIT),
        "work goes on again",
        Asks(("work_stopped",), "", f"note {DOCUMENT}"),
    ),
    *steps_of(
        OPEN_STATES,
        ("suppress", SAME),
        _BY_MACHINE,
        "its messages are held back until an end that is named",
        Asks(("until_ahead",), "until", "why reason"),
    ),
    *steps_of(
        OPEN_STATES,
        ("unsuppress", SAME),
        _BY_MACHINE,
        "its messages go out again",
        Asks(("suppressed",)),
    ),
    *steps_of(
        OPEN_STATES,
        ("threshold", SAME),
        _BY_MACHINE,
        "a share of the time allowed has been spent, and is told once",
        Asks(("threshold_is_due",), "what percent", "line message", (TO_UNIT,)),
    ),
    # ---- beside the state
    *steps_of(
        (*OPEN_STATES, REBOUND_WATCH),
        ("countersign", SAME),
        (_WORKERS, UNIT_OF_A_LINE),
        "another line of responsibility has taken note",
        Asks(("line_waits",), "", "note"),
    ),
    *steps_of(
        STATES,
        ("note", SAME),
        (_PEOPLE, ANY_UNIT),
        "a person writes something down",
        Asks((), "note", DOCUMENT),
    ),
)

COMMANDS: tuple[str, ...] = tuple(dict.fromkeys(step.command for step in STEPS))


def _by_move() -> dict[tuple[str | None, str], tuple[LifeStep, ...]]:
    found: dict[tuple[str | None, str], tuple[LifeStep, ...]] = {}
    for step in STEPS:
        key = (step.before, step.command)
        found[key] = (*found.get(key, ()), step)
    return found


BY_MOVE: Mapping[tuple[str | None, str], tuple[LifeStep, ...]] = _by_move()


def commands_in(state: str | None, role: str | None = None) -> tuple[str, ...]:
    """Commands that a state knows, of one role or of all, in the order of the table."""
    found = (s.command for s in STEPS if s.before == state and (role is None or role in s.roles))
    return tuple(dict.fromkeys(found))
