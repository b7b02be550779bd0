"""What lists have in common: the words of a filter, where a page begins, the address of a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from ingest.register import Register

LONGEST = 80  # of what is typed in


def words_in(asked: Mapping[str, str], name: str) -> str:
    """What was typed in, its blanks single, cut to what is looked for."""
    return " ".join(asked.get(name, "").split())[:LONGEST]


def unknown_of(*asked: tuple[str, str, Collection[str]]) -> list[str]:
    """Of (name, value, what is known) those whose value nobody knows, as `name=value`."""
    return [f"{name}={value[:LONGEST]}" for name, value, known in asked if value not in known]


def sites_named(register: Register, text: str) -> frozenset[str]:
    """Sites whose name has a text; of no text none."""
    low = text.casefold()
    return frozenset(s.id for s in register.sites.values() if low and low in s.name.casefold())


def place_of(text: str) -> tuple[int, int] | None:
    """Where a page begins: `KEY.NUMBER` of at most 15 digits each, else None."""
    parts = text.split(".")
    fits = text.isascii() and len(parts) == 2 and all(p.isdecimal() and len(p) < 16 for p in parts)
    return (int(parts[0]), int(parts[1])) if fits else None


def place_text(after: tuple[int, int] | None) -> str | None:
    """The inverse of `place_of`."""
    return None if after is None else f"{after[0]}.{after[1]}"


def list_link(path: str, asked: Mapping[str, str]) -> str:
    """Address of a list with what is asked for, and nothing that is not."""
    return f"{path}?" + urlencode({name: value for name, value in asked.items() if value})
