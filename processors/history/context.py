"""Context of verdicts in history: their inputs besides readings, and their consequences.

Background, signals, configurations and breach events are published on `dust.results` as `dust.context/1`: the
value of the record as it was published, its own schema in the header `of`. A configuration is stored in
pieces (county, site, device, rule), so that no store has to hold a text of megabytes and each piece is found
by its name. The wind of a site's hour is stored with them, in the form of `dust.winds/1`, and so are remarks:
no verdict depends on one, but a page shows what a monitor sent beside what was used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ingest import codec
from ingest.records import Background, Headers, Remark, Revision, Signal
from processors.history.points import PointBatch, batch_of
from processors.history.rows import Cells
from processors.records import (
    BREACH,
    REGIONAL,
    Breach,
    RegionalEpisode,
    SiteHour,
    breach_from_body,
    decode_breach,
    decode_regional,
    short_id,
    site_hour_of,
)

CONTEXT = "dust.context/1"
BACKGROUND, SIGNAL, BREACH_EVENT, WIND, EPISODE = "background", "signal", "breach", "wind", "regional"
REMARK = "remark"
CONFIGURATION, SITE, DEVICE, RULE = "configuration", "site", "device", "rule"
SAID_BY_PEOPLE = ("author", "reason", "document")  # of an order, where they are given
_PIECES = {"sites": SITE, "devices": DEVICE, "rules": RULE}

Context = Background | Signal | Revision | Breach | SiteHour | RegionalEpisode | Remark


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A row of `context`; `body`: the data that only its kind has.

    `salt` distinguishes rows of one name and time, such as a background and its correction.
    """

    kind: str
    name: str
    salt: str
    time: int
    end: int | None
    id: str
    received_at: int
    body: Mapping[str, Any]


def encode_context(value: bytes, schema: str, received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of a record that history is to keep; `value` and `schema` as they were published."""
    return value, codec.headers_of(CONTEXT, received_at, ("of", schema.encode()))


def decode_context(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> Context:
    """The inverse of `encode_context`. Raises whatever the record's own decoder raises."""
    schema = (codec.header(headers, "of") or b"").decode(errors="replace")
    if schema == BREACH:
        return decode_breach(value)
    if schema == REGIONAL:
        return decode_regional(value)
    record = codec.decode(value, {"schema": schema.encode()})
    if isinstance(record, Background | Signal | Revision | Remark):
        return record
    raise ValueError(f"header of: {schema!r} is no context of verdicts")


def batches_of_context(records: Sequence[Context]) -> list[PointBatch]:
    """Records as points of `context`."""
    rows = [row for record in records for row in _rows(record)]
    if not rows:
        return []
    tags = {tag: [getattr(row, tag) for row in rows] for tag in ("kind", "name", "salt")}
    fields: dict[str, Any] = {
        name: [getattr(row, name) for row in rows] for name in ("id", "received_at", "end")
    }
    fields["body"] = [orjson.dumps(row.body, option=orjson.OPT_SORT_KEYS).decode() for row in rows]
    return [batch_of("context", [row.time for row in rows], tags, fields)]


def _rows(record: Context) -> list[ContextRow]:
    if isinstance(record, Remark):
        body: dict[str, Any] = {"site": record.site, "kind": record.kind, "names": record.names}
        at, id_ = record.received_at, short_id(record.device, record.kind, record.received_at)
        return [ContextRow(REMARK, record.device, id_[:4], at, None, id_, at, body)]
    salt = record.id[:4]
    span: tuple[int, int | None]
    if isinstance(record, Background):
        body = {"values": record.values}
        span = (record.start, record.end)
        return [ContextRow(BACKGROUND, record.station, salt, *span, record.id, record.received_at, body)]
    if isinstance(record, Signal):
        body = {"kind": record.kind, "level": record.level}
        if record.device is not None:
            body |= {"device": record.device, "calibration": record.calibration}
        said = {key: getattr(record, key) for key in SAID_BY_PEOPLE}
        body |= {key: words for key, words in said.items() if words is not None}
        span = (record.start, record.end)
        if record.author is not None:  # each version of an order that people change is kept
            salt = short_id(record.id, record.received_at)[:4]
        return [ContextRow(SIGNAL, record.place, salt, *span, record.id, record.received_at, body)]
    if isinstance(record, Revision):
        return _configuration(record)
    if isinstance(record, SiteHour):
        span, body = (record.start, record.end), asdict(record)
        return [ContextRow(WIND, record.site, salt, *span, record.id, record.decided_at, body)]
    if isinstance(record, RegionalEpisode):
        span, body, salt = (record.start, record.end), asdict(record), record.event_id[:4]
        return [ContextRow(EPISODE, record.area, salt, *span, record.id, record.at, body)]
    body, at = record.body, record.at
    salt = record.event_id[:4]
    return [ContextRow(BREACH_EVENT, record.device, salt, at, record.end, record.id, at, body)]


def _configuration(record: Revision) -> list[ContextRow]:
    rest = {key: value for key, value in record.body.items() if key not in _PIECES}
    counts = {key: len(record.body.get(key, ())) for key in _PIECES}
    whole = {**rest, "applied": record.applied, "counts": counts}
    pieces = [(CONFIGURATION, "", whole)]
    pieces += [(kind, one["id"], one) for key, kind in _PIECES.items() for one in record.body.get(key, ())]
    salt, begins, came = record.id[:4], record.effective, record.received_at
    return [ContextRow(kind, name, salt, begins, None, record.id, came, body) for kind, name, body in pieces]


# ------------------------------------------------------------------------------------------ back again


def context_row(row: Mapping[str, Any]) -> ContextRow:
    """Read a row as returned by a store, with its body decoded. Raises HistoryUnusable."""
    cells = Cells("context", row)
    return ContextRow(
        cells.text("kind"),
        cells.text("name"),
        cells.text("salt"),
        cells.whole("time"),
        cells.cell("end"),
        cells.text("id"),
        cells.whole("received_at"),
        orjson.loads(cells.text("body")),
    )


def background_of(row: ContextRow) -> Background:
    """The background record of a row."""
    end = row.end if row.end is not None else row.time
    return Background(row.id, row.received_at, row.name, row.time, end, row.body["values"])


def signal_of(row: ContextRow) -> Signal:
    """The signal of a row."""
    body = row.body
    return Signal(
        row.id,
        row.received_at,
        row.name,
        body["kind"],
        body["level"],
        row.time,
        row.end,
        body.get("device"),
        body.get("calibration"),
        *(body.get(key) for key in SAID_BY_PEOPLE),
    )


def remark_of(row: ContextRow) -> Remark:
    """The remark of a row."""
    body = row.body
    return Remark(row.received_at, row.name, body["site"], body["kind"], dict(body["names"]))


def wind_of(row: ContextRow) -> SiteHour:
    """The wind of a site's hour."""
    return site_hour_of(dict(row.body))


def breach_of(row: ContextRow) -> Breach:
    """The breach event in a row."""
    return breach_from_body(row.body)
