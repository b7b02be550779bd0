"""Reading of a payload's attributes by codes, shared by the formats that are objects of names and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ingest.codes import Code, Codes, named, with_own
from ingest.decoders.values import Values, unit_of
from ingest.records import DevicePolicy, ValueAside
from ingest.units import QUANTITIES, Refused

# Names that people give attributes where the format leaves them free.
FREE_NAMES: Codes = named(
    {
        **{name: name for name in QUANTITIES},
        "pm25": "pm2_5",
        "pm2.5": "pm2_5",
        "pm1_0": "pm1",
        "pm1.0": "pm1",
        "temp": "temperature",
        "hum": "humidity",
        "windspeed": "wind_speed",
        "winddirection": "wind_direction",
    }
)
_GENERIC_SEGMENTS = frozenset({"readings", "telemetry", "data", "json", "up", "status", "state"})
_NOTHING: Mapping[str, Any] = {}


class Attributes(NamedTuple):
    """Result of reading attributes: values by quantity, the rest by the names sent."""

    values: dict[str, int]
    extras: dict[str, Any]
    tolerated: tuple[str, ...]
    set_aside: dict[str, ValueAside]
    unknown: tuple[str, ...]


class Odd(NamedTuple):
    """What a decoder knows of attributes beforehand: their units, flags, and which can't be used at all."""

    units: Mapping[str, str] = _NOTHING  # as sent in the payload, by key
    flags: Mapping[str, str] = _NOTHING  # by quantity
    refused: Mapping[str, Refused] = _NOTHING  # by key
    texts_are_usual: bool = False


PLAIN = Odd()


def read_attributes(
    sent: Mapping[str, Any], codes: Codes, policy: DevicePolicy, odd: Odd = PLAIN
) -> Attributes:
    """Read known attributes as values in thousandths, the rest as extras.

    Units in the payload take precedence over the device's configuration, and that over the vendor's
    documentation. If two attributes give one quantity, the one earlier in `codes` is used. Each value stands
    alone; a null is a missing value. Raises Refused: `no_known_key` if no attribute measures anything, or the
    first value's own reason if values are named of which none can be used.
    """
    codes = with_own(codes, policy.codes)
    extras: dict[str, Any] = {}
    unknown: list[str] = []
    measuring = False
    for key, value in sent.items():
        code = codes.get(key)
        if code is not None and code.measures:
            measuring = True
            continue
        extras[key] = value
        if code is None:
            unknown.append(key)
    if not measuring:
        known = [key for key, code in codes.items() if code.measures]
        raise Refused("no_known_key", f"none of {', '.join(known[:12])} is among the attributes")
    values = Values()
    for key, code in codes.items():
        if not code.measures or key not in sent:
            continue
        value = sent[key]
        if code.quantity in values.of:
            extras[key] = value
            continue
        why = odd.refused.get(key) or _counted(key, code, sent)
        if why is not None:
            values.put_aside(code.quantity, key, value, why)
        elif value is not None:
            values.take(code, key, value, unit_of(key, code, policy.units, odd.units.get(key)))
            if isinstance(value, str) and not odd.texts_are_usual and code.quantity in values.of:
                values.tolerated["number_as_text"] = None
    values.refuse_if_useless(odd.flags)
    return Attributes(values.of, extras, tuple(values.tolerated), values.set_aside, tuple(unknown))


def _counted(key: str, code: Code, sent: Mapping[str, Any]) -> Refused | None:
    beside = next((name for name in code.counts_beside if name in sent), None)
    if beside is None:
        return None
    return Refused("count", f"{key} beside {beside} is a count of particles, it is no concentration")


def key_in_topic(topic: str) -> str | None:
    """Segment that names the device in a topic of free layout: the last that is not a generic word."""
    for segment in reversed(topic.split("/")):
        if segment and segment not in _GENERIC_SEGMENTS:
            return segment
    return None


def key_text(value: object) -> str | None:
    """A serial number or id as text; vendors send it as text or number."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
