"""Background values of reference stations from tables; a mapping says which column means what.

A table is CSV with a line of names, or JSON with a list of rows. Pure: rows in, records or refusals out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from ingest.decoders.instants import BadTime, parse_instant
from ingest.decoders.notices import decode_background
from ingest.durations import DAY_MS
from ingest.feed_form import BackgroundMapping
from ingest.records import Background, Rejected
from ingest.register import Register
from ingest.strict_yaml import did_you_mean
from ingest.units import Refused


class RefusedRow(NamedTuple):
    """A row that can't be used: its number (from 1, without the line of names) and why."""

    number: int
    why: str


def rows_of(content: bytes, mapping: BackgroundMapping) -> list[dict[str, Any]]:
    """Rows of a file or an answer, JSON or CSV by its first sign. Raises Refused."""
    if content.lstrip()[:1] in (b"{", b"["):
        return json_rows(content, mapping.rows)
    try:
        return list(csv_rows(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Refused("bad_syntax", "not in UTF-8; write it as UTF-8") from None
    except csv.Error as error:
        raise Refused("bad_syntax", f"no table (CSV) and no JSON: {error}") from None


def csv_rows(text: str) -> Iterator[dict[str, Any]]:
    """Rows of a CSV with a line of names; a byte order mark and `;` or tabs between columns are taken."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    between = max(",;\t", key=head.count)
    yield from csv.DictReader(io.StringIO(text), delimiter=between, skipinitialspace=True)


def json_rows(content: bytes, path: str) -> list[dict[str, Any]]:
    """Rows of a JSON document. Raises Refused if there is no list of objects at the path."""
    try:
        found: Any = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refused("bad_json", f"the answer is no JSON: {error}") from None
    for step in filter(None, path.split(".")):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Refused("bad_json", f"rows: no list of objects at {path or 'the top'!r} of the answer")
    return found


def backgrounds_of(
    rows: Iterable[Mapping[str, Any]], mapping: BackgroundMapping, register: Register, at: int
) -> Iterator[Background | RefusedRow]:
    """Records of the rows, received at `at`; rows of stations not named in `stations` are passed over."""
    listed = {station for area in register.county.background for station in area.stations}
    for number, row in enumerate(rows, 1):
        try:
            record = _record(row, mapping, listed, register.zone, at)
        except (Refused, BadTime) as refused:
            yield RefusedRow(number, str(refused))
            continue
        if record is not None:
            yield record


def _record(
    row: Mapping[str, Any], mapping: BackgroundMapping, listed: set[str], zone: ZoneInfo, at: int
) -> Background | None:
    station = _station(row, mapping)
    if station is None:
        return None
    if station not in listed:
        hint = did_you_mean(station, listed) or f"; county.yaml lists {', '.join(sorted(listed)) or 'none'}"
        raise Refused("unknown_station", f"station: no area of county.yaml lists {station!r}{hint}")
    values = {name: _cell(row, column, mapping) for name, column in mapping.values.items()}
    if all(value is None for value in values.values()):
        return None
    said = _cell(row, mapping.time, mapping)
    try:
        at_ms = _instant(said, zone)
    except BadTime as bad:
        raise BadTime(f"{mapping.time}: {bad}") from None
    body = {
        "time": at_ms,
        "label": mapping.label,
        "period": mapping.period,
        **values,
        "units": dict.fromkeys(values, mapping.unit),
    }
    found = decode_background(orjson.dumps(body), f"dust/v1/background/{station}")
    if isinstance(found, Rejected):
        raise Refused(found.code, found.detail)
    if found.end > at:
        words = f"{mapping.time}: {said} with label {mapping.label!r} ends after now"
        raise BadTime(f"{words}; is it the other label, or another zone?")
    return Background(found.id, at, *found[1:])


def _station(row: Mapping[str, Any], mapping: BackgroundMapping) -> str | None:
    """Our name of the row's station; None: it is none of those that the mapping names."""
    if mapping.station is None:
        return next(iter(mapping.stations.values()))
    theirs = str(_column(row, mapping.station) or "").strip()
    return mapping.stations.get(theirs) if mapping.stations else theirs


def _cell(row: Mapping[str, Any], column: str, mapping: BackgroundMapping) -> Any:
    found = _column(row, column)
    text = found.strip() if isinstance(found, str) else found
    return None if isinstance(text, str) and text in mapping.missing else text


def _column(row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        names = [str(name) for name in row]
        hint = did_you_mean(column, names) or f"; there are {', '.join(names)}"
        raise Refused("no_known_key", f"no column `{column}`{hint}")
    return row[column]


def _instant(said: Any, zone: ZoneInfo) -> int:
    """Instant of a cell, ms; a local time has the offset that the zone has then. Raises BadTime."""
    if isinstance(said, str):
        said = said.replace("/", "-")
        if said[10:].strip().startswith("24:"):  # the end of the day that it names
            return _instant(f"{said[:10]} 00:{said.partition('24:')[2]}", zone) + DAY_MS
    naive = parse_instant(said, 0)
    offset = datetime.fromtimestamp(naive / 1000, zone).utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    local = datetime.fromtimestamp((naive - seconds * 1000) / 1000, zone).utcoffset()
    return parse_instant(said, int(local.total_seconds()) if local else 0)
