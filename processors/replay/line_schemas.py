"""JSON Schemas of the lines that `dustwatch replay` and `backtest` write, and of JSON bodies on Kafka.

Lines are made from records; instants are texts in lines and milliseconds on Kafka.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import TypeAdapter

Schema = dict[str, Any]
INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}
_TEXT: Schema = {"type": "string"}

# file of a replay -> (record, instants, keys of the record that the line calls otherwise)
_LINES: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "intervals": ("Interval", ("start", "end"), {}),
    "verdicts": ("Verdict", ("start", "end", "decided_at"), {}),
    "outlooks": ("Outlook", ("start", "end", "at"), {}),
    "winds": ("SiteHour", ("start", "end", "decided_at"), {}),
    "regional": ("RegionalEpisode", ("start", "end", "at"), {}),
    "breaches": (
        "Breach",
        ("interval_start", "interval_end", "at", "opened_at"),
        {"start": "interval_start", "end": "interval_end", "revision": "interval_revision"},
    ),
}

_OPTIONAL = {"evidence", "regional"}  # of suspicions only; of what lies in a regional episode


def line_schema(file: str) -> Schema:
    """Schema of a line of `FILE.jsonl`, or of `summary.json`. Raises KeyError."""
    if file in _OTHERS:
        return deepcopy(_OTHERS[file])
    record, instants, renamed = _LINES[file]
    schema = record_schema(record)
    properties = {renamed.get(key, key): value for key, value in schema["properties"].items()}
    properties |= dict.fromkeys(instants, INSTANT)
    return {
        **schema,
        "title": f"Line of {file}.jsonl",
        "properties": properties,
        "required": sorted(set(properties) - _OPTIONAL),
    }


def record_schema(kind: str) -> Schema:
    """Schema of a record as it is published in JSON."""
    from processors import records

    made = TypeAdapter(getattr(records, kind)).json_schema()
    if kind in ("Breach", "RegionalEpisode"):
        made["properties"]["event_id"] = {**_TEXT, "title": "Event Id"}
        made["required"] = [*made["required"], "event_id"]
    return made


def body_schema(parts: dict[str, str]) -> Schema:
    """Schema of a body that holds lists of records: key -> kind of record."""
    properties: Schema = {}
    for key, kind in parts.items():
        properties[key] = {"type": "array", "items": record_schema(kind)}
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def judgements_schema() -> Schema:
    """Schema of `dust.judgements/2`: groups with shared fields, `each` (names) and `rows` by those names."""
    from processors.records import INTERVALS, VERDICTS, Table

    properties: Schema = {}
    tables: dict[str, Table[Any]] = {"intervals": INTERVALS, "verdicts": VERDICTS}
    for key, table in tables.items():
        whole = record_schema(table.kind.__name__)["properties"]
        row = {"type": "array", "prefixItems": [whole[name] for name in table.own], "items": False}
        group = {name: whole[name] for name in table.shared}
        group |= {"each": {"const": list(table.own)}, "rows": {"type": "array", "items": row}}
        properties[key] = {
            "type": "array",
            "items": {"type": "object", "properties": group, "required": sorted(group)},
        }
    return {"type": "object", "properties": properties, "required": sorted(properties)}


_REACHED: Schema = {
    "type": "object",
    "properties": {"windows": _COUNT, "minutes": {"type": ["number", "null"], "minimum": 0}},
    "required": ["minutes", "windows"],
}
# of a rule: how many windows exceeded, how many of them were announced, how long before their end (median)
_WON: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("exceeding", "otherwise"), _COUNT),
        **dict.fromkeys(("warning", "exceeds_if_measuring_goes_on", "certain"), _REACHED),
    },
    "required": ["certain", "exceeding", "exceeds_if_measuring_goes_on", "otherwise", "warning"],
}
_OTHERS: dict[str, Schema] = {
    "quarantine": {
        "title": "Line of quarantine.jsonl",
        "type": "object",
        "properties": {"received_at": INSTANT, "topic": _TEXT, "rejected": _TEXT, "detail": _TEXT},
        "required": ["detail", "received_at", "rejected", "topic"],
    },
    "summary": {
        "title": "summary.json",
        "type": "object",
        "properties": {
            **dict.fromkeys(("received", "readings", "duplicates", "intervals"), _COUNT),
            **dict.fromkeys(("quarantined", "notices", "verdicts", "breaches"), _COUNTS),
            "outlooks": {"type": "object", "additionalProperties": _WON},
        },
        "required": [
            "breaches",
            "duplicates",
            "intervals",
            "notices",
            "outlooks",
            "quarantined",
            "readings",
            "received",
            "verdicts",
        ],
    },
}
