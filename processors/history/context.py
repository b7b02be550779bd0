"""What verdicts depended on besides readings, and what came of them, as history keeps it.

Background, signals, configurations and breach events go on `dust.results` as `dust.context/1`: the value
of the record as it was published, its own schema in the header `of`. A configuration is kept in pieces
(county, site, device, rule): a store need not hold a text of megabytes, and one is found by its name. The
wind of a site's hour stands beside them, as `dust.winds/1` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from ingest import codec
from ingest.records import Background, Headers, Revision, Signal
from processors.history.points import Batch, batch_of
from processors.records.breaches import BREACH, Breach, decode_breach
from processors.records.winds import SiteHour, site_hour_of

CONTEXT = "dust.context/1"
BACKGROUND, SIGNAL, BREACH_EVENT, WIND = "background", "signal", "breach", "wind"
CONFIGURATION, SITE, DEVICE, RULE = "configuration", "site", "device", "rule"
_PIECES = {"sites": SITE, "devices": DEVICE, "rules": RULE}

Context = Background | Signal | Revision | Breach | SiteHour
Line = dict[str, Any]


def encode_context(value: bytes, schema: str, received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of a record that history is to keep; `value` and `schema` as they were published."""
    return value, codec.headers_of(CONTEXT, received_at, ("of", schema.encode()))


def decode_context(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> Context:
    """The inverse of `encode_context`. Raises whatever the record's own decoder does."""
    of = (codec.header(headers, "of") or b"").decode(errors="replace")
    if of == BREACH:
        return decode_breach(value)
    record = codec.decode(value, {"schema": of.encode()})
    if isinstance(record, Background | Signal | Revision):
        return record
    raise ValueError(f"header of: {of!r} is no context of verdicts")


def batches_of_context(found: Sequence[Context]) -> list[Batch]:
    """Records as points of `context`."""
    lines = [line for record in found for line in _lines(record)]
    if not lines:
        return []
    tags = {tag: [line[tag] for line in lines] for tag in ("kind", "name", "salt")}
    fields = {name: [line[name] for line in lines] for name in ("id", "received_at", "end", "body")}
    return [batch_of("context", [line["time"] for line in lines], tags, fields)]


def _lines(record: Context) -> list[Line]:
    if isinstance(record, Background):
        body: Any = {"values": record.values}
        return [_line(BACKGROUND, record.station, record.start, record.end, record.id, record, body)]
    if isinstance(record, Signal):
        body = {"kind": record.kind, "level": record.level}
        if record.device is not None:
            body |= {"device": record.device, "calibration": record.calibration}
        return [_line(SIGNAL, record.place, record.start, record.end, record.id, record, body)]
    if isinstance(record, Revision):
        return _configuration(record)
    if isinstance(record, SiteHour):
        line = _line(WIND, record.site, record.start, record.end, record.id, None, asdict(record))
        return [{**line, "received_at": record.decided_at}]
    body = {**asdict(record), "event_id": record.event_id}
    line = _line(BREACH_EVENT, record.device, record.at, record.end, record.id, None, body)
    return [{**line, "received_at": record.at, "salt": record.event_id[:4]}]


def _configuration(record: Revision) -> list[Line]:
    rest = {key: value for key, value in record.body.items() if key not in _PIECES}
    counts = {key: len(record.body.get(key, ())) for key in _PIECES}
    whole = {**rest, "applied": record.applied, "counts": counts}
    pieces = [(CONFIGURATION, "", whole)]
    pieces += [(kind, one["id"], one) for key, kind in _PIECES.items() for one in record.body.get(key, ())]
    return [_line(kind, name, record.effective, None, record.id, record, body) for kind, name, body in pieces]


def _line(
    kind: str, name: str, time: int, end: int | None, id_: str, record: Any, body: dict[str, Any]
) -> Line:
    """`salt` keeps apart what has one name and time: a correction of a background, say."""
    return {
        "kind": kind,
        "name": name,
        "salt": id_[:4],
        "time": time,
        "end": end,
        "id": id_,
        "received_at": record.received_at if record is not None else 0,
        "body": orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode(),
    }


# ------------------------------------------------------------------------------------------ back again


def unpacked(row: Line) -> Line:
    """A row of `context` with its body as data."""
    return {**row, "body": orjson.loads(row["body"])}


def background_of(row: Line) -> Background:
    """The record of a row of `context`, with its body unpacked."""
    return Background(
        row["id"], row["received_at"], row["name"], row["time"], row["end"], row["body"]["values"]
    )


def signal_of(row: Line) -> Signal:
    """The record of a row of `context`, with its body unpacked."""
    body = row["body"]
    return Signal(
        row["id"],
        row["received_at"],
        row["name"],
        body["kind"],
        body["level"],
        row["time"],
        row["end"],
        body.get("device"),
        body.get("calibration"),
    )


def wind_of(row: Line) -> SiteHour:
    """The record of a row of `context`, with its body unpacked."""
    return site_hour_of(row["body"])


def revision_of(whole: Line, pieces: Iterable[Line]) -> Revision:
    """The record of a configuration; of its pieces maybe only some: the sites and devices of interest."""
    body = {key: value for key, value in whole["body"].items() if key not in ("applied", "counts")}
    body |= {key: [] for key in _PIECES}
    for piece in pieces:
        key = next(key for key, kind in _PIECES.items() if kind == piece["kind"])
        body[key].append(piece["body"])
    for key in _PIECES:
        body[key].sort(key=lambda one: one["id"])
    return Revision(
        whole["id"], whole["received_at"], whole["time"], body, whole["body"].get("applied") or {}
    )
