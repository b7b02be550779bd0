"""Works a verdict's value and answer out again from its trail, and says whether they agree. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from processors.audit.admission import Admission, admission
from processors.audit.arithmetic import (
    MEAN,
    Comparison,
    Statistic,
    Value,
    Window,
    long_window_of,
    window_of,
)
from processors.audit.corrections import applied_to, corrected, service_windows
from processors.audit.trail import Trail, is_beside
from processors.columns import HOUR_MS, NANO

Line = dict[str, Any]
_LATENESS_MS = 120_000  # of a window that no rule asks for
_MOST_CONFLICTS = 6  # of a window for which every choice is tried


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading of the trail with what became of it; `conflicting`: another of the same time counted."""

    row: Line
    said: Admission
    conflicting: bool = False
    raw: float | None = None  # what was sent, where it was calibrated: `said.value` is what was judged


@dataclass(slots=True)
class Reworked:
    """The steps; `agrees` is None where history lacks what the arithmetic needs."""

    readings: list[Judged] = field(default_factory=list)
    window: Window | None = None
    comparison: Comparison | None = None
    background: float | None = None  # mean of the records found
    value: float | None = None
    answer: str | None = None
    agrees: bool | None = None
    differs: list[tuple[str, Any, Any]] = field(default_factory=list)  # (what, worked out, stored)
    before: int | None = None  # readings received from then on were not known
    is_long: bool = False
    latest: dict[int, Line] = field(default_factory=dict)  # a day's intervals by start
    counted: int = 0  # of them that exceed


def rework(trail: Trail) -> Reworked:
    """The arithmetic of what the trail is about."""
    verdict = trail.verdict
    if verdict is None:
        return _interval(trail) if trail.kind == "interval" and trail.interval else Reworked()
    if verdict["kind"] == "day":
        return _day(trail, verdict)
    if verdict["kind"] == "instant":
        return _instant(trail, verdict)
    # what was on its way when the window closed may have been folded after its decision, not before
    cutoffs = [verdict["decided_at"]]
    if trail.rule is not None:
        cutoffs.append(verdict["end"] + int(trail.rule.get("lateness_s", 120)) * 1000)
    first = None
    for before in cutoffs:
        for counts in _choices(trail):
            found = _window(trail, verdict, before, counts)
            if found.agrees:
                return found
            first = first or found
    assert first is not None
    return first


def _choices(trail: Trail) -> Iterator[frozenset[int]]:
    """Which of contradicting readings may have counted: the fold decided by a hash that history lacks.

    Numbers of rows of `conflicts` that count in place of the reading of their time.
    """
    numbers = range(min(len(trail.conflicts), _MOST_CONFLICTS))
    for many in range(len(numbers) + 1):
        yield from map(frozenset, combinations(numbers, many))


def _interval(trail: Trail) -> Reworked:
    assert trail.interval is not None
    interval = trail.interval
    found = Reworked(readings=judged_readings(trail, interval["pollutant"], None))
    found.is_long = interval["end"] - interval["start"] > HOUR_MS
    label = interval["statistic"]
    percentile = float(label[1:]) if label[1:].replace(".", "").isdigit() else None
    known = label in ("mean", "max") or percentile is not None
    if trail.device is None or not known:
        return found
    statistic = Statistic("percentile" if percentile is not None else label, percentile)
    for before, counts in product(_cutoffs(trail, interval), _choices(trail)):
        found.readings, found.before = judged_readings(trail, interval["pollutant"], before, counts), before
        found.window = slots_of(trail, found, interval["start"], interval["end"], statistic)
        found.value = found.window.value
        found.differs = _differences(
            ("value", found.value, interval["value"]),
            ("capture", found.window.capture or 0.0, interval["capture"]),
        )
        found.agrees = not found.differs
        if found.agrees:
            break
    return found


def _cutoffs(trail: Trail, interval: Line) -> Iterator[int | None]:
    """Until when readings may have been known when a revision was measured; None: all of them."""
    yield None
    superseded = len(trail.intervals) > 1 and trail.intervals[-1]["id"] != interval["id"]
    closed = interval["end"] + _LATENESS_MS
    if int(interval["revision"]) == 1:
        yield closed
    if superseded:
        came = sorted({row["received_at"] for row in (*trail.readings, *trail.conflicts)})
        yield from (at + 1 for at in came if at >= interval["end"])


def _window(trail: Trail, verdict: Line, before: int | None, counts: frozenset[int]) -> Reworked:
    found = Reworked(readings=judged_readings(trail, verdict["pollutant"], before, counts), before=before)
    start, end = verdict["start"], verdict["end"]
    found.is_long = end - start > HOUR_MS
    found.background = _mean(trail, verdict["pollutant"])
    if trail.device is None or trail.rule is None:
        return found
    rule = trail.rule
    statistic = Statistic(rule["statistic"], rule.get("percentile"), rule.get("above"))
    found.window = slots_of(trail, found, start, end, statistic)
    found.value = found.window.value
    differences: list[tuple[str, Any, Any]] = [
        ("value", found.value, verdict["value"]),
        ("capture", found.window.capture or 0.0, verdict["capture"]),
    ]
    if verdict["background"] is not None and found.background is not None:
        differences.append(("background", found.background, verdict["background"]))
    enough = (found.window.capture or 0.0) >= math.floor(rule["least_capture"] * 10_000 + 0.5) / 10_000
    waits = rule.get("background") is not None and verdict["background"] is None
    if verdict["value"] is not None and found.value is not None:
        found.comparison = _comparison(verdict, rule, found.value, found.background)
    found.answer = "undetermined"
    if enough and not waits and found.comparison is not None:
        found.answer = "exceeds" if found.comparison.exceeds else "compliant"
    lost = {"log_gap"} & set(verdict["reasons"])  # the log knew of more than was measured
    if not lost:
        differences.append(("answer", found.answer, verdict["answer"]))
    found.differs = _differences(*differences)
    found.agrees = not found.differs
    return found


