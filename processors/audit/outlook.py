"""Explanation of an outlook: the state of its window then, the arithmetic, and the final verdict."""

from __future__ import annotations

from collections.abc import Iterator

from processors.audit.arithmetic import number
from processors.audit.outlook_recompute import bar_of
from processors.audit.teller import RuleNamed, Teller
from processors.audit.trail import DAY
from processors.columns import NANO
from processors.history import OutlookRow
from processors.records import TITLES


def outlook_lines(teller: Teller, outlook: OutlookRow) -> Iterator[str]:
    """The explanation of an outlook, one line per fact."""
    t, line, facts = teller.say, teller.line, teller.trail.rule
    at, state = teller.instant(outlook.at), _title(teller, outlook)
    yield line("outlook", t("outlook_is", id=outlook.id, at=at, state=state))
    yield teller.place(outlook.site, outlook.device)
    yield teller.period(outlook.start, outlook.end)
    title, clause = (facts.title, facts.clause) if facts is not None else ({}, "?")
    yield from teller.rule(RuleNamed(outlook.rule, outlook.rule_revision, title, clause))
    yield from teller.configured()
    yield from teller.listed(outlook.pollutant)
    yield from teller.orders()
    yield from _day(teller, outlook) if outlook.kind == DAY else _window(teller, outlook)
    yield from teller.listing("said", (_state(teller, one) for one in teller.trail.outlooks))
    ends = [teller.dependent(one) for one in teller.trail.dependents]
    yield from teller.listing("ended", ends or [t("not_ended")])


def _day(teller: Teller, outlook: OutlookRow) -> Iterator[str]:
    """The day's allowance and how much of it was used."""
    t, line, minutes = teller.say, teller.line, f"{outlook.minutes_left:g}"
    yield line("progress", t("day_so_far", count=outlook.covered, all=outlook.settled, minutes=minutes))
    key = "day_over" if outlook.covered > outlook.limit else "day_with_open"
    yield line("arithmetic", t(key, count=outlook.covered, allowed=f"{outlook.limit:g}"))


def _window(teller: Teller, outlook: OutlookRow) -> Iterator[str]:
    """The settled part of the window, the background, and the projection for the rest."""
    t, line = teller.say, teller.line
    counts = {"covered": outlook.covered, "settled": outlook.settled, "slots": outlook.slots}
    yield line("progress", t("settled", **counts, minutes=f"{outlook.minutes_left:g}"))
    if outlook.subtracted is not None:
        known = "background_was" if outlook.background_known else "background_expected"
        yield line("background", t(known, value=number(outlook.subtracted)))
    if outlook.probability is not None:
        mean, low, high = (number(value or 0.0) for value in (outlook.projected, outlook.low, outlook.high))
        percent = f"{outlook.probability * 100:g}"
        yield line("projection", t("projected", projected=mean, low=low, high=high, percent=percent))
    yield from teller.listing("arithmetic", _sum(teller, outlook))
    if outlook.required is not None:
        yield line("would_do", t("would_do_is", mean=number(outlook.required)))


def _sum(teller: Teller, outlook: OutlookRow) -> Iterator[str]:
    """The mean with zeros in the remaining slots, against limit plus background: the test of certainty."""
    bar, window = bar_of(outlook), teller.recomputation.window
    if window is None or not window.slots:
        return
    rest = outlook.slots - outlook.settled
    total, reached = sum(slot.mean for slot in window.slots), len(window.slots) + rest
    least = number(total / reached / NANO)
    yield teller.say("with_zeros", sum=number(total / NANO), reached=reached, rest=rest, least=least)
    if bar is not None:
        key = "zeros_above" if total > bar * reached else "zeros_below"
        yield teller.say(key, least=least, bar=number(bar / NANO))


def _state(teller: Teller, one: OutlookRow) -> str:
    said = teller.say("said_at", at=teller.instant(one.at), state=_title(teller, one), id=one.id)
    return said + (teller.say("this_one") if one.id == teller.trail.id else "")


def _title(teller: Teller, outlook: OutlookRow) -> str:
    return TITLES[outlook.state][teller.language]
