"""Points of history, one by one and in columns, and the reasons why no store could hold one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from processors.history.measurements import FLOAT, INT, MEASUREMENTS, TEXT

Value = float | int | str

_ARROW = {FLOAT: pa.float64(), INT: pa.int64(), TEXT: pa.utf8()}
_PYTHON: dict[str, type | tuple[type, ...]] = {FLOAT: (float, int), INT: int, TEXT: str}
_INT64 = 2**63
# Line protocol has no way to write these in a tag; SQLite could, but stores must agree on what they hold.
_UNWRITABLE_TAG = r"[\x00-\x1f]|\\$"


class Point(NamedTuple):
    """A single point: the slow form, for few points and for those that a store refused."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time: int  # ms UTC


class Refusal(NamedTuple):
    """A point that cannot be stored, with the reason in words."""

    point: Point
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class PointBatch:
    """Points of one measurement in columns: `time`, every tag (text), the fields that occur (nullable)."""

    measurement: str
    data: Any  # pyarrow.Table

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def slice(self, start: int, stop: int) -> PointBatch:
        """The points of [start, stop), without copying."""
        return PointBatch(self.measurement, self.data.slice(start, stop - start))

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


def batch_of(measurement: str, time: Any, tags: dict[str, Any], fields: dict[str, Any]) -> PointBatch:
    """A batch from columns (sequences, numpy or Arrow arrays) in the measurement's types."""
    spec = MEASUREMENTS[measurement]
    columns = {"time": _column(time, pa.int64())}
    columns |= {name: _column(tags[name], pa.utf8()) for name in spec.tags}
    columns |= {name: _column(column, _ARROW[spec.fields[name]]) for name, column in fields.items()}
    return PointBatch(measurement, pa.table(columns))


def _column(values: Any, kind: Any) -> Any:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind)


def merge(batches: Iterable[PointBatch]) -> list[PointBatch]:
    """One batch per measurement, rows in the order given; columns that a batch lacks are null."""
    by_name: dict[str, list[Any]] = {}
    for batch in batches:
        if len(batch):
            by_name.setdefault(batch.measurement, []).append(batch.data)
    return [
        PointBatch(name, found[0] if len(found) == 1 else pa.concat_tables(found, promote_options="default"))
        for name, found in by_name.items()
    ]


def gather(points: Iterable[Point]) -> tuple[list[PointBatch], list[Refusal]]:
    """Points as batches, one per measurement, and refusals of those that no store could hold."""
    good: dict[str, list[Point]] = {}
    refused: list[Refusal] = []
    for point in points:
        why = why_not(point)
        if why is None:
            good.setdefault(point.measurement, []).append(point)
        else:
            refused.append(Refusal(point, why))
    return [_columns_of(name, rows) for name, rows in good.items()], refused


def _columns_of(name: str, points: Sequence[Point]) -> PointBatch:
    spec = MEASUREMENTS[name]
    used = [f for f in spec.fields if any(f in p.fields for p in points)]
    return batch_of(
        name,
        [p.time for p in points],
        {tag: [p.tags.get(tag, "") for p in points] for tag in spec.tags},
        {f: [p.fields.get(f) for p in points] for f in used},
    )


def why_not(point: Point) -> str | None:
    """Reason why this point fits no measurement, or None if it fits."""
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


def set_apart(batch: PointBatch) -> tuple[PointBatch, list[Refusal]]:
    """The batch without the points whose tags cannot be written, and refusals of those points."""
    bad = None
    for tag in MEASUREMENTS[batch.measurement].tags:
        found = pc.match_substring_regex(batch.data[tag], _UNWRITABLE_TAG)
        if pc.any(found).as_py():
            bad = found if bad is None else pc.or_(bad, found)
    if bad is None:
        return batch, []
    refused = PointBatch(batch.measurement, batch.data.filter(bad))
    reason = "a tag with a control character, or with a backslash at its end, cannot be written"
    good = PointBatch(batch.measurement, batch.data.filter(pc.invert(bad)))
    return good, [Refusal(point, reason) for point in refused.points()]


def point_to_json(point: Point) -> bytes:
    """The point as JSON for quarantine."""
    return orjson.dumps(point._asdict(), option=orjson.OPT_SORT_KEYS)


def point_from_json(raw: bytes) -> Point:
    """The inverse of `point_to_json`. Raises ValueError."""
    try:
        return Point(**orjson.loads(raw))
    except TypeError as error:
        raise ValueError(f"not a point: {error}") from None
