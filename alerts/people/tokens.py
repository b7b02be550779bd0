"""Secrets that are drawn: only their digests are kept, so that a stolen store signs nobody in."""

from __future__ import annotations

import hashlib
import hmac
import secrets

LENGTH = 32  # bytes of chance


def new_token() -> str:
    """A secret for a cookie, a link or a machine."""
    return secrets.token_urlsafe(LENGTH)


def digest(token: str) -> str:
    """What is kept of a secret. It has 256 bits of chance: no salt, no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """What forms of a signed-in page carry: made from the cookie's secret, which pages never show."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()
