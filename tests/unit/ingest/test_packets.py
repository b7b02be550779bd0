"""Cutting a stream of MQTT packets, whatever pieces it comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt import user_property
from ingest.packets import Other, ProtocolError, Publish, cut, pubacks
from tests.mqtt_load import publish_packet

CONNACK = b"\x20\x02\x00\x00"


def packed(name: str, value: str) -> bytes:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = (name, value)
    return bytes(properties.pack())


def mqtt5(topic: str, payload: bytes, mid: int, properties: bytes = b"\x00", flags: int = 0x32) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + properties + payload
    length = bytearray()
    rest = len(body)
    while True:
        rest, low = divmod(rest, 128)
        length.append(low | (0x80 if rest else 0))
        if not rest:
            return bytes([flags]) + bytes(length) + body


def test_a_message_is_read_with_its_flags() -> None:
    packets, used = cut(mqtt5("a/b", b"x", 258, flags=0x3B), mqtt5=True)
    assert packets == [Publish("a/b", b"x", 258, retain=True, dup=True)]
    assert used == 11


def test_a_message_of_3_1_1_has_no_properties() -> None:
    assert cut(publish_packet("a/b", b"x", 7), mqtt5=False)[0] == [Publish("a/b", b"x", 7)]


def test_a_message_at_qos_0_has_no_id() -> None:
    assert cut(b"\x30\x05\x00\x01a\x00x", mqtt5=True)[0] == [Publish("a", b"x")]


def test_a_user_property_is_found() -> None:
    packets, _ = cut(mqtt5("a", b"{}", 1, packed("received_at", "2026-11-23T00:00:00.123Z")), mqtt5=True)
    message = packets[0]
    assert isinstance(message, Publish)
    assert message.payload == b"{}"
    assert user_property(message.properties, "received_at") == "2026-11-23T00:00:00.123Z"
    assert user_property(message.properties, "other") is None


def test_long_properties_are_found_too() -> None:
    packets, _ = cut(mqtt5("a", b"{}", 1, packed("received_at", "x" * 300)), mqtt5=True)
    assert isinstance(packets[0], Publish)
    assert user_property(packets[0].properties, "received_at") == "x" * 300


def test_other_packets_are_handed_over_as_they_are() -> None:
    assert cut(CONNACK, mqtt5=False) == ([Other(0x20, b"\x00\x00")], 4)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=5), st.integers(1, 50))
def test_pieces_of_any_size_give_the_same_packets(sizes: list[int], step: int) -> None:
    stream = CONNACK + b"".join(mqtt5("t/é", bytes(n), i + 1) for i, n in enumerate(sizes))
    whole, used = cut(stream, mqtt5=True)
    assert used == len(stream)
    found, buffer = [], bytearray()
    for at in range(0, len(stream), step):
        buffer += stream[at : at + step]
        packets, used = cut(buffer, mqtt5=True)
        del buffer[:used]
        found += packets
    assert found == whole


@given(st.binary(max_size=64))
def test_any_bytes_are_packets_or_a_protocol_error(data: bytes) -> None:
    try:
        packets, used = cut(data, mqtt5=True)
    except ProtocolError:
        return
    assert used <= len(data)
    assert len(packets) <= len(data)


@pytest.mark.parametrize(
    "packet",
    [b"\x32\x03\x00\x09a", b"\x32\x00", b"\x20\xff\xff\xff\xff\x01"],
    ids=["topic longer than the packet", "nothing in it", "length of five bytes"],
)
def test_a_packet_that_lies_ends_the_connection(packet: bytes) -> None:
    with pytest.raises(ProtocolError):
        cut(packet, mqtt5=True)


def test_a_topic_that_is_no_utf_8_is_a_message_like_others() -> None:
    packets, _ = cut(b"\x32\x09\x00\x02a\xff\x00\x07\x00{}", mqtt5=True)
    assert packets == [Publish("a\ufffd", b"{}", 7)]


def test_acknowledgements_are_packets_in_a_row() -> None:
    assert pubacks([1, 258, 65535]) == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\xff\xff"
