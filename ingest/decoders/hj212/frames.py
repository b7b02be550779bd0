"""Framing of HJ 212: cuts a stream of bytes into frames, however it is split on arrival.

A frame is `##LLLL DATA CRC` with or without CR LF. What the reader returns depends on the bytes alone, never
on how they were split: it decides on a frame once everything needed for the decision is there. After a broken
frame it resumes at the next beginning; each broken frame or run of noise is one rejection. Its buffer is
bounded by the longest frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ingest.decoders.hj212.crc import hj212_crc, modbus_crc
from ingest.decoders.hj212.factors import NO_DATA
from ingest.records import DeviceNotice, DevicePolicy, Rejected

START = b"##"
_HEAD = 6  # "##" and the four digits
_CRC = 4
STANDARD_LENGTH = 1024  # DATA by HJ 212-2017, 6.3; devices with many factors send more
LONGEST_DATA = 4096
_NOISE = _HEAD + LONGEST_DATA + _CRC  # noise is reported in pieces of at most this
_BLANKS = b"\r\n\t \x00"
_LEADING_BLANKS = re.compile(rb"[\r\n\t \x00]+")
# A frame may begin here: every name before CP begins with two letters. Inside another frame it means
# that the outer one was cut or lies about its length. Since no frame reaches over the next beginning,
# no byte is checked twice, whatever is sent to keep the reader busy.
_BEGINNING = re.compile(rb"##[0-9]{4}[A-Za-z]{2}")
_PART_OF_BEGINNING = re.compile(rb"#(?:#(?:[0-9]{0,3}|[0-9]{4}[A-Za-z]?))?\Z")
_LONGEST_PART = 7
_CRC_TEXT = re.compile(rb"[0-9A-Fa-f]{4}\Z")
_SHORT_CRC = re.compile(rb"([0-9A-Fa-f]{1,3})(?:[\r\n\t \x00]|##|\Z)")  # printed without its leading zeros
# What a modem or logger says beside frames: nothing that could be the rest of one.
_SAYING = re.compile(rb"[^\x00-\x08\x0e-\x1f\x7f#&;=]{1,200}\Z")
_FRAME_FLAG = re.compile(r"(?:^|[;,])\s*Flag=([0-9]{1,3})\s*(?=[;,]|$)", re.ASCII | re.IGNORECASE)
_FIELD_SPELLINGS = {name.casefold(): name for name in ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO")}
_WANTS_ACK = 1


class Frame(NamedTuple):
    """A frame with valid length and checksum; `fields` are those before CP, `cp` the text inside it."""

    raw: bytes
    fields: dict[str, str]
    cp: str | None
    tolerated: tuple[str, ...] = ()

    @property
    def cn(self) -> str:
        """Command number; empty if the frame has none."""
        return self.fields.get("CN", "")

    @property
    def mn(self) -> str | None:
        """The device's own number."""
        return self.fields.get("MN") or None

    @property
    def flag_bits(self) -> int:
        """Flag as a number; 0 if it is absent or not a number (HJ 212-2005 has frames without it)."""
        text = self.fields.get("Flag", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0

    @property
    def version(self) -> int | None:
        """Year of the standard according to Flag; None for an unknown version."""
        return {0: 2005, 1: 2017, 2: 2025}.get(self.flag_bits >> 2)

    @property
    def wants_ack(self) -> bool:
        """True if the sender waits for an acknowledgement."""
        return bool(self.flag_bits & _WANTS_ACK)

    @property
    def is_system(self) -> bool:
        """True for a heartbeat, an acknowledgement or a notice: well-formed, without readings."""
        return self.cn in NO_DATA


def _defaults(_: str | None) -> DevicePolicy:
    return DevicePolicy()


class FrameReader:
    """Reader that is fed bytes as they come; returns frames and rejections in the order of the stream."""

    def __init__(self, policy_of: Callable[[str | None], DevicePolicy] = _defaults) -> None:
        self._policy_of = policy_of
        self._buffer = bytearray()
        self._noise: tuple[str, str] | None = None  # code and detail of the noise that is being read
        self._saying: bytes | None = None  # text beside frames; the next one shows that it was beside one
        self._had_frame = False

    def feed(self, data: bytes) -> list[Frame | DeviceNotice | Rejected]:
        """Frames and rejections that these bytes complete."""
        return self._read(data, final=False)

    def flush(self) -> list[Frame | DeviceNotice | Rejected]:
        """What is left when no more bytes come: a truncated frame is a rejection, a last text a notice."""
        found = self._read(b"", final=True)
        if self._saying is not None:
            found.append(self._text_alone(self._saying))
            self._saying = None
        return found

    def _text_alone(self, text: bytes) -> DeviceNotice | Rejected:
        """What text after the last frame is; before any frame it may be a device of another protocol."""
        if self._had_frame:
            return DeviceNotice("hj212_text", None, text)
        return Rejected("bad_syntax", "no frame begins here: expected ##", text)

    def _read(self, data: bytes, final: bool) -> list[Frame | DeviceNotice | Rejected]:
        found: list[Frame | DeviceNotice | Rejected] = []
        # Taking in at most one longest frame at a time keeps the buffer, and each search in it, short.
        for at in range(0, len(data), LONGEST_DATA) or (0,):
            self._buffer += data[at : at + LONGEST_DATA]
            last = final and at + LONGEST_DATA >= len(data)
            while True:
                before = len(self._buffer), self._noise
                piece = self._skip_noise(last) if self._noise else self._next(last)
                if piece is not None:
                    found += self._with_saying(piece)
                elif before == (len(self._buffer), self._noise):
                    break
        return found

    def _with_saying(self, piece: Frame | Rejected) -> list[Frame | DeviceNotice | Rejected]:
        """The piece, with the text before it; text that may be beside a frame waits for what comes."""
        said = self._saying
        if isinstance(piece, Rejected) and piece.code == "bad_syntax" and _is_saying(piece.raw):
            self._saying = piece.raw
            return [] if said is None else [self._text_alone(said)]
        self._saying = None
        if isinstance(piece, Frame):
            self._had_frame = True
            return [piece if said is None else piece._replace(tolerated=(*piece.tolerated, "text_between"))]
        return [piece] if said is None else [self._text_alone(said), piece]

    def _next(self, final: bool) -> Frame | Rejected | None:
        """One decision on the start of the buffer; None if it led to nothing (yet)."""
        buffer = self._buffer
        blanks = _LEADING_BLANKS.match(buffer)
        if blanks:
            del buffer[: blanks.end()]
        if not buffer or (len(buffer) < _HEAD and not final):
            if buffer and not START.startswith(bytes(buffer[:2])):
                self._noise = ("bad_syntax", "no frame begins here: expected ##")
            return None
        if not buffer.startswith(START):
            self._noise = ("bad_syntax", "no frame begins here: expected ##")
            return None
        digits = bytes(buffer[2:_HEAD])
        if not digits.isdigit() or len(digits) < 4:
            self._noise = ("bad_length", f"the length field is {digits!r}, not four digits")
            return None
        length = int(digits)
        if length > LONGEST_DATA:
            self._noise = ("bad_length", f"{length} bytes announced; at most {LONGEST_DATA} are read")
            return None
        name = bytes(buffer[_HEAD : _HEAD + 2])
        if len(name) < 2 and not final:
            return None
        if length < 2 or (len(name) == 2 and not name.isalpha()):
            self._noise = ("bad_syntax", f"the data begin with {name!r}, not with a name such as QN=")
            return None
        end = _HEAD + length + _CRC
        inner = _BEGINNING.search(buffer, 2, end)
        if inner:
            detail = f"{length} bytes announced, the next frame begins after {inner.start() - _HEAD}"
            return self._take(inner.start(), "bad_length", detail)
        if len(buffer) < end or _CRC_TEXT.match(buffer, end - _CRC, end) is None:
            short = _SHORT_CRC.match(buffer, end - _CRC, len(buffer))
            over = final or (short is not None and short.end(1) < len(buffer))
            if short and over and int(short[1], 16) == hj212_crc(bytes(buffer[_HEAD : end - _CRC])):
                return self._whole(bytes(buffer[: short.end(1)]), length)
        if len(buffer) < end:
            if final:
                arrived = max(0, len(buffer) - _HEAD)
                detail = f"the frame is cut: {length} bytes and a checksum announced, {arrived} bytes came"
                return self._take(len(buffer), "bad_length", detail)
            return None
        return self._whole(bytes(buffer[:end]), length)

    def _take(self, count: int, code: str, detail: str) -> Rejected:
        raw = bytes(self._buffer[:count])
        del self._buffer[:count]
        return Rejected(code, detail, raw.rstrip(_BLANKS))

    def _whole(self, raw: bytes, length: int) -> Frame | Rejected | None:
        data, sent = raw[_HEAD : _HEAD + length], raw[_HEAD + length :]
        tolerated: list[str] = []
        if len(sent) < _CRC:  # it was found right
            tolerated.append("short_checksum")
        elif _CRC_TEXT.match(sent) is None:
            self._noise = ("bad_length", f"after {length} bytes stands {sent!r}, no checksum")
            return None
        if length > STANDARD_LENGTH:
            tolerated.append("long_frame")
        fields, cp, odd = split_data(data)
        tolerated += odd
        right = hj212_crc(data)
        if int(sent, 16) != right:
            if not data.endswith(b"&&"):
                self._noise = ("bad_length", f"after {length} bytes the data are not over, no && there")
                return None
            if int(sent, 16) != modbus_crc(data):
                return self._take(len(raw), "bad_crc", f"{sent.decode()} sent, {right:04X} computed")
            if not self._policy_of(fields.get("MN")).modbus_crc:
                detail = (
                    f"{sent.decode()} sent, {right:04X} computed; it is the Modbus checksum: "
                    "if this device's firmware computes that, set its modbus_crc: true"
                )
                return self._take(len(raw), "bad_crc", detail)
            tolerated.append("modbus_crc")
        del self._buffer[: len(raw)]
        return Frame(raw, fields, cp, tuple(tolerated))

    def _skip_noise(self, final: bool) -> Rejected | None:
        """Read on to the next frame, line end or maximum piece; the noise is one rejection."""
        assert self._noise is not None
        buffer = self._buffer
        line = buffer.find(b"\n", 0, _NOISE) + 1
        start = _BEGINNING.search(buffer, 1, line or _NOISE + _LONGEST_PART)
        ends = [at for at in (start.start() if start else 0, line, _NOISE) if 0 < at <= len(buffer)]
        count = min(ends, default=len(buffer))
        cut_start = None if final else _PART_OF_BEGINNING.search(buffer, max(1, len(buffer) - _LONGEST_PART))
        if (not ends and not final) or (cut_start and cut_start.start() < count):
            return None
        code, detail = self._noise
        self._noise = None
        return self._take(count, code, detail)


def _is_saying(raw: bytes) -> bool:
    """True for text that is neither a frame nor what is left of one."""
    try:
        return _SAYING.match(raw) is not None and bool(raw.decode())
    except UnicodeDecodeError:
        return False


def split_data(data: bytes) -> tuple[dict[str, str], str | None, list[str]]:
    """(fields before CP, text between `CP=&&` and the last `&&` or None, list of oddities)."""
    odd: list[str] = []
    try:
        text = data.decode()
    except UnicodeDecodeError:  # Chinese firmware from before the standard said UTF-8
        text = data.decode("gb18030", errors="replace")
        odd.append("gb18030")
    head, found, tail = text.partition("CP=&&")
    if found and "&&" not in tail:
        odd.append("closing_lost")
    cp = tail.rpartition("&&")[0] or tail.removesuffix("&&")
    fields: dict[str, str] = {}
    for item in head.removesuffix("&&").split(";"):
        key, equals, value = item.partition("=")
        key = key.strip()
        name = _FIELD_SPELLINGS.get(key.casefold(), key)
        if name != key:
            odd.append("letter_case")
        if equals:
            fields.setdefault(name, value.strip())
    if found and "Flag" not in fields and (flag := _FRAME_FLAG.search(cp)):
        fields["Flag"] = flag[1]  # a digit is no mark of a value
        odd.append("flag_in_cp")
    return fields, cp if found else None, odd
