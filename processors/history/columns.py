"""Turns records into batches of points, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from ingest.records import MISSING, Readings
from ingest.units import QUANTITIES, THOUSAND
from processors.columns import DAY_MS, HOUR_MS, QUARTER_MS
from processors.history.context import batches_of_context
from processors.history.points import PointBatch, batch_of
from processors.records import COMPLIANT, EXCEEDS, UNDETERMINED, Flagged, Interval, Outlook, Verdict, short_id

ANSWER_CODES = {COMPLIANT: 0, UNDETERMINED: 1, EXCEEDS: 2}
DUPLICATE, CONFLICT = "duplicate", "conflict"  # marks of detection
_SAME_IN_VERDICT = (
    *("answer", "value", "background", "subtracted", "limit", "capture", "unit", "clause", "rule_revision"),
    *("revision", "configuration", "interval", "end", "decided_at", "id"),
)
_SAME_IN_OUTLOOK = (
    *("projected", "low", "high", "probability", "required", "limit", "subtracted", "minutes_left"),
    *(
        "start",
        "end",
        "covered",
        "settled",
        "slots",
        "state",
        "event",
        "id",
        "rule_revision",
        "configuration",
    ),
)
_LABELS = {QUARTER_MS: "15m", HOUR_MS: "1h", DAY_MS: "1d"}


def batches_of_readings(readings: Sequence[Readings]) -> list[PointBatch]:
    """Readings as points of `readings`, contradictions as points of `conflicts`, duplicates left out."""
    readings = [one for one in readings if len(one)]
    if not readings:
        return []
    rows = sum(map(len, readings))
    values = {
        name: _joined(readings, name) for name in QUANTITIES if any(name in one.values for one in readings)
    }
    texts = {name: _texts(readings, name, rows) for name in ("flags", "marks", "extras", "set_aside")}
    fields: dict[str, Any] = {name: _thousandths(column) for name, column in values.items()}
    fields["received_at"] = np.concatenate([one.received_at for one in readings])
    fields |= {name: column for name, column in texts.items() if column is not None}
    if any(one.revision for one in readings):
        fields["revision"] = _words(
            [one.revision for one in readings],
            np.repeat(np.arange(len(readings)), [len(one) for one in readings]),
        )
    time = np.concatenate([one.time for one in readings])
    codes = _codes(readings)
    device = _words([word for one in readings for word in one.devices], codes)
    site = _words([word for one in readings for word in one.sites], codes)
    duplicate, conflict = _marked(texts["marks"], DUPLICATE), _marked(texts["marks"], CONFLICT)
    lengths, which = np.unique(np.concatenate([one.period for one in readings]), return_inverse=True)
    period = _words([period_label(length) for length in lengths.tolist()], which)
    everything = batch_of("readings", time, {"device": device, "period": period, "site": site}, fields)
    if not duplicate and not conflict:
        return [everything]
    plain = np.ones(rows, np.bool_)
    plain[sorted(duplicate | conflict)] = False
    batches = [PointBatch("readings", everything.data.filter(pa.array(plain)))]
    disputed = sorted(conflict - duplicate)
    if disputed:
        batches.append(_conflicts(PointBatch("readings", everything.data.take(pa.array(disputed)))))
    return [batch for batch in batches if len(batch)]


def _conflicts(batch: PointBatch) -> PointBatch:
    """The same rows with a tag that distinguishes contradicting readings of one device and time."""
    content = [
        short_id(*sorted((k, v) for k, v in point.fields.items() if k in QUANTITIES))
        for point in batch.points()
    ]
    return PointBatch("conflicts", batch.data.append_column("content", pa.array(content, pa.utf8())))


def _joined(readings: Sequence[Readings], name: str) -> npt.NDArray[np.int64]:
    columns = [
        one.values[name] if name in one.values else np.full(len(one), MISSING, np.int64) for one in readings
    ]
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _thousandths(column: npt.NDArray[np.int64]) -> Any:
    hole = column == MISSING
    return pa.array(column / THOUSAND, mask=hole if hole.any() else None)


def _texts(readings: Sequence[Readings], name: str, rows: int) -> Any:
    if not any(getattr(one, name) for one in readings):
        return None
    column: list[str | None] = [None] * rows
    start = 0
    for one in readings:
        for row, text in getattr(one, name).items():
            column[start + row] = text
        start += len(one)
    return pa.array(column, pa.utf8())


def _codes(readings: Sequence[Readings]) -> npt.NDArray[np.int32]:
    parts, base = [], 0
    for one in readings:
        parts.append(one.codes + np.int32(base))
        base += len(one.devices)
    return np.concatenate(parts)


def _words(words: list[str], codes: npt.NDArray[Any]) -> Any:
    return pa.array(words, pa.utf8()).take(pa.array(codes))


def _marked(marks: Any, code: str) -> set[int]:
    if marks is None:
        return set()
    return {i for i, text in enumerate(marks.to_pylist()) if text is not None and code in text.split(",")}


def batches_of_flags(flags: Sequence[Flagged]) -> list[PointBatch]:
    """Findings of the quality checks as points of `quality`; for each reading the last one counts."""
    newest = {(f.device, f.time, f.period): f for f in flags}
    if not newest:
        return []
    last = list(newest.values())
    tags = {name: _column(last, name) for name in ("device", "site")}
    tags["period"] = [period_label(f.period) for f in last]
    texts = [";".join(f"{q}={','.join(words)}" for q, words in sorted(f.words.items())) for f in last]
    return [
        batch_of(
            "quality", _column(last, "time"), tags, {"words": texts, "final": [int(f.final) for f in last]}
        )
    ]


def batches_of_outlooks(outlooks: Sequence[Outlook]) -> list[PointBatch]:
    """Outlooks as points of `outlooks`."""
    if not outlooks:
        return []
    tags = {name: _column(outlooks, name) for name in ("kind", "pollutant", "rule", "site")}
    tags["device"] = _column(outlooks, "point")
    fields = {name: _column(outlooks, name) for name in _SAME_IN_OUTLOOK}
    fields["background_known"] = [int(one.background_known) for one in outlooks]
    if any(one.regional is not None for one in outlooks):
        fields["regional"] = [_json_or_none(one.regional) for one in outlooks]
    return [batch_of("outlooks", _column(outlooks, "at"), tags, fields)]


def _json_or_none(data: dict[str, Any] | None) -> str | None:
    return None if data is None else orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()


def batches_of_intervals(intervals: Sequence[Interval]) -> list[PointBatch]:
    """Intervals as points of `intervals`."""
    if not intervals:
        return []
    tags = {name: _column(intervals, name) for name in ("device", "pollutant", "site", "statistic")}
    tags["window"] = [window_label(i.end - i.start) for i in intervals]
    fields = {
        name: _column(intervals, name) for name in ("value", "capture", "count", "revision", "end", "id")
    }
    return [batch_of("intervals", _column(intervals, "start"), tags, fields)]


def batches_of_measurings(intervals: Sequence[Interval]) -> list[PointBatch]:
    """Intervals as points of `measurings`, where a superseding interval does not overwrite another."""
    return [_kept_apart("measurings", batch, intervals) for batch in batches_of_intervals(intervals)]


def batches_of_verdicts(verdicts: Sequence[Verdict]) -> list[PointBatch]:
    """Verdicts as points of `verdicts`; reasons are comma-separated, the title is JSON by language."""
    if not verdicts:
        return []
    tags = {name: _column(verdicts, name) for name in ("kind", "pollutant", "rule", "site")}
    tags["device"] = _column(verdicts, "point")
    fields = {name: _column(verdicts, name) for name in _SAME_IN_VERDICT}
    fields["answer_code"] = [ANSWER_CODES[v.answer] for v in verdicts]
    fields["reasons"] = [",".join(v.reasons) for v in verdicts]
    fields["title"] = [orjson.dumps(v.title, option=orjson.OPT_SORT_KEYS).decode() for v in verdicts]
    return [batch_of("verdicts", _column(verdicts, "start"), tags, fields)]


def batches_of_rulings(verdicts: Sequence[Verdict]) -> list[PointBatch]:
    """Verdicts as points of `rulings`, where a superseding verdict does not overwrite another."""
    if not verdicts:
        return []
    (latest,) = batches_of_verdicts(verdicts)
    data = _kept_apart("rulings", latest, verdicts).data
    for name, column in (
        ("citation", _column(verdicts, "citation")),
        ("status", _column(verdicts, "status")),
        ("background_ids", [",".join(v.background_ids) for v in verdicts]),
    ):
        data = data.append_column(name, pa.array(column, pa.utf8()))
    return [PointBatch("rulings", data)]


# kind of record -> what makes points of it, a measurement each
_ENCODERS: Mapping[str, tuple[Callable[[Sequence[Any]], list[PointBatch]], ...]] = {
    "readings": (batches_of_readings,),
    "flags": (batches_of_flags,),
    "outlooks": (batches_of_outlooks,),
    "intervals": (batches_of_intervals, batches_of_measurings),
    "verdicts": (batches_of_verdicts, batches_of_rulings),
    "context": (batches_of_context,),
}


def batches_of(records: Mapping[str, Sequence[Any]]) -> list[PointBatch]:
    """Points of every measurement that keeps these records; they are given by kind (a key of `_ENCODERS`)."""
    return [
        batch for kind, found in records.items() for encoder in _ENCODERS[kind] for batch in encoder(found)
    ]


def _kept_apart(
    measurement: str, batch: PointBatch, records: Sequence[Interval] | Sequence[Verdict]
) -> PointBatch:
    """The same points with `revision` as a tag, so that none overwrites another."""
    data = batch.data.drop_columns(["revision"])
    column = pa.array([str(one.revision) for one in records], pa.utf8())
    return PointBatch(measurement, data.append_column("revision", column))


def _column(records: Sequence[Any], name: str) -> list[Any]:
    return list(map(attrgetter(name), records))


def period_label(period_ms: int) -> str:
    """Value of the tag `period`: seconds, `0` for an instant."""
    return f"{period_ms / 1000:.12g}"


def window_label(length_ms: int) -> str:
    """Value of the tag `window`: `15m`, `1h`, `1d`, otherwise its seconds, as `120s`."""
    return _LABELS.get(length_ms, f"{length_ms // 1000}s")
