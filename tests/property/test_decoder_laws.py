"""Laws of the decoders: any bytes give results or a reason, and the pieces of a stream don't matter."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batches import aside_text
from ingest.decoded_lines import decode_lines
from ingest.decoders import FORMATS
from ingest.decoders.hj212 import Frame, FrameReader, build_ack
from ingest.decoders.hj212.ack import build_frame
from ingest.decoders.hj212.frames import LONGEST_DATA
from ingest.decoders.notices import decode_background, decode_signal, decode_status
from ingest.records import REJECTION_CODES, STATES, Decoded, DeviceNotice, DevicePolicy, Rejected
from ingest.units import QUANTITIES, THOUSAND

POLICIES = st.builds(
    DevicePolicy,
    clock=st.integers(-14, 14).map(lambda hours: hours * 3600),
    units=st.dictionaries(
        st.sampled_from(["pm10", "tsp", "a34002", "pressure", "pm25"]),
        st.sampled_from(["ug/m3", "mg/m3", "kPa", "hPa", "furlong", ""]),
        max_size=2,
    ),
    modbus_crc=st.booleans(),
)
TOPICS = st.sampled_from(
    ["", "dust/v1/dev-1/readings", "dust/v1//readings", "dust/v1/signals/x", "dust/v1/background/S1",
     "airgradient/readings/abc", "/qingping/582D34700B3E/up", "v1/gateway/telemetry", "/", "a/b"]
)  # fmt: skip
KEYS = st.sampled_from(
    [*QUANTITIES, "time", "period", "flags", "units", "seq", "pm02", "atmp", "serialno", "sensordatavalues",
     "value_type", "value", "unit", "status", "ts", "values", "sensorData", "timestamp", "mac", "id", "label",
     "kind", "level", "from", "until", "pm25", "PM10"]
) | st.text(max_size=4)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.sampled_from(["12.5", " 7", "nan", "N", "D", "ug/m3", "mg/m3", "SDS_P1", "2026-11-23T08:00:00",
                       "2026-11-23T08:00:00Z", "1763856000", "start", "end", "alert", "0001-01-01T00:00:00+14:00"])
    | st.text(max_size=5)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
JSON_PAYLOADS = VALUES.map(lambda value: json.dumps(value).encode())
HJ_FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["a34001-Rtd", "a34002-Avg", "a34002-Flag", "A34004-RTD", "LA-Rtd", "Leq-Data", "a01006-Rtd",
                         "H01-Rtd", "DataTime", "Flag", "cpm", "RF", "", "-", "a-b-c"]),
        st.sampled_from(["12.5", " 7", "-9999", "N", "D", "", "20240601080000", "20241301000000", "1e3", "NaN",
                         "1e999", "城东"]),
        st.sampled_from([";", ",", ";;", ", "]),
    ),
    max_size=8,
).map(lambda items: "".join(f"{key}={value}{parted}" for key, value, parted in items))  # fmt: skip
HJ_FRAMES = st.builds(
    lambda cn, flag, cp: build_frame(
        f"QN=20240601080500002;ST=39;CN={cn};PW=1;MN=T1;Flag={flag};CP=&&{cp}&&"
    ),
    st.sampled_from(["2011", "2051", "2061", "2031", "9014", "9015", "", "x"]),
    st.sampled_from(["0", "1", "5", "9", "", "-1", "999999"]),
    HJ_FIELDS,
)
NOISE = st.sampled_from(
    [b"", b"\r\n", b"#", b"##", b"###", b"##02", b"##0012", b"##9999", b"noise", b"&&", b"##0004QN=&&\n", b"##4096QN", b"##0002QN", b"##0001Q", b"##0101Q", b"\x00\xff",
     b"##0187QN=20190923", b"##00xx", b"a" * 50]
) | st.binary(max_size=20)  # fmt: skip
STREAMS = st.lists(
    HJ_FRAMES | NOISE | HJ_FRAMES.flatmap(lambda f: st.integers(0, len(f)).map(lambda n: f[:n])), max_size=6
).map(b"".join)
PAYLOADS = st.binary(max_size=200) | JSON_PAYLOADS | STREAMS


def check(results: Sequence[Decoded | DeviceNotice | Rejected], payload: bytes) -> None:
    """What every consumer of a decoder relies on."""
    assert results
    for result in results:
        if isinstance(result, Rejected):
            assert result.code in REJECTION_CODES
            assert result.detail
            orjson.dumps(result.detail)
            continue
        if isinstance(result, DeviceNotice):
            assert result.kind
            continue
        assert result.time is None or -14 * 3_600_000 - result.period <= result.time < 253_402_300_800_000
        assert type(result.time) in (int, type(None))
        assert type(result.period) is int
        assert result.period >= 0
        for name, value in result.values.items():
            quantity = QUANTITIES[name]
            assert type(value) is int
            assert quantity.least * THOUSAND <= value <= quantity.greatest * THOUSAND
        assert set(result.flags) <= set(QUANTITIES)
        assert all(flag.isalnum() for flag in result.flags.values())
        assert all(one.reason in REJECTION_CODES for one in result.set_aside.values())
        aside_text(result.set_aside)
        orjson.dumps(result.extras)
        orjson.dumps(result.device)


@pytest.mark.parametrize("name", FORMATS)
@given(payload=PAYLOADS, topic=TOPICS, policy=POLICIES)
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_results_or_a_reason(
    name: str, payload: bytes, topic: str, policy: DevicePolicy
) -> None:
    check(FORMATS[name].decode(payload, topic, lambda _: policy), payload)


@pytest.mark.parametrize("name", FORMATS)
@given(payload=PAYLOADS, topic=TOPICS)
@settings(max_examples=50, deadline=None)
def test_the_listing_prints_whatever_a_decoder_gives(name: str, payload: bytes, topic: str) -> None:
    for listed in decode_lines(name, payload, topic, DevicePolicy()):
        assert sum(name in listed for name in ("rejected", "values", "notice")) == 1
        orjson.dumps(listed)


@given(payload=PAYLOADS, place=st.sampled_from(["dust/v1/background/S1", "dust/v1/signals/a", "x", ""]))
@settings(max_examples=100, deadline=None)
def test_a_notice_is_understood_or_refused(payload: bytes, place: str) -> None:
    for decode in (decode_background, decode_signal):
        notice: Any = decode(payload, place)
        if isinstance(notice, Rejected):
            assert notice.code in REJECTION_CODES
        else:
            assert notice.end is None or notice.start is None or notice.start < notice.end


@given(payload=st.one_of(PAYLOADS, st.sampled_from([b"online", b'"OFFLINE"', b""])), topic=TOPICS)
@settings(max_examples=100, deadline=None)
def test_a_status_is_understood_or_refused(payload: bytes, topic: str) -> None:
    said = decode_status(payload, topic)
    assert said.code in REJECTION_CODES if isinstance(said, Rejected) else said.state in STATES


def read(pieces: list[bytes]) -> list[Frame | Rejected]:
    reader = FrameReader()
    found = [result for piece in pieces for result in reader.feed(piece)]
    return found + reader.flush()


@given(stream=STREAMS, cuts=st.lists(st.integers(0, 3000), max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_stream_split_anywhere_gives_the_same_frames(stream: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert read(pieces) == read([stream])


@given(stream=STREAMS)
@settings(max_examples=100, deadline=None)
def test_a_stream_fed_byte_by_byte_gives_the_same_frames(stream: bytes) -> None:
    assert read([stream[i : i + 1] for i in range(len(stream))]) == read([stream])


@given(
    frames=st.lists(HJ_FRAMES, min_size=1, max_size=5), ends=st.lists(st.booleans(), min_size=5, max_size=5)
)
@settings(max_examples=100, deadline=None)
def test_joined_frames_with_or_without_line_ends_are_all_found(frames: list[bytes], ends: list[bool]) -> None:
    stream = b"".join(
        frame if end else frame.removesuffix(b"\r\n") for frame, end in zip(frames, ends, strict=False)
    )
    found = read([stream])
    assert [piece.raw for piece in found] == [frame.removesuffix(b"\r\n") for frame in frames]
    assert all(isinstance(piece, Frame) for piece in found)


@given(frames=st.lists(HJ_FRAMES, min_size=1, max_size=3), noise=st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_after_noise_and_a_line_end_the_next_frames_are_found(frames: list[bytes], noise: bytes) -> None:
    plain = noise.replace(b"#", b".")
    found = read([plain + b"\r\n", *frames])
    assert [piece.raw for piece in found if isinstance(piece, Frame)] == [
        f.removesuffix(b"\r\n") for f in frames
    ]


@given(frame=HJ_FRAMES, at=st.integers(0, 10_000), change=st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_a_changed_length_or_checksum_is_never_taken_for_the_frame(
    frame: bytes, at: int, change: int
) -> None:
    bare = frame.removesuffix(b"\r\n")
    spots = [2, 3, 4, 5, *range(len(bare) - 4, len(bare))]
    spot = spots[at % len(spots)]
    broken = bytearray(bare)
    broken[spot] ^= change
    if bytes(broken).upper() != bare.upper():
        assert bare not in [piece.raw for piece in read([bytes(broken)]) if isinstance(piece, Frame)]


@given(frame=HJ_FRAMES)
@settings(max_examples=100, deadline=None)
def test_an_acknowledgement_is_itself_a_well_formed_frame(frame: bytes) -> None:
    (asked,) = read([frame])
    assert isinstance(asked, Frame)
    (answer,) = read([build_ack(asked)])
    assert isinstance(answer, Frame)
    assert answer.cn == "9014"
    assert not answer.wants_ack


@given(pieces=st.lists(NOISE | st.just(b"#" * 5000) | st.just(b"##4096") | st.just(b"x" * 9000), max_size=30))
@settings(max_examples=50, deadline=None)
def test_the_buffer_stays_within_two_frames(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        reader.feed(piece)
        assert len(reader._buffer) <= 2 * (LONGEST_DATA + 10)