def _comparison(verdict: Line, rule: Line, value: float, background: float | None) -> Comparison:
    factor = 1000 if rule.get("unit") == "mg/m3" and rule["statistic"] != "count" else 1
    cap = (rule.get("background") or {}).get("cap")
    known = verdict["background"] if background is None else background
    if verdict["background"] is None:
        known = None
    return Comparison(value, known, None if cap is None else cap * factor, verdict["limit"], rule["strict"])


def _instant(trail: Trail, verdict: Line) -> Reworked:
    found = Reworked(readings=judged_readings(trail, verdict["pollutant"], None))
    if trail.rule is None:
        return found
    values = [one.said.value for one in found.readings if not one.said.why]
    if verdict["start"] == verdict["end"]:
        # a device may send an instant and a mean under one time: the rule judged one of them
        values = [value for value in values if value == verdict["value"]] or values
    if not values:
        return found
    found.value = max(values)
    found.comparison = Comparison(found.value, None, None, verdict["limit"], trail.rule["strict"])
    found.answer = "exceeds" if found.comparison.exceeds else "compliant"
    found.differs = _differences(
        ("value", found.value, verdict["value"]), ("answer", found.answer, verdict["answer"])
    )
    found.agrees = not found.differs
    return found


def _day(trail: Trail, verdict: Line) -> Reworked:
    found = Reworked()
    for part in trail.parts:
        found.latest[part["start"]] = part  # by start and revision: the last one counts
    if not found.latest:
        return found
    found.counted = sum(part["answer"] == "exceeds" for part in found.latest.values())
    found.value = float(found.counted)
    found.comparison = Comparison(found.value, None, None, verdict["limit"], strict=True)
    found.differs = _differences(("value", found.value, verdict["value"]))
    found.agrees = not found.differs
    return found


def judged_readings(
    trail: Trail, pollutant: str, before: int | None, counts: frozenset[int] = frozenset()
) -> list[Judged]:
    """Every reading with what became of it; `counts`: see `_choices`."""
    rule = trail.rule or {}
    maintenance = service_windows(trail.signals)
    replaced = {(trail.conflicts[i]["time"], trail.conflicts[i]["period"]) for i in counts}
    rows = [(row, False, (row["time"], row["period"]) in replaced) for row in trail.readings]
    rows += [(row, True, i not in counts) for i, row in enumerate(trail.conflicts)]
    made = []
    for row, conflicting, beaten in rows:
        words = trail.quality.get((row["time"], row["period"]))
        said = admission(row, pollutant, rule, words, maintenance, before, beaten)
        if said is not None:
            raw, by = said.value, applied_to(row, pollutant, trail.device, trail.signals)
            said = said._replace(value=corrected(raw, by))
            made.append(Judged(row, said, conflicting, raw))
    return sorted(made, key=lambda one: (one.row["time"], float(one.row["period"] or 0), one.conflicting))


def slots_of(trail: Trail, found: Reworked, start: int, end: int, statistic: Statistic = MEAN) -> Window:
    """The slots of [start, end) out of the readings that were admitted."""
    assert trail.device is not None
    values = [
        Value(
            one.row["time"],
            round(float(one.row["period"] or 0) * 1000),
            round(one.said.value * 1000),
        )
        for one in found.readings
        if not one.said.why
    ]
    interval = round(float(trail.device["interval"]) * 1000)
    if found.is_long:
        return long_window_of(values, interval, start, end, statistic)
    return window_of(values, interval, start, end, statistic)


def _mean(trail: Trail, pollutant: str) -> float | None:
    """The background's mean over the records that the verdict names, as the area's mean is made."""
    if is_beside(trail.rule):
        value = (trail.beside or {}).get("value")
        return None if value is None else round(value * NANO) / NANO
    values = [record.values[pollutant] for record in trail.backgrounds if pollutant in record.values]
    wanted = len(trail.verdict["background_ids"]) if trail.verdict else 0
    if not values or len(values) < wanted:
        return None
    total = sum(values) * (NANO // 1000)
    return float((2 * total + len(values)) // (2 * len(values)) / NANO)


def _differences(*pairs: tuple[str, Any, Any]) -> list[tuple[str, Any, Any]]:
    return [(name, ours, stored) for name, ours, stored in pairs if not _same(ours, stored)]


def _same(ours: Any, stored: Any) -> bool:
    if isinstance(ours, float) and isinstance(stored, float | int):
        return math.isclose(ours, stored, rel_tol=1e-12, abs_tol=1e-9)
    return bool(ours == stored)
