"""AirGradient monitors: `airgradient/readings/<serial>`, one flat object without a time."""

from __future__ import annotations

from collections.abc import Callable

from ingest.codes import Codes, named, others
from ingest.decoders import json_text
from ingest.decoders.attributes import key_text, read_attributes
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import Refused

# `pm02` is PM2.5. The compensated twins (`pm02Compensated`) are corrected values: kept as extras.
CODES: Codes = {
    **named(
        {
            "pm01": "pm1",
            "pm02": "pm2_5",
            "pm10": "pm10",
            "atmp": "temperature",
            "rhum": "humidity",
        }
    ),
    **others(
        *("wifi", "boot", "bootCount", "model", "firmware", "ledMode", "rco2", "tvocIndex", "tvocRaw"),
        *("noxIndex", "noxRaw", "pm003Count", "pm005Count", "pm01Count", "pm02Count", "pm50Count"),
        *("pm10Count", "pm01Standard", "pm02Standard", "pm10Standard", "pm02Compensated"),
        *("atmpCompensated", "rhumCompensated", "channels", "resetReason", "freeHeap", "localIp"),
    ),
}
_PREFIX = "airgradient/readings/"
_SERIAL = "serialno"


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One reading; the serial number in the topic takes precedence over the one in the payload."""
    try:
        sent = json_text.load_object(payload)
        serial = key_text(sent.pop(_SERIAL, None))
        in_topic = topic.removeprefix(_PREFIX) if topic.startswith(_PREFIX) else None
        device = in_topic or serial
        found = read_attributes(sent, CODES, policy_of(device))
    except Refused as refused:
        return [json_text.rejected(refused, payload)]
    tolerated = found.tolerated
    if in_topic and serial and in_topic.casefold() != serial.casefold():
        found.extras[_SERIAL] = serial
        tolerated += ("serial_differs",)
    return [Decoded(device, None, 0, found.values, {}, found.extras, tolerated, {}, *found[3:])]
