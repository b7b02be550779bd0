"""Decision table: effects of a verdict on the episodes of its rule and point, with steps and reasons.

A row names its conditions; anything it does not name is irrelevant to it. In every situation exactly one row
applies, so everything that happens, or does not happen, has one reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from processors.records import COMPLIANT, EXCEEDS, UNDETERMINED

# `Situation.place`: where the verdict's interval lies, seen from the episode that is open
NO_EPISODE = "no_episode"  # none is open
APART = "apart"  # before its beginning, and a compliant interval lies between
BEFORE = "before"  # before its beginning, nothing compliant between that is known
INSIDE = "inside"  # before its last exceedance
LAST = "last"  # its last exceedance
AFTER = "after"
PLACES = (NO_EPISODE, APART, BEFORE, INSIDE, LAST, AFTER)
_OUTSIDE, _JOINED = (NO_EPISODE, APART), (BEFORE, INSIDE, LAST, AFTER)

# `Situation.opened`: the episode that the superseded verdict opened
NONE = "none"
OPEN_ONE = "open"
CLOSED_ONE = "closed"
OPENED = (NONE, OPEN_ONE, CLOSED_ONE)

# `Situation.news`: what an exceedance adds to the episode that is open
NOTHING = "nothing"
HIGHER = "higher"  # a higher level
TELLABLE = "tellable"  # nobody was told of the episode, as it was found too late; this was found in time
NEWS = (NOTHING, HIGHER, TELLABLE)

# steps, each of one event but EXTEND
OPEN = "open"
REOPEN = "reopen"  # open under an id of its own, made from the interval alone
RESUME = "resume"  # open under an id of its own, made from the run of intervals
OPEN_APART = "open_apart"  # open beside the episode that is open, which stays as it is
EXTEND = "extend"  # the episode lasts until this interval at least
AMEND = "amend"  # recorded; nobody is woken
RAISE = "raise"  # amended: a higher level
TELL = "tell"  # amended: people are told now
CLOSE = "close"
CLOSE_BY_LATER = "close_by_later"  # closed by the compliant verdict that is known already
STEPS = (OPEN, REOPEN, RESUME, OPEN_APART, EXTEND, AMEND, RAISE, TELL, CLOSE, CLOSE_BY_LATER)


class Situation(NamedTuple):
    """Everything about a verdict and its episode that a decision depends on."""

    opens: bool  # the rule opens breaches by verdicts of this kind
    answer: str
    previous: str | None = None  # the answer it supersedes
    place: str = NO_EPISODE
    opened: str = NONE
    news: str = NOTHING  # asked of an exceedance that joins the open episode
    belongs: bool = False  # to a closed episode; asked of an exceedance that joins no open one
    later: bool = False  # a compliant verdict after it that ends an episode is known already
    enough: bool = True  # the run of exceeding intervals is as long as the rule asks
    clears: bool = True  # it complies for as long and as clearly as the rule asks


class DecisionRow(NamedTuple):
    """Row of the table: if all of `when` (field of the situation -> its values) is met, `steps` are taken."""

    reason: str
    steps: tuple[str, ...]
    why: str
    when: Mapping[str, tuple[str | bool | None, ...]]

    def holds(self, situation: Situation) -> bool:
        """True if the situation meets all conditions of the row."""
        return all(getattr(situation, name) in values for name, values in self.when.items())


def _row(reason: str, steps: tuple[str, ...], why: str, **when: object) -> DecisionRow:
    conditions = {name: value if isinstance(value, tuple) else (value,) for name, value in when.items()}
    return DecisionRow(reason, steps, why, {"opens": (True,), **conditions})


_STILL = (None, EXCEEDS, UNDETERMINED)  # previous answers that were not compliant
_NOT_EXCEEDING = (None, COMPLIANT, UNDETERMINED)
_OPENING = {"answer": EXCEEDS, "opened": NONE, "place": _OUTSIDE, "previous": _NOT_EXCEEDING, "enough": True}

TABLE: tuple[DecisionRow, ...] = (
    _row("kind_opens_nothing", (), "the rule opens no breach by verdicts of this kind", opens=False),
    # the verdict that opened an episode is judged anew
    _row(
        "opening_taken_back",
        (AMEND, CLOSE),
        "the verdict that opened the episode complies now, and no other exceeds",
        opened=OPEN_ONE,
        answer=COMPLIANT,
        place=LAST,
    ),
    _row(
        "opening_held_by_others",
        (AMEND,),
        "the verdict that opened the episode complies now, but later ones exceed",
        opened=OPEN_ONE,
        answer=COMPLIANT,
        place=tuple(place for place in PLACES if place != LAST),
    ),
    _row(
        "opening_judged_anew",
        (AMEND,),
        "the verdict that opened the episode has other numbers or is undetermined now",
        opened=OPEN_ONE,
        answer=(EXCEEDS, UNDETERMINED),
    ),
    _row(
        "closed_opening_not_exceeding",
        (AMEND,),
        "the verdict that opened an episode no longer exceeds; the episode is closed",
        opened=CLOSED_ONE,
        answer=(COMPLIANT, UNDETERMINED),
    ),
    _row(
        "closed_opening_judged_anew",
        (AMEND,),
        "the verdict that opened an episode exceeds with other numbers; the episode is closed",
        opened=CLOSED_ONE,
        answer=EXCEEDS,
        previous=_STILL,
    ),
    _row(
        "opening_exceeds_again",
        (REOPEN,),
        "the verdict that opened an episode was taken back, and exceeds after all",
        opened=CLOSED_ONE,
        answer=EXCEEDS,
        previous=COMPLIANT,
        later=False,
    ),
    _row(
        "opening_exceeds_again_and_is_over",
        (REOPEN, CLOSE_BY_LATER),
        "the verdict that opened an episode was taken back and exceeds after all; it is known to be over",
        opened=CLOSED_ONE,
        answer=EXCEEDS,
        previous=COMPLIANT,
        later=True,
    ),
    # it doesn't exceed
    _row(
        "undetermined_closes_nothing",
        (),
        "what is not known opens and closes nothing",
        opened=NONE,
        answer=UNDETERMINED,
    ),
    _row(
        "nothing_open",
        (),
        "it complies, and no episode is open",
        opened=NONE,
        answer=COMPLIANT,
        place=NO_EPISODE,
    ),
    _row(
        "exceeds_later",
        (),
        "it complies, but the open episode has a later exceedance",
        opened=NONE,
        answer=COMPLIANT,
        place=(APART, BEFORE, INSIDE),
    ),
    _row(
        "not_clear_enough",
        (),
        "it complies, but not yet for as long or as clearly as the rule asks",
        opened=NONE,
        answer=COMPLIANT,
        place=(LAST, AFTER),
        clears=False,
    ),
    _row(
        "last_taken_back",
        (CLOSE,),
        "the last exceedance of the episode complies now",
        opened=NONE,
        answer=COMPLIANT,
        place=LAST,
        clears=True,
    ),
    _row(
        "compliant_again",
        (CLOSE,),
        "it complies after the last exceedance of the episode",
        opened=NONE,
        answer=COMPLIANT,
        place=AFTER,
        clears=True,
        previous=_NOT_EXCEEDING,
    ),
    _row(
        "never_joined",
        (),
        "an exceedance is taken back that the open episode never had",
        opened=NONE,
        answer=COMPLIANT,
        place=AFTER,
        clears=True,
        previous=EXCEEDS,
    ),
    # it exceeds, and joins the episode that is open
    _row(
        "level_rises",
        (EXTEND, RAISE),
        "it exceeds by more than the episode did so far",
        opened=NONE,
        answer=EXCEEDS,
        place=_JOINED,
        news=HIGHER,
    ),
    _row(
        "told_at_last",
        (EXTEND, TELL),
        "the episode was found too late to wake anybody; it goes on, and that is news",
        opened=NONE,
        answer=EXCEEDS,
        place=_JOINED,
        news=TELLABLE,
    ),
    _row(
        "goes_on",
        (EXTEND,),
        "the episode goes on",
        opened=NONE,
        answer=EXCEEDS,
        place=(INSIDE, LAST, AFTER),
        news=NOTHING,
    ),
    _row(
        "found_before_beginning",
        (AMEND,),
        "found late, before the beginning: said now, as no breach has it once what lies between complies",
        opened=NONE,
        answer=EXCEEDS,
        place=BEFORE,
        news=NOTHING,
        previous=_NOT_EXCEEDING,
    ),
    _row(
        "said_before_beginning",
        (),
        "it exceeded before the episode's beginning already",
        opened=NONE,
        answer=EXCEEDS,
        place=BEFORE,
        news=NOTHING,
        previous=EXCEEDS,
    ),
    # it exceeds, and no episode that is open has it
    _row(
        "exceeded_already",
        (),
        "it exceeded before: what it leads to has been said",
        opened=NONE,
        answer=EXCEEDS,
        place=_OUTSIDE,
        previous=EXCEEDS,
    ),
    _row(
        "run_too_short",
        (),
        "fewer intervals in a row exceed than the rule asks",
        **{**_OPENING, "enough": False},
    ),
    _row(
        "not_over_after_all",
        (RESUME,),
        "a closed episode goes on: people were told that it is over, so this is told anew",
        **_OPENING,
        belongs=True,
        later=False,
    ),
    _row(
        "inside_closed_episode",
        (EXTEND, AMEND),
        "found late, inside an episode that is over: no second breach, and nobody is woken",
        **_OPENING,
        belongs=True,
        later=True,
    ),
    _row(
        "episode_begins",
        (OPEN,),
        "an episode begins",
        **{**_OPENING, "place": NO_EPISODE},
        belongs=False,
        later=False,
    ),
    _row(
        "begins_and_is_over",
        (OPEN, CLOSE_BY_LATER),
        "an episode is found late that is known to be over",
        **{**_OPENING, "place": NO_EPISODE},
        belongs=False,
        later=True,
    ),
    _row(
        "over_before_open_one",
        (OPEN_APART, CLOSE_BY_LATER),
        "an episode is found late that was over before the open one began",
        **{**_OPENING, "place": APART},
        belongs=False,
    ),
)


@cache
def decide(situation: Situation) -> DecisionRow:
    """The row of the table that applies. Raises ValueError unless exactly one does."""
    rows = [row for row in TABLE if row.holds(situation)]
    if len(rows) != 1:
        raise ValueError(f"{len(rows)} rows of the table of breaches hold in {situation}")
    return rows[0]


def diagram() -> str:
    """Mermaid state diagram of the rows that take a step, for deploy/docs/breaches.md."""
    lines = ["stateDiagram-v2"]
    for row in TABLE:
        if row.steps:
            before = _state_before(row)
            lines.append(f"    {before} --> {_state_after(row, before)}: {row.reason}")
    return "\n".join([*lines, "    closed --> [*]"])


def table() -> str:
    """Markdown table of all rows, for deploy/docs/breaches.md."""
    lines = ["| reason | when | steps | why |", "|---|---|---|---|"]
    for row in TABLE:
        conditions = "; ".join(_words(name, values) for name, values in row.when.items())
        lines.append(f"| {row.reason} | {conditions} | {', '.join(row.steps) or '-'} | {row.why} |")
    return "\n".join(lines)


def _words(name: str, values: tuple[str | bool | None, ...]) -> str:
    if isinstance(values[0], bool):
        return name if values[0] else f"not {name}"
    return f"{name}: {', '.join('-' if value is None else str(value) for value in values)}"


def _state_before(row: DecisionRow) -> str:
    """State of the episode before the steps; `[*]`: it does not exist yet."""
    if CLOSED_ONE in row.when["opened"] or True in row.when.get("belongs", ()):
        return "closed"
    return "[*]" if {OPEN, OPEN_APART} & set(row.steps) else "open"


def _state_after(row: DecisionRow, before: str) -> str:
    if {CLOSE, CLOSE_BY_LATER} & set(row.steps):
        return "closed"
    return "open" if {OPEN, REOPEN, RESUME} & set(row.steps) else before
