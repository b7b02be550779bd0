"""Addresses as they may be shown: without the user, the password and the token in them. Pure.

Whatever a program says (log lines, errors, status) leaves it through one of these two.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_NAMES = "(?:access_?)?token|auth|authorization|(?:ssl)?password|pass(?:wd)?|pwd|secret|(?:api_?)?key|sig"
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"`<>]+")
_PART_OF_QUERY = re.compile(rf"(?i)((?:^|[?&;\s])(?:{_NAMES})=)[^&;\s'\"]*")
_HEADER = re.compile(r"((?:['\"]|Authorization: ?)(?:Token|Bearer|Basic) )[^\s'\"]+")
_PORT = re.compile(r"[0-9]{0,5}")


def shown(address: str) -> str:
    """One address without secrets; whatever stands before an `@` counts as one, also where it is misspelt."""
    scheme, slashes, rest = address.partition("://")
    if not slashes:
        scheme, rest = "", address
    if "@" in rest and not scheme.startswith("sqlite") and (not slashes or _holds_a_user(rest)):
        rest = f"{HIDDEN}@{rest.rpartition('@')[2]}"
    return _PART_OF_QUERY.sub(rf"\g<1>{HIDDEN}", f"{scheme}{slashes}{rest}")


def _holds_a_user(rest: str) -> bool:
    """Whether what follows `//` begins with a user, of which a password may hold `/`, `?` and `#`."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return "@" in authority or (":" in authority and not _PORT.fullmatch(authority.rpartition(":")[2]))


def without_secrets(text: str) -> str:
    """A text in which addresses, queries and headers may stand, each as `shown`."""
    if "://" in text:
        text = _ADDRESS.sub(lambda found: shown(found[0]), text)
    if "=" in text:
        text = _PART_OF_QUERY.sub(rf"\g<1>{HIDDEN}", text)
    return _HEADER.sub(rf"\g<1>{HIDDEN}", text)
