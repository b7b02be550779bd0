"""Judges the past by other rules with the same fold, and compares with what was judged. Pure.

A verdict is told by what it judges: kind, rule, point, start and end. Of several revisions the last counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ingest.decoders.instants import instant_text
from ingest.records import FeedRecord, Revision
from processors.columns import HOUR_MS
from processors.fold.detector import Detector
from processors.plan.plan import revision_id
from processors.records.breaches import Breach
from processors.records.verdicts import ANSWERS, Verdict
from processors.replay.replay import Line, breach_line, verdict_line

AFTER_MS = 2 * HOUR_MS  # how long the log is followed after the span: late readings, background that waits

Key = tuple[str, str, str, int, int]  # kind, rule, point, start, end


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared of a verdict."""

    answer: str
    value: float | None
    background: float | None
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Judged:
    """What one set of rules says of a span."""

    verdicts: dict[Key, Said] = field(default_factory=dict)
    opened: dict[tuple[str, str, int], Line] = field(default_factory=dict)  # rule, device, start of interval
    lines: list[Line] = field(default_factory=list)
    breaches: list[Line] = field(default_factory=list)

    def take(self, verdicts: Iterable[Verdict], breaches: Iterable[Breach], start: int, end: int) -> None:
        """What a record led to, as far as it lies in [start, end]."""
        for verdict in verdicts:
            if start <= verdict.start and verdict.end <= end:
                said = asdict(verdict)
                self.verdicts[key_of(said, verdict.point)] = said_of(said)
                self.lines.append(verdict_line(verdict))
        for breach in breaches:
            if start <= breach.start and breach.end <= end and breach.kind == "exceedance":
                line = breach_line(breach)
                self.breaches.append(line)
                if breach.event == "opened":
                    self.opened[breach.rule, breach.device, breach.start] = line


def key_of(verdict: Mapping[str, Any], point: str) -> Key:
    """What a verdict judges."""
    return verdict["kind"], verdict["rule"], point, verdict["start"], verdict["end"]


def said_of(verdict: Mapping[str, Any]) -> Said:
    """What it says."""
    reasons = tuple(sorted(verdict["reasons"]))
    return Said(verdict["answer"], verdict["value"], verdict["background"], reasons)


def with_rules(revision: Revision, rules: list[dict[str, Any]]) -> Revision:
    """The revision with other rules."""
    body = {**revision.body, "rules": rules}
    return replace(revision, id=revision_id(body), body=body)


@dataclass(slots=True)
class Bench:
    """Two folds over one log: by the rules that were in force, and by others."""

    start: int
    end: int
    rules: list[dict[str, Any]]
    partitions: int = 1
    live: Judged = field(default_factory=Judged)
    other: Judged = field(default_factory=Judged)
    _folds: dict[tuple[bool, int], Detector] = field(default_factory=dict)

    def fold(self, record: FeedRecord, partition: int = 0, live: bool = True) -> None:
        """The next record of a partition; `live` False: what was judged is known from elsewhere."""
        changed = with_rules(record, self.rules) if isinstance(record, Revision) else record
        self._take(self.other, changed, (False, partition))
        if live:
            self._take(self.live, record, (True, partition))

    def _take(self, judged: Judged, record: FeedRecord, which: tuple[bool, int]) -> None:
        detector = self._folds.get(which)
        if detector is None:
            detector = self._folds[which] = Detector.empty(which[1], self.partitions)
        out = detector.fold(record)
        judged.take(out.verdicts, out.breaches, self.start, self.end)


@dataclass(slots=True)
class Comparison:
    """What other rules change. `left_out`: what can't be judged again, with why: (key, code)."""

    differences: list[Line]
    would_open: list[Line]
    would_not_open: list[Line]
    left_out: list[Line]
    summary: Line


def compare(
    live: Judged, other: Judged, start: int, end: int, unreproducible: Mapping[Key, str] | None = None
) -> Comparison:
    """The differences, by start, point and rule."""
    excluded = unreproducible or {}
    keys = sorted(
        ({*live.verdicts, *other.verdicts}) - set(excluded), key=lambda k: (k[3], k[2], k[1], k[0], k[4])
    )
    differences = [
        _difference(key, live.verdicts.get(key), other.verdicts.get(key))
        for key in keys
        if not _same(live.verdicts.get(key), other.verdicts.get(key))
    ]
    would = [other.opened[key] for key in sorted(set(other.opened) - set(live.opened))]
    not_any_more = [live.opened[key] for key in sorted(set(live.opened) - set(other.opened))]
    left_out = [{**_named(key), "why": why} for key, why in sorted(excluded.items(), key=lambda kv: kv[0][3])]
    summary = {
        "from": instant_text(start),
        "to": instant_text(end),
        "live": _counts(live, excluded),
        "other": _counts(other, excluded),
        "differences": len(differences),
        "would_open": len(would),
        "would_not_open": len(not_any_more),
        "not_reproducible": len(left_out),
    }
    return Comparison(differences, would, not_any_more, left_out, summary)


def _same(one: Said | None, two: Said | None) -> bool:
    if one is None or two is None:
        return False
    near = _near(one.value, two.value) and _near(one.background, two.background)
    return near and (one.answer, one.reasons) == (two.answer, two.reasons)


def _near(one: float | None, two: float | None) -> bool:
    return one == two or (one is not None and two is not None and abs(one - two) < 1e-9)


def _named(key: Key) -> Line:
    kind, rule, point, start, end = key
    return {
        "kind": kind,
        "rule": rule,
        "point": point,
        "start": instant_text(start),
        "end": instant_text(end),
    }


def _difference(key: Key, live: Said | None, other: Said | None) -> Line:
    said = {"live": asdict(live) if live else None, "other": asdict(other) if other else None}
    return {**_named(key), **said}


def _counts(judged: Judged, excluded: Mapping[Key, str]) -> Line:
    found = Counter(said.answer for key, said in judged.verdicts.items() if key not in excluded)
    return {answer: found[answer] for answer in ANSWERS}
