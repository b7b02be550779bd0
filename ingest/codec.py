"""Encoding of the records of `dust.feed` and `dust.quarantine` on Kafka.

Readings are an Arrow IPC stream (any language can read it); the rest is JSON. The `schema` header
names the kind and version, the `received_at` header the greatest instant in the record.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from ingest.calibration_form import are_corrections
from ingest.records import (
    MISSING,
    STATES,
    Background,
    FeedRecord,
    Headers,
    Int32s,
    Int64s,
    Noticed,
    Quarantined,
    Readings,
    Remark,
    Revision,
    Signal,
    Status,
    Tick,
)
from ingest.text_codes import Texts
from ingest.units import QUANTITIES
from ingest.value_extras import BESIDE

READINGS = "dust.readings/2"
ALL_READINGS = frozenset({READINGS, "dust.readings/1"})  # before, what was set aside stood in the extras
TICK = "dust.tick/1"
BACKGROUND = "dust.background/1"
REVISION = "dust.revision/1"
REMARK = "dust.remark/1"
QUARANTINED = "dust.quarantined/1"
NOTICE = "dust.notice/1"
_JSON_KINDS: dict[
    str, type[Tick] | type[Background] | type[Signal] | type[Status] | type[Remark] | type[Revision]
] = {
    TICK: Tick,
    BACKGROUND: Background,
    "dust.signal/1": Signal,
    "dust.status/1": Status,
    REMARK: Remark,
    REVISION: Revision,
}
_SPARSE = ("flags", "extras", "marks", "set_aside")  # columns of text, of few readings
# optional keys that records got later
_ADDED = ("device", "calibration", "author", "reason", "document")
_SCHEMA_OF = {kind: name for name, kind in _JSON_KINDS.items()}
_INSTANT = pa.timestamp("ms", tz="UTC")
_INT64 = pa.int64()
_TEXT = pa.utf8()
_NUMPY_OF = {
    getattr(pa, f"{sign}int{bits}")(): getattr(np, f"{sign}int{bits}")
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
_CONTINUES, _END = b"\xff" * 4, b"\xff" * 4 + b"\0" * 4  # of the messages of an Arrow IPC stream
_FEW = 4  # below this a dictionary costs more bytes than it saves


_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # years 1 and 9999: what calendars can say


class UnknownSchema(ValueError):
    """A record whose `schema` header this version can't read."""


def headers_of(schema: str, received_at: int, *more: tuple[str, bytes]) -> Headers:
    """Headers that all our records carry."""
    return [("schema", schema.encode()), ("received_at", b"%d" % received_at), *more]


def header(headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None, name: str) -> bytes | None:
    """First header of that name, or None. Faust passes headers as a dict or a list."""
    pairs = headers.items() if isinstance(headers, dict) else headers or ()
    for key, value in pairs:
        if key == name:
            return value
    return None


