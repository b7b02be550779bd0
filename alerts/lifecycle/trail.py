"""Trail of a case: one record a change, each naming the digest of the one before, as `dust.cases/1` has them.

A record's digest is SHA-256 over its canonical bytes: JSON in UTF-8, keys sorted, no white space, numbers
whole, nothing escaped that need not be (for such values that is RFC 8785). Of personal texts it has digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processors.records import short_id

Plain = str | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One change of a case. `values`: what was said with it that names nobody; digests are lower-case hex."""

    id: str
    case: str
    number: int  # 1, 2, 3 ... within the case
    previous: str | None  # SHA-256 of the record before it
    at: int
    command: str
    before: str | None
    after: str
    round: int
    unit: str  # of who gave the command
    role: str
    person: str | None  # digest
    texts: Mapping[str, str] = field(default_factory=dict)  # field -> digest
    stop_watches: tuple[Mapping[str, Any], ...] = ()  # what, deadline, spent, state
    refs: Mapping[str, Plain] = field(default_factory=dict)
    values: Mapping[str, Plain] = field(default_factory=dict)


RECORD_KEYS: Mapping[str, str] = {
    "id": "hash of case and number",
    "case": "id of the case",
    "number": "1, 2, 3 … within the case; also the case's version",
    "previous": "SHA-256 of the canonical bytes of the record before it; null for the first",
    "at": "ms UTC; never before the record before it",
    "command": "what was commanded",
    "before": "state before; null for the first",
    "after": "state after",
    "round": "1, and one more with each rebound",
    "unit": "of who gave the command; empty for the machine",
    "role": "of who gave it",
    "person": "digest, or null",
    "texts": "field: digest",
    "stop_watches": "going on or ended by this step: what, deadline, spent, state; of a line line, unit",
    "refs": "breach, verdict, message, document, photographs, revision of responsibility",
    "values": "what was said that names nobody; what changed: to_unit, to_track, to_level, archived_as",
}


def record_id(case: str, number: int) -> str:
    """Id of a case's record: the same number cannot be given twice."""
    return short_id("case-record", case, number)


def body_of(record: CaseRecord) -> dict[str, Any]:
    """JSON data of a record."""
    body = {name: getattr(record, name) for name in RECORD_KEYS}
    return body | {
        "texts": dict(record.texts),
        "stop_watches": [dict(watch) for watch in record.stop_watches],
        "refs": {name: _listed(value) for name, value in record.refs.items()},
        "values": {name: _listed(value) for name, value in record.values.items()},
    }


def record_from_body(body: Mapping[str, Any]) -> CaseRecord:
    """The inverse of `body_of`."""
    own = dict(body)
    for name in ("refs", "values"):
        own[name] = {key: tuple(v) if isinstance(v, list) else v for key, v in own[name].items()}
    return CaseRecord(**{**own, "stop_watches": tuple(own["stop_watches"])})


def canonical_bytes(record: CaseRecord) -> bytes:
    """The bytes that are hashed. Raises ValueError for a number that is not whole, or no Unicode text."""
    body = body_of(record)
    _check_whole(body)
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def digest_of(record: CaseRecord) -> str:
    """SHA-256 of the canonical bytes, as hex."""
    return hashlib.sha256(canonical_bytes(record)).hexdigest()


def first_flaw(trail: Sequence[CaseRecord]) -> str | None:
    """What is wrong with a case's trail: the first record missing, exchanged, altered or out of time."""
    previous: CaseRecord | None = None
    for expected, record in enumerate(trail, start=1):
        if record.number != expected:
            return f"record {expected} is missing: {record.number} stands in its place"
        if flaw := flaw_after(previous, digest_of(previous) if previous else None, record):
            return flaw
        previous = record
    return None


def flaw_after(previous: CaseRecord | None, digest: str | None, record: CaseRecord) -> str | None:
    """What is wrong with a record behind another one, of this digest; None as `previous`: it is the first."""
    if record.id != record_id(record.case, record.number):
        return f"record {record.number} has the id of another"
    if record.previous != digest:
        return f"record {record.number} does not follow the one before it"
    if record.before != (previous.after if previous else None):
        return f"record {record.number} begins in {record.before}, not where the one before it ended"
    if previous is not None and record.at < previous.at:
        return f"record {record.number} is older than the one before it"
    return None


def time_in_states(trail: Iterable[CaseRecord], at: int) -> dict[str, int]:
    """Time in each state until `at`, ms: from the trail alone."""
    spent: dict[str, int] = {}
    state, since = None, 0
    for record in trail:
        if state is not None:
            spent[state] = spent.get(state, 0) + record.at - since
        state, since = record.after, record.at
    if state is not None:
        spent[state] = spent.get(state, 0) + max(0, at - since)
    return spent


def _listed(value: Plain) -> str | int | list[str]:
    return list(value) if isinstance(value, tuple) else value


def _check_whole(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(f"a record holds whole numbers, not {value!r}")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_whole(part)
