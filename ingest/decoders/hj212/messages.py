"""Decoding of a message or a stream of HJ 212 frames: one result per frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.decoders.hj212.frames import LONGEST_DATA, Frame, FrameReader
from ingest.decoders.hj212.parse import reading_of
from ingest.decoders.json_text import MAX_PAYLOAD
from ingest.records import Decoded, DevicePolicy, Rejected

MAX_FRAMES = 1000  # in one message; noise made to look like frames must not keep a bridge busy


def decode(
    payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
) -> list[Decoded | Rejected]:
    """One result per frame; the device is the frame's MN, the topic is ignored."""
    if len(payload) > MAX_PAYLOAD:
        return [Rejected("too_large", f"{len(payload)} bytes; at most {MAX_PAYLOAD} are read", payload)]
    reader = FrameReader(policy_of)
    pieces: list[Frame | Rejected] = []
    for at in range(0, len(payload), LONGEST_DATA):
        pieces += reader.feed(payload[at : at + LONGEST_DATA])
        if len(pieces) > MAX_FRAMES:
            detail = f"more than {MAX_FRAMES} frames or broken pieces in one message"
            return [Rejected("too_large", detail, payload)]
    pieces += reader.flush()
    if not pieces:
        return [Rejected("empty", "the payload holds nothing", payload)]
    return [reading_of(piece, policy_of(piece.mn)) if isinstance(piece, Frame) else piece for piece in pieces]


def decode_stream(
    data: bytes, policy_of: Callable[[str | None], DevicePolicy]
) -> Iterator[Decoded | Rejected]:
    """One result per frame of a stream of any length, from a gateway or a file."""
    reader = FrameReader(policy_of)
    pieces = reader.feed(data) + reader.flush()
    if not pieces:
        yield Rejected("empty", "the input holds nothing", data)
    for piece in pieces:
        yield reading_of(piece, policy_of(piece.mn)) if isinstance(piece, Frame) else piece
