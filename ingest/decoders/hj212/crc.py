"""Checksum of HJ 212 (Annex A) and the Modbus CRC that some firmware sends instead."""

from __future__ import annotations

_START = 0xFFFF
_POLYNOMIAL = 0xA001


def _table() -> tuple[int, ...]:
    table = []
    for low in range(256):
        crc = low
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE = _table()


def hj212_crc(data: bytes) -> int:
    """Annex A: the byte replaces the low half, and is not mixed into it. The standard's example: 0x1C80."""
    crc = _START
    for byte in data:
        # The byte is mixed into the old high half alone, so eight bits decide the next value:
        # that is why only 256 checksums exist.
        crc = _TABLE[crc >> 8 ^ byte]
    return crc


def modbus_crc(data: bytes) -> int:
    """CRC-16/MODBUS, for firmware whose author used the usual algorithm."""
    crc = _START
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc
