"""Native payload of `dust/v1/<device>/readings`: one JSON object, or an array of them.

The bridge decodes every message here, so the usual reading (one flat object of numbers in normal
units) is handled in one pass; anything odd is read by `_reading`, slower and exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingest.decoders import json_text
from ingest.decoders.instants import BadTime, parse_instant
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import QUANTITIES, Refused, is_normal, number_of, shortly, thousandths
from ingest.value_extras import beside_of

RESERVED = frozenset({"background", "signals"})
_PREFIX = "dust/v1/"
_RANGES = {q.name: (q.least, q.greatest) for q in QUANTITIES.values()}
_LONGEST_PERIOD_S = 31 * 86400
_LONGEST_FLAG = 8
_NORMAL = "N"
_NONE: dict[str, str] = {}


def device_key(topic: str) -> str | None:
    """Key that a topic gives for its device: its third segment, or a foreign topic as a whole.

    None for an empty topic. Raises Refused for a reserved or empty name.
    """
    if not topic.startswith(_PREFIX):
        return topic or None
    key = topic.split("/", 3)[2]
    if not key or key in RESERVED:
        raise Refused("unknown_device", f"topic {topic[:80]!r}: {key!r} cannot be the name of a device")
    return key


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One result for the object, or one for each element of the array."""
    try:
        device = device_key(topic)
        policy = policy_of(device)
        value = json_text.load(payload)
        if type(value) is dict:
            return [_plain_reading(value, device, policy) or _reading(value, device, policy)]
        _check_array(value)
    except (Refused, BadTime) as refused:
        return [_rejected(refused, payload)]
    results: list[Decoded | Rejected] = []
    for element in value:
        try:
            if type(element) is not dict:
                raise Refused("bad_json", "an element of the array is not an object")
            results.append(_plain_reading(element, device, policy) or _reading(element, device, policy))
        except (Refused, BadTime) as refused:
            # only this element: what is put through again must not repeat its good neighbours
            results.append(_rejected(refused, orjson.dumps(element)))
    return results


def _check_array(value: Any) -> None:
    if type(value) is not list:
        raise Refused("bad_json", "expected an object or an array of objects")
    if not value:
        raise Refused("empty", "the array holds no reading")
    if len(value) > json_text.MAX_ITEMS:
        raise Refused("too_large", f"{len(value)} readings; at most {json_text.MAX_ITEMS} are read")


def _rejected(refused: Refused | BadTime, raw: bytes) -> Rejected:
    if isinstance(refused, BadTime):
        return Rejected("bad_time", f"time: {refused}", raw)
    return json_text.rejected(refused, raw)


def _plain_reading(fields: dict[str, Any], device: str | None, policy: DevicePolicy) -> Decoded | None:
    """The reading in an object of possible numbers in normal units; None if anything is odd."""
    if policy.units and not _are_normal(policy.units):
        return None
    values: dict[str, int] = {}
    extras: dict[str, Any] = {}
    flags: dict[str, str] = {}
    time: int | None = None
    period = 0
    for key, value in fields.items():
        if key in _RANGES:
            least, greatest = _RANGES[key]
            kind = type(value)
            if (kind is float or kind is int) and least <= value <= greatest:
                values[key] = round(value * 1000)
            else:
                return None
        elif key == "time":
            if value is not None:
                time = parse_instant(value, policy.utc_offset_s)
        elif key == "period":
            if type(value) is not int or not 0 <= value <= _LONGEST_PERIOD_S:
                return None
            period = value * 1000
        elif key == "flags":
            flags = _flags(value)
        elif key == "units":
            if type(value) is not dict or not _are_normal(value):
                return None
        else:
            extras[key] = value
    if not values:
        return None
    if not extras:
        return Decoded(device, time, period, values, flags, extras)
    return Decoded(device, time, period, values, flags, extras, (), beside_of(extras))


def _reading(fields: dict[str, Any], device: str | None, policy: DevicePolicy) -> Decoded:
    values: dict[str, int] = {}
    extras: dict[str, Any] = {}
    tolerated: tuple[str, ...] = ()
    flags = _flags(fields.get("flags"))
    time: int | None = None
    period = 0
    known = False
    units = fields.get("units") or _NONE
    if units or policy.units:
        units = _units(units, policy)
    for key, value in fields.items():
        if key in _RANGES:
            known = True
            if value is not None:
                try:
                    values[key] = thousandths(key, value, units.get(key))
                except Refused as refused:
                    if refused.code != "bad_value" or flags.get(key, _NORMAL) == _NORMAL:
                        raise
                    # the device itself says that this is no measurement: the others are
                    extras[key] = value
                    tolerated += (f"implausible_{key}",)
                if isinstance(value, str):
                    tolerated += ("number_as_text",)
        elif key == "time":
            if value is not None:
                time = parse_instant(value, policy.utc_offset_s)
        elif key == "period":
            period, odd = _period(value)
            tolerated += odd
        elif key not in ("units", "flags"):
            extras[key] = value
    if not known:
        raise Refused("no_known_key", f"none of {', '.join(_RANGES)} is among the keys")
    beside = beside_of(extras, units.get("pm10"))
    return Decoded(device, time, period, values, flags, extras, tuple(dict.fromkeys(tolerated)), beside)


def _are_normal(units: Mapping[str, Any]) -> bool:
    """True if these units of a payload or a device change no number."""
    for key, unit in units.items():
        if key in _RANGES and (type(unit) is not str or not is_normal(key, unit)):
            return False
    return True


def _units(sent: object, policy: DevicePolicy) -> dict[str, str]:
    """Units by quantity: those in the payload take precedence over the device's configuration."""
    if not isinstance(sent, dict):
        raise Refused("bad_unit", 'units: expected an object such as {"pm10": "ug/m3"}')
    units = dict(policy.units)
    for key, unit in sent.items():
        if key not in _RANGES or unit is None:
            continue
        if not isinstance(unit, str):
            raise Refused("bad_unit", f"units: that of {key} is {str(unit)[:40]!r}, not a text")
        units[key] = unit
    return units


def _period(value: Any) -> tuple[int, tuple[str, ...]]:
    if value is None:
        return 0, ()
    odd: tuple[str, ...] = ()
    if isinstance(value, str):
        value, odd = number_of(value), ("number_as_text",)
    elif type(value) is not int and type(value) is not float:
        raise Refused("bad_value", f"period: {str(value)[:40]!r} is not a number of seconds")
    if not 0 <= value <= _LONGEST_PERIOD_S:
        raise Refused("bad_value", f"period: {shortly(value)} s is not between 0 and 31 days")
    return round(value * 1000), odd


def _flags(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("bad_value", 'flags: expected an object such as {"pm10": "N"}')
    flags: dict[str, str] = {}
    for key, flag in value.items():
        if key not in _RANGES or flag is None:
            continue
        if flag == "N":
            flags[key] = flag
            continue
        if not isinstance(flag, str) or not flag.isalnum() or len(flag) > _LONGEST_FLAG:
            raise Refused("bad_value", f"flags: that of {key} is {str(flag)[:40]!r}, not a letter such as N")
        flags[key] = flag.upper()
    return flags
