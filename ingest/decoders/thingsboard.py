"""ThingsBoard gateways: `v1/gateway/telemetry`, several devices with several readings in one payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from ingest.decoders import json_text
from ingest.decoders.attributes import FREE_NAMES, read_attributes
from ingest.decoders.instants import BadTime, parse_instant
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import Refused


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One result for each entry of each device, in the order of the payload."""
    try:
        sent = json_text.load_object(payload)
        if not sent:
            raise Refused("empty", "the object names no device")
        entries = [(name, entry) for name, listed in sent.items() for entry in _entries(listed)]
        if len(entries) > json_text.MAX_ITEMS:
            raise Refused("too_large", f"{len(entries)} readings; at most {json_text.MAX_ITEMS} are read")
        if not entries:
            raise Refused("empty", "no device has a reading")
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    results: list[Decoded | Rejected] = []
    for name, entry in entries:
        try:
            results.append(_reading(name, entry, policy_of(name)))
        except Refused as refused:
            results.append(json_text.rejected(refused, _alone(name, entry)))
        except BadTime as bad:
            results.append(Rejected("bad_time", f"ts: {bad}", _alone(name, entry)))
    return results


class _NoList(NamedTuple):
    """A value found in place of a device's list of readings: refused without its neighbours."""

    value: Any


def _entries(listed: Any) -> list[Any]:
    return listed if isinstance(listed, list) else [_NoList(listed)]


def _alone(name: str, entry: Any) -> bytes:
    """Payload with this one entry."""
    return orjson.dumps({name: entry.value if isinstance(entry, _NoList) else [entry]})


def _reading(name: str, entry: Any, policy: DevicePolicy) -> Decoded:
    if isinstance(entry, _NoList):
        raise Refused("bad_json", f'{name[:40]!r}: expected a list of {{"ts": ..., "values": {{...}}}}')
    if not isinstance(entry, dict):
        raise Refused("bad_json", f"{name[:40]!r}: an entry is not an object")
    at = entry.get("ts")
    values = entry.get("values", {key: value for key, value in entry.items() if key != "ts"})
    if not isinstance(values, dict):
        raise Refused("bad_json", f"{name[:40]!r}: values is not an object")
    found = read_attributes(_in_small_letters(name, values), FREE_NAMES, policy)
    time = None if at is None else parse_instant(at, policy.utc_offset_s)
    return Decoded(name.strip() or None, time, 0, found.values, {}, found.extras, found.tolerated)


def _in_small_letters(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values with known keys in lower case: ThingsBoard leaves the spelling to its users."""
    spelt: dict[str, Any] = {}
    for key, value in values.items():
        small = key.casefold()
        if small in FREE_NAMES:
            key = small  # noqa: PLW2901 - the same key, spelt as we do
        if key in spelt:
            raise Refused("bad_json", f"{name[:40]!r}: two keys differ from {key!r} in letter case only")
        spelt[key] = value
    return spelt
