"""Problems that no monitor found: what somebody hands in, what is wrong with it, and the case that it opens.

Pure. A page, a program and a list hand in the same `FoundProblem`; each says what is wrong by `flaws_of`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from alerts.casework.checklist import Checklist
from alerts.casework.life_planner import SEVERAL_SITES, LifePlanner
from alerts.casework.traits import CAUSE, HOW_FOUND, MEASURE, Traits, place_traits
from alerts.kinds import PROBLEM
from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.case import Salted
from alerts.lifecycle.fields import DOCUMENT, PHOTO_BEFORE
from alerts.lifecycle.states import FROM_ABOVE, PATROL
from alerts.lifecycle.trail import Plain
from alerts.people.answering import Answering
from ingest.register import Register
from processors.records import short_id

# In which way it was found -> the source of its case, its name in both languages.
NIGHT_CHECK, COVERT, RESIDENT, ABOVE = "night", "covert", "resident", "above"
WAYS: Mapping[str, tuple[str, str, str]] = {
    PATROL: (PATROL, "巡查发现", "found by patrol"),
    NIGHT_CHECK: (PATROL, "夜查发现", "found by a night check"),
    COVERT: (PATROL, "暗访发现", "found by a covert check"),
    RESIDENT: (PATROL, "群众举报", "reported by residents"),
    ABOVE: (FROM_ABOVE, "上级交办", "ordered from above"),
}
LONGEST_WORDS, LONGEST_PLACE, LONGEST_DOCUMENT, LONGEST_KEY = 2000, 200, 80, 80
_LONGEST_BACK = 366 * 24 * 3_600_000  # how long ago it may have been found
_LONGEST_AHEAD = 366 * 24 * 3_600_000
_AHEAD = 10 * 60_000  # by which the clock of a telephone may be fast
LEVEL = "warning"


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """What somebody hands in. Instants ms UTC; `site` empty: at no site of the register."""

    key: str  # the same handed in twice is one problem
    how: str
    found_at: int
    site: str = ""
    measures: tuple[str, ...] = ()  # that are not kept
    cause: str = ""
    place: str = ""
    words: str = ""
    document: str = ""
    due: int | None = None

    @property
    def id(self) -> str:
        """Id of the problem, as of the case that it opens."""
        return short_id("problem", self.key)

    @property
    def digest(self) -> str:
        """SHA-256 of all that is said, as hex: a key that comes again with something else is a mistake."""
        said = [self.how, self.found_at, self.site, sorted(self.measures), self.cause]
        said += [self.place, self.words, self.document, self.due]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


class ProblemFlaw(NamedTuple):
    """A field that can't be taken: its value, why, and what helps."""

    field: str
    value: str
    why: str
    way_out: str


def flaws_of(
    problem: FoundProblem, register: Register, checklist: Checklist, answering: Answering, now: int
) -> list[ProblemFlaw]:
    """What is wrong with it for somebody who answers for `answering`; empty: it can be taken."""
    found: list[ProblemFlaw] = []

    def say(field: str, value: object, why: str, way_out: str) -> None:
        found.append(ProblemFlaw(field, str(value)[:80], why, way_out))

    if problem.how not in WAYS:
        say("how", problem.how, "no such way of finding", f"one of {', '.join(WAYS)}")
    if problem.site and (problem.site not in register.sites or not answering.site(problem.site)):
        say("site", problem.site, "no such site that you answer for", "choose one of the list")
    if not problem.site and answering.sites is not None:
        say("site", "", "without a site only the county office may hand it in", "choose the site")
    if not problem.site and not problem.place:
        say("place", "", "neither site nor place", "say where it is")
    for id in problem.measures:
        if id not in checklist.measures:
            say("measures", id, "not in the checklist", f"some of {', '.join(checklist.measures)}")
    if problem.cause and problem.cause not in checklist.causes:
        say("cause", problem.cause, "not in the checklist", f"one of {', '.join(checklist.causes)}")
    if not problem.measures and not problem.words:
        say("measures", "", "nothing says what was found", "mark what is not kept, or write it down")
    if not now - _LONGEST_BACK <= problem.found_at <= now + _AHEAD:
        say("found_at", problem.found_at, "not within the last year", "give the day and time it was found")
    found += _flaws_of_an_order(problem, now)
    longest = {"words": LONGEST_WORDS, "place": LONGEST_PLACE, "document": LONGEST_DOCUMENT}
    for field, most in longest.items():
        if len(getattr(problem, field)) > most:
            say(field, getattr(problem, field), f"longer than {most} characters", "shorten it")
    if not 0 < len(problem.key) <= LONGEST_KEY:
        say("key", problem.key, f"no key of 1 to {LONGEST_KEY} characters", "give each problem its own key")
    return found


