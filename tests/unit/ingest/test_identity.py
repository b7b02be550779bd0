"""Identity as topic and payload show it: who speaks for whom, in every format; what is refused is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.decoders.hj212.ack import build_frame
from ingest.records import Background, Quarantined, Signal
from ingest.register import Register, load_register
from ingest.resolve import Arrival, Outcome, Resolver
from tests.counties import device, write_county

NOW = 1_795_392_000_000
NATIVE = b'{"pm10": 12.5}'
FILTERS = [
    {"filter": "dust/v1/+/readings", "format": "json_v1"},
    {"filter": "hj212/+", "format": "hj212"},
    {"filter": "airgradient/readings/+", "format": "airgradient"},
    {"filter": "airrohr/+", "format": "airrohr"},
    {"filter": "/+/+/up", "format": "qingping"},
    {"filter": "v1/gateway/telemetry", "format": "thingsboard"},
    {"filter": "v2/gateway/telemetry", "format": "thingsboard"},
]
DEVICES = [
    *(device(f"json-{n}") for n in (1, 2)),
    *(device(f"hj-{n}", format="hj212", aliases=[f"MN{n}"]) for n in (1, 2)),
    *(device(f"ag-{n}", format="airgradient", aliases=[f"serial{n}"]) for n in (1, 2)),
    *(device(f"rohr-{n}", format="airrohr", aliases=[f"esp8266-{n}", str(n)]) for n in (1, 2)),
    *(device(f"ping-{n}", format="qingping", aliases=[f"mac{n}"]) for n in (1, 2)),
    *(device(f"board-{n}", format="thingsboard") for n in (1, 2)),
]
USERS = [
    {"name": "east", "kind": "gateway", "devices": ["board-1"], "filters": ["v1/gateway/telemetry"]},
    {"name": "west", "kind": "gateway", "filters": ["v2/gateway/telemetry"]},
]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Two devices of each format, and two gateways."""
    county = {
        "name": "示范县",
        "zone": "Asia/Shanghai",
        "background": [{"area": "county", "stations": ["S001"]}],
    }
    more = {"ingest.yaml": {"filters": FILTERS, "users": USERS}, "county.yaml": county}
    return load_register(write_county(tmp_path_factory.mktemp("county"), DEVICES, extra=more))


def rohr(chip: int | None) -> bytes:
    named: dict[str, Any] = {} if chip is None else {"esp8266id": str(chip)}
    return json.dumps({**named, "sensordatavalues": [{"value_type": "SDS_P1", "value": "12.5"}]}).encode()


def hj(mn: str) -> bytes:
    return build_frame(f"ST=39;CN=2011;PW=123456;MN={mn};Flag=4;CP=&&a34002-Rtd=12.5&&")


def board(*names: str) -> bytes:
    return json.dumps({name: [{"values": {"pm10": 12.5}}] for name in names}).encode()


def native(**more: Any) -> bytes:
    return json.dumps({"pm10": 12.5, **more}).encode()


def outcomes(register: Register, topic: str, payload: bytes, **more: Any) -> list[Outcome]:
    return Resolver(register, **more).resolve(Arrival(topic, payload, NOW))


def codes(found: list[Outcome]) -> list[str]:
    return [one.code if isinstance(one, Quarantined) else "read" for one in found]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        pytest.param("dust/v1/json-1/readings", native(), id="native, by its topic"),
        pytest.param("dust/v1/json-1/readings", native(id="json-1"), id="native, named in both"),
        pytest.param("dust/v1/json-1/readings", native(id="17", device="gate"), id="names that nobody has"),
        pytest.param("hj212/hj-1", hj("MN1"), id="HJ 212 on its id's topic"),
        pytest.param("hj212/MN1", hj("MN1"), id="HJ 212 on its MN's topic"),
        pytest.param("hj212/anything", hj("MN1"), id="HJ 212 on a topic that names nobody"),
        pytest.param("airgradient/readings/serial1", b'{"serialno": "serial1", "pm10": 5}', id="AirGradient"),
        pytest.param(
            "airgradient/readings/serial1", b'{"serialno": "other", "pm10": 5}', id="serial unknown"
        ),
        pytest.param("airrohr/esp8266-1", rohr(1), id="airRohr"),
        pytest.param("/p/mac1/up", b'{"pm10": {"value": 5}}', id="Qingping"),
        pytest.param("v1/gateway/telemetry", board("board-1"), id="ThingsBoard, by the device's gateway"),
        pytest.param(
            "v2/gateway/telemetry", board("board-2"), id="ThingsBoard, by a gateway without devices"
        ),
    ],
)
def test_a_device_that_speaks_for_itself_is_read(register: Register, topic: str, payload: bytes) -> None:
    assert codes(outcomes(register, topic, payload)) == ["read"]


