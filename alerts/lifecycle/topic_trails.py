"""Trails of cases read from the topic alone, verified as they come; and their comparison with a store's.

A record of `dust.cases/1` is its canonical bytes, so that anybody can verify a trail: SHA-256 of one record
is `previous` of the next one of its case. A relay that was killed sends again what it had not marked: the
same number with the same digest is a repeat, and counts once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from alerts.lifecycle.trail import CaseRecord, flaw_after, record_from_body

RECORD_SCHEMA = "dust.cases/1"


class StoredTrail(NamedTuple):
    """Digests of a case's records in a store, by number."""

    case: str
    digests: Mapping[int, str]


@dataclass(slots=True)
class _Trail:
    digests: dict[int, str] = field(default_factory=dict)
    last: CaseRecord | None = None  # of those that came in turn


class TopicTrails:
    """What the topic says of each case; `flaws`: the first of each case, in words."""

    def __init__(self) -> None:
        self.flaws: dict[str, str] = {}
        self.unreadable: list[str] = []
        self.records = 0  # each number of a case once
        self.repeats = 0
        self._trails: dict[str, _Trail] = {}

    def take(self, value: bytes, place: str) -> None:
        """Take the next record of the topic; `place`: where it stands, to name one that can't be read."""
        try:
            record = record_from_body(json.loads(value))
            case, number = str(record.case), int(record.number)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.unreadable.append(f"{place} is no record of a case: {type(error).__name__}: {error}")
            return
        digest = hashlib.sha256(value).hexdigest()
        trail = self._trails.setdefault(case, _Trail())
        if number in trail.digests:
            self.repeats += 1
            if trail.digests[number] != digest:
                self._flawed(case, f"record {number} stands there twice, with different digests")
            return
        self.records += 1
        trail.digests[number] = digest
        expected = trail.last.number + 1 if trail.last else 1
        if number != expected:
            self._flawed(case, f"record {expected} is missing: {number} stands in its place")
            return
        before = trail.digests.get(number - 1)
        if flaw := flaw_after(trail.last, before, record):
            self._flawed(case, flaw)
        trail.last = record

    def digest(self, case: str, number: int) -> str | None:
        """The digest of a case's record; None: it is not there."""
        trail = self._trails.get(case)
        return None if trail is None else trail.digests.get(number)

    def differences(self, stored: Iterable[StoredTrail], marks: Mapping[str, int]) -> Iterator[str]:
        """Where the topic and a store disagree, by case.

        `marks`: up to which record each case is marked as relayed, read before the topic was; `stored`: read
        after it. So what is written and relayed meanwhile is no difference.
        """
        seen = set()
        for case, digests in stored:
            seen.add(case)
            if words := self._difference(case, digests, marks.get(case, 0)):
                yield f"case {case}: {words}"
        for case in sorted(set(self._trails) - seen):
            yield f"case {case}: it is on the topic, and the store has no record of it"

    def _difference(self, case: str, digests: Mapping[int, str], mark: int) -> str | None:
        there = self._trails.get(case, _Trail()).digests
        newest = max(digests, default=0)
        for number in range(1, newest + 1):
            if number not in digests:
                return f"record {number} is missing in the store"
            if number not in there:
                if number <= mark:
                    return f"record {number} is marked as relayed, and is not on the topic"
            elif there[number] != digests[number]:
                return f"record {number} is another one in the store than on the topic"
        more = sorted(number for number in there if number > newest)
        return f"the store ends with record {newest}, the topic goes on with {more[0]}" if more else None

    def _flawed(self, case: str, words: str) -> None:
        self.flaws.setdefault(case, words)
