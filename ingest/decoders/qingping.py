"""Qingping monitors: `/<product>/<mac>/up`, every attribute with value, unit and status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from ingest.codes import Codes, others, with_own
from ingest.decoders import json_text
from ingest.decoders.attributes import FREE_NAMES, Odd, key_text, read_attributes
from ingest.decoders.instants import NO_INSTANT, SentInstant, sent_instant
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected
from ingest.units import Refused

_LISTS = ("sensorData", "sensor_data")  # several readings in one message, each an object of attributes
_TIMES = ("timestamp", "time")
CODES: Codes = {
    **FREE_NAMES,
    **others("battery", "co2", "tvoc", "tvoc_index", "radon", "light", "id", "type", "mac", "need_ack"),
}
_NORMAL_STATUS = frozenset({0, "0", None})
_DATA_TYPES = frozenset({"12", "17"})  # real-time and history data
_LONGEST_TYPE = 8
FAULTY = "D"  # HJ 212's letter for a fault


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | DeviceNotice | Rejected]:
    """One result for the object, or for each element of its `sensorData`."""
    try:
        sent = json_text.load_object(payload)
        name = next((name for name in _LISTS if isinstance(sent.get(name), list)), None)
        device = _device(topic, sent)
        policy = policy_of(device)
        if name is None:
            kind = _notice_kind(sent, with_own(CODES, policy.codes))
            if kind is not None:
                return [DeviceNotice(kind, device, payload)]
            return [_reading(sent, {}, device, policy).from_raw(payload)]
        listed = sent.pop(name)
        if not listed:
            raise Refused("empty", f"{name} holds no reading")
        if len(listed) > json_text.MAX_ITEMS:
            raise Refused("too_large", f"{len(listed)} readings; at most {json_text.MAX_ITEMS} are read")
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    results: list[Decoded | DeviceNotice | Rejected] = []
    for entry in listed:
        try:
            if not isinstance(entry, dict):
                raise Refused("bad_json", f"{name}: an entry is not an object")
            found = _reading(entry, sent, device, policy)
            results.append(
                found if found.bad_time is None else found.from_raw(orjson.dumps({**sent, name: [entry]}))
            )
        except Refused as refused:
            results.append(json_text.rejected(refused, orjson.dumps({**sent, name: [entry]})))
    return results


def _notice_kind(sent: dict[str, Any], codes: Codes) -> str | None:
    """Kind of a message that has a type, no list of readings and no measuring attribute: a state."""
    kind = key_text(sent.get("type"))
    if kind is None or not kind.isalnum() or len(kind) > _LONGEST_TYPE or kind in _DATA_TYPES:
        return None
    measuring = any(key in codes and codes[key].measures for key in sent)
    return None if measuring else f"qingping_{kind}"


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
    at = NO_INSTANT
    codes = with_own(CODES, policy.codes)
    for key, attribute in entry.items():
        value = attribute
        if isinstance(attribute, dict) and "value" in attribute:
            value, unit, status = attribute["value"], attribute.get("unit"), attribute.get("status")
            known = codes.get(key)
            if known is not None and known.measures:
                if isinstance(unit, str) and unit.strip():
                    units[key] = unit
                if isinstance(status, list | dict) or status not in _NORMAL_STATUS:
                    flags[known.quantity] = FAULTY
                    extras[f"{key}-status"] = status
        if key in _TIMES:
            at = sent_instant(value, policy.clock, key)
        else:
            sent[key] = value
    if at == NO_INSTANT:
        at = _outer_time(extras, policy)
    found = read_attributes(sent, CODES, policy, Odd(units, flags))
    return Decoded(
        device,
        at.instant,
        0,
        found.values,
        flags,
        {**extras, **found.extras},
        found.tolerated,
        {},
        *found[3:],
        at.fault,
    )


def _outer_time(extras: dict[str, Any], policy: DevicePolicy) -> SentInstant:
    """The message's own time, for readings that have none."""
    for name in _TIMES:
        value = extras.pop(name, None)
        if value is not None:
            return sent_instant(value, policy.clock, name)
    return NO_INSTANT
