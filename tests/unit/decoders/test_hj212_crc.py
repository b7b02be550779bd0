"""The checksum of HJ 212 against its definition, the standard's example and frames from the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders.hj212.crc import hj212_crc, modbus_crc

ANNEX_A = (
    b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
)


def bit_by_bit(data: bytes) -> int:
    """Annex A as it is written."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            low = crc & 1
            crc >>= 1
            if low:
                crc ^= 0xA001
    return crc


def test_the_standards_own_example_gives_1c80() -> None:
    assert f"{hj212_crc(ANNEX_A):04X}" == "1C80"


@given(st.binary(max_size=60))
def test_the_table_equals_the_definition(data: bytes) -> None:
    assert hj212_crc(data) == bit_by_bit(data)


def test_the_modbus_checksum_of_the_usual_check_text() -> None:
    assert modbus_crc(b"123456789") == 0x4B37


@pytest.mark.parametrize("data", [b"", b"a", ANNEX_A])
def test_the_two_checksums_differ_but_for_the_shortest(data: bytes) -> None:
    assert (hj212_crc(data) == modbus_crc(data)) == (data == b"")
