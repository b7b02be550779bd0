"""Recordings of messages: JSON Lines, gzipped or not; every error names its file and line.

A line: `{"received_at": "2026-11-23T00:00:00.123Z", "topic": "...", "payload": "text"}`, or
`"payload_base64"` for bytes that are not UTF-8; `"retain": true` and `"dup": true` where they were set.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from ingest.decoders.instants import BadTime, parse_instant

_GZIP = b"\x1f\x8b"
_KEYS = frozenset({"received_at", "topic", "payload", "payload_base64", "retain", "dup"})


class RecordingError(ValueError):
    """A recording that can't be read: file, line, what is wrong."""


class Recorded(NamedTuple):
    """One message of a recording; `received_at` in ms UTC."""

    received_at: int
    topic: str
    payload: bytes
    retain: bool = False
    dup: bool = False


def read_recording(path: Path) -> Iterator[Recorded]:
    """Messages of a file in order. Raises RecordingError naming file and line."""
    try:
        with path.open("rb") as raw:
            magic = raw.peek(2)[:2]
            stream: Any = gzip.GzipFile(fileobj=raw) if magic == _GZIP else raw
            yield from parse_recording(stream, str(path))
    except (OSError, EOFError) as error:
        raise RecordingError(f"{path}: can't be read: {error}") from None


def parse_recording(stream: BinaryIO | io.BufferedIOBase, name: str) -> Iterator[Recorded]:
    """Messages of an open stream; blank lines are skipped."""
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield parse_line(line, f"{name}:{number}")


def parse_line(line: bytes, place: str) -> Recorded:
    """Parse one line. Raises RecordingError beginning with `place`."""
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RecordingError(f"{place}: not a line of JSON: {error}") from None
    if not isinstance(body, dict):
        raise RecordingError(f"{place}: expected an object with received_at, topic and payload")
    unknown = sorted(set(body) - _KEYS)
    if unknown:
        raise RecordingError(f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    topic = body.get("topic")
    if not isinstance(topic, str) or not topic:
        raise RecordingError(f"{place}: topic: expected a text, got {topic!r}")
    if not isinstance(body.get("received_at"), str):
        raise RecordingError(f"{place}: received_at: expected a text such as 2026-11-23T00:00:00.123Z")
    try:
        received_at = parse_instant(body["received_at"], 0)
    except BadTime as error:
        raise RecordingError(f"{place}: received_at: {str(error).removeprefix('time: ')}") from None
    flags = {key: body.get(key, False) for key in ("retain", "dup")}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise RecordingError(f"{place}: {key}: expected true or false, got {value!r}")
    return Recorded(received_at, topic, _payload(body, place), **flags)


def _payload(body: dict[str, Any], place: str) -> bytes:
    if ("payload" in body) == ("payload_base64" in body):
        raise RecordingError(f"{place}: expected either payload or payload_base64")
    name = "payload" if "payload" in body else "payload_base64"
    text = body[name]
    if not isinstance(text, str):
        raise RecordingError(f"{place}: {name}: expected a text, got {type(text).__name__}")
    if name == "payload":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordingError(f"{place}: payload_base64: {error}") from None


# MQTT 3.1.1 has no user properties: there a played message carries its instant in its topic.
_PLAYED = "recorded/"


def played_topic(message: Recorded) -> str:
    """The topic under which a recorded message is played over MQTT 3.1.1: `recorded/MS/TOPIC`."""
    return f"{_PLAYED}{message.received_at}/{message.topic}"


def played_filter(name: str) -> str:
    """Subscription that receives messages played for the filter `name`."""
    return f"{_PLAYED}+/{name}"


def unplayed(topic: str) -> tuple[str, int | None]:
    """(topic, instant of receipt) of a played topic; (topic, None) of any other."""
    if not topic.startswith(_PLAYED):
        return topic, None
    instant, _, name = topic.removeprefix(_PLAYED).partition("/")
    return (name, int(instant)) if instant.isdigit() and name else (topic, None)
