"""Frames, acknowledgements and what a device's policy changes."""

from __future__ import annotations

import pytest

from ingest.decoders.hj212 import Frame, FrameReader, build_ack, decode, reading_of
from ingest.decoders.hj212.ack import build_frame
from ingest.decoders.hj212.crc import modbus_crc
from ingest.decoders.hj212.frames import LONGEST_DATA
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected

HEAD = "QN=20240601080500002;ST=39;CN=2051;PW=123456;MN=T1;Flag=5;"
DATA = HEAD + "CP=&&DataTime=20240601080000;a34002-Avg=95.5&&"
FRAME = build_frame(DATA)


def one(data: bytes) -> Frame:
    (frame,) = FrameReader().feed(data)
    assert isinstance(frame, Frame)
    return frame


def modbus_frame(data: str = DATA) -> bytes:
    return b"##%04d%s%04X\r\n" % (len(data), data.encode(), modbus_crc(data.encode()))


def test_a_frame_tells_who_sent_what_by_which_version() -> None:
    frame = one(FRAME)
    assert (frame.cn, frame.mn, frame.version, frame.wants_ack) == ("2051", "T1", 2017, True)


@pytest.mark.parametrize(
    ("flag", "version"), [("1", 2005), ("5", 2017), ("9", 2025), ("13", None), ("", 2005)]
)
def test_the_version_stands_in_the_upper_bits_of_flag(flag: str, version: int | None) -> None:
    assert one(build_frame(DATA.replace("Flag=5", f"Flag={flag}"))).version == version


def test_the_acknowledgement_has_the_same_qn_and_asks_for_nothing() -> None:
    answer = build_ack(one(FRAME))
    assert answer == build_frame("QN=20240601080500002;ST=91;CN=9014;PW=123456;MN=T1;Flag=4;CP=&&&&")
    assert one(answer).is_system


@pytest.mark.parametrize(("asked", "answered"), [("1", "0"), ("5", "4"), ("7", "4"), ("9", "8")])
def test_the_acknowledgement_speaks_the_version_it_was_asked_in(asked: str, answered: str) -> None:
    frame = one(build_frame(DATA.replace("Flag=5", f"Flag={asked}")))
    assert one(build_ack(frame)).fields["Flag"] == answered


def test_a_frame_without_qn_is_acknowledged_without_one() -> None:
    frame = one(build_frame("ST=39;CN=2011;PW=1;MN=T1;Flag=5;CP=&&a34002-Rtd=1&&"))
    assert "QN" not in one(build_ack(frame)).fields


@pytest.mark.parametrize("cn", ["9015", "9014", "3019", "3020", "3021", "2081"])
def test_a_heartbeat_or_notice_is_a_system_frame_and_no_reading(cn: str) -> None:
    frame = one(build_frame(f"QN=20240601080500002;ST=91;CN={cn};PW=1;MN=T1;Flag=9;CP=&&&&"))
    assert frame.is_system
    assert reading_of(frame, DevicePolicy()) == DeviceNotice(f"hj212_{cn}", "T1", frame.raw)


def test_the_modbus_checksum_is_taken_only_from_the_device_that_has_the_switch() -> None:
    policies = {"T1": DevicePolicy(modbus_crc=True)}
    other = modbus_frame(DATA.replace("MN=T1", "MN=T2"))
    taken, refused = decode(modbus_frame() + other, "", lambda mn: policies.get(mn or "", DevicePolicy()))
    assert isinstance(taken, Decoded)
    assert taken.tolerated == ("modbus_crc",)
    assert isinstance(refused, Rejected)
    assert refused.code == "bad_crc"
    assert "modbus_crc: true" in refused.detail


def test_a_device_with_the_modbus_switch_may_send_the_right_checksum_too() -> None:
    (result,) = decode(FRAME, "", lambda _: DevicePolicy(modbus_crc=True))
    assert isinstance(result, Decoded)
    assert result.tolerated == ()


def test_either_case_of_the_checksum_is_right() -> None:
    frame = FRAME.rstrip()
    assert one(frame[:-4] + frame[-4:].lower()).raw == frame[:-4] + frame[-4:].lower()


def test_the_length_counts_bytes_of_utf8() -> None:
    frame = build_frame(HEAD + "CP=&&DataTime=20240601080000;a34002-Avg=1;Addr=城东镇&&")
    (result,) = decode(frame, "", lambda _: DevicePolicy())
    assert isinstance(result, Decoded)
    assert result.extras == {"Addr": "城东镇"}


@pytest.mark.parametrize(
    ("cn", "period_ms"), [("2011", 0), ("2051", 60_000), ("2061", 3_600_000), ("2031", 86_400_000)]
)
def test_datatime_is_the_start_of_the_window_that_the_command_names(cn: str, period_ms: int) -> None:
    (result,) = decode(build_frame(DATA.replace("CN=2051", f"CN={cn}")), "", lambda _: DevicePolicy())
    assert isinstance(result, Decoded)
    assert (result.time, result.period) == (1_717_200_000_000, period_ms)  # 08:00 at UTC+8


def test_the_length_of_minute_data_is_the_devices_own() -> None:
    (result,) = decode(FRAME, "", lambda _: DevicePolicy(minute_s=300))
    assert isinstance(result, Decoded)
    assert result.period == 300_000


def test_the_offset_of_the_device_is_taken_off() -> None:
    (result,) = decode(FRAME, "", lambda _: DevicePolicy(clock=0))
    assert isinstance(result, Decoded)
    assert result.time == 1_717_200_000_000 + 8 * 3_600_000


def test_a_length_that_lies_costs_only_its_own_frame() -> None:
    stream = b"##9998" + b"x" * 50 + FRAME + b"##0500short" + FRAME
    found = FrameReader().feed(stream)
    assert [type(piece) for piece in found] == [Rejected, Frame, Rejected, Frame]
    assert [piece.code for piece in found if isinstance(piece, Rejected)] == ["bad_length", "bad_length"]


def test_the_longest_frame_is_read_and_noted() -> None:
    text = HEAD + "CP=&&DataTime=20240601080000;a34002-Avg=95.5;x=" + "y" * LONGEST_DATA
    frame = one(build_frame(text[: LONGEST_DATA - 2] + "&&"))
    assert frame.tolerated == ("long_frame",)


def test_a_payload_of_nothing_but_broken_frames_is_refused_as_a_whole() -> None:
    (result,) = decode(b"##9999QN" * 30_000, "", lambda _: DevicePolicy())
    assert isinstance(result, Rejected)
    assert result.code == "too_large"


def test_what_cannot_be_the_beginning_of_a_frame_is_one_piece_of_noise() -> None:
    (noise, frame) = FrameReader().feed(b"##4096##0000####4096 QN=" + FRAME)
    assert isinstance(noise, Rejected)
    assert noise.raw == b"##4096##0000####4096 QN="
    assert isinstance(frame, Frame)


def test_a_megabyte_is_refused_unread() -> None:
    (result,) = decode(FRAME * 10_000, "", lambda _: DevicePolicy())
    assert isinstance(result, Rejected)
    assert result.code == "too_large"
