"""MQTT packets as bytes: cuts a stream into packets and reads PUBLISH, without any IO.

paho uses three system calls per packet and one object per message; a bridge that must keep up with a
backlog reads everything the socket holds at once. Everything but PUBLISH is left to paho.
Layout: MQTT 5.0 sections 2.1.4, 3.3 and 3.4 (the same in 3.1.1 but for the properties).
"""

from __future__ import annotations

from typing import NamedTuple

PUBLISH = 0x30
PUBACK = 0x40
_RETAIN, _DUP, _QOS = 0x01, 0x08, 0x06
_MAX_LENGTH_BYTES = 4


class ProtocolError(ValueError):
    """Bytes that no MQTT broker sends; the connection can't continue."""


class Publish(NamedTuple):
    """A PUBLISH; `mid` is 0 at QoS 0, where nothing is acknowledged."""

    topic: str
    payload: bytes
    mid: int = 0
    retain: bool = False
    dup: bool = False
    properties: bytes = b""  # MQTT 5, as they came, without their length


class Other(NamedTuple):
    """Any other packet: its first byte and everything after the remaining length."""

    command: int
    body: bytes


def cut(buffer: bytes | bytearray, mqtt5: bool) -> tuple[list[Publish | Other], int]:
    """Complete packets at the start of `buffer`, and the number of bytes they take.

    Raises ProtocolError; an incomplete packet is left for the next call.
    """
    packets: list[Publish | Other] = []
    at, size = 0, len(buffer)
    while size - at >= 2:
        command = buffer[at]
        start = at + 2
        length = buffer[at + 1]
        if length & 0x80:
            if size - at > 2 and not buffer[start] & 0x80:  # most readings: two bytes of length
                length, start = length & 0x7F | buffer[start] << 7, start + 1
            else:
                length, start = _variable(buffer, at + 1)
                if start < 0:
                    break
        end = start + length
        if end > size:
            break
        if command & 0xF0 == PUBLISH:
            packets.append(_publish(command, bytes(buffer[start:end]), mqtt5))
        else:
            packets.append(Other(command, bytes(buffer[start:end])))
        at = end
    return packets, at


def _variable(buffer: bytes | bytearray, at: int) -> tuple[int, int]:
    """A variable byte integer and the position after it; -1 if more bytes are needed."""
    value = 0
    for index in range(_MAX_LENGTH_BYTES):
        if at + index >= len(buffer):
            return 0, -1
        byte = buffer[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, at + index + 1
    raise ProtocolError("a length of more than four bytes")


def _publish(command: int, body: bytes, mqtt5: bool) -> Publish:
    try:
        at = 2 + (body[0] << 8 | body[1])
        # Not every broker refuses a topic that is no UTF-8; refused here it would come again for ever.
        topic = body[2:at].decode(errors="replace")
        mid = 0
        if command & _QOS:
            mid = body[at] << 8 | body[at + 1]
            at += 2
        properties = b""
        if mqtt5:
            length = body[at]
            at += 1
            if length:
                length, at = _variable(body, at - 1)
                properties = body[at : at + length]
                at += length
    except IndexError as error:
        raise ProtocolError(f"a PUBLISH that can't be read: {error}") from None
    if at < 0 or at > len(body):
        raise ProtocolError("a PUBLISH shorter than its own lengths")
    return Publish(topic, body[at:], mid, bool(command & _RETAIN), bool(command & _DUP), properties)


def pubacks(mids: list[int]) -> bytes:
    """PUBACK packets (reason: success) for these message ids, in this order."""
    packets = bytearray(4 * len(mids))
    packets[0::4] = bytes((PUBACK,)) * len(mids)
    packets[1::4] = b"\x02" * len(mids)
    packets[2::4] = bytes([mid >> 8 for mid in mids])
    packets[3::4] = bytes([mid & 0xFF for mid in mids])
    return bytes(packets)
