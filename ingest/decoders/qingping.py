"""Qingping monitors: `/<product>/<mac>/up`, every attribute with value, unit and status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from ingest.decoders import json_text
from ingest.decoders.attributes import FREE_NAMES, key_text, read_attributes
from ingest.decoders.instants import BadTime, parse_instant
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import Refused

_LISTS = ("sensorData", "sensor_data")  # several readings in one message, each an object of attributes
_TIMES = ("timestamp", "time")
_NORMAL_STATUS = frozenset({0, "0", None})
FAULTY = "D"  # HJ 212's letter for a fault


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One result for the object, or for each element of its `sensorData`."""
    try:
        sent = json_text.load_object(payload)
        name = next((name for name in _LISTS if isinstance(sent.get(name), list)), None)
        device = _device(topic, sent)
        policy = policy_of(device)
        if name is None:
            return [_reading(sent, {}, device, policy)]
        listed = sent.pop(name)
        if not listed:
            raise Refused("empty", f"{name} holds no reading")
        if len(listed) > json_text.MAX_ITEMS:
            raise Refused("too_large", f"{len(listed)} readings; at most {json_text.MAX_ITEMS} are read")
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    except BadTime as bad:
        return [Rejected("bad_time", f"timestamp: {bad}", payload)]
    results: list[Decoded | Rejected] = []
    for entry in listed:
        try:
            if not isinstance(entry, dict):
                raise Refused("bad_json", f"{name}: an entry is not an object")
            results.append(_reading(entry, sent, device, policy))
        except Refused as refused:
            results.append(json_text.rejected(refused, orjson.dumps({**sent, name: [entry]})))
        except BadTime as bad:
            raw = orjson.dumps({**sent, name: [entry]})
            results.append(Rejected("bad_time", f"timestamp: {bad}", raw))
    return results


def _device(topic: str, sent: dict[str, Any]) -> str | None:
    parts = topic.strip("/").split("/")
    if len(parts) == 3 and parts[2] == "up":
        return parts[1]
    return key_text(sent.get("mac"))


def _reading(
    entry: dict[str, Any], around: dict[str, Any], device: str | None, policy: DevicePolicy
) -> Decoded:
    sent: dict[str, Any] = {}
    units: dict[str, str] = {}
    flags: dict[str, str] = {}
    extras: dict[str, Any] = {**around}
    time: int | None = None
    for key, attribute in entry.items():
        value = attribute
        if isinstance(attribute, dict) and "value" in attribute:
            value, unit, status = attribute["value"], attribute.get("unit"), attribute.get("status")
            known = FREE_NAMES.get(key)
            if isinstance(unit, str) and unit.strip() and known:
                units[key] = unit
            if known and (isinstance(status, list | dict) or status not in _NORMAL_STATUS):
                flags[known[0]] = FAULTY
                extras[f"{key}-status"] = status
        if key in _TIMES:
            time = None if value is None else parse_instant(value, policy.utc_offset_s)
        else:
            sent[key] = value
    if time is None:
        time = _outer_time(extras, policy)
    found = read_attributes(sent, FREE_NAMES, policy, units)
    return Decoded(device, time, 0, found.values, flags, {**extras, **found.extras}, found.tolerated)


def _outer_time(extras: dict[str, Any], policy: DevicePolicy) -> int | None:
    """The message's own time, for readings that have none."""
    for name in _TIMES:
        value = extras.pop(name, None)
        if value is not None:
            return parse_instant(value, policy.utc_offset_s)
    return None
