"""The account of the rounds: what was published against what is there. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.kills.load import FRAMED, RECIPIENTS, Sent
from tests.kills.outside import IntervalRow, Place, Topics

MINUTE_MS = 60_000
Told = tuple[str, str, str]  # case, step, recipient


@dataclass(slots=True)
class Round:
    """A round: whom it killed, which readings were published in it, and what took how long, s from the kill."""

    number: int
    victim: str
    first: int  # number of its first reading
    killed_after: int = 0  # number of the first reading after the kill
    killed_at: int = 0  # ms UTC
    until: int = 0  # number after the last reading that was there when the victim was back
    back_s: float | None = None
    stored_s: float | None = None  # the first reading published after the kill is in history
    settled_s: float | None = None  # all up to `until` is stored and told of
    stuck: str = ""

    def line(self) -> str:
        """One line for whoever watches."""
        times = ", ".join(
            f"{name} {seconds:.1f} s"
            for name, seconds in (
                ("back", self.back_s),
                ("stored", self.stored_s),
                ("settled", self.settled_s),
            )
            if seconds is not None
        )
        return f"{self.number + 1:4d} {self.victim}: {self.stuck or times}"


@dataclass(slots=True)
class Evidence:
    """What was read from outside when all had settled."""

    topics: Topics
    stored: Counter[tuple[str, int, float]]
    conflicts: int
    intervals: list[IntervalRow]
    cases: Mapping[str, str]  # case -> breach
    messages: Sequence[tuple[str, str, str, str, str]]  # id, case, step, recipient, state
    doubtful: set[str]
    recipients: Mapping[Place, set[str]]  # by the reading that breached
    told_at: Mapping[Place, int]  # when the first of them was told, ms
    arrivals: Counter[str]
    ids: Mapping[Told, set[str]]  # as the webhook took them


@dataclass(slots=True)
class VictimAccount:
    """Counts over the rounds of one victim, or over all; the first eleven as the issue lists them."""

    victim: str
    kills: int = 0
    published: int = 0
    stored: int = 0
    duplicates: int = 0  # copies in the feed that history has once
    poison: int = 0
    quarantined: int = 0
    lost: int = 0  # readings not in history and poison not in quarantine
    doubled: int = 0  # readings more than once in history
    breaches: int = 0  # planned
    cases: int = 0
    two_cases: int = 0  # breaches with more than one case or more than one id
    untold: int = 0  # planned breaches of which somebody was not told
    two_ids: int = 0  # steps that somebody was told under two ids
    repeats: int = 0  # messages that came again under their id, as the attempt log says
    undue_repeats: int = 0  # and where it does not
    stuck: int = 0
    first_record_s: list[float] = field(default_factory=list)
    settled_s: list[float] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """True if anything was lost, doubled or stuck."""
        return bool(
            self.lost
            or self.doubled
            or self.cases != self.breaches
            or self.two_cases
            or self.untold
            or self.two_ids
            or self.undue_repeats
            or self.stuck
        )


@dataclass(slots=True)
class Account:
    """The victims, and what can be said of the run as a whole only."""

    victims: list[VictimAccount]
    total: VictimAccount
    faults: list[str]
    minutes: int  # means of a minute whose count of readings was compared

    @property
    def broken(self) -> bool:
        """True if any promise was broken."""
        return self.total.broken or bool(self.faults)

    def as_json(self) -> dict[str, Any]:
        """JSON object of the result file."""
        return {
            "victims": [asdict(one) for one in self.victims],
            "total": asdict(self.total),
            "faults": self.faults,
            "minutes": self.minutes,
        }


def account_of(
    rounds: Sequence[Round], sent: Sequence[Sent], poison: Sequence[tuple[int, bytes]], found: Evidence
) -> Account:
    """Hold what was published against what is there; what was published before the first round counts in it.

    `sent`: in the order of their numbers, which begin with 0, then others with the number of the next of those.
    """
    last = max(one.number for one in sent)
    by_victim: dict[str, VictimAccount] = {}
    of_number: list[VictimAccount] = []
    for round_, following in zip(rounds, (*rounds[1:], None), strict=True):
        one = by_victim.setdefault(round_.victim, VictimAccount(round_.victim))
        one.kills += 1
        one.stuck += bool(round_.stuck)
        if round_.settled_s is not None:
            one.settled_s.append(round_.settled_s)
        first_s = _first_record_s(round_, sent, found)
        if first_s is not None:
            one.first_record_s.append(first_s)
        end = following.first if following else last + 1
        of_number += [one] * (end - len(of_number))
    _count_readings(sent, poison, of_number, found)
    _count_cases(sent, of_number, found)
    victims = sorted(by_victim.values(), key=lambda one: one.victim)
    faults = _faults(sent, poison, found)
    return Account(victims, _sum(victims), faults, len(found.intervals))


def _first_record_s(round_: Round, sent: Sequence[Sent], found: Evidence) -> float | None:
    """s from the kill to the first record that the victim made of what was published after it; see the result."""
    if round_.victim == "desk":  # it makes none
        return round_.back_s
    if round_.victim in ("store", "up"):
        return round_.stored_s
    if round_.victim.startswith("alerts"):  # either worker may tell: what counts is how long a breach waits
        asked = sent[round_.first : round_.until]
        waits = [at - r.time for r in asked if (at := found.told_at.get((r.device, r.time))) is not None]
        return max(waits) / 1e3 if waits else None
    appended = found.topics.judged_at if round_.victim == "detect" else found.topics.fed_at
    after = sent[round_.killed_after : round_.until]
    if round_.victim == "gateway":
        after = [one for one in sent if one.device == FRAMED and one.time >= round_.killed_at]
    times = [at for one in after if (at := appended.get((one.device, one.time))) is not None]
    return (min(times) - round_.killed_at) / 1e3 if times else None


def _count_readings(
    sent: Sequence[Sent],
    poison: Sequence[tuple[int, bytes]],
    of_number: Sequence[VictimAccount],
    found: Evidence,
) -> None:
    for reading in sent:
        one = of_number[reading.number]
        rows = found.stored[reading.device, reading.time, reading.pm10]
        one.published += 1
        one.stored += bool(rows)
        one.lost += not rows
        one.doubled += rows > 1
        one.duplicates += max(0, found.topics.fed[reading.device, reading.time] - 1)
    for number, payload in poison:
        one = of_number[min(number, len(of_number) - 1)]
        held = found.topics.poison[payload]
        one.poison += 1
        one.quarantined += bool(held)
        one.lost += not held


def _count_cases(sent: Sequence[Sent], of_number: Sequence[VictimAccount], found: Evidence) -> None:
    ids_at: dict[Place, set[str]] = defaultdict(set)
    for breach, places in found.topics.breaches.items():
        for place in places:
            ids_at[place].add(breach)
    of_place = {(one.device, one.time): of_number[one.number] for one in sent if one.breaches}
    cases_of: dict[str, list[str]] = defaultdict(list)
    for case, breach in found.cases.items():
        cases_of[breach].append(case)
    account_of_case: dict[str, VictimAccount] = {}
    for place, one in of_place.items():
        cases = [case for breach in ids_at[place] for case in cases_of[breach]]
        one.breaches += 1
        one.cases += len(cases)
        one.two_cases += len(cases) > 1 or len(ids_at[place]) > 1
        one.untold += len(found.recipients.get(place, ())) < RECIPIENTS
        account_of_case |= dict.fromkeys(cases, one)
    written: dict[Told, set[str]] = defaultdict(set)
    case_of = {}
    for id_, case, step, recipient, _ in found.messages:
        written[case, step, recipient].add(id_)
        case_of[id_] = case
    for told in {*written, *found.ids}:
        if told[0] in account_of_case:
            account_of_case[told[0]].two_ids += len(written[told] | found.ids.get(told, set())) > 1
    for id_, times in found.arrivals.items():
        if times > 1 and case_of.get(id_) in account_of_case:
            one = account_of_case[case_of[id_]]
            one.repeats += id_ in found.doubtful
            one.undue_repeats += id_ not in found.doubtful


def _faults(sent: Sequence[Sent], poison: Sequence[tuple[int, bytes]], found: Evidence) -> list[str]:
    """What is there that was not published, or says something else of it."""
    said = {(one.device, one.time, one.pm10) for one in sent}
    planned = {(one.device, one.time) for one in sent if one.breaches}
    foreign = [row for row in found.stored if row not in said]
    breaches = {place for places in found.topics.breaches.values() for place in places}
    published = {payload for _, payload in poison}
    lost_ids = [m[0] for m in found.messages if m[4] == "sent" and not found.arrivals[m[0]]]
    return [
        *([f"{len(foreign)} readings in history that nobody published: {foreign[:3]}"] if foreign else []),
        *([f"{found.conflicts} readings in conflict with themselves"] if found.conflicts else []),
        *(f"a breach that was not planned: {place}" for place in sorted(breaches - planned)[:10]),
        *(f"in quarantine: {words}" for words in found.topics.other_quarantine[:10]),
        *(f"in quarantine, not ours: {raw!r}" for raw in found.topics.poison if raw not in published),
        *([f"{len(lost_ids)} messages that count as sent have not arrived"] if lost_ids else []),
        *_wrong_minutes(sent, found.intervals),
    ]


def _wrong_minutes(sent: Sequence[Sent], intervals: Sequence[IntervalRow]) -> list[str]:
    """Means of a minute that were made of more or fewer readings than were published for it."""
    published = Counter((one.device, one.time // MINUTE_MS * MINUTE_MS) for one in sent)
    wrong = [
        f"the minute {row.start} of {row.device} counts {row.readings} readings of {published[row.device, row.start]}"
        for row in intervals
        if row.end - row.start == MINUTE_MS and row.readings != published[row.device, row.start]
    ]
    return wrong[:10] + ([f"and {len(wrong) - 10} more minutes"] if len(wrong) > 10 else [])


def _sum(victims: Sequence[VictimAccount]) -> VictimAccount:
    total = VictimAccount("all")
    for one in victims:
        for name, value in asdict(one).items():
            if name != "victim":
                setattr(total, name, getattr(total, name) + value)
    return total
