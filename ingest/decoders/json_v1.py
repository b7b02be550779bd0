"""Native payload of `dust/v1/<device>/readings`: one JSON object, or an array of them.

The bridge decodes every message here, so the usual reading (one flat object of numbers in normal
units) is handled in one pass; anything odd is read by `_reading`, slower and exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingest.codes import Codes, named, others
from ingest.decoders import json_text
from ingest.decoders.attributes import Odd, read_attributes
from ingest.decoders.instants import NO_INSTANT, sent_instant
from ingest.records import Decoded, DevicePolicy, Rejected, ValueAside
from ingest.units import QUANTITIES, Refused, is_normal, number_of, shortly
from ingest.value_extras import GREATEST, LEAST, NOTHING, RAW_COUNT, beside_of

RESERVED = frozenset({"background", "signals"})
_PREFIX = "dust/v1/"
_RANGES = {q.name: q.plain for q in QUANTITIES.values()}
# Beside the quantities what devices are known to add: the raw count of `value_extras`, a running number.
CODES: Codes = {
    **named({name: name for name in QUANTITIES}),
    **others("seq", LEAST, GREATEST, RAW_COUNT),
}
_AROUND = frozenset({"time", "period", "label", "units", "flags"})
_LONGEST_PERIOD_S = 31 * 86400
_LONGEST_FLAG = 8
_NONE_ASIDE: Mapping[str, ValueAside] = {}


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
            found = _plain_reading(value, device, policy) or _reading(value, device, policy)
            return [found if found.bad_time is None else found.from_raw(payload)]
        _check_array(value)
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    results: list[Decoded | Rejected] = []
    for element in value:
        try:
            if type(element) is not dict:
                raise Refused("bad_json", "an element of the array is not an object")
            found = _plain_reading(element, device, policy) or _reading(element, device, policy)
            results.append(found if found.bad_time is None else found.from_raw(orjson.dumps(element)))
        except Refused as refused:
            # only this element: what is put through again must not repeat its good neighbours
            results.append(json_text.rejected(refused, orjson.dumps(element)))
    return results


def _check_array(value: Any) -> None:
    if type(value) is not list:
        raise Refused("bad_json", "expected an object or an array of objects")
    if not value:
        raise Refused("empty", "the array holds no reading")
    if len(value) > json_text.MAX_ITEMS:
        raise Refused("too_large", f"{len(value)} readings; at most {json_text.MAX_ITEMS} are read")


def _plain_reading(fields: dict[str, Any], device: str | None, policy: DevicePolicy) -> Decoded | None:
    """The reading in an object of possible numbers in normal units; None if anything is odd."""
    if policy.codes or (policy.units and not _are_normal(policy.units)):
        return None
    values: dict[str, int] = {}
    extras: dict[str, Any] = {}
    flags: dict[str, str] = {}
    at = NO_INSTANT
    period = 0
    label_end = policy.label_end
    for key, value in fields.items():
        if key in _RANGES:
            least, greatest = _RANGES[key]
            kind = type(value)
            if (kind is float or kind is int) and least <= value <= greatest:
                values[key] = round(value * 1000)
            else:
                return None
        elif key == "time":
            at = sent_instant(value, policy.clock)
        elif key == "period":
            if type(value) is not int or not 0 <= value <= _LONGEST_PERIOD_S:
                return None
            period = value * 1000
        elif key == "flags":
            flags, wrong = _flags(value)
            if wrong:
                return None
        elif key == "units":
            if type(value) is not dict or not _are_normal(value):
                return None
        elif key == "label":
            label_end = _label(value, policy)
        else:
            extras[key] = value
    if not values:
        return None
    time, fault = at
    if period and label_end and time is not None:
        time -= period
    if not extras:
        return Decoded(device, time, period, values, flags, extras, (), NOTHING, _NONE_ASIDE, (), fault)
    unknown = tuple(key for key in extras if key not in CODES)
    beside = beside_of(extras)
    return Decoded(device, time, period, values, flags, extras, (), beside, _NONE_ASIDE, unknown, fault)


def _reading(fields: dict[str, Any], device: str | None, policy: DevicePolicy) -> Decoded:
    """The reading in an object as it may come: odd numbers, units, flags and names of the county's own."""
    flags, refused = _flags(fields.get("flags"))
    units, of_units = _units(fields.get("units"), policy)
    period, tolerated = _period(fields.get("period"))
    sent = {key: value for key, value in fields.items() if key not in _AROUND}
    found = read_attributes(sent, CODES, policy, Odd(units, flags, {**of_units, **refused}))
    at = sent_instant(fields.get("time"), policy.clock)
    marks = tuple(dict.fromkeys((*tolerated, *found.tolerated)))
    beside = beside_of(found.extras, units.get("pm10") or policy.units.get("pm10"))
    return Decoded(
        device,
        at.start_of(period, _label(fields.get("label"), policy)),
        period,
        found.values,
        flags,
        found.extras,
        marks,
        beside,
        found.set_aside,
        found.unknown,
        at.fault,
    )


def _label(sent: object, policy: DevicePolicy) -> bool:
    """True if the time marks the end of its period. Raises Refused (bad_value)."""
    if sent is None:
        return policy.label_end
    if sent not in ("start", "end"):
        raise Refused("bad_value", f"label: {str(sent)[:40]!r} is neither start nor end")
    return sent == "end"


def _are_normal(units: Mapping[str, Any]) -> bool:
    """True if these units of a payload or a device change no number."""
    for key, unit in units.items():
        if key in _RANGES and (type(unit) is not str or not is_normal(key, unit)):
            return False
    return True


def _units(sent: object, policy: DevicePolicy) -> tuple[dict[str, str], dict[str, Refused]]:
    """(units that the payload gives its keys, keys whose unit is none). Raises Refused (bad_unit)."""
    if sent is None:
        return {}, {}
    if not isinstance(sent, dict):
        raise Refused("bad_unit", 'units: expected an object such as {"pm10": "ug/m3"}')
    units: dict[str, str] = {}
    wrong: dict[str, Refused] = {}
    for key, unit in sent.items():
        if unit is None or (key not in CODES and key not in policy.codes):
            continue
        if isinstance(unit, str):
            units[key] = unit
        else:
            wrong[key] = Refused("bad_unit", f"units: that of {key} is {str(unit)[:40]!r}, not a text")
    return units, wrong


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


def _flags(value: Any) -> tuple[dict[str, str], dict[str, Refused]]:
    """(flags by quantity, quantities whose flag says nothing). Raises Refused (bad_value)."""
    if value is None:
        return {}, {}
    if not isinstance(value, dict):
        raise Refused("bad_value", 'flags: expected an object such as {"pm10": "N"}')
    flags: dict[str, str] = {}
    wrong: dict[str, Refused] = {}
    for key, flag in value.items():
        if key not in _RANGES or flag is None:
            continue
        if flag == "N":
            flags[key] = flag
        elif isinstance(flag, str) and flag.isalnum() and len(flag) <= _LONGEST_FLAG:
            flags[key] = flag.upper()
        else:
            words = f"flags: that of {key} is {str(flag)[:40]!r}, not a letter such as N"
            wrong[key] = Refused("bad_value", words)
    return flags, wrong
