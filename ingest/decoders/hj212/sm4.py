"""Opens the encrypted text of HJ 212-2025: SM4 with a key of 128 bits, block by block (ECB).

Unconfirmed, since no frame of a real device was seen yet: how the cipher's bytes are written (hexadecimal is
tried before Base64) and how the last block is filled (PKCS#7 before zeros). What comes out counts only if it
reads as items of `key=value`, so a wrong guess, like a wrong key, is never taken for a measurement.
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
    """The OpenSSL of this machine can't do it."""


def looks_encrypted(cp: str) -> bool:
    """Whether the text between `CP=&&` and `&&` can be a cipher rather than items."""
    return _CIPHER.fullmatch(cp.strip()) is not None


def is_whole_blocks(cp: str) -> bool:
    """Whether it is written like a number of whole blocks."""
    return any(True for _ in _ciphers(cp))


def opened(cp: str, key: bytes) -> tuple[str, str] | None:
    """(the text, how its last block was filled: `pkcs7` or `zeros`); None: this key does not open it.

    Raises NoSm4.
    """
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
    """The text, if every item of it is `key=value`."""
    if not plain:
        return None
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return None
    items = [item for item in re.split("[;,]", text) if item.strip()]
    return text if items and text.isprintable() and all(_ITEM.fullmatch(item) for item in items) else None