@pytest.mark.parametrize(
    ("topic", "payload", "words"),
    [
        pytest.param(
            "dust/v1/json-1/readings", native(id="json-2"), "id of the payload names json-2", id="native, id"
        ),
        pytest.param(
            "dust/v1/json-1/readings", native(MN="mn1"), "MN of the payload names hj-1", id="native, MN"
        ),
        pytest.param(
            "dust/v1/hj-1/readings", native(), "hj-1 is a device of hj212", id="a topic of another format"
        ),
        pytest.param("hj212/hj-1", hj("MN2"), "the payload names hj-2", id="HJ 212, another's MN on its id"),
        pytest.param("hj212/MN1", hj("MN2"), "the payload names hj-2", id="HJ 212, another's MN on its MN"),
        pytest.param(
            "hj212/json-1", hj("MN2"), "the payload names hj-2", id="HJ 212 on a native device's name"
        ),
        pytest.param(
            "airgradient/readings/serial1",
            b'{"serialno": "serial2", "pm10": 5}',
            "serialno of the payload names ag-2",
            id="AirGradient, another's serial",
        ),
        pytest.param("airrohr/esp8266-1", rohr(2), "the payload names rohr-2", id="airRohr, another's chip"),
        pytest.param("airrohr/x", rohr(None), "", id="airRohr that names nobody"),
        pytest.param(
            "/p/mac1/up",
            b'{"mac": "mac2", "pm10": {"value": 5}}',
            "mac of the payload names",
            id="Qingping",
        ),
        pytest.param(
            "v1/gateway/telemetry",
            board("board-2"),
            "this topic is of board-1",
            id="another gateway's device",
        ),
    ],
)
def test_a_device_that_speaks_for_another_is_refused_and_kept(
    register: Register, topic: str, payload: bytes, words: str
) -> None:
    (held,) = outcomes(register, topic, payload)
    assert isinstance(held, Quarantined)
    assert held.code == ("not_allowed" if words else "unknown_device")
    assert words in held.detail
    assert held.raw == payload


def test_of_a_gateway_s_payload_only_the_foreign_device_is_refused(register: Register) -> None:
    assert codes(outcomes(register, "v1/gateway/telemetry", board("board-1", "board-2"))) == [
        "read",
        "not_allowed",
    ]


@pytest.mark.parametrize(
    ("topic", "payload", "record"),
    [
        ("dust/v1/signals/county", b'{"kind": "alert", "level": "2"}', Signal),
        ("dust/v1/background/S001", b'{"time": 1795388400, "pm10": 80}', Background),
    ],
)
def test_orders_and_backgrounds_by_mqtt_are_taken_only_where_the_county_says_so(
    register: Register, topic: str, payload: bytes, record: type
) -> None:
    assert [type(one) for one in outcomes(register, topic, payload)] == [record]
    (held,) = outcomes(register, topic, payload, orders=False)
    assert isinstance(held, Quarantined)
    assert (held.code, held.raw) == ("not_allowed", payload)
    assert "ingest.yaml" in held.detail


def test_a_device_s_status_is_read_whatever_orders_are(register: Register) -> None:
    (status,) = outcomes(register, "dust/v1/json-1/status", b"online", orders=False)
    assert not isinstance(status, Quarantined)


def test_a_file_of_filters_alone_is_the_longer_form_without_users(tmp_path: Path) -> None:
    short = write_county(tmp_path / "short", DEVICES, extra={"ingest.yaml": FILTERS})
    long = write_county(tmp_path / "long", DEVICES, extra={"ingest.yaml": {"filters": FILTERS}})
    assert load_register(short).ingest == load_register(long).ingest