def schema_of(headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> str:
    """The `schema` header as text; empty if missing."""
    return (header(headers, "schema") or b"").decode(errors="replace")


def received_at_of(headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None, otherwise: int) -> int:
    """The `received_at` header in ms; `otherwise` if there is no valid one."""
    text = header(headers, "received_at") or b""
    return int(text) if text.isdigit() and len(text) <= len(str(_LAST_MS)) else otherwise


def encode(record: FeedRecord) -> tuple[bytes, Headers]:
    """(value, headers) of a feed record."""
    if isinstance(record, Readings):
        return encode_readings(record), headers_of(READINGS, int(record.received_at.max()))
    plain = asdict(record)
    for name in _ADDED:  # as readers of before expect it, where there is nothing new to say
        if plain.get(name, ...) is None:
            del plain[name]
    body = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    return body, headers_of(_SCHEMA_OF[type(record)], record.received_at)


def decode(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> FeedRecord:
    """Decode the feed record in a Kafka record, checked to be fit to fold.

    Raises UnknownSchema, or whatever Arrow, JSON and a dataclass raise on bytes that are not such a record:
    none of these may reach a fold, which could only stop there for ever.
    """
    schema = schema_of(headers)
    if schema in ALL_READINGS:
        return decode_readings(value)
    kind = _JSON_KINDS.get(schema)
    if kind is None:
        raise UnknownSchema(f"schema header {schema!r} is none of {READINGS}, {', '.join(_JSON_KINDS)}")
    record = kind(**orjson.loads(value))
    for name, wanted in _CHECKS[kind].items():
        found = getattr(record, name)
        if not wanted(found):
            raise ValueError(f"{schema}: {name}: {str(found)[:60]!r} can't be that")
    return record


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_text_or_none(value: object) -> bool:
    return value is None or type(value) is str


def _is_instant(value: object) -> bool:
    return type(value) is int and _FIRST_MS <= value <= _LAST_MS


def _is_instant_or_none(value: object) -> bool:
    return value is None or _is_instant(value)


def _are_values(value: object) -> bool:
    if type(value) is not dict:
        return False
    return all(type(n) is str and type(v) is int and abs(v) < 2**53 for n, v in value.items())


def _are_seen(names: object) -> bool:
    if type(names) is not dict:
        return False
    return all(
        type(name) is str
        and type(seen) is list
        and len(seen) == 3
        and type(seen[0]) is int
        and all(map(_is_instant, seen[1:]))
        for name, seen in names.items()
    )


_CHECKS: dict[type, dict[str, Callable[[object], bool]]] = {
    Tick: {
        "received_at": _is_instant,
        "every": lambda ms: type(ms) is int and 0 < ms <= _LAST_MS,
        "bridge": _is_text,
    },
    Background: {
        "id": _is_text,
        "received_at": _is_instant,
        "station": _is_text,
        "start": _is_instant,
        "end": _is_instant,
        "values": _are_values,
    },
    Signal: {
        "id": _is_text,
        "received_at": _is_instant,
        "place": _is_text,
        "kind": _is_text,
        "level": _is_text_or_none,
        "start": _is_instant,
        "end": _is_instant_or_none,
        "device": _is_text_or_none,
        "calibration": lambda found: found is None or are_corrections(found),
        **dict.fromkeys(("author", "reason", "document"), _is_text_or_none),
    },
    Status: {
        "received_at": _is_instant,
        "device": _is_text,
        "site": _is_text,
        "state": lambda state: state in STATES,
        "retained": lambda kept: type(kept) is bool,
    },
    Remark: {
        "received_at": _is_instant,
        "device": _is_text,
        "site": _is_text,
        "kind": _is_text,
        "names": _are_seen,
    },
    Revision: {
        "id": _is_text,
        "received_at": _is_instant,
        "effective": _is_instant,
        "body": lambda body: type(body) is dict,
        "applied": lambda said: type(said) is dict,
    },
}


def encode_readings(batch: Readings) -> bytes:
    """A batch as an Arrow IPC stream: five fixed columns and one int64 column per quantity.

    Readers ignore columns that they don't know: columns may be added.
    """
    n = len(batch)
    names = ["device", "site", "time", "period", "received_at"]
    columns: list[Any] = [
        *_texts(batch, n),
        _numbers(_INSTANT, batch.time),
        _numbers(_INT64, batch.period),
        _numbers(_INSTANT, batch.received_at),
    ]
    for name, column in (*batch.values.items(), *batch.beside.items()):
        names.append(name)
        columns.append(_with_holes(column) if column.min(initial=0) == MISSING else _numbers(_INT64, column))
    for name, sparse in _sparse_columns(batch):
        if sparse:
            names.append(name)
            columns.append(pa.array([sparse.get(i) for i in range(n)], pa.utf8()))
    schema = _schema(tuple(names), n < _FEW, batch.revision)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    value: bytes = sink.getvalue().to_pybytes()
    return value


def _sparse_columns(batch: Readings) -> tuple[tuple[str, dict[int, str]], ...]:
    return tuple((name, getattr(batch, name)) for name in _SPARSE)


@lru_cache(maxsize=256)  # batches of one kind of monitor look alike; building a schema costs as much as them
def _schema(names: tuple[str, ...], plain: bool, revision: str) -> Any:
    text = pa.utf8() if plain else pa.dictionary(pa.int32(), pa.utf8())
    kinds = {"device": text, "site": text, "time": _INSTANT, "received_at": _INSTANT}
    kinds |= dict.fromkeys(_SPARSE, pa.utf8())
    fields = [pa.field(name, kinds.get(name, _INT64)) for name in names]
    return pa.schema(fields, {"schema": READINGS, "revision": revision, "scale": "0.001"})


def _numbers(kind: Any, column: Int64s) -> Any:
    """A column without missing values, not copied."""
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
    """Decode a batch from its Arrow IPC stream. Raises ArrowException, KeyError or ValueError otherwise."""
    with pa.ipc.open_stream(value) as reader:
        batch = reader.read_next_batch()
    batch.validate(full=True)  # 5 us; bytes that lie about their lengths end the process otherwise
    return _readings_of(batch)


def schema_bytes_of(value: bytes) -> bytes:
    """The schema at the beginning of an Arrow IPC stream; empty if it doesn't begin with one."""
    if value[:4] != _CONTINUES or len(value) < 8:
        return b""
    return value[: 8 + max(int.from_bytes(value[4:8], "little", signed=True), 0)]


def decode_readings_together(values: Sequence[bytes]) -> tuple[Readings, list[int]]:
    """Decode batches whose `schema_bytes_of` are the same: (all their readings, first row of each batch).

    It costs a tenth of decoding small batches one by one. Raises what `decode_readings` raises, and
    ValueError for batches that can't be read as one; some of them, or all, may be sound.
    """
    head = schema_bytes_of(values[0])
    if not head or not all(value.startswith(head) and value.endswith(_END) for value in values):
        raise ValueError("not batches of one schema")
    parts = [value[len(head) : -len(_END)] for value in values]
    with pa.ipc.open_stream(b"".join([head, *parts, _END])) as reader:
        if any(pa.types.is_dictionary(kind) for kind in reader.schema.types):
            raise ValueError("each has words of its own")
        table = reader.read_all()
    table.validate(full=True)
    sizes = [len(chunk) for chunk in table.column("device").chunks]
    if len(sizes) != len(values):
        raise ValueError("not a batch each")
    (batch,) = table.combine_chunks().to_batches()
    begins = [0, *accumulate(sizes)]
    return _readings_of(batch), begins[:-1]


def _readings_of(batch: Any) -> Readings:
    metadata = batch.schema.metadata or {}
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    devices, sites, codes = _words(columns["device"], columns["site"])
    time, period, received_at = (_whole(columns, name) for name in ("time", "period", "received_at"))
    return Readings(
        devices=devices,
        sites=sites,
        codes=codes,
        time=time,
        period=period,
        received_at=received_at,
        values={name: _int64s(columns[name]) for name in columns if name in QUANTITIES},
        beside={name: _int64s(columns[name]) for name in columns if name in BESIDE},
        flags=_sparse(columns.get("flags")),
        extras=_sparse(columns.get("extras")),
        marks=_sparse(columns.get("marks")),
        set_aside=_sparse(columns.get("set_aside")),
        revision=metadata.get(b"revision", b"").decode(),
    )


def _words(device: Any, site: Any) -> tuple[Sequence[str], Sequence[str], Int32s]:
    """Devices, their sites, and the index of each row's device."""
    if device.null_count or site.null_count:
        raise ValueError("device, site: a reading without one")
    if isinstance(device, pa.DictionaryArray) and isinstance(site, pa.DictionaryArray):
        words = device.dictionary, site.dictionary
        if len(words[0]) == len(words[1]) and device.indices.equals(site.indices):
            codes = _view(device.indices, _NUMPY_OF[device.indices.type]).astype(np.int32, copy=False)
            return _texts_of(words[0]), _texts_of(words[1]), codes
    return _texts_of(device), _texts_of(site), np.arange(len(device), dtype=np.int32)


def _texts_of(column: Any) -> Sequence[str]:
    if column.type == _TEXT and not column.null_count:
        return Texts(column)  # `validate` has seen that it is UTF-8
    found = tuple(column.to_pylist())
    if not all(type(text) is str for text in found):
        raise ValueError("device, site: not a text")
    return found


def _whole(columns: dict[str, Any], name: str) -> Int64s:
    """A column without missing values, as every reading must have it."""
    column = columns[name]
    if column.null_count:
        raise ValueError(f"{name}: a reading without one")
    found = _int64s(column)
    if name != "period" and len(found) and not _FIRST_MS <= found.min() <= found.max() <= _LAST_MS:
        raise ValueError(f"{name}: no instant")
    return found


def _int64s(column: Any) -> Int64s:
    kind = column.type
    if kind != _INT64 and not (pa.types.is_timestamp(kind) and kind.unit == "ms"):
        raise ValueError(f"a column of {kind} where int64 or milliseconds are due")
    if column.null_count:
        column = column.cast(pa.int64()).fill_null(MISSING)
    array: Int64s = _view(column, np.int64)
    return array


def _view(column: Any, kind: type[np.generic]) -> Any:
    """Numbers of a column without missing values, not copied. Arrow's own conversion would import pandas."""
    data = column.buffers()[1]
    if data is None:
        return np.empty(0, kind)
    return np.frombuffer(data, kind)[column.offset : column.offset + len(column)]


def _sparse(column: Any) -> dict[int, str]:
    if column is None:
        return {}
    if column.type != pa.utf8():
        raise ValueError(f"a column of {column.type} where text is due")
    return {i: text for i, text in enumerate(column.to_pylist()) if text is not None}


def encode_quarantined(record: Quarantined) -> tuple[bytes, Headers]:
    """(value, headers) of a quarantined message; the raw bytes travel as base64."""
    body = asdict(record)
    body["raw"] = base64.b64encode(record.raw).decode()
    return (
        orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
        headers_of(QUARANTINED, record.received_at, ("code", record.code.encode())),
    )


def encode_notice(notice: Noticed) -> tuple[bytes, Headers]:
    """(value, headers) of a message without a measurement; the raw bytes travel as base64."""
    body = {**notice._asdict(), "raw": base64.b64encode(notice.raw).decode()}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS), headers_of(NOTICE, notice.received_at)


def decode_notice(value: bytes) -> Noticed:
    """The inverse of `encode_notice`. Raises ValueError, TypeError."""
    body = orjson.loads(value)
    return Noticed(**{**body, "raw": base64.b64decode(body["raw"])})


def decode_quarantined(value: bytes) -> Quarantined:
    """The inverse of `encode_quarantined`."""
    body = orjson.loads(value)
    body["raw"] = base64.b64decode(body["raw"])
    body["parts"] = tuple(body.get("parts", ()))
    return Quarantined(**body)
