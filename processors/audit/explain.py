"""Explanation of a result: what was measured, what the rule requires, and the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from processors.audit.arithmetic import Window, number
from processors.audit.outlook import outlook_lines
from processors.audit.outlook_recompute import recompute_outlook
from processors.audit.reading import reading_lines
from processors.audit.recompute import Recomputation, recompute
from processors.audit.suspicion_words import suspicion_lines
from processors.audit.teller import RuleNamed, Teller
from processors.audit.trail import Trail
from processors.audit.wind_words import origin_lines
from processors.breaches import SUSPICION
from processors.columns import NANO
from processors.history import MeasuringRow, RulingRow
from processors.records import Breach


def recomputation_of(trail: Trail) -> Recomputation:
    """Recompute the result that the trail is about."""
    return recompute(trail) if trail.outlook is None else recompute_outlook(trail, trail.outlook)


def story(teller: Teller) -> Iterator[str]:
    """The whole explanation, one line per fact."""
    trail = teller.trail
    if trail.kind == "breach":
        yield from _breach(teller)
    if trail.outlook is not None:
        yield from outlook_lines(teller, trail.outlook)
    elif trail.reading is not None:
        yield from reading_lines(teller, trail.reading)
    elif trail.verdict is not None:
        yield from _verdict(teller, trail.verdict)
    elif trail.interval is not None:
        yield from _interval(teller, trail.interval)
    elif trail.configuration is not None:
        yield from teller.configured()
    yield from _check(teller)
    for code, words in trail.missing:
        yield teller.line("lacking", teller.say(f"lack:{code}", **words))


def _breach(teller: Teller) -> Iterator[str]:
    first = teller.trail.events[0]
    head = "suspicion" if first.kind == SUSPICION else "breach"
    yield teller.line(head, f"{first.id} ({first.kind}, {first.rule})")
    yield teller.place(first.site, first.device)
    if first.kind == "offline":
        yield teller.line("silent", teller.say("silent_since", at=teller.instant(first.start)))
    opening = next((event for event in teller.trail.events if event.evidence), None)
    if opening is not None:
        yield from _suspicion(teller, opening)
    yield from _events(teller)


def _suspicion(teller: Teller, opening: Breach) -> Iterator[str]:
    title = opening.title.get(teller.language) or opening.rule
    yield teller.line("pattern", teller.say("pattern_is", title=title))
    yield teller.period(opening.start, opening.end)
    evidence = opening.evidence or {}
    for head, said in suspicion_lines(evidence, teller.language, teller.say, teller.everything):
        yield teller.line(head, said)


def _events(teller: Teller) -> Iterator[str]:
    return teller.listing("breaches", (_event(teller, event) for event in teller.trail.events))


def _event(teller: Teller, event: Breach) -> str:
    at, what = teller.instant(event.at), teller.say(event.event)
    said = teller.say("event", at=at, event=what, id=event.id, level=event.level)
    return said + teller.because(event.reasons)


def _verdict(teller: Teller, verdict: RulingRow) -> Iterator[str]:
    yield teller.line("verdict", verdict.id)
    if teller.trail.kind != "breach":
        yield teller.place(verdict.site, verdict.device)
    yield teller.period(verdict.start, verdict.end)
    yield from teller.rule(
        RuleNamed(
            verdict.rule,
            verdict.rule_revision,
            verdict.title,
            verdict.clause,
            verdict.citation,
            verdict.status,
        )
    )
    yield from teller.configured()
    yield from teller.listed(verdict.pollutant)
    yield from teller.orders()
    yield from _window(teller)
    yield from teller.listing("background", _backgrounds(teller, verdict))
    yield from teller.listing("arithmetic", _sums(teller, "mean"))
    for head, words in origin_lines(teller.trail.winds, verdict.pollutant, teller.language, teller.say):
        yield teller.line(head, words)
    yield teller.line("answer", teller.say(verdict.answer) + teller.because(verdict.reasons))
    if len(teller.trail.rulings) > 1:
        yield from teller.listing("revisions", _revisions(teller, verdict))
    if teller.trail.kind != "breach":
        yield from _events(teller)


def _interval(teller: Teller, interval: MeasuringRow) -> Iterator[str]:
    trail = teller.trail
    yield teller.line("interval_id", interval.id)
    yield teller.place(interval.site, interval.device)
    yield teller.period(interval.start, interval.end)
    yield from teller.configured()
    yield from teller.listed(interval.pollutant)
    yield from teller.orders()
    yield from _window(teller)
    yield from teller.listing("arithmetic", _sums(teller, interval.statistic))
    if len(trail.intervals) > 1:
        told = (_measuring(teller, one, interval) for one in trail.intervals)
        yield from teller.listing("revisions", told)
    yield from teller.listing("rests", map(teller.dependent, trail.dependents))


def _measuring(teller: Teller, one: MeasuringRow, asked: MeasuringRow) -> str:
    value = "-" if one.value is None else number(one.value)
    said = teller.say("measuring", number=one.revision, value=value, id=one.id)
    return said + (teller.say("this_one") if one.id == asked.id else "")


def _window(teller: Teller) -> Iterator[str]:
    window, rule = teller.recomputation.window, teller.trail.rule
    if window is None:
        return
    if not window.expected:
        interval = teller.trail.device.interval_s if teller.trail.device is not None else 0
        yield teller.line("slots", teller.say("no_slots", interval=f"{interval:g}"))
        return
    share = {
        "covered": len(window.slots),
        "expected": window.expected,
        "capture": f"{window.capture or 0:.3f}",
    }
    if rule is not None:
        said = teller.say("captured", **share, least=f"{rule.least_capture:g}")
    else:
        said = teller.say("captured_only", **share)
    is_long = teller.recomputation.is_long
    yield teller.line("hours" if is_long else "slots", said)
    if is_long or teller.everything:
        for slot in window.slots:
            start, mean = teller.instant(slot.start), number(slot.mean / NANO)
            yield teller.line("", teller.say("slot", start=start, mean=mean, values=slot.values))


def _backgrounds(teller: Teller, verdict: RulingRow) -> Iterator[str]:
    """Stations or monitor whose values were subtracted, and the cap that the clause sets."""
    for record in teller.trail.backgrounds:
        value = number(record.values.get(verdict.pollutant, 0) / 1000)
        at = teller.instant(record.received_at)
        yield teller.say("station", station=record.station, value=value, id=record.id, at=at)
    if (other := teller.trail.reference) is not None:
        value = "-" if other.value is None else number(other.value)
        yield teller.say("beside", device=other.device, value=value, id=other.id)
    compared = teller.recomputation.comparison
    if compared is not None and compared.background is not None:
        mean = number(compared.background)
        if compared.cap is None:
            yield teller.say("station_mean_uncapped", mean=mean)
        else:
            yield teller.say("station_mean", mean=mean, cap=number(compared.cap))


def _sums(teller: Teller, label: str) -> Iterator[str]:
    found = teller.recomputation
    if found.day_parts and found.comparison is not None:
        counts = {"all": len(found.day_parts), "count": found.exceeding}
        yield teller.say("day_is", **counts, words=found.comparison.words())
        return
    if found.window is not None and found.window.value is not None:
        yield _statistic(teller, found.window, found.window.value, label)
    if found.comparison is not None:
        yield found.comparison.words()


def _statistic(teller: Teller, window: Window, value: float, label: str) -> str:
    """Arithmetic of a rule's statistic; `label`: the statistic of an interval that no rule asked for."""
    rule = teller.trail.rule
    name = label if rule is None else rule.statistic
    words: dict[str, object] = {"count": len(window.slots), "value": number(value)}
    words["sum"] = number(sum(slot.mean for slot in window.slots) / NANO)
    words["percentile"] = (rule.percentile if rule is not None else None) or label
    words["above"] = rule.above if rule is not None else None
    return teller.say(f"{name if name in ('mean', 'max', 'count') else 'percentile'}_is", **words)


def _revisions(teller: Teller, verdict: RulingRow) -> Iterator[str]:
    rulings = teller.trail.rulings
    for one, later in zip(rulings, [*rulings[1:], None], strict=True):
        at, answer = teller.instant(one.decided_at), teller.say(one.answer)
        said = teller.say("revision", number=one.revision, at=at, answer=answer)
        said += teller.because(one.reasons)
        if later is not None:
            said += teller.say("superseded", number=later.revision)
        yield said + (teller.say("this_one") if one.id == verdict.id else "")


def _check(teller: Teller) -> Iterator[str]:
    found = teller.recomputation
    if found.agrees is None and teller.trail.verdict is None and not teller.trail.missing:
        return  # a silence has no arithmetic, nor has a reading
    if found.agrees is None:
        yield teller.line("check", teller.say("cannot"))
    elif found.agrees:
        yield teller.line("check", teller.say("agrees"))
    else:
        what = [
            teller.say("difference", name=teller.say(name), ours=_plain(ours), stored=_plain(stored))
            for name, ours, stored in found.differences
        ]
        yield teller.line("check", teller.say("differs", what="; ".join(what)))
    if found.hypotheses > 1:
        yield teller.line("", teller.say("tried", count=found.hypotheses))


def _plain(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
