"""The record of a configuration out of its stored pieces: for tests of what history keeps of it."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.records import Revision
from processors.history.context import DEVICE, RULE, SITE, ContextRow

_PIECES = {"sites": SITE, "devices": DEVICE, "rules": RULE}


def revision_of(whole: ContextRow, pieces: Iterable[ContextRow]) -> Revision:
    """The record of a configuration; of its pieces maybe only some: the sites and devices of interest."""
    body = {key: value for key, value in whole.body.items() if key not in ("applied", "counts")}
    body |= {key: [] for key in _PIECES}
    for piece in pieces:
        key = next(key for key, kind in _PIECES.items() if kind == piece.kind)
        body[key].append(piece.body)
    for key in _PIECES:
        body[key].sort(key=lambda one: one["id"])
    return Revision(whole.id, whole.received_at, whole.time, body, whole.body.get("applied") or {})
