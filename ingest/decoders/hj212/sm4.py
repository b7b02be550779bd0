"""Decryption of HJ 212-2025: SM4 with a 128-bit key in ECB mode.

Unconfirmed, since no frame of a real device has been available: the encoding of the ciphertext (hexadecimal
is tried before Base64) and the padding (PKCS#7 before zeros). The result is accepted only if it parses as
`key=value` items, so a wrong guess or a wrong key never yields a measurement.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

BLOCK = 16
_CIPHER = re.compile(r"[0-9A-Za-z+/]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{32})+")
_ITEM = re.compile(r"\s*[A-Za-z][A-Za-z0-9_.-]*=[^=;,]*\s*")


class NoSm4(Exception):
    """SM4 is missing from this machine's OpenSSL."""


def looks_encrypted(cp: str) -> bool:
    """True if the text between `CP=&&` and `&&` can be ciphertext rather than items."""
    return _CIPHER.fullmatch(cp.strip()) is not None


def is_whole_blocks(cp: str) -> bool:
    """True if the text decodes to a whole number of cipher blocks."""
    return any(True for _ in _ciphers(cp))


def opened(cp: str, key: bytes) -> tuple[str, str] | None:
    """Decrypt CP; returns (text, padding: `pkcs7` or `zeros`), None if the key does not fit. Raises NoSm4."""
    for cipher in _ciphers(cp):
        plain = _decrypted(cipher, key)
        for filling, found in (("pkcs7", _without_pkcs7(plain)), ("zeros", plain.rstrip(b"\x00"))):
            text = _items(found)
            if text is not None:
                return text, filling
    return None


def _ciphers(cp: str) -> Iterator[bytes]:
    text = cp.strip()
    if _HEX.fullmatch(text):
        yield bytes.fromhex(text)
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return
    if found and len(found) % BLOCK == 0:
        yield found


def _decrypted(cipher: bytes, key: bytes) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        opener = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()
        return opener.update(cipher) + opener.finalize()
    except UnsupportedAlgorithm as error:
        raise NoSm4(str(error)) from None


def _without_pkcs7(plain: bytes) -> bytes | None:
    count = plain[-1]
    return plain[:-count] if 0 < count <= BLOCK and plain.endswith(bytes([count]) * count) else None


def _items(plain: bytes | None) -> str | None:
    """Decode a text; None unless all of its items are `key=value`."""
    if not plain:
        return None
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return None
    items = [item for item in re.split("[;,]", text) if item.strip()]
    return text if items and text.isprintable() and all(_ITEM.fullmatch(item) for item in items) else None
