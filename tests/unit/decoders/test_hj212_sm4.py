"""Encrypted frames of HJ 212-2025: opened with the right key, whatever the writing and filling; else said so."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders import hj212
from ingest.decoders.hj212.ack import build_frame
from ingest.decoders.hj212.sm4 import opened
from ingest.records import Decoded, DevicePolicy, DeviceSecrets, Rejected

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
PLAIN = "DataTime=20240601080000;a34002-Rtd=88.5,a34002-Flag=N;a34001-Rtd=120.0,a34001-Flag=N"


def encrypted(plain: bytes, key: bytes = KEY) -> bytes:
    sealer = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    return sealer.update(plain) + sealer.finalize()


def pkcs7(plain: bytes) -> bytes:
    count = 16 - len(plain) % 16
    return plain + bytes([count]) * count


def zeros(plain: bytes) -> bytes:
    return plain + b"\x00" * (-len(plain) % 16)


def as_hex(cipher: bytes) -> str:
    return cipher.hex().upper()


def as_base64(cipher: bytes) -> str:
    return base64.b64encode(cipher).decode()


def decode(cp: str, flag: int = 9, **secrets: object) -> Decoded | Rejected:
    policy = DevicePolicy(secrets=DeviceSecrets(**secrets))  # type: ignore[arg-type]
    sent = build_frame(f"QN=20240601080500002;ST=39;CN=2011;PW=1;MN=T1;Flag={flag};CP=&&{cp}&&")
    (one,) = hj212.decode(sent, "", lambda key: policy)
    return one


def test_the_example_of_the_cipher_s_standard() -> None:
    """GB/T 32907-2016, Annex A.1."""
    assert encrypted(KEY).hex() == "681edf34d206965e86b3e94f536e4246"


@pytest.mark.parametrize("flag", [5, 9])
@pytest.mark.parametrize("write", [as_hex, as_base64])
@pytest.mark.parametrize("fill", [pkcs7, zeros])
def test_a_frame_is_read_with_its_key_however_it_is_written_and_filled(
    write: Callable[[bytes], str], fill: Callable[[bytes], bytes], flag: int
) -> None:
    one = decode(write(encrypted(fill(PLAIN.encode()))), flag, sm4_key=KEY)
    assert isinstance(one, Decoded)
    assert one.values == {"pm10": 88_500, "tsp": 120_000}
    assert one.tolerated == (f"sm4_{fill.__name__}",)


@pytest.mark.parametrize("write", [as_hex, as_base64])
@pytest.mark.parametrize("flag", [5, 9])
def test_without_or_with_another_key_it_is_encrypted_and_nothing_of_a_key_is_told(
    write: Callable[[bytes], str], flag: int
) -> None:
    cp = write(encrypted(pkcs7(PLAIN.encode())))
    for key in (None, b"another key, yes"):
        one = decode(cp, flag, sm4_key=key)
        assert isinstance(one, Rejected)
        assert one.code == "encrypted"
        assert "another key" not in one.detail
    assert KEY.hex() not in repr(DeviceSecrets(password="secret", sm4_key=KEY))
    assert "secret" not in repr(DeviceSecrets(password="secret"))


def test_values_in_clear_of_a_device_with_a_key_are_taken_and_marked() -> None:
    one = decode(PLAIN, sm4_key=KEY)
    assert isinstance(one, Decoded)
    assert one.tolerated == ("not_encrypted",)


@pytest.mark.parametrize("cp", ["RtdInterval=30", "DataTime=20240601080000", PLAIN, "a34002-Rtd=1.0"])
def test_a_text_in_clear_is_never_taken_for_a_cipher(cp: str) -> None:
    one = decode(cp)
    assert not isinstance(one, Rejected) or one.code == "no_known_key"


@pytest.mark.parametrize(("sent", "is_right"), [("right", True), ("Right", False), ("", False)])
def test_a_password_counts_by_mqtt_too(sent: str, is_right: bool) -> None:
    policy = DevicePolicy(secrets=DeviceSecrets(password="right"))
    frame = build_frame(f"QN=20240601080500002;ST=39;CN=2011;PW={sent};MN=T1;Flag=5;CP=&&{PLAIN}&&")
    (one,) = hj212.decode(frame, "", lambda key: policy)
    assert isinstance(one, Decoded) is is_right
    assert is_right or (isinstance(one, Rejected) and one.code == "not_allowed")


@given(st.binary(min_size=16, max_size=64), st.sampled_from([as_hex, as_base64]))
def test_what_no_key_of_ours_made_is_never_taken_for_items(
    noise: bytes, write: Callable[[bytes], str]
) -> None:
    found = opened(write(noise[: len(noise) // 16 * 16]), KEY)
    assert found is None or re.fullmatch(r"[A-Za-z][\w.-]*=.*", found[0])
