"""Erasures: whose words and name were taken out of the store, when, by whom and why. They name nobody.

The list outlives any copy of the store: a copy of before still has the texts, so that whoever restores it
applies the list first. It is kept as JSON Lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from processors.records import short_id


class NoErasures(Exception):
    """A file is no list of erasures."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure. `at`: ms UTC of the real clock; `by`: who gave the command."""

    id: str
    at: int
    account: str  # its id, which is drawn and says nothing
    by: str
    reason: str

    @classmethod
    def made(cls, account: str, at: int, by: str, reason: str) -> Erasure:
        """A new one."""
        return cls(short_id("erasure", account, at), at, account, by, reason)


def lines_of(erasures: Iterable[Erasure]) -> list[str]:
    """The list, a line each."""
    return [json.dumps(asdict(one), sort_keys=True, ensure_ascii=False) for one in erasures]


def erasures_in(text: str, name: str) -> list[Erasure]:
    """The list in a file's text. Raises NoErasures, which names file and line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            one = Erasure(**said)
        except (ValueError, TypeError) as error:
            raise NoErasures(f"{name}:{number}: no erasure: {error}") from None
        wrong = [
            f.name for f in fields(Erasure) if type(said[f.name]) is not (int if f.name == "at" else str)
        ]
        if wrong or not one.account or not one.id:
            raise NoErasures(f"{name}:{number}: no erasure: {', '.join(wrong) or 'it names no account'}")
        found.append(one)
    return found
