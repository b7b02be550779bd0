"""Strict reading of JSON payloads: size, depth, duplicate keys and numbers that JSON does not have."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from ingest.records import Rejected
from ingest.units import Refused

MAX_PAYLOAD = 256 * 1024
MAX_ITEMS = 10_000  # readings in one payload
MAX_DEPTH = 32  # deeper than any device writes; orjson refuses to write what is deeper than 254
_BRACKET = ord("[")
_NOT_A_NUMBER = re.compile(rb"\b(?:NaN|Infinity)\b")


def load(payload: bytes) -> Any:
    """Parse the JSON value of a payload. Raises Refused: `empty`, `too_large`, `bad_json` or `bad_value`."""
    if len(payload) > MAX_PAYLOAD:
        raise Refused("too_large", f"{len(payload)} bytes; at most {MAX_PAYLOAD} are read")
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return _with_no_numbers(payload, error)
    kind = type(value)
    if kind is dict and _BRACKET not in payload:
        # The usual reading: no text but its keys and perhaps the time. See `_texts_in` for the count.
        texts = len(value) + 1 if type(value.get("time")) is str else len(value)
        if payload.count(b'"') == 2 * texts:
            return value
    if (kind is dict or kind is list) and payload.count(b'"') != 2 * _texts_in(value):
        _refuse_duplicate_keys(payload)
    return value


def load_object(payload: bytes) -> dict[str, Any]:
    """Parse the JSON object of a payload. Raises Refused as `load` does."""
    value = load(payload)
    if type(value) is not dict:
        raise Refused("bad_json", "expected an object")
    return value


def _texts_in(root: Any) -> int:
    """Number of texts, including keys, in a value.

    Each is written between two quotes, so a payload with more quotes than that either escapes some
    inside a text or has keys that the parser dropped: only then is a second look worthwhile.
    Raises Refused if the value is nested too deeply.
    """
    texts = 0
    level: list[Any] = [root]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            items: Any = container
            if type(container) is dict:
                texts += len(container)
                items = container.values()
            for item in items:
                kind = type(item)
                if kind is str:
                    texts += 1
                elif kind is dict or kind is list:
                    below.append(item)
        if not below:
            return texts
        level = below
    raise Refused("bad_json", f"nested deeper than {MAX_DEPTH} levels")


def _refuse_duplicate_keys(payload: bytes) -> None:
    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            counted = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counted.items() if count > 1)
            raise Refused("bad_json", f"the key {twice[:40]!r} stands twice in one object; which is meant?")
        return found

    # Numbers stay text: Python would refuse to read one of thousands of digits.
    try:
        json.loads(payload, object_pairs_hook=unique, parse_int=str, parse_float=str)
    except Refused:
        raise
    except (ValueError, RecursionError) as error:  # broken in another way too
        raise Refused("bad_json", str(error)) from None


def _with_no_numbers(payload: bytes, error: orjson.JSONDecodeError) -> Any:
    """The value, with NaN and Infinity as texts: Python and C write them, and JSON does not have them.

    Each is then a value that can't be used, beside others that can. Raises Refused for what is no JSON else.
    """
    if not payload.strip():
        raise Refused("empty", "the payload holds nothing")
    if not _NOT_A_NUMBER.search(payload):
        raise Refused("bad_json", str(error))
    _refuse_duplicate_keys(payload)
    try:
        value = json.loads(payload, parse_constant=str)
    except (ValueError, RecursionError):
        raise Refused("bad_json", str(error)) from None
    if isinstance(value, dict | list):
        _texts_in(value)
    return value


def rejected(refused: Refused, raw: bytes) -> Rejected:
    """Rejection for a refusal."""
    return Rejected(refused.code, refused.detail, raw)
