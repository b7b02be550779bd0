"""airRohr (sensor.community): a list of value types and texts, without a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest.decoders import json_text
from ingest.decoders.attributes import Names, key_in_topic, key_text, read_attributes
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import Refused

# P1 is PM10, P2 is PM2.5, P0 is PM1, behind the name of the sensor chip or alone.
_DUST_CHIPS = ("SDS_", "SPS30_", "NPM_", "PMS_", "HPM_", "")
_CLIMATE_CHIPS = ("BME280_", "BMP280_", "BMP_", "SHT3X_", "HTU21D_", "DS18B20_", "")
NAMES: Names = {
    **{
        f"{chip}{size}": (quantity, None)
        for chip in _DUST_CHIPS
        for size, quantity in (("P1", "pm10"), ("P2", "pm2_5"), ("P0", "pm1"))
    },
    **{f"{chip}{name}": (name, None) for chip in _CLIMATE_CHIPS for name in ("temperature", "humidity")},
    **{f"{chip}pressure": ("pressure", "Pa") for chip in _CLIMATE_CHIPS},
    "noise_LAeq": ("noise", None),
}
_LIST = "sensordatavalues"
_IDS = ("esp8266id", "esp32id", "chipid", "sensor_id")


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One reading; the device is the id in the payload, else the last meaningful segment of the topic."""
    try:
        sent = json_text.load_object(payload)
        values = _values(sent.pop(_LIST, None))
        ids = [key for key in (key_text(sent.get(name)) for name in _IDS) if key]
        device = ids[0] if ids else key_in_topic(topic)
        found = read_attributes(values, NAMES, policy_of(device), texts_are_usual=True)
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    return [Decoded(device, None, 0, found.values, {}, {**sent, **found.extras}, found.tolerated)]


def _values(listed: Any) -> dict[str, Any]:
    if not isinstance(listed, list):
        raise Refused("no_known_key", f"no list {_LIST}")
    values: dict[str, Any] = {}
    for item in listed:
        name = item.get("value_type") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise Refused("bad_json", f"{_LIST}: an item without a text value_type")
        if values.setdefault(name, item.get("value")) != item.get("value"):
            raise Refused("bad_json", f"{_LIST}: {name[:40]!r} stands twice with different values")
    return values
