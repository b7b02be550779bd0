"""Mapping of vendors' attribute names to our quantities, shared by the small JSON formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ingest.records import DevicePolicy
from ingest.units import QUANTITIES, WEATHER, Refused, conversion_of, thousandths

# vendor's name -> (our quantity, the unit the vendor documents; None: the normal one)
Names = Mapping[str, tuple[str, str | None]]

# Names that people give attributes where the format leaves them free.
FREE_NAMES: Names = {
    **{name: (name, None) for name in QUANTITIES},
    "pm25": ("pm2_5", None),
    "pm2.5": ("pm2_5", None),
    "pm1_0": ("pm1", None),
    "pm1.0": ("pm1", None),
    "temp": ("temperature", None),
    "hum": ("humidity", None),
    "windspeed": ("wind_speed", None),
    "winddirection": ("wind_direction", None),
}
_GENERIC_SEGMENTS = frozenset({"readings", "telemetry", "data", "json", "up", "status", "state"})


class Attributes(NamedTuple):
    """Result of reading a vendor's attributes."""

    values: dict[str, int]
    extras: dict[str, Any]
    tolerated: tuple[str, ...]


def read_attributes(
    sent: Mapping[str, Any],
    names: Names,
    policy: DevicePolicy,
    units: Mapping[str, str] | None = None,
    texts_are_usual: bool = False,
) -> Attributes:
    """Read known attributes as values in thousandths, the rest as extras.

    `units` are those given in the payload, by the vendor's name; they take precedence over the device's
    configuration, and that over the vendor's documentation. If two attributes give one quantity, the one
    earlier in `names` is used. An impossible weather value is kept as an extra and noted (a broken
    thermometer must not cost the dust reading), an impossible dust value is refused.
    Raises Refused; `no_known_key` if no attribute is known.
    """
    values: dict[str, int] = {}
    extras = {key: value for key, value in sent.items() if key not in names}
    if len(extras) == len(sent):
        raise Refused("no_known_key", f"none of {', '.join(list(names)[:12])} is among the attributes")
    tolerated: dict[str, None] = {}
    for key, (quantity, documented) in names.items():
        value = sent.get(key)
        if value is None:
            continue
        if quantity in values:
            extras[key] = value
            continue
        unit = (units or {}).get(key) or policy.units.get(key) or policy.units.get(quantity) or documented
        if unit is not None:
            conversion_of(QUANTITIES[quantity], unit)  # an unknown unit is nobody's broken sensor
        try:
            values[quantity] = thousandths(quantity, value, unit)
        except Refused:
            if quantity not in WEATHER:
                raise
            extras[key] = value
            tolerated[f"implausible_{quantity}"] = None
        if isinstance(value, str) and not texts_are_usual:
            tolerated["number_as_text"] = None
    return Attributes(values, extras, tuple(tolerated))


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
