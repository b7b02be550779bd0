"""Explains in words what history holds: what was measured, what was asked, and the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from processors.audit.arithmetic import Window, number
from processors.audit.outlook import outlook_lines, rework_outlook
from processors.audit.reading import reading_lines
from processors.audit.recompute import Reworked, rework
from processors.audit.suspicion_words import suspicion_lines
from processors.audit.teller import Line, Teller
from processors.audit.trail import Trail
from processors.audit.wind_words import whence_lines
from processors.breaches import SUSPICION
from processors.columns import NANO


def worked_out(trail: Trail) -> Reworked:
    """The arithmetic of what the trail is about, done again."""
    return rework(trail) if trail.outlook is None else rework_outlook(trail)


def story(teller: Teller) -> Iterator[str]:
    """The whole story, a line a fact."""
    trail = teller.trail
    if trail.kind == "breach":
        yield from _breach(teller)
    if trail.outlook is not None:
        yield from outlook_lines(teller)
    elif trail.reading is not None:
        yield from reading_lines(teller)
    elif trail.verdict is not None:
        yield from _verdict(teller, trail.verdict)
    elif trail.interval is not None:
        yield from _interval(teller, trail.interval)
    elif trail.configuration is not None:
        yield from teller.configured()
    yield from _check(teller)
    for code, words in trail.lacking:
        yield teller.line("lacking", teller.say(f"lack:{code}", **words))


def _breach(teller: Teller) -> Iterator[str]:
    first = teller.trail.events[0]
    head = "suspicion" if first["kind"] == SUSPICION else "breach"
    yield teller.line(head, f"{first['id']} ({first['kind']}, {first['rule']})")
    yield teller.place(first["site"], first["device"])
    if first["kind"] == "offline":
        yield teller.line("silent", teller.say("silent_since", at=teller.instant(first["start"])))
    opening = next((event for event in teller.trail.events if event.get("evidence")), None)
    if opening is not None:
        yield from _suspicion(teller, opening)
    yield from _events(teller)


def _suspicion(teller: Teller, opening: Line) -> Iterator[str]:
    title = opening["title"].get(teller.language) or opening["rule"]
    yield teller.line("pattern", teller.say("pattern_is", title=title))
    yield teller.period(opening["start"], opening["end"])
    for head, said in suspicion_lines(opening["evidence"], teller.language, teller.say, teller.everything):
        yield teller.line(head, said)


def _events(teller: Teller) -> Iterator[str]:
    head = "breaches"
    for event in teller.trail.events:
        said = teller.say(
            "event",
            at=teller.instant(event["at"]),
            event=teller.say(event["event"]),
            id=event["id"],
            level=event["level"],
        )
        yield teller.line(head, said + teller.because(event["reasons"]))
        head = ""


def _verdict(teller: Teller, verdict: Line) -> Iterator[str]:
    yield teller.line("verdict", verdict["id"])
    if teller.trail.kind != "breach":
        yield teller.place(verdict["site"], verdict["device"])
    yield teller.period(verdict["start"], verdict["end"])
    yield from teller.rule(verdict)
    yield from teller.configured()
    yield from teller.listed(verdict["pollutant"])
    yield from teller.orders()
    yield from _window(teller)
    yield from _stations(teller, verdict)
    yield from _sums(teller, verdict)
    for head, words in whence_lines(teller.trail.winds, verdict["pollutant"], teller.language, teller.say):
        yield teller.line(head, words)
    yield teller.line("answer", teller.say(verdict["answer"]) + teller.because(verdict["reasons"]))
    yield from _revisions(teller, verdict)
    if teller.trail.kind != "breach":
        yield from _events(teller)


def _measurings(teller: Teller, interval: Line) -> Iterator[str]:
    """Every revision of an interval."""
    if len(teller.trail.intervals) < 2:
        return
    head = "revisions"
    for one in teller.trail.intervals:
        value = "-" if one["value"] is None else number(one["value"])
        said = teller.say("measuring", number=one["revision"], value=value, id=one["id"])
        yield teller.line(head, said + (teller.say("this_one") if one["id"] == interval["id"] else ""))
        head = ""


def _interval(teller: Teller, interval: Line) -> Iterator[str]:
    yield teller.line("interval_id", interval["id"])
    yield teller.place(interval["site"], interval["device"])
    yield teller.period(interval["start"], interval["end"])
    yield from teller.configured()
    yield from teller.listed(interval["pollutant"])
    yield from teller.orders()
    yield from _window(teller)
    yield from _sums(teller, interval)
    yield from _measurings(teller, interval)
    head = "rests"
    for one in teller.trail.resting:
        said = teller.say("rest", rule=one["rule"], answer=teller.say(one["answer"]), id=one["id"])
        yield teller.line(head, said)
        head = ""


def _window(teller: Teller) -> Iterator[str]:
    window = teller.found.window
    if window is None:
        return
    if not window.expected:
        interval = f"{(teller.trail.device or {}).get('interval', 0):g}"
        yield teller.line("slots", teller.say("no_slots", interval=interval))
        return
    share = {
        "covered": len(window.slots),
        "expected": window.expected,
        "capture": f"{window.capture or 0:.3f}",
    }
    if teller.trail.rule is not None:
        said = teller.say("captured", **share, least=f"{teller.trail.rule['least_capture']:g}")
    else:
        said = teller.say("captured_only", **share)
    yield teller.line("hours" if teller.found.is_long else "slots", said)
    if teller.found.is_long or teller.everything:
        for slot in window.slots:
            mean = number(slot.mean / NANO)
            yield teller.line(
                "", teller.say("slot", start=teller.instant(slot.start), mean=mean, values=slot.values)
            )


def _stations(teller: Teller, verdict: Line) -> Iterator[str]:
    head = "background"
    for record in teller.trail.backgrounds:
        value = number(record.values.get(verdict["pollutant"], 0) / 1000)
        at = teller.instant(record.received_at)
        yield teller.line(
            head, teller.say("station", station=record.station, value=value, id=record.id, at=at)
        )
        head = ""
    if teller.trail.beside is not None:
        other = teller.trail.beside
        yield teller.line(
            head, teller.say("beside", device=other["device"], value=number(other["value"]), id=other["id"])
        )
        head = ""
    compared = teller.found.comparison
    if compared is not None and compared.background is not None:
        mean = number(compared.background)
        if compared.cap is None:
            yield teller.line(head, teller.say("station_mean_uncapped", mean=mean))
        else:
            yield teller.line(head, teller.say("station_mean", mean=mean, cap=number(compared.cap)))


def _sums(teller: Teller, of: Line) -> Iterator[str]:
    found, head = teller.found, "arithmetic"
    if found.latest and found.comparison is not None:
        words = found.comparison.words()
        yield teller.line(head, teller.say("day_is", all=len(found.latest), count=found.counted, words=words))
        return
    if found.window is not None and found.window.value is not None:
        yield teller.line(
            head, _statistic(teller, found.window, found.window.value, of.get("statistic", "mean"))
        )
        head = ""
    if found.comparison is not None:
        yield teller.line(head, found.comparison.words())


def _statistic(teller: Teller, window: Window, value: float, label: str) -> str:
    rule = teller.trail.rule or {"statistic": label}
    words: dict[str, object] = {"count": len(window.slots), "value": number(value)}
    words["sum"] = number(sum(slot.mean for slot in window.slots) / NANO)
    words["percentile"], words["above"] = rule.get("percentile") or label, rule.get("above")
    name = rule["statistic"]
    return teller.say(f"{name if name in ('mean', 'max', 'count') else 'percentile'}_is", **words)


def _revisions(teller: Teller, verdict: Line) -> Iterator[str]:
    rulings = teller.trail.rulings
    if len(rulings) < 2:
        return
    head = "revisions"
    for i, one in enumerate(rulings):
        said = teller.say(
            "revision",
            number=one["revision"],
            at=teller.instant(one["decided_at"]),
            answer=teller.say(one["answer"]),
        )
        said += teller.because(one["reasons"])
        if i + 1 < len(rulings):
            said += teller.say("superseded", number=rulings[i + 1]["revision"])
        yield teller.line(head, said + (teller.say("this_one") if one["id"] == verdict["id"] else ""))
        head = ""


def _check(teller: Teller) -> Iterator[str]:
    found = teller.found
    if found.agrees is None and teller.trail.verdict is None and not teller.trail.lacking:
        return  # a silence has no arithmetic, nor has a reading
    if found.agrees is None:
        yield teller.line("check", teller.say("cannot"))
    elif found.agrees:
        yield teller.line("check", teller.say("agrees"))
    else:
        what = [
            teller.say("difference", name=teller.say(name), ours=_plain(ours), stored=_plain(stored))
            for name, ours, stored in found.differs
        ]
        yield teller.line("check", teller.say("differs", what="; ".join(what)))


def _plain(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
