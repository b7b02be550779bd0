"""An explanation as one JSON document, for programs: the trail as history holds it, and the recomputation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from processors.audit.arithmetic import LimitComparison, Window
from processors.audit.recompute import Recomputation
from processors.audit.trail import Trail
from processors.history import ContextRow, OutlookRow, RulingRow
from processors.records import Breach

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _ReadingEntry:
    row: Any
    said: tuple[object, ...]
    conflicting: bool
    raw: float


@dataclass(frozen=True, slots=True)
class _WorkedOut:
    readings: Sequence[_ReadingEntry]
    window: Window | None
    comparison: LimitComparison | None
    background: float | None
    value: float | None
    answer: str | None
    agrees: bool | None
    differs: Sequence[Sequence[Any]]
    before: int | None
    is_long: bool
    latest: dict[int, Json]
    counted: int
    hypotheses: int


def document_of(trail: Trail, found: Recomputation) -> str:
    """The JSON document. Programs depend on its keys, which stay the same when attributes are renamed."""
    body = {
        "trail": _trail(trail),
        "worked_out": _worked_out(found),
        "arithmetic": None if found.comparison is None else found.comparison.words(),
    }
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def _trail(trail: Trail) -> Json:
    interval = trail.interval
    own = {"start": interval.start} if interval is not None and trail.kind == "interval" else {}
    words = sorted((row.stored for row in trail.quality.values()), key=lambda r: (r["time"], r["period"]))
    return {
        "id": trail.id,
        "kind": trail.kind,
        "verdict": None if trail.verdict is None else _ruling(trail.verdict),
        "rulings": [_ruling(one) for one in trail.rulings],
        "interval": None if interval is None else {**interval.stored, **own},
        "intervals": [one.stored for one in trail.intervals],
        "outlook": None if trail.outlook is None else _outlook(trail.outlook),
        "said": [_outlook(one) for one in trail.outlooks],
        "reading": None if trail.reading is None else trail.reading.stored,
        "conflicting": trail.is_conflicting,
        "events": [_event(one) for one in trail.events],
        "resting": [_ruling(one) for one in trail.dependents],
        "configuration": None if trail.configuration is None else _context(trail.configuration),
        "rule": None if trail.rule is None else trail.rule.stored,
        "site": None if trail.site is None else trail.site.stored,
        "device": None if trail.device is None else trail.device.stored,
        "readings": [one.stored for one in trail.readings],
        "conflicts": [one.stored for one in trail.conflicts],
        "quality": [
            {"time": row["time"], "period": row["period"], "words": row["words"] or ""} for row in words
        ],
        "backgrounds": trail.backgrounds,
        "beside": None if trail.reference is None else trail.reference.stored,
        "winds": trail.winds,
        "signals": trail.signals,
        "parts": [_ruling(one) for one in trail.day_parts],
        "lacking": trail.missing,
    }


def _ruling(row: RulingRow) -> Json:
    """A verdict's row as stored, with lists, start, revision and title in the form that the verdict had."""
    lists = {"reasons": row.reasons, "background_ids": row.background_ids}
    return {**row.stored, **lists, "start": row.start, "revision": row.revision, "title": row.title}


def _outlook(row: OutlookRow) -> Json:
    return {**row.stored, "at": row.at}


def _event(breach: Breach) -> Json:
    return {**asdict(breach), "event_id": breach.event_id}


def _context(row: ContextRow) -> Json:
    return {name: getattr(row, name) for name in ContextRow.__slots__}


def _worked_out(found: Recomputation) -> _WorkedOut:
    return _WorkedOut(
        readings=[
            _ReadingEntry(one.row.stored, tuple(one.admission), one.is_conflicting, one.raw)
            for one in found.readings
        ],
        window=found.window,
        comparison=found.comparison,
        background=found.background,
        value=found.value,
        answer=found.answer,
        agrees=found.agrees,
        differs=[tuple(one) for one in found.differences],
        before=found.cutoff,
        is_long=found.is_long,
        latest={start: _ruling(part) for start, part in found.day_parts.items()},
        counted=found.exceeding,
        hypotheses=found.hypotheses,
    )
