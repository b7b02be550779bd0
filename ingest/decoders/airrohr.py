"""airRohr (sensor.community): a list of value types and texts, without a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest.codes import Code, Codes, others
from ingest.decoders import json_text
from ingest.decoders.attributes import Odd, key_in_topic, key_text, read_attributes
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import Refused

# P1 is PM10, P2 is PM2.5, P0 is PM1, behind the name of the sensor chip or alone. Without a chip's name they
# are counts where the PPD42NS gives its low pulse occupancy beside them.
_DUST_CHIPS = ("SDS_", "SPS30_", "NPM_", "PMS_", "HPM_")
_CLIMATE_CHIPS = ("BME280_", "BMP280_", "BMP_", "SHT3X_", "HTU21D_", "DS18B20_", "")
_SIZES = (("P1", "pm10"), ("P2", "pm2_5"), ("P0", "pm1"))
CODES: Codes = {
    **{f"{chip}{size}": Code(quantity) for chip in _DUST_CHIPS for size, quantity in _SIZES},
    **{size: Code(q, counts_beside=(f"ratio{size}", f"dur{size}", "cpm")) for size, q in _SIZES},
    **{f"{chip}{name}": Code(name) for chip in _CLIMATE_CHIPS for name in ("temperature", "humidity")},
    **{f"{chip}pressure": Code("pressure", "Pa") for chip in _CLIMATE_CHIPS},
    "noise_LAeq": Code("noise"),
    **others(
        *("samples", "min_micro", "max_micro", "interval", "signal", "cpm"),
        *(f"{beside}{size}" for beside in ("dur", "ratio") for size, _ in _SIZES),
        *("SPS30_P4", "SPS30_N05", "SPS30_N1", "SPS30_N25", "SPS30_N4", "SPS30_N10", "SPS30_TS"),
        *("NPM_NC0", "NPM_NC1", "NPM_NC2", "noise_LA_min", "noise_LA_max"),
        *("GPS_lat", "GPS_lon", "GPS_height", "GPS_timestamp"),
    ),
}
_LIST = "sensordatavalues"
_IDS = ("esp8266id", "esp32id", "chipid", "sensor_id")


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One reading; the device is the id in the payload, else the last meaningful segment of the topic."""
    try:
        sent = json_text.load_object(payload)
        values, twice = _values(sent.pop(_LIST, None))
        ids = [key for key in (key_text(sent.get(name)) for name in _IDS) if key]
        device = ids[0] if ids else key_in_topic(topic)
        found = read_attributes(values, CODES, policy_of(device), Odd(refused=twice, texts_are_usual=True))
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    extras = {**sent, **found.extras}
    return [Decoded(device, None, 0, found.values, {}, extras, found.tolerated, {}, *found[3:])]


def _values(listed: Any) -> tuple[dict[str, Any], dict[str, Refused]]:
    """(value by type, types that stand there twice with different values)."""
    if not isinstance(listed, list):
        raise Refused("no_known_key", f"no list {_LIST}")
    values: dict[str, Any] = {}
    twice: dict[str, Refused] = {}
    for item in listed:
        name = item.get("value_type") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise Refused("bad_json", f"{_LIST}: an item without a text value_type")
        if values.setdefault(name, item.get("value")) != item.get("value"):
            twice[name] = Refused("bad_json", f"{_LIST}: {name[:40]!r} stands twice with different values")
    return values, twice
