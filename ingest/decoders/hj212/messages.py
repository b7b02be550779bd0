"""Decoding of a message or a stream of HJ 212 frames: one result per frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.decoders.attributes import key_in_topic
from ingest.decoders.hj212.frames import LONGEST_DATA, Frame, FrameReader
from ingest.decoders.hj212.parse import reading_of
from ingest.decoders.json_text import MAX_PAYLOAD
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected

MAX_FRAMES = 1000  # in one message; noise made to look like frames must not keep a bridge busy


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | DeviceNotice | Rejected]:
    """One result per frame; the device is the frame's MN, or the topic's where a frame leaves it empty."""
    if len(payload) > MAX_PAYLOAD:
        return [Rejected("too_large", f"{len(payload)} bytes; at most {MAX_PAYLOAD} are read", payload)]
    reader = FrameReader(policy_of)
    pieces: list[Frame | DeviceNotice | Rejected] = []
    for at in range(0, len(payload), LONGEST_DATA):
        pieces += reader.feed(payload[at : at + LONGEST_DATA])
        if len(pieces) > MAX_FRAMES:
            detail = f"more than {MAX_FRAMES} frames or broken pieces in one message"
            return [Rejected("too_large", detail, payload)]
    pieces += reader.flush()
    if not pieces:
        return [Rejected("empty", "the payload holds nothing", payload)]
    return [_result(piece, policy_of, key_in_topic(topic)) for piece in pieces]


def decode_stream(
    data: bytes, policy_of: Callable[[str | None], DevicePolicy]
) -> Iterator[Decoded | DeviceNotice | Rejected]:
    """One result per frame of a stream of any length, from a gateway or a file."""
    reader = FrameReader(policy_of)
    pieces = reader.feed(data) + reader.flush()
    if not pieces:
        yield Rejected("empty", "the input holds nothing", data)
    for piece in pieces:
        yield _result(piece, policy_of, None)


def _result(
    piece: Frame | DeviceNotice | Rejected, policy_of: Callable[[str | None], DevicePolicy], key: str | None
) -> Decoded | DeviceNotice | Rejected:
    if not isinstance(piece, Frame):
        return piece
    return reading_of(piece, policy_of(piece.mn or key), key)
