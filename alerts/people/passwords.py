"""Passwords: argon2id (RFC 9106) with the library's defaults, and what is no password."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

SHORTEST, LONGEST = 10, 128
_HASHER = PasswordHasher()
# Verified where there is no such account: the answer takes as long.
_NOBODY = _HASHER.hash("nobody has this password")
_EASY = "abcdefghijkmnpqrstuvwxyz23456789"  # letters and digits that are not taken for each other


def hashed(password: str) -> str:
    """Its hash; takes about 50 ms and 64 MB."""
    return _HASHER.hash(password)


def verified(kept: str, password: str) -> bool:
    """True if `password` is the one whose hash is `kept`; as slow for an account without one."""
    try:
        _HASHER.verify(kept or _NOBODY, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(kept)


def is_weak(password: str, login: str, name: str) -> bool:
    """True for what anybody would try first: too short, too long, of few signs, or of one's own name."""
    plain = password.casefold()
    own = any(word.casefold() in plain for word in (login, name) if len(word) > (3 if word.isascii() else 1))
    return not SHORTEST <= len(password) <= LONGEST or len(set(plain)) < 5 or own


def fault_of_new(password: str, again: str, login: str, name: str) -> str:
    """Why a new password is not taken: `weak`, `differs` from what was typed again; empty: it is."""
    if is_weak(password, login, name):
        return "weak"
    return "" if password == again else "differs"


def drawn() -> str:
    """A password to be typed once from a terminal: 12 signs, 60 bits."""
    signs = [secrets.choice(_EASY) for _ in range(12)]
    return "-".join("".join(signs[start : start + 4]) for start in range(0, 12, 4))