def _flaws_of_an_order(problem: FoundProblem, now: int) -> list[ProblemFlaw]:
    """Number and deadline: what comes from above has both, and nothing else has a deadline of its own."""
    if problem.how != ABOVE:
        why = "only what comes from above has a deadline of its own"
        return [] if problem.due is None else [ProblemFlaw("due", str(problem.due), why, "leave it out")]
    found = []
    if not problem.document:
        found.append(ProblemFlaw("document", "", "an order from above has a number", "give its number"))
    if problem.due is None or not now < problem.due <= now + _LONGEST_AHEAD:
        due = "" if problem.due is None else str(problem.due)
        found.append(ProblemFlaw("due", due, "its deadline does not lie ahead", "give the deadline it sets"))
    return found


class OpeningProblem(NamedTuple):
    """What opens the case: the command, its titles by language, and what it is counted by."""

    command: LifeCommand
    title: dict[str, str]
    traits: Traits


class ProblemWording(NamedTuple):
    """Personal texts of a problem with their salts, and digests of its pictures."""

    place: Salted
    words: Salted
    pictures: tuple[str, ...] = ()


def opening_of(
    problem: FoundProblem,
    wording: ProblemWording,
    actor: Actor,
    at: int,
    county: tuple[LifePlanner, Checklist],
) -> OpeningProblem:
    """The command by which a problem becomes a case, given at `at`."""
    planner, checklist = county
    register = planner.register
    source = WAYS[problem.how][0]
    site = problem.site or SEVERAL_SITES
    answering = planner.responsible(site, PROBLEM, at)
    day = datetime.fromtimestamp(problem.found_at / 1000, register.zone).date().isoformat()
    values: dict[str, Plain] = {
        "case": problem.id,
        "site": site,
        "kind": PROBLEM,
        "day": day,
        "source": source,
        "level": LEVEL,
        "unit": answering.unit,
        "how": problem.how,
        "found_at": problem.found_at,
    }
    if problem.measures:
        values["measures"] = tuple(sorted(set(problem.measures)))
    if problem.cause:
        values["cause"] = problem.cause
    if problem.due is not None:
        values["due"] = problem.due
    texts = {name: text for name, text in (("place", wording.place), ("words", wording.words)) if text.text}
    refs: dict[str, Plain] = {DOCUMENT: problem.document} if problem.document else {}
    if wording.pictures:
        refs[PHOTO_BEFORE] = wording.pictures
    command = LifeCommand("open", at, 0, actor, values, texts, refs, answering.lines)
    return OpeningProblem(command, title_of(problem, checklist), traits_of(problem, register))


def title_of(problem: FoundProblem, checklist: Checklist) -> dict[str, str]:
    """Titles by language: how it was found, and what is not kept. Nothing that people typed."""
    _, zh, en = WAYS[problem.how]
    ids = sorted(set(problem.measures), key=list(checklist.measures).index)
    if not ids and problem.cause:
        cause = problem.cause
        return {"zh": f"{zh}：{checklist.cause(cause, 'zh')}", "en": f"{en}: {checklist.cause(cause, 'en')}"}
    if not ids:
        return {"zh": zh, "en": en}
    return {
        "zh": f"{zh}：{'、'.join(checklist.failures(ids, 'zh'))}",
        "en": f"{en}: not kept: {', '.join(checklist.names(ids, 'en'))}",
    }


def traits_of(problem: FoundProblem, register: Register) -> Traits:
    """What a problem is counted by: (trait, value)."""
    found = [(MEASURE, id) for id in sorted(set(problem.measures))]
    found += [(CAUSE, problem.cause)] if problem.cause else []
    found.append((HOW_FOUND, problem.how))
    return (*found, *place_traits(register, problem.site, [problem.found_at]))
