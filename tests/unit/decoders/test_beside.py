"""Range and raw count beside a PM10 value: out of HJ 212 and native payloads, through a batch and its bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from ingest.batches import Row, readings_of
from ingest.codec import decode_readings, encode_readings
from ingest.decoders.hj212 import decode as decode_hj212
from ingest.decoders.hj212.crc import hj212_crc
from ingest.decoders.json_v1 import decode
from ingest.records import MISSING, Decoded, DevicePolicy

TOPIC = "dust/v1/dev-1/readings"
MILLIGRAMS = DevicePolicy(units={"pm10": "mg/m3"})


def native(policy: DevicePolicy | None = None, **sent: Any) -> Decoded:
    (one,) = decode(orjson.dumps({"pm10": 90.0, **sent}), TOPIC, lambda _: policy or DevicePolicy())
    assert isinstance(one, Decoded)
    return one


def framed(cp: str, cn: str = "2051", units: dict[str, str] | None = None) -> Decoded:
    head = f"QN=20240601081000000;ST=39;CN={cn};PW=1;MN=m;Flag=5;CP=&&DataTime=20240601080000;"
    data = f"{head}{cp}&&".encode()
    payload = b"##%04d%s%04X\r\n" % (len(data), data, hj212_crc(data))
    (one,) = decode_hj212(payload, "hj/m", lambda _: DevicePolicy(units=units or {}))
    assert isinstance(one, Decoded)
    return one


def test_the_range_of_minute_data_is_taken_in_the_unit_of_the_mean_and_stays_in_the_extras() -> None:
    one = framed("a34002-Min=0.08,a34002-Avg=0.09,a34002-Max=0.11", units={"a34002": "mg/m3"})
    assert one.values == {"pm10": 90_000}
    assert one.beside == {"pm10_min": 80_000, "pm10_max": 110_000}
    assert one.extras == {"a34002-Min": 0.08, "a34002-Max": 0.11}


def test_a_real_time_value_has_no_range_and_a_code_is_none() -> None:
    assert framed("a34002-Rtd=90,a34002-Min=80", cn="2011").beside == {}
    assert framed("a34002-Min=-9999,a34002-Avg=90,a34002-Max=x").beside == {}
    assert framed("a34001-Min=1,a34001-Avg=2,a34001-Max=3").beside == {}


def test_a_raw_count_is_taken_where_one_is_sent() -> None:
    assert framed("a34002-Rtd=90;cpm=45.5", cn="2011").beside == {"pm10_count": 45_500}
    assert native(cpm=45.5).beside == {"pm10_count": 45_500}


def test_native_extras_name_the_range_in_the_unit_of_the_value() -> None:
    assert native(pm10_min=80, pm10_max=110.5).beside == {"pm10_min": 80_000, "pm10_max": 110_500}
    assert native(MILLIGRAMS, pm10=0.09, pm10_min=0.08).beside == {"pm10_min": 80_000}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(None, id="null"),
        pytest.param(True, id="a truth value"),
        pytest.param([1], id="a list"),
        pytest.param({"a": 1}, id="an object"),
        pytest.param("x", id="a text"),
        pytest.param(-999, id="a code for no value"),
        pytest.param(1e12, id="too great"),
        pytest.param("nan", id="no number (nan)"),
    ],
)
def test_what_is_no_such_number_is_left_in_the_extras_alone(odd: Any) -> None:
    one = native(cpm=odd, pm10_max=odd)
    assert one.beside == {}
    assert set(one.extras) == {"cpm", "pm10_max"}


def row(beside: dict[str, int]) -> Row:
    return Row("dev-1", "site-1", 0, 0, 5, {"pm10": 90_000}, {}, {}, (), beside)


def test_a_batch_has_the_columns_that_one_of_its_rows_needs_and_they_come_back() -> None:
    made = decode_readings(encode_readings(readings_of([row({}), row({"pm10_count": 7_000})])))
    assert {name: column.tolist() for name, column in made.beside.items()} == {"pm10_count": [MISSING, 7_000]}
    plain = readings_of([row({})])
    assert (plain.beside, decode_readings(encode_readings(plain)).beside) == ({}, {})


def test_a_reader_leaves_columns_aside_that_it_does_not_know() -> None:
    made = readings_of([row({})])
    made.beside = {"something_later": np.array([1], np.int64)}
    value = encode_readings(made)
    with pa.ipc.open_stream(value) as reader:
        assert "something_later" in reader.schema.names
    found = decode_readings(value)
    assert (found.beside, found.values["pm10"].tolist()) == ({}, [90_000])
