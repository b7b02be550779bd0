"""Payloads of simulated monitors: values to topic and payload, one function per format."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ingest.decoders.hj212.ack import build_frame

Values = dict[str, float]
Message = tuple[str, bytes]
_CHINA = timedelta(hours=8)


def json_v1(key: str, at_ms: int, values: Values, seq: int) -> Message:
    """Native JSON, as read by `ingest/decoders/json_v1.py`."""
    stamp = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    body = {"time": stamp.replace("+00:00", "Z"), **values, "seq": seq}
    return f"dust/v1/{key}/readings", json.dumps(body).encode()


_HJ_CODES = {
    "tsp": "a34001",
    "pm10": "a34002",
    "pm2_5": "a34004",
    "temperature": "a01001",
    "humidity": "a01002",
    "wind_speed": "a01007",
    "wind_direction": "a01008",
}


def hj212(key: str, at_ms: int, values: Values, seq: int) -> Message:
    """Real-time data (CN 2011) of a construction-site dust monitor (ST 39), local time UTC+8."""
    local = (datetime.fromtimestamp(at_ms / 1000, UTC) + _CHINA).strftime("%Y%m%d%H%M%S")
    parts = [f"{code}-Rtd={values[name]},{code}-Flag=N" for name, code in _HJ_CODES.items() if name in values]
    # a01006 is in kPa
    parts.append(f"a01006-Rtd={values['pressure'] / 10:.2f},a01006-Flag=N")
    data = (
        f"QN={local}{seq % 1000:03d};ST=39;CN=2011;PW=123456;MN={key};Flag=5;"
        f"CP=&&DataTime={local};{';'.join(parts)}&&"
    )
    return f"hj212/{key}", build_frame(data)


def airgradient(key: str, at_ms: int, values: Values, seq: int) -> Message:
    """AirGradient's local MQTT reading, which carries no time."""
    body = {
        "serialno": key,
        "wifi": -50 - seq % 9,
        "pm02": values["pm2_5"],
        "pm10": values["pm10"],
        "atmp": values["temperature"],
        "rhum": values["humidity"],
        "boot": seq,
    }
    return f"airgradient/readings/{key}", json.dumps(body).encode()


def airrohr(key: str, at_ms: int, values: Values, seq: int) -> Message:
    """sensor.community firmware: numbers as text, no time."""
    sent = {
        "SDS_P1": values["pm10"],
        "SDS_P2": values["pm2_5"],
        "BME280_temperature": values["temperature"],
        "BME280_humidity": values["humidity"],
        "samples": 1_000_000 + seq,
    }
    body = {
        "software_version": "NRZ-2024-135",
        "sensordatavalues": [{"value_type": k, "value": str(v)} for k, v in sent.items()],
    }
    return f"airrohr/{key}", json.dumps(body).encode()


PAYLOADS: dict[str, Callable[[str, int, Values, int], Message]] = {
    "json_v1": json_v1,
    "hj212": hj212,
    "airgradient": airgradient,
    "airrohr": airrohr,
}
