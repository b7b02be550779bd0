"""Recordings: read what a recorder wrote, and say where one is broken."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders.instants import instant_text
from ingest.recording import Recorded, RecordingError, parse_line, read_recording
from tests.recordings import GENERATED
from tests.series import HURT, damaged

GOOD = b'{"received_at": "2026-11-23T00:00:00.123Z", "topic": "a/b", "payload": "x"}\n'
AT = 1795392000123
BROKEN = {
    "no JSON": (b"{", "not a line of JSON"),
    "an array": (b"[]", "expected an object"),
    "an unknown key": (b'{"recieved_at": 1}', "unknown key 'recieved_at'"),
    "no topic": (b'{"received_at": "2026-11-23T00:00:00Z", "payload": ""}', "topic: expected a text"),
    "no instant": (b'{"topic": "a", "payload": ""}', "received_at: expected a text"),
    "an impossible instant": (b'{"received_at": "yesterday", "topic": "a", "payload": ""}', "received_at: "),
    "no payload": (
        b'{"received_at": "2026-11-23T00:00:00Z", "topic": "a"}',
        "either payload or payload_base64",
    ),
    "two payloads": (
        b'{"received_at": "2026-11-23T00:00:00Z", "topic": "a", "payload": "", "payload_base64": ""}',
        "either payload or payload_base64",
    ),
    "a payload that is no text": (
        b'{"received_at": "2026-11-23T00:00:00Z", "topic": "a", "payload": {"pm10": 1}}',
        "payload: expected a text, got dict",
    ),
    "broken base64": (
        b'{"received_at": "2026-11-23T00:00:00Z", "topic": "a", "payload_base64": "a"}',
        "payload_base64: ",
    ),
    "retain as text": (
        b'{"received_at": "2026-11-23T00:00:00Z", "topic": "a", "payload": "", "retain": "yes"}',
        "retain: expected true or false",
    ),
}


def line_of(message: Recorded) -> bytes:
    """A message as a recorder writes it."""
    body = {"received_at": instant_text(message.received_at), "topic": message.topic}
    try:
        body["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        body["payload_base64"] = base64.b64encode(message.payload).decode()
    flags = {name: True for name in ("retain", "dup") if getattr(message, name)}
    return json.dumps({**body, **flags}).encode() + b"\n"


@pytest.mark.parametrize(("line", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, words: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(GOOD + b"\n" + line + b"\n")
    with pytest.raises(RecordingError) as caught:
        list(read_recording(path))
    assert str(caught.value).startswith(f"{path}:3: ")
    assert words in str(caught.value)


def test_of_a_damaged_recording_every_whole_line_is_read_and_every_other_named(tmp_path: Path) -> None:
    messages = GENERATED.dust_storm_messages(["dev-a"])[:1500]
    lines = damaged(messages)
    assert {line.hurt for line in lines} == {"", *HURT}
    for number, (line, message) in enumerate(zip(lines, messages, strict=True), 1):
        if line.hurt:
            with pytest.raises(RecordingError) as caught:
                parse_line(line.text, f"r.jsonl:{number}")
            assert str(caught.value).startswith(f"r.jsonl:{number}: "), line
        else:
            assert parse_line(line.text, "").payload.decode() == message["payload"]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(line.text for line in lines))
    first = next(number for number, line in enumerate(lines, 1) if line.hurt)
    with pytest.raises(RecordingError) as caught:
        list(read_recording(path))
    assert str(caught.value).startswith(f"{path}:{first}: ")


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    messages = [Recorded(AT, "a/b", b"x"), Recorded(AT + 1, "c", b"\xff\x00", True, True)]
    lines = b"".join(line_of(message) for message in messages)
    (tmp_path / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    assert list(read_recording(tmp_path / name)) == messages


def test_a_cut_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    path.write_bytes(gzip.compress(line_of(Recorded(AT, "a", bytes(range(256)))) * 50)[:-30])
    with pytest.raises(RecordingError, match=r"r\.gz: can't be read"):
        list(read_recording(path))


def test_the_contract_line_is_read() -> None:
    assert parse_line(GOOD, "x:1") == Recorded(AT, "a/b", b"x")


@given(st.binary(max_size=50), st.booleans(), st.booleans(), st.integers(0, 4_000_000_000_000))
def test_any_payload_comes_back(payload: bytes, retain: bool, dup: bool, at: int) -> None:
    message = Recorded(at, "a", payload, retain, dup)
    assert parse_line(line_of(message), "x:1") == message
