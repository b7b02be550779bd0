"""ThingsBoard gateways: `v1/gateway/telemetry`, several devices with several readings in one payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from ingest.decoders import json_text
from ingest.decoders.attributes import FREE_NAMES, Odd, read_attributes
from ingest.decoders.instants import sent_instant
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected
from ingest.units import Refused

_GATEWAY = "v1/gateway/"
_NO_TELEMETRY = frozenset({"attributes", "connect", "disconnect", "claim", "rpc"})  # of the gateway's API


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | DeviceNotice | Rejected]:
    """One result for each entry of each device, in the order of the payload."""
    said = topic.rpartition("/")[2]
    if topic.startswith(_GATEWAY) and said in _NO_TELEMETRY:
        return [DeviceNotice(f"thingsboard_{said}", None, payload)]
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
    results: list[Decoded | DeviceNotice | Rejected] = []
    for name, entry in entries:
        try:
            found = _reading(name, entry, policy_of(name))
            results.append(found if found.bad_time is None else found.from_raw(_alone(name, entry)))
        except Refused as refused:
            results.append(json_text.rejected(refused, _alone(name, entry)))
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
    values = entry.get("values", {key: value for key, value in entry.items() if key != "ts"})
    if not isinstance(values, dict):
        raise Refused("bad_json", f"{name[:40]!r}: values is not an object")
    spelt, twice = _in_small_letters(values)
    found = read_attributes(spelt, FREE_NAMES, policy, Odd(refused=twice))
    at = sent_instant(entry.get("ts"), policy.clock, "ts")
    device = name.strip() or None
    return Decoded(
        device, at.instant, 0, found.values, {}, found.extras, found.tolerated, {}, *found[3:], at.fault
    )


def _in_small_letters(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Refused]]:
    """(values with known keys in lower case, keys that stand there twice): users spell as they like."""
    spelt: dict[str, Any] = {}
    twice: dict[str, Refused] = {}
    for sent, value in values.items():
        small = sent.casefold()
        key = small if small in FREE_NAMES else sent
        if key in spelt:
            twice[key] = Refused("bad_json", f"two keys differ from {key[:40]!r} in letter case only")
        spelt[key] = value
    return spelt, twice
