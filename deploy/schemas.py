"""JSON Schemas of configuration files and published records, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from processors.replay import INSTANT, body_schema, judgements_schema, line_schema, record_schema

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def names() -> list[str]:
    """Names accepted by `schema_of`, sorted."""
    return sorted(_SOURCES)


def schema_of(name: str) -> Schema:
    """The JSON Schema of a record or configuration file. Raises KeyError for an unknown name."""
    return {"$schema": _DIALECT, **_SOURCES[name](), "$id": f"dustwatch:{name}"}


def _config(name: str) -> Schema:
    from ingest import register

    adapters: dict[str, TypeAdapter[Any]] = {
        "config-county": register.COUNTY,
        "config-departments": register.DEPARTMENTS,
        "config-sites": register.SITES,
        "config-devices": register.DEVICES,
        "config-ingest": register.INGEST,
    }
    return adapters[name].json_schema()


def _alerting(name: str) -> Schema:
    from alerts.routing import forms

    adapters: dict[str, TypeAdapter[Any]] = {
        "config-routing": forms.ROUTING,
        "config-channels": forms.CHANNELS,
    }
    return adapters[name].json_schema()


def _case(kind: str) -> Schema:
    from alerts import records

    return TypeAdapter(getattr(records, kind)).json_schema()


def _case_record() -> Schema:
    """A record of `dust.cases`: its canonical bytes are JSON."""
    from alerts.lifecycle.trail import RECORD_KEYS, CaseRecord

    schema = TypeAdapter(CaseRecord).json_schema()
    for name, words in RECORD_KEYS.items():
        schema["properties"][name]["description"] = words
    schema["required"] = sorted(RECORD_KEYS)
    return schema


def _rules() -> Schema:
    from processors.plan import RulesFile

    return RulesFile.model_json_schema()


def _quality() -> Schema:
    from processors.quality import QUALITY

    schema = QUALITY.json_schema()
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)  # what is not mentioned keeps its default
    return schema


def _background_mapping() -> Schema:
    from ingest.feed_form import MAPPING

    return MAPPING.json_schema()


def _pack() -> Schema:
    from processors.plan import Pack

    return Pack.model_json_schema()


def _feed(kind: str) -> Schema:
    from ingest import records

    return TypeAdapter(getattr(records, kind)).json_schema()


def _number(least: float, greatest: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": greatest}


def _native() -> Schema:
    """A message of `dust/v1/<device>/readings` (contracts, Native MQTT)."""
    from ingest.units import QUANTITIES

    # Numbers as text are accepted (and counted); units may be others than ours, so no range here.
    value = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    one = {
        "type": "object",
        "properties": {
            "time": {"anyOf": [{"type": "string"}, {"type": "number"}]},
            **dict.fromkeys(QUANTITIES, value),
            "seq": {"type": "integer"},
            "flags": texts,
            "units": texts,
            "period": {"type": "number", "minimum": 0},
        },
        "anyOf": [{"required": [name]} for name in QUANTITIES],
    }
    return {"title": "Native readings", "anyOf": [one, {"type": "array", "items": one}]}


def _reading() -> Schema:
    """A line of `readings.jsonl`: the reading in normalised units."""
    from ingest.units import QUANTITIES

    values = {
        name: {
            "type": "object",
            "properties": {
                "value": {"anyOf": [_number(quantity.least, quantity.greatest), {"type": "null"}]},
                "calibrated": {"type": "number"},  # where it differs from `value`
                "flags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["value", "flags"],
            "description": quantity.unit,
        }
        for name, quantity in QUANTITIES.items()
    }
    properties: Schema = {
        "id": {"type": "string"},
        "device": {"type": "string"},
        "site": {"type": "string"},
        "time": INSTANT,
        "period": {"type": "number", "minimum": 0},
        "received_at": INSTANT,
        "values": {"type": "object", "properties": values, "additionalProperties": False},
        "marks": {"type": "array", "items": {"type": "string"}},
    }
    return {"title": "Reading", "type": "object", "properties": properties, "required": list(properties)}


def _quarantined() -> Schema:
    """A record of `dust.quarantine`; the raw bytes are base64."""
    schema = _feed("Quarantined")
    schema["properties"]["raw"] = {"type": "string", "contentEncoding": "base64"}
    return schema


_SOURCES: dict[str, Callable[[], Schema]] = {
    "config-county": lambda: _config("config-county"),
    "config-departments": lambda: _config("config-departments"),
    "config-sites": lambda: _config("config-sites"),
    "config-devices": lambda: _config("config-devices"),
    "config-ingest": lambda: _config("config-ingest"),
    "config-routing": lambda: _alerting("config-routing"),
    "config-channels": lambda: _alerting("config-channels"),
    "config-rules": _rules,
    "config-quality": _quality,
    "rule-pack": _pack,
    "background-mapping": _background_mapping,
    "native": _native,
    "reading": _reading,
    "quarantined": _quarantined,
    "interval": lambda: record_schema("Interval"),
    "verdict": lambda: record_schema("Verdict"),
    "breach": lambda: record_schema("Breach"),
    "outlook": lambda: record_schema("Outlook"),
    "judgements": judgements_schema,
    "flags": lambda: body_schema({"flags": "Flagged"}),
    "site-hour": lambda: record_schema("SiteHour"),
    "regional": lambda: record_schema("RegionalEpisode"),
    "replay-regional": lambda: line_schema("regional"),
    "winds": lambda: body_schema({"winds": "SiteHour"}),
    "outlooks": lambda: body_schema({"outlooks": "Outlook"}),
    "replay-readings": _reading,
    "replay-quarantine": lambda: line_schema("quarantine"),
    "replay-intervals": lambda: line_schema("intervals"),
    "replay-verdicts": lambda: line_schema("verdicts"),
    "replay-breaches": lambda: line_schema("breaches"),
    "replay-outlooks": lambda: line_schema("outlooks"),
    "replay-winds": lambda: line_schema("winds"),
    "replay-summary": lambda: line_schema("summary"),
    "case": lambda: _case("Case"),
    "case-event": lambda: _case("CaseEvent"),
    "case-record": _case_record,
    "tick": lambda: _feed("Tick"),
    "background": lambda: _feed("Background"),
    "signal": lambda: _feed("Signal"),
    "status": lambda: _feed("Status"),
    "revision": lambda: _feed("Revision"),
}
