"""Records compared by what a test is about: the fields that matter, or those that changed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def assert_says(record: Any, **expected: Any) -> None:
    """The record has these values in these fields; of the others nothing is asked."""
    found = {name: getattr(record, name) for name in expected}
    assert found == expected


def changes(before: Any, after: Any) -> dict[str, Any]:
    """field -> what `after` says, of the fields in which two records of one kind differ."""
    assert type(before) is type(after)
    pairs = [(f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(before)]
    return {name: new for name, old, new in pairs if new != old}


def carried(record: Any, source: Any, *names: str) -> None:
    """The record says in these fields what its source says."""
    assert_says(record, **{name: getattr(source, name) for name in names})
