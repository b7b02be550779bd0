"""Judges the past by other rules with the same fold, and compares the result with what was judged. Pure.

A verdict is identified by what it judges: kind, rule, point, start and end. Of several revisions, the last
counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ingest.decoders.instants import instant_text
from ingest.records import FeedRecord, Revision
from processors.columns import HOUR_MS, SECOND_MS
from processors.fold import Detector, LogFold, Outputs
from processors.plan import revision_id
from processors.records import ANSWERS, Breach, Verdict
from processors.replay.lines import Line, breach_line, lines_text, text_of, verdict_line
from processors.replay.spilled import SpilledLines

AFTER_MS = 2 * HOUR_MS  # how long the log is followed after the span: late readings, background that waits
_LOOK_BACK_MS = 2 * HOUR_MS  # of the quality checks


class VerdictKey(NamedTuple):
    """Identity of a verdict, the same under any rules and in every revision."""

    kind: str
    rule: str
    point: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ComparedVerdict:
    """The compared parts of a verdict."""

    answer: str
    value: float | None
    background: float | None
    reasons: tuple[str, ...]  # sorted


@dataclass(slots=True)
class JudgedSpan:
    """Results of one set of rules over a span."""

    verdicts: dict[VerdictKey, ComparedVerdict] = field(default_factory=dict)
    opened: dict[tuple[str, str, int], Breach] = field(default_factory=dict)  # rule, device, interval's start
    lines: SpilledLines = field(default_factory=partial(SpilledLines, "start"))
    breaches: SpilledLines = field(default_factory=partial(SpilledLines, "at"))

    def take(self, verdicts: Iterable[Verdict], breaches: Iterable[Breach], start: int, end: int) -> None:
        """Take in the results of a record that lie in [start, end]."""
        for verdict in verdicts:
            if start <= verdict.start and verdict.end <= end:
                self.verdicts[key_of(verdict)] = compared(verdict)
                self.lines.add(verdict_line(verdict))
        for breach in breaches:
            if is_exceedance_within(breach, start, end):
                self.breaches.add(breach_line(breach))
                if breach.event == "opened":
                    self.opened[breach.rule, breach.device, breach.start] = breach


def is_exceedance_within(breach: Breach, start: int, end: int) -> bool:
    """True if it is a breach of a limit by an interval that lies in [start, end]."""
    return breach.kind == "exceedance" and start <= breach.start and breach.end <= end


def key_of(verdict: Verdict) -> VerdictKey:
    """Identity of a verdict."""
    return VerdictKey(verdict.kind, verdict.rule, verdict.point, verdict.start, verdict.end)


def compared(verdict: Verdict) -> ComparedVerdict:
    """The compared parts of a verdict."""
    return ComparedVerdict(verdict.answer, verdict.value, verdict.background, tuple(sorted(verdict.reasons)))


def with_rules(revision: Revision, rules: list[dict[str, Any]]) -> Revision:
    """The revision with other rules."""
    body = {**revision.body, "rules": rules}
    return replace(revision, id=revision_id(body), body=body)


@dataclass(slots=True)
class Backtest:
    """Two folds over one log: by the rules that were in force, and by others."""

    start: int
    end: int
    rules: list[dict[str, Any]]
    partitions: int = 1
    live: JudgedSpan = field(default_factory=JudgedSpan)
    other: JudgedSpan = field(default_factory=JudgedSpan)
    _folds: dict[tuple[bool, int], LogFold] = field(default_factory=dict)

    @property
    def log_start(self) -> int:
        """Start of the log: an hour and the longest window or look-back before `start`, at a whole hour."""
        longest = max((rule["window"] * SECOND_MS for rule in self.rules), default=0)
        return (self.start - max(longest, _LOOK_BACK_MS) - HOUR_MS) // HOUR_MS * HOUR_MS

    @property
    def log_end(self) -> int:
        """End of the log to fold."""
        return self.end + AFTER_MS

    def fold(self, record: FeedRecord, partition: int = 0, live: bool = True) -> None:
        """Fold the next record of a partition; `live` False: the live results are known from elsewhere.

        Records may wait to be folded together: `finish` folds the last ones.
        """
        changed = with_rules(record, self.rules) if isinstance(record, Revision) else record
        self._take(self.other, changed, (False, partition))
        if live:
            self._take(self.live, record, (True, partition))

    def _take(self, judged: JudgedSpan, record: FeedRecord, which: tuple[bool, int]) -> None:
        fold = self._folds.get(which)
        if fold is None:
            detector = Detector.empty(which[1], self.partitions, outlooks=False)
            fold = self._folds[which] = LogFold(detector)
        self._judge(judged, fold.take(record))

    def finish(self) -> None:
        """Fold what waits at the log's end."""
        for (live, _), fold in self._folds.items():
            self._judge(self.live if live else self.other, fold.rest())

    def _judge(self, judged: JudgedSpan, outputs: Iterable[Outputs]) -> None:
        for out in outputs:
            judged.take(out.verdicts, out.breaches, self.start, self.end)

    def compare(self, unreproducible: Mapping[VerdictKey, str]) -> BacktestResult:
        """Effect of the other rules. `unreproducible`: verdicts that can't be judged again, with why."""
        live, other = self.live, self.other
        keys = sorted(
            {*live.verdicts, *other.verdicts} - set(unreproducible),
            key=lambda key: (key.start, key.point, key.rule, key.kind, key.end),
        )
        pairs = [(key, live.verdicts.get(key), other.verdicts.get(key)) for key in keys]
        differences = [_difference(*pair) for pair in pairs if not _same(*pair[1:])]
        left_out = [
            {**_named(key), "why": why}
            for key, why in sorted(unreproducible.items(), key=lambda item: item[0].start)
        ]
        would_open = [other.opened[key] for key in sorted(set(other.opened) - set(live.opened))]
        would_not_open = [live.opened[key] for key in sorted(set(live.opened) - set(other.opened))]
        summary = {
            "from": instant_text(self.start),
            "to": instant_text(self.end),
            "live": _counts(live, unreproducible),
            "other": _counts(other, unreproducible),
            "differences": len(differences),
            "would_open": len(would_open),
            "would_not_open": len(would_not_open),
            "not_reproducible": len(left_out),
        }
        return BacktestResult(differences, would_open, would_not_open, left_out, summary)


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Effect of other rules, by start, point and rule.

    `left_out`: verdicts that can't be judged again, with the reasons.
    """

    differences: list[Line]
    would_open: list[Breach]
    would_not_open: list[Breach]
    left_out: list[Line]
    summary: Line


def write(backtest: Backtest, result: BacktestResult, folder: Path) -> None:
    """Write the five files into an existing folder."""
    for name, spilled in (("verdicts", backtest.other.lines), ("breaches", backtest.other.breaches)):
        with (folder / f"{name}.jsonl").open("wb") as file:
            file.writelines(spilled.texts())
    for name, when, lines in (
        ("difference", "start", result.differences),
        ("not-reproducible", "start", result.left_out),
    ):
        (folder / f"{name}.jsonl").write_bytes(lines_text(lines, when))
    (folder / "summary.json").write_bytes(text_of(result.summary))


def _same(one: ComparedVerdict | None, two: ComparedVerdict | None) -> bool:
    if one is None or two is None:
        return False
    near = _near(one.value, two.value) and _near(one.background, two.background)
    return near and (one.answer, one.reasons) == (two.answer, two.reasons)


def _near(one: float | None, two: float | None) -> bool:
    return one == two or (one is not None and two is not None and abs(one - two) < 1e-9)


def _named(key: VerdictKey) -> Line:
    return {**key._asdict(), "start": instant_text(key.start), "end": instant_text(key.end)}


def _difference(key: VerdictKey, live: ComparedVerdict | None, other: ComparedVerdict | None) -> Line:
    said = {"live": asdict(live) if live else None, "other": asdict(other) if other else None}
    return {**_named(key), **said}


def _counts(judged: JudgedSpan, excluded: Mapping[VerdictKey, str]) -> Line:
    found = Counter(one.answer for key, one in judged.verdicts.items() if key not in excluded)
    return {answer: found[answer] for answer in ANSWERS}
