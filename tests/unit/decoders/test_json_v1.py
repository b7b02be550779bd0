"""The native format: devices, policies, and that its short way and its long way agree."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decoders import json_text, json_v1
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import QUANTITIES

TOPIC = "dust/v1/dev-1/readings"


def policy_of(_: str | None) -> DevicePolicy:
    return DevicePolicy()


def decoded(payload: object, policy: DevicePolicy | None = None) -> Decoded:
    raw = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    (result,) = json_v1.decode(raw, TOPIC, lambda _: policy or DevicePolicy())
    assert isinstance(result, Decoded)
    return result


def rejected(raw: bytes, topic: str = TOPIC) -> Rejected:
    (result,) = json_v1.decode(raw, topic, policy_of)
    assert isinstance(result, Rejected)
    return result


def test_the_policy_is_asked_for_by_the_key_in_the_topic() -> None:
    asked: list[str | None] = []

    def policy(key: str | None) -> DevicePolicy:
        asked.append(key)
        return DevicePolicy()

    json_v1.decode(b'{"pm10":1}', "dust/v1/1号/readings", policy)
    assert asked == ["1号"]


@pytest.mark.parametrize("topic", ["dust/v1/background/S1", "dust/v1/signals/a", "dust/v1//readings"])
def test_a_reserved_or_empty_name_is_no_device(topic: str) -> None:
    assert rejected(b'{"pm10":1}', topic).code == "unknown_device"


def test_a_rejected_element_keeps_only_itself_so_that_a_retry_repeats_no_neighbour() -> None:
    results = json_v1.decode(b'[{"pm10":1},{"pm10":"x"}]', TOPIC, policy_of)
    assert isinstance(results[1], Rejected)
    assert orjson.loads(results[1].raw) == {"pm10": "x"}


def test_a_payload_above_the_limit_is_refused_before_it_is_parsed() -> None:
    raw = b'{"pm10":1,"x":"' + b"y" * 1_000_000 + b'"}'
    assert rejected(raw).code == "too_large"


def test_a_payload_at_the_limit_is_read() -> None:
    head, tail = b'{"pm10":1,"x":"', b'"}'
    raw = head + b"y" * (json_text.MAX_PAYLOAD - len(head) - len(tail)) + tail
    assert decoded(raw).values == {"pm10": 1000}


def test_an_array_of_too_many_readings_is_refused_as_a_whole() -> None:
    assert rejected(b"[" + b"1," * 20_000 + b"1]").code == "too_large"


def test_a_number_of_thousands_of_digits_beside_a_duplicate_key_is_still_answered() -> None:
    assert rejected(b'{"pm10":1,"pm10":' + b"9" * 10_000 + b"}").code in ("bad_json", "bad_value")


@pytest.mark.parametrize("key", ["pm10", "seq", "time"])
def test_a_key_that_stands_twice_is_refused_wherever_it_is(key: str) -> None:
    assert rejected(f'{{"pm10":1,"seq":2,"time":null,"{key}":null}}'.encode()).code == "bad_json"
    assert rejected(f'[{{"pm10":1,"seq":2,"time":null,"{key}":null}}]'.encode()).code == "bad_json"


def test_units_of_the_payload_come_before_those_of_the_configuration() -> None:
    policy = DevicePolicy(units={"pm10": "mg/m3"})
    assert decoded({"pm10": 0.05}, policy).values == {"pm10": 50_000}
    assert decoded({"pm10": 50, "units": {"pm10": "ug/m3"}}, policy).values == {"pm10": 50_000}


def test_a_known_key_that_is_missing_its_value_is_still_a_sign_of_life() -> None:
    assert decoded({"pm10": None}).values == {}


FIELDS = st.dictionaries(
    st.sampled_from([*QUANTITIES, "seq", "note", "period", "time"]),
    st.none()
    | st.integers(-5, 400)
    | st.floats(-5, 400)
    | st.sampled_from(["12", "x", "2026-11-23T08:00:00Z"]),
    max_size=6,
)


@given(fields=FIELDS)
@settings(max_examples=300, deadline=None)
def test_the_short_way_and_the_long_way_agree(fields: dict[str, object]) -> None:
    raw = json.dumps(fields).encode()
    # a flag for a quantity we don't know changes nothing, but a unit that needs no conversion and one
    # that is null takes the long way
    long_way = json.dumps({**fields, "units": {"noise": None, "humidity": "%"}}).encode()
    short, long = (json_v1.decode(text, TOPIC, policy_of)[0] for text in (raw, long_way))
    if isinstance(long, Rejected):
        assert isinstance(short, Rejected)
        assert (short.code, short.detail) == (long.code, long.detail)
    else:
        assert short.from_raw(b"") == long.from_raw(b"")
