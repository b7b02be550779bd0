"""What history stores: the measurements with their tags and fields, and points in columns.

A point is identified by measurement, tags and time; writing it again overwrites its fields one by
one and leaves alone those that are not written. Time is int milliseconds UTC. Values are floats in
the unit of `ingest.units.QUANTITIES`, instants in fields are int milliseconds too:

`readings`   one reading of a device; tags device, site, period (seconds, `0`: an instant; HJ 212 sends an
             instant and the mean of the hour under one time); a float field a quantity; `received_at`;
             texts `flags`, `marks`, `extras`, `revision` where present
`quality`    what the quality checks say of a reading of the same tags and time, where they say anything;
             `words`: `pm10=spike!,flat_line;tsp=...` (`!` failed, else suspect), empty: all is well after all
`outlooks`   what was to be expected of a window (kind `interval`) or of a day's allowance (`day`) before
             its end; time is when it was said; `start`, `end`, `state`, `event`, `required` (mean from then
             on that would comply) and so on
`conflicts`  a reading that contradicts an earlier one of the same device, time and period; one more tag,
             `content`, a hash of what it says
`intervals`  a window value; time is the start; tags device, site, pollutant, statistic, window (`15m`,
             `1h`, `1d`)
`measurings` every window value ever published, also those that were superseded: as above, one more tag,
             `revision`
`verdicts`   what a rule says; time is the start; tags device, site, rule, pollutant, kind;
             `answer_code` is 0 compliant, 1 undetermined, 2 exceeds; `limit` must be quoted in InfluxQL
`rulings`    every verdict ever given, also those that were superseded: as above, one more tag, `revision`
`context`    what verdicts depended on and led to (see `history.context`); tags kind, name, salt; time is
             the start or when it came into force; `body` is JSON
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingest.units import QUANTITIES

FLOAT, INT, TEXT = "float", "int", "text"
Value = float | int | str

_READING_FIELDS = {
    **dict.fromkeys(QUANTITIES, FLOAT),
    "received_at": INT,
    "flags": TEXT,
    "marks": TEXT,
    "extras": TEXT,
    "revision": TEXT,
}
_VERDICT_FIELDS = {
    "answer": TEXT,
    "answer_code": INT,
    "value": FLOAT,
    "background": FLOAT,
    "subtracted": FLOAT,
    "limit": FLOAT,
    "capture": FLOAT,
    "unit": TEXT,
    "reasons": TEXT,
    "clause": TEXT,
    "title": TEXT,
    "rule_revision": TEXT,
    "revision": INT,
    "configuration": TEXT,
    "interval": TEXT,
    "end": INT,
    "decided_at": INT,
    "id": TEXT,
}
_INTERVAL_TAGS = ("device", "pollutant", "site", "statistic", "window")
_INTERVAL_FIELDS = {"value": FLOAT, "capture": FLOAT, "count": INT, "revision": INT, "end": INT, "id": TEXT}
# what only a ruling has: the tag `revision` is there in place of the field
_RULING_FIELDS = {
    **{name: kind for name, kind in _VERDICT_FIELDS.items() if name != "revision"},
    "citation": TEXT,
    "status": TEXT,
    "background_ids": TEXT,
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """Tags in the order in which they are written (sorted: InfluxDB likes it), fields with their type."""

    name: str
    tags: tuple[str, ...]
    fields: dict[str, str]


MEASUREMENTS: dict[str, Measurement] = {
    m.name: m
    for m in (
        Measurement("readings", ("device", "period", "site"), _READING_FIELDS),
        Measurement("conflicts", ("content", "device", "period", "site"), _READING_FIELDS),
        Measurement(
            "outlooks",
            ("device", "kind", "pollutant", "rule", "site"),
            {
                **dict.fromkeys(("projected", "low", "high", "probability", "required", "limit"), FLOAT),
                **dict.fromkeys(("subtracted", "minutes_left"), FLOAT),
                **dict.fromkeys(("start", "end", "covered", "settled", "slots", "background_known"), INT),
                **dict.fromkeys(("state", "event", "id", "rule_revision", "configuration"), TEXT),
            },
        ),
        Measurement("quality", ("device", "period", "site"), {"words": TEXT, "final": INT}),
        Measurement("intervals", _INTERVAL_TAGS, _INTERVAL_FIELDS),
        Measurement(
            "measurings",
            tuple(sorted((*_INTERVAL_TAGS, "revision"))),
            {name: kind for name, kind in _INTERVAL_FIELDS.items() if name != "revision"},
        ),
        Measurement(
            "verdicts",
            ("device", "kind", "pollutant", "rule", "site"),
            _VERDICT_FIELDS,
        ),
        Measurement("rulings", ("device", "kind", "pollutant", "revision", "rule", "site"), _RULING_FIELDS),
        Measurement(
            "context",
            ("kind", "name", "salt"),
            {"id": TEXT, "received_at": INT, "end": INT, "body": TEXT},
        ),
    )
}

_ARROW = {FLOAT: pa.float64(), INT: pa.int64(), TEXT: pa.utf8()}
_PYTHON: dict[str, type | tuple[type, ...]] = {FLOAT: (float, int), INT: int, TEXT: str}
_INT64 = 2**63
# Line protocol has no way to write these in a tag; SQLite could, but stores must agree on what they hold.
_UNWRITABLE_TAG = r"[\x00-\x1f]|\\$"


class Point(NamedTuple):
    """One point by itself: the slow form, for few points and for those that a store refused."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time: int  # ms UTC


