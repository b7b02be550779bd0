"""Text from outside is text: signs that no name, subject, file name or column of a database may hold. Pure.

A NUL no PostgreSQL column takes; a line break ends a mail's subject; U+202E turns what stands behind it round
for whoever reads it. In a configuration such a sign is a fault with its place (`unfit`); in what devices and
servers send it is replaced where it is written or shown (`one_line`, `plain`).
"""

from __future__ import annotations

import re

# C0, DEL, C1; marks, overrides and isolates of direction; line and paragraph separator; halves of signs
_UNFIT = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_ANY = re.compile(f"[{_UNFIT}]")
_BLANKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_NAMES = {"\x00": "NUL", "\t": "a tab", "\n": "a line break", "\r": "a line break"}
_REPLACED = "\ufffd"


def unfit(text: str) -> str | None:
    """What is wrong with a text of the configuration, and the way out; None: nothing."""
    found = _ANY.search(text)
    if found is None:
        return None
    sign = found[0]
    named = f" ({_NAMES[sign]})" if sign in _NAMES else ""
    way_out = "write it on one line" if sign in "\r\n\u2028\u2029" else "leave it out"
    block = "; a block that begins with `>` or `|` ends with one: begin it with `>-`" if sign == "\n" else ""
    return f"the text holds U+{ord(sign):04X}{named} after {found.start()} signs: {way_out}{block}"


def one_line(text: str) -> str:
    """The text on one line: what breaks a line is a blank, what cannot be shown a replacement character."""
    if _ANY.search(text) is None:
        return text
    return _ANY.sub(_REPLACED, _BLANKS.sub(" ", text))


def plain(text: str) -> str:
    """The text with its lines as they are."""
    if _ANY.search(text) is None:
        return text
    return "\n".join(one_line(line) for line in text.split("\n"))


def plain_values(value: object) -> object:
    """The same for every text inside a value of JSON, keys included."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(key) if isinstance(key, str) else key: plain_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one) for one in value]
    return value
