"""The page that tells how to connect a monitor: every example on it is read by the decoder it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.batches import Row
from ingest.decoders.hj212.ack import build_frame
from ingest.records import Background, Signal
from ingest.register import Register, load_register
from ingest.resolve import Arrival, Resolver
from tests.counties import device, write_county

PAGE = (Path(__file__).parents[3] / "deploy" / "docs" / "monitors.md").read_text(encoding="utf-8")
NOW = 1_795_392_060_000
EXAMPLES = re.findall(r"^\| (`?\w+`?)[^|]*\| `([^`]+)`[^|]*\| `(\{.*\})` \|$", PAGE, re.MULTILINE)
DEVICES = [
    device("ID"),
    device("ag", format="airgradient", aliases=["SERIAL"]),
    device("rohr", format="airrohr", aliases=["esp8266-1", "1"]),
    device("board", format="thingsboard"),
    device("ping", format="qingping", aliases=["MAC"]),
    device("hj", format="hj212", aliases=["MN1"]),
]
FILTERS = [
    {"filter": "dust/v1/+/readings", "format": "json_v1"},
    {"filter": "airgradient/readings/+", "format": "airgradient"},
    {"filter": "airrohr/+", "format": "airrohr"},
    {"filter": "v1/gateway/telemetry", "format": "thingsboard"},
    {"filter": "/+/+/up", "format": "qingping"},
    {"filter": "hj212/+", "format": "hj212"},
]
NAMES = {"airrohr": "1", "thingsboard": "board"}  # in place of ID


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A county with a monitor of each format."""
    county = {"name": "示范县", "background": [{"area": "county", "stations": ["STATION"]}]}
    more = {"county.yaml": county, "ingest.yaml": {"filters": FILTERS, "signals": {"mqtt": True}}}
    return load_register(write_county(tmp_path_factory.mktemp("county"), DEVICES, extra=more))


def test_the_page_has_an_example_of_every_payload_that_is_json() -> None:
    assert {name.strip("`") for name, _, _ in EXAMPLES} == {
        *{"json_v1", "airgradient", "airrohr", "thingsboard", "qingping"},
        *{"background", "signal"},
    }


@pytest.mark.parametrize(
    ("name", "topic", "payload"), EXAMPLES, ids=[name.strip("`") for name, _, _ in EXAMPLES]
)
def test_an_example_is_read(register: Register, name: str, topic: str, payload: str) -> None:
    format = name.strip("`")
    own = NAMES.get(format, "ID")
    topic = (
        topic.removeprefix("as in `ingest.yaml`: ")
        .replace("PLACE", "site-1")
        .replace("esp8266-ID", "esp8266-1")
    )
    body = payload.replace('"ID"', f'"{own}"')
    (found,) = Resolver(register).resolve(Arrival(topic, body.encode(), NOW))
    assert isinstance(found, {"background": Background, "signal": Signal}.get(format, Row)), found


def test_the_frame_of_the_page_is_read(register: Register) -> None:
    (words,) = re.findall(r"build_frame\('([^']+)'\)", PAGE)
    (found,) = Resolver(register).resolve(Arrival("hj212/MN1", build_frame(words), NOW))
    assert isinstance(found, Row)
    assert found.values == {"pm10": 123_400}