class Refusal(NamedTuple):
    """A point that cannot be stored, and why, in words."""

    point: Point
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Points of one measurement in columns: `time`, every tag (text), the fields that occur (nullable)."""

    measurement: str
    data: Any  # pyarrow.Table

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def slice(self, start: int, stop: int) -> Batch:
        """The points of [start, stop), without copying."""
        return Batch(self.measurement, self.data.slice(start, stop - start))

    def point(self, row: int) -> Point:
        """One row as a point."""
        return next(iter(self.slice(row, row + 1).points()))

    def points(self) -> Iterable[Point]:
        """Every row as a point; missing tags and fields are left out."""
        tags = MEASUREMENTS[self.measurement].tags
        for row in self.data.to_pylist():
            time = row.pop("time")
            own = {name: text for name in tags if (text := row.pop(name))}
            yield Point(self.measurement, own, {k: v for k, v in row.items() if v is not None}, time)


def batch_of(measurement: str, time: Any, tags: dict[str, Any], fields: dict[str, Any]) -> Batch:
    """A batch from columns (sequences, numpy or Arrow arrays) in the measurement's types."""
    spec = MEASUREMENTS[measurement]
    columns = {"time": _column(time, pa.int64())}
    columns |= {name: _column(tags[name], pa.utf8()) for name in spec.tags}
    columns |= {name: _column(column, _ARROW[spec.fields[name]]) for name, column in fields.items()}
    return Batch(measurement, pa.table(columns))


def _column(values: Any, kind: Any) -> Any:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind)


def merge(batches: Iterable[Batch]) -> list[Batch]:
    """One batch a measurement, rows in the order given; what a batch lacks is missing."""
    by_name: dict[str, list[Any]] = {}
    for batch in batches:
        if len(batch):
            by_name.setdefault(batch.measurement, []).append(batch.data)
    return [
        Batch(name, found[0] if len(found) == 1 else pa.concat_tables(found, promote_options="default"))
        for name, found in by_name.items()
    ]


def gather(points: Iterable[Point]) -> tuple[list[Batch], list[Refusal]]:
    """Points as batches, one a measurement, and those that no store could hold."""
    good: dict[str, list[Point]] = {}
    refused: list[Refusal] = []
    for point in points:
        why = why_not(point)
        if why is None:
            good.setdefault(point.measurement, []).append(point)
        else:
            refused.append(Refusal(point, why))
    return [_columns_of(name, rows) for name, rows in good.items()], refused


def _columns_of(name: str, points: Sequence[Point]) -> Batch:
    spec = MEASUREMENTS[name]
    used = [f for f in spec.fields if any(f in p.fields for p in points)]
    return batch_of(
        name,
        [p.time for p in points],
        {tag: [p.tags.get(tag, "") for p in points] for tag in spec.tags},
        {f: [p.fields.get(f) for p in points] for f in used},
    )


def why_not(point: Point) -> str | None:
    """Why this point fits no measurement, or None."""
    spec = MEASUREMENTS.get(point.measurement)
    if spec is None:
        return f"measurement {point.measurement!r} is none of {', '.join(MEASUREMENTS)}"
    if not point.fields:
        return "a point needs at least one field"
    for name in point.tags:
        if name not in spec.tags:
            return f"tag {name!r} is none of {', '.join(spec.tags)}"
    for name, value in point.fields.items():
        kind = spec.fields.get(name)
        if kind is None:
            return f"field {name!r} is unknown to measurement {spec.name}"
        if isinstance(value, bool) or not isinstance(value, _PYTHON[kind]):
            return f"field {name} is {kind}, not {type(value).__name__}: {value!r}"
        if kind == FLOAT and not math.isfinite(value):  # type: ignore[arg-type]
            return f"field {name} is {value!r}; a store holds finite numbers only"
        if kind == INT and not -_INT64 <= value < _INT64:  # type: ignore[operator]
            return f"field {name} is {value!r}, beyond 64 bits"
    return None


def set_apart(batch: Batch) -> tuple[Batch, list[Refusal]]:
    """The batch without the points whose tags cannot be written, and those."""
    bad = None
    for tag in MEASUREMENTS[batch.measurement].tags:
        found = pc.match_substring_regex(batch.data[tag], _UNWRITABLE_TAG)
        if pc.any(found).as_py():
            bad = found if bad is None else pc.or_(bad, found)
    if bad is None:
        return batch, []
    refused = Batch(batch.measurement, batch.data.filter(bad))
    reason = "a tag with a control character, or with a backslash at its end, cannot be written"
    good = Batch(batch.measurement, batch.data.filter(pc.invert(bad)))
    return good, [Refusal(point, reason) for point in refused.points()]


def point_to_json(point: Point) -> bytes:
    """The point as it goes to quarantine."""
    return orjson.dumps(point._asdict(), option=orjson.OPT_SORT_KEYS)


def point_from_json(raw: bytes) -> Point:
    """The inverse of `point_to_json`. Raises ValueError."""
    try:
        return Point(**orjson.loads(raw))
    except TypeError as error:
        raise ValueError(f"not a point: {error}") from None
