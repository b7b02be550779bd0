"""Frames that answer a device: acknowledgements of HJ 212 (6.3, Annex C)."""

from __future__ import annotations

from ingest.decoders.hj212.crc import hj212_crc
from ingest.decoders.hj212.frames import Frame

DATA_ACK = "9014"
_SYSTEM = "91"
_VERSION_BITS = 0b11111100


def build_ack(frame: Frame) -> bytes:
    """The data acknowledgement of `frame`: same QN, PW and MN, its version of the standard, no bits set.

    A heartbeat (9015) is answered in the same way; the standard's own answer to it is unconfirmed.
    """
    fields = {
        "QN": frame.fields.get("QN"),
        "ST": _SYSTEM,
        "CN": DATA_ACK,
        "PW": frame.fields.get("PW"),
        "MN": frame.fields.get("MN"),
        "Flag": str(frame.flag_bits & _VERSION_BITS),
        "CP": "&&&&",
    }
    return build_frame(";".join(f"{key}={value}" for key, value in fields.items() if value is not None))


def build_frame(text: str) -> bytes:
    """A frame around DATA: length in UTF-8 bytes, checksum, CR LF."""
    data = text.encode()
    return b"##%04d%s%04X\r\n" % (len(data), data, hj212_crc(data))
