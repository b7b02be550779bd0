"""Law of all formats: one value that can't be used does not cost the others, and is kept with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.decoders import FORMATS
from ingest.decoders.hj212.ack import build_frame
from ingest.records import Decoded, DevicePolicy, Rejected

Payload = dict[str, Any]  # quantity -> value as sent

KEYS: dict[str, dict[str, str]] = {
    "json_v1": {name: name for name in ("pm10", "pm2_5", "tsp", "temperature", "humidity", "wind_speed")},
    "hj212": {
        "pm10": "a34002",
        "pm2_5": "a34004",
        "tsp": "a34001",
        "temperature": "a01001",
        "humidity": "a01002",
        "wind_speed": "a01007",
        "wind_direction": "a01008",
    },
    "airgradient": {"pm10": "pm10", "pm2_5": "pm02", "temperature": "atmp", "humidity": "rhum"},
    "airrohr": {"pm10": "SDS_P1", "pm2_5": "SDS_P2", "temperature": "BME280_temperature"},
    "thingsboard": {"pm10": "PM10", "pm2_5": "pm25", "tsp": "tsp", "humidity": "hum"},
    "qingping": {"pm10": "pm10", "pm2_5": "pm25", "temperature": "temperature", "humidity": "humidity"},
}


def _hj212(sent: Payload) -> bytes:
    items = "".join(f"{key}-Rtd={value};" for key, value in sent.items())
    return build_frame(f"QN=20261123080000000;ST=39;CN=2011;MN=D1;CP=&&DataTime=20261123080000;{items}&&")


PAYLOADS: dict[str, Callable[[Payload], bytes]] = {
    "json_v1": lambda sent: json.dumps(sent).encode(),
    "hj212": _hj212,
    "airgradient": lambda sent: json.dumps({"serialno": "D1", **sent}).encode(),
    "airrohr": lambda sent: json.dumps(
        {
            "esp8266id": "D1",
            "sensordatavalues": [{"value_type": key, "value": value} for key, value in sent.items()],
        }
    ).encode(),
    "thingsboard": lambda sent: json.dumps({"D1": [{"ts": 1763856000000, "values": sent}]}).encode(),
    "qingping": lambda sent: json.dumps(
        {"sensorData": [{key: {"value": value, "status": 0} for key, value in sent.items()}]}
    ).encode(),
}
TOPICS = {"json_v1": "dust/v1/D1/readings", "qingping": "qingping/D1/up"}
GOOD = st.integers(1, 60)
BAD = st.sampled_from(
    ["", "--", "n/a", "NaN", "abc", "12,5", "1e999", "0x10", -9999, -999, 1_000_000, "-127.5.1", "1 2"]
)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_each_value_stands_alone(name: str, data: st.DataObject) -> None:
    keys = KEYS[name]
    good = data.draw(st.dictionaries(st.sampled_from(sorted(keys)), GOOD, max_size=4), "good")
    bad = data.draw(st.dictionaries(st.sampled_from(sorted(keys)), BAD, max_size=4), "bad")
    bad = {quantity: value for quantity, value in bad.items() if quantity not in good}
    assume(good or bad)
    mixed = data.draw(st.permutations(sorted({**good, **bad}.items())))
    sent = {keys[quantity]: value for quantity, value in mixed}
    (result,) = FORMATS[name].decode(PAYLOADS[name](sent), TOPICS.get(name, ""), lambda _: DevicePolicy())
    if not good:
        assert isinstance(result, Rejected)
        assert result.code in ("bad_value", "bad_syntax", "empty")
        return
    assert isinstance(result, Decoded)
    assert result.values == {quantity: value * 1000 for quantity, value in good.items()}
    assert set(result.set_aside) == set(bad)
    for quantity, value in bad.items():
        assert result.set_aside[quantity].raw == (str(value) if name == "hj212" else value)
        assert result.set_aside[quantity].reason in ("bad_value", "bad_syntax", "empty")


@pytest.mark.parametrize("name", FORMATS)
@given(value=st.one_of(GOOD, BAD))
@settings(max_examples=30, deadline=None)
def test_dust_under_a_key_that_no_code_names_is_named_as_unknown(name: str, value: object) -> None:
    weather = "temperature" if "temperature" in KEYS[name] else "humidity"
    sent = {"dust_x7": value, KEYS[name][weather]: 12}
    (result,) = FORMATS[name].decode(PAYLOADS[name](sent), TOPICS.get(name, ""), lambda _: DevicePolicy())
    assert isinstance(result, Decoded)
    assert result.unknown == ("dust_x7",)


@pytest.mark.parametrize("name", FORMATS)
@given(value=st.integers(1, 60), factor=st.sampled_from(["1", "0.1", "10"]))
@settings(max_examples=20, deadline=None)
def test_a_code_of_the_county_is_read_in_every_format(name: str, value: int, factor: str) -> None:
    from decimal import Decimal

    from ingest.codes import Code

    policy = DevicePolicy(codes={"dust_x7": Code("pm10", None, Decimal(factor))})
    sent = {"dust_x7": value, KEYS[name]["pm2_5"]: 12}
    (result,) = FORMATS[name].decode(PAYLOADS[name](sent), TOPICS.get(name, ""), lambda _: policy)
    assert isinstance(result, Decoded)
    assert result.values == {"pm10": int(value * Decimal(factor) * 1000), "pm2_5": 12_000}
    assert result.unknown == ()
