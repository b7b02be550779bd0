"""How the records of `dust.feed` and `dust.quarantine` look on Kafka.

Readings are an Arrow IPC stream (any language reads it); the rest is JSON. The `schema` header
names the kind and version, the `received_at` header the greatest instant in the record.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from ingest.records import (
    MISSING,
    Background,
    FeedRecord,
    Headers,
    Int64s,
    Quarantined,
    Readings,
    Revision,
    Signal,
    Tick,
)
from ingest.units import QUANTITIES

READINGS = "dust.readings/1"
QUARANTINED = "dust.quarantined/1"
_JSON_KINDS: dict[str, type[Tick] | type[Background] | type[Signal] | type[Revision]] = {
    "dust.tick/1": Tick,
    "dust.background/1": Background,
    "dust.signal/1": Signal,
    "dust.revision/1": Revision,
}
_SCHEMA_OF = {kind: name for name, kind in _JSON_KINDS.items()}
_INSTANT = pa.timestamp("ms", tz="UTC")
_INT64 = pa.int64()
_FEW = 4  # below this a dictionary costs more bytes than it saves


class UnknownSchema(ValueError):
    """A record whose `schema` header this version does not read."""


def headers_of(schema: str, received_at: int, *more: tuple[str, bytes]) -> Headers:
    """Headers every record of ours carries."""
    return [("schema", schema.encode()), ("received_at", b"%d" % received_at), *more]


def header(headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None, name: str) -> bytes | None:
    """The first header of that name, or None. Faust hands headers as a dict or a list."""
    pairs = headers.items() if isinstance(headers, dict) else headers or ()
    for key, value in pairs:
        if key == name:
            return value
    return None


def schema_of(headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> str:
    """The `schema` header as text, empty where it is missing."""
    return (header(headers, "schema") or b"").decode()


def encode(record: FeedRecord) -> tuple[bytes, Headers]:
    """(value, headers) of a feed record."""
    if isinstance(record, Readings):
        return encode_readings(record), headers_of(READINGS, int(record.received_at.max()))
    body = orjson.dumps(asdict(record), option=orjson.OPT_SORT_KEYS)
    return body, headers_of(_SCHEMA_OF[type(record)], record.received_at)


def decode(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> FeedRecord:
    """The feed record in a Kafka record. Raises UnknownSchema."""
    schema = schema_of(headers)
    if schema == READINGS:
        return decode_readings(value)
    kind = _JSON_KINDS.get(schema)
    if kind is None:
        raise UnknownSchema(f"schema header {schema!r} is none of {READINGS}, {', '.join(_JSON_KINDS)}")
    return kind(**orjson.loads(value))


def encode_readings(batch: Readings) -> bytes:
    """A batch as an Arrow IPC stream: five fixed columns and one int64 column a quantity."""
    n = len(batch)
    names = ["device", "site", "time", "period", "received_at"]
    columns: list[Any] = [
        *_texts(batch, n),
        _numbers(_INSTANT, batch.time),
        _numbers(_INT64, batch.period),
        _numbers(_INSTANT, batch.received_at),
    ]
    for name, column in batch.values.items():
        names.append(name)
        columns.append(_with_holes(column) if column.min(initial=0) == MISSING else _numbers(_INT64, column))
    for name, sparse in (("flags", batch.flags), ("extras", batch.extras), ("marks", batch.marks)):
        if sparse:
            names.append(name)
            columns.append(pa.array([sparse.get(i) for i in range(n)], pa.utf8()))
    schema = _schema(tuple(names), n < _FEW, batch.revision)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    value: bytes = sink.getvalue().to_pybytes()
    return value


@lru_cache(maxsize=256)  # batches of one kind of monitor look alike; building a schema costs as much as them
def _schema(names: tuple[str, ...], plain: bool, revision: str) -> Any:
    text = pa.utf8() if plain else pa.dictionary(pa.int32(), pa.utf8())
    kinds = {"device": text, "site": text, "time": _INSTANT, "received_at": _INSTANT}
    kinds |= dict.fromkeys(("flags", "extras", "marks"), pa.utf8())
    fields = [pa.field(name, kinds.get(name, _INT64)) for name in names]
    return pa.schema(fields, {"schema": READINGS, "revision": revision, "scale": "0.001"})


def _numbers(kind: Any, column: Int64s) -> Any:
    """A column without holes, not copied."""
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(np.ascontiguousarray(column))])


def _with_holes(column: Int64s) -> Any:
    return pa.array(column, mask=column == MISSING)


def _texts(batch: Readings, n: int) -> tuple[Any, Any]:
    """The columns of devices and sites."""
    words = (batch.devices, batch.sites)
    if n < _FEW:
        codes = batch.codes.tolist()
        return tuple(pa.array([w[c] for c in codes], pa.utf8()) for w in words)
    indices = pa.array(batch.codes)
    return tuple(pa.DictionaryArray.from_arrays(indices, pa.array(w, pa.utf8()), safe=False) for w in words)


def decode_readings(value: bytes) -> Readings:
    """A batch from its Arrow IPC stream."""
    with pa.ipc.open_stream(value) as reader:
        batch = reader.read_next_batch()
        metadata = reader.schema.metadata or {}
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    device, site = columns["device"], columns["site"]
    if isinstance(device, pa.DictionaryArray):
        devices, sites = tuple(device.dictionary.to_pylist()), tuple(site.dictionary.to_pylist())
        codes = device.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    else:
        devices, sites = tuple(device.to_pylist()), tuple(site.to_pylist())
        codes = np.arange(len(devices), dtype=np.int32)
    return Readings(
        devices=devices,
        sites=sites,
        codes=codes,
        time=_int64s(columns["time"]),
        period=_int64s(columns["period"]),
        received_at=_int64s(columns["received_at"]),
        values={name: _int64s(columns[name]) for name in columns if name in QUANTITIES},
        flags=_sparse(columns.get("flags")),
        extras=_sparse(columns.get("extras")),
        marks=_sparse(columns.get("marks")),
        revision=metadata.get(b"revision", b"").decode(),
    )


def _int64s(column: Any) -> Int64s:
    if column.null_count:
        column = column.cast(pa.int64()).fill_null(MISSING)
    array: Int64s = column.to_numpy(zero_copy_only=False).view(np.int64)
    return array


def _sparse(column: Any) -> dict[int, str]:
    if column is None:
        return {}
    return {i: text for i, text in enumerate(column.to_pylist()) if text is not None}


def encode_quarantined(record: Quarantined) -> tuple[bytes, Headers]:
    """(value, headers) of a quarantined message; the raw bytes travel as base64."""
    body = asdict(record)
    body["raw"] = base64.b64encode(record.raw).decode()
    return (
        orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
        headers_of(QUARANTINED, record.received_at, ("code", record.code.encode())),
    )


def decode_quarantined(value: bytes) -> Quarantined:
    """The inverse of `encode_quarantined`."""
    body = orjson.loads(value)
    body["raw"] = base64.b64decode(body["raw"])
    body["parts"] = tuple(body.get("parts", ()))
    return Quarantined(**body)
