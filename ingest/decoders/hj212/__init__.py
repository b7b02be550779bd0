"""HJ 212 (2005, 2017, 2025), sans-IO: frames from bytes, readings from frames, answers to devices.

`frames` cuts a stream of bytes, `parse` reads the contents of a frame by the codes in `factors`, `ack` builds
the answers; `messages` does all of it for bytes that came in one piece.
"""

from __future__ import annotations

from ingest.decoders.hj212.ack import build_ack
from ingest.decoders.hj212.factors import CODES
from ingest.decoders.hj212.frames import Frame, FrameReader
from ingest.decoders.hj212.messages import decode, decode_stream
from ingest.decoders.hj212.parse import password_fault, reading_of
