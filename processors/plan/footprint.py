"""Footprint: bytes per device that each window asked for by rules adds to a partition's state. Pure.

Counted as the state holds it, before compression: an upper estimate for planning, not a promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from processors.columns import DAY_MS, HOUR_MS
from processors.plan.rules import LONGEST_OF_READINGS_S, Rule
from processors.windows import BASE, BEYOND_LATE_MS, LATE_FOR_MS, RETAIN_MS, Track

READING_BYTES = 50  # row, instant, period, hash, three values and their flags of an open reading
_OUTLOOK_BYTES = 240  # closed quarters, level and spread of a pollutant whose open windows are looked at
_ANSWER_BYTES = 7  # state, reasons and two revisions of a rule over an interval
_MEASURED_BYTES = 20  # total in two parts and covered, shared by rules that ask for the same statistic
_IN_TIME_BYTES = 3  # of each pollutant: whether a window was full
_SOURCE_BYTES = 4  # which monitor of the site was subtracted
_HOUR_BYTES = 13  # a clock hour of one pollutant, kept for the windows that are made of it
_DAY_BYTES = 5  # a settled day of a rule with an allowance
_INSTANT_BYTES = 8
_KEPT_MS = LATE_FOR_MS + BEYOND_LATE_MS  # as late as readings are judged where nothing else is configured
_GROUPED_MS = 8 * HOUR_MS  # so many hours are packed together, and go together
_HOURS_KEPT = _KEPT_MS // HOUR_MS + 3
_DAYS_KEPT = 6
_Measured = tuple[str, str, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Added:
    """A window with the rules that ask for it. `bytes`: at most, per device."""

    window_s: int
    step_s: int
    rules: tuple[str, ...]
    bytes: int

    @property
    def words(self) -> str:
        """The window in the operator's words."""
        if not self.window_s:
            return "single values"
        if self.window_s == self.step_s:
            return (
                "calendar day" if self.window_s == DAY_MS // 1000 else f"{_span(self.window_s)} by the clock"
            )
        return f"rolling {_span(self.window_s)} every {_span(self.step_s)}"


def added_by(rules: Iterable[Rule], interval_s: int = 60) -> list[Added]:
    """Footprints of the rules' windows for a device with such an interval, the shortest window first."""
    by_track: dict[tuple[int, int], list[Rule]] = {}
    listed = list(rules)
    for rule in listed:
        by_track.setdefault((rule.window, rule.step_s), []).append(rule)
    return [
        Added(
            window,
            step,
            tuple(sorted(rule.id for rule in asking)),
            _bytes(asking, interval_s, any(_rolls(rule) for rule in listed)),
        )
        for (window, step), asking in sorted(by_track.items())
    ]


def _rolls(rule: Rule) -> bool:
    """True if the rule makes the state keep everything an hour longer (`Plan.retain`)."""
    return rule.alignment == "rolling" and rule.window <= LONGEST_OF_READINGS_S


def _bytes(rules: list[Rule], interval_s: int, longer: bool) -> int:
    total, windows, measured, hourly = 0, 0, dict[_Measured, int](), set[str]()
    if any(_rolls(rule) for rule in rules):
        total += HOUR_MS // 1000 // interval_s * READING_BYTES
    for rule in rules:
        if not rule.window:
            total += _INSTANT_BYTES
            continue
        answers, means = _kept(rule, longer)
        total += answers * _ANSWER_BYTES
        total += answers * _SOURCE_BYTES if rule.background is not None and rule.background.is_beside else 0
        total += _DAYS_KEPT * _DAY_BYTES if rule.allowance is not None else 0
        asked = (rule.pollutant, rule.statistic, rule.percentile, rule.above)
        measured[asked] = max(measured.get(asked, 0), means)
        track = Track(rule.window * 1000, rule.step_s * 1000)
        if track.is_long:
            hourly.add(rule.pollutant)
        elif track not in BASE:
            windows = _windows(track.step)
    total += windows * _IN_TIME_BYTES
    ahead = {rule.pollutant for rule in rules if rule.outlook and rule.window >= 900}
    total += len(ahead) * _OUTLOOK_BYTES
    return total + sum(measured.values()) * _MEASURED_BYTES + len(hourly) * _HOURS_KEPT * _HOUR_BYTES


def _kept(rule: Rule, longer: bool) -> tuple[int, int]:
    """(answers, measurements) of a rule that are held at the same time."""
    step = rule.step_s * 1000
    looks_back = rule.repeat > 1 or rule.clear.level is not None or rule.clear.minutes > 0
    in_a_row = max(rule.clear.minutes * 60_000, rule.repeat * step) if looks_back else 0
    # what may go is let go when an hour closes
    kept = RETAIN_MS + (3 if longer else 2) * HOUR_MS + in_a_row
    short = -(-(kept + rule.lateness_s * 1000) // step) + 1
    # a day is counted from all of its intervals
    long = _windows(step, DAY_MS if rule.allowance is not None else 0)
    return long, long if rule.background is not None or rule.clear.level is not None else short


def _windows(step: int, more: int = 0) -> int:
    """Windows that are held as long as something late may change them; `more`: ms beyond that."""
    return -(-(_KEPT_MS + _GROUPED_MS + 4 * HOUR_MS + more) // step) + 1


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
