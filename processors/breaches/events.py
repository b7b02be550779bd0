"""Published events of breaches, built from a verdict, a rule, a silence, a fault or a suspicion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, NamedTuple

from processors.breaches.context import VerdictInContext
from processors.columns import HOUR_MS
from processors.plan import LEVELS, Rule
from processors.records import NO_LIMIT, Breach, Verdict, short_id

OFFLINE = "offline"
OFFLINE_SITE = "offline/site"  # of a site all of whose devices are silent; such a breach names no device
SUSPICION = "suspicion"
FAULT = "fault"  # of a device: it speaks, and something about what it says is wrong
LATE = "late"  # reason: first found by what came late

_OFFLINE_TITLES = {
    OFFLINE: {"en": "Monitor offline", "zh": "监测设备离线"},
    OFFLINE_SITE: {"en": "Whole site offline", "zh": "工地监测全部离线"},
}
# what an event says in the words of the verdict that led to it
_MEASURED = (
    "start",
    "end",
    "value",
    "background",
    "subtracted",
    "limit",
    "capture",
    "interval",
    "revision",
    "reasons",
    "configuration",
)
_measured_of = attrgetter(*_MEASURED)


class SilentPlace(NamedTuple):
    """A device that has been silent for too long, or a whole site (`rule` OFFLINE_SITE, no device)."""

    rule: str
    site: str
    device: str
    since: int  # when it was last heard
    reasons: tuple[str, ...]
    tell: bool = True

    @property
    def name(self) -> str:
        """The device, or the site if the place is a whole site."""
        return self.device or self.site


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A device whose data looks falsified, with the pattern, the hours and the evidence."""

    rule: str
    site: str
    device: str
    start: int
    end: int
    title: dict[str, str]
    status: str  # of the sources that describe the pattern
    evidence: dict[str, Any]


class FaultFound(NamedTuple):
    """A fault of a device that has lasted for its least duration."""

    rule: str
    site: str
    device: str
    start: int
    reasons: tuple[str, ...]
    title: dict[str, str]
    pollutant: str | None = None
    tell: bool = True


def exceedance(context: VerdictInContext, id_: str, delayed: bool) -> Breach:
    """The event that opens a breach of a limit."""
    verdict, rule = context.verdict, context.rule
    said = _of_verdict(verdict)
    return replace(
        NO_LIMIT,
        id=id_,
        kind="exceedance",
        level=level_of(verdict, rule),
        site=verdict.site,
        device=verdict.point,
        rule=rule.id,
        rule_revision=rule.revision,
        title=rule.titles,
        clause=rule.clause,
        citation=rule.citation,
        status=rule.status,
        administrative=rule.administrative,
        pollutant=verdict.pollutant,
        unit=verdict.unit,
        opened_at=verdict.decided_at,
        delayed=delayed,
        tell=is_in_time(context),
        deadline_h=rule.deadline_h,
        **{**said, "reasons": tuple(sorted({*verdict.reasons, LATE}))} if context.late else said,
    )


def follow_up(opened: Breach, verdict: Verdict, event: str, **changes: Any) -> Breach:
    """A further event of a breach, caused by a later or superseding verdict."""
    return replace(opened, **{**_of_verdict(verdict), "event": event, **changes})


def _of_verdict(verdict: Verdict) -> dict[str, Any]:
    measured = dict(zip(_MEASURED, _measured_of(verdict), strict=True))
    return {**measured, "at": verdict.decided_at, "verdict": verdict.id}


def silence(place: SilentPlace, at: int, delayed: bool, configuration: str) -> Breach:
    """The event that opens a breach for a silent device or site."""
    return _without_limit(
        OFFLINE,
        place,
        at,
        configuration,
        id=short_id("breach", place.rule, place.name, place.since),
        title=_OFFLINE_TITLES[place.rule],
        start=place.since,
        end=at,
        reasons=place.reasons,
        delayed=delayed,
        tell=place.tell,
    )


def fault(found: FaultFound, at: int, configuration: str) -> Breach:
    """The event that opens a fault of a device."""
    return _without_limit(
        FAULT,
        found,
        at,
        configuration,
        id=short_id("breach", found.rule, found.device, found.start),
        title=found.title,
        pollutant=found.pollutant,
        start=found.start,
        end=at,
        reasons=found.reasons,
        tell=found.tell,
    )


def suspicion(found: Suspicion, at: int, delayed: bool, configuration: str) -> Breach:
    """The event that opens a suspicion, without its evidence."""
    return _without_limit(
        SUSPICION,
        found,
        at,
        configuration,
        id=short_id("breach", found.rule, found.device, found.start, found.end),
        title=found.title,
        citation=found.status,
        start=found.start,
        end=found.end,
        reasons=("suspected",),
        delayed=delayed,
    )


def _without_limit(
    kind: str, found: SilentPlace | FaultFound | Suspicion, at: int, configuration: str, **more: Any
) -> Breach:
    """The event that opens what has no limit behind it; its level is its kind."""
    return replace(
        NO_LIMIT,
        kind=kind,
        level=kind,
        site=found.site,
        device=found.device,
        rule=found.rule,
        at=at,
        opened_at=at,
        configuration=configuration,
        **more,
    )


def id_of(context: VerdictInContext, run_start: int | None, *anew: int) -> str:
    """Id of the breach that an exceedance opens; `anew` sets it apart from an earlier one of that start."""
    verdict, rule = context.verdict, context.rule
    start = verdict.start if run_start is None else run_start
    return short_id("breach", rule.id, rule.revision, verdict.kind, verdict.point, start, *anew)


def level_of(verdict: Verdict, rule: Rule) -> str:
    """Level of an exceedance: the highest of the rule's own and those of the marks that the value exceeds."""
    if verdict.kind == "day":
        return rule.day_level
    value = (verdict.value or 0.0) - (verdict.subtracted or 0.0)
    passed = [mark.level for mark in rule.severity if value > mark.above * rule.factor]
    return max([rule.level, *passed], key=LEVELS.index)


def is_in_time(context: VerdictInContext) -> bool:
    """True if it was found so soon after its interval, and by nothing late, that people are to be told."""
    verdict, rule = context.verdict, context.rule
    return not context.late and verdict.decided_at - verdict.end <= rule.tell_within_h * HOUR_MS
