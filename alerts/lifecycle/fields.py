"""Fields of the life cycle: where a command carries each, and which a state shows."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.lifecycle.matters import DOCUMENT, PHOTO_AFTER, PHOTO_BEFORE, STATEMENT
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ARCHIVED,
    ASSIGNED,
    AWAITING,
    MERGED,
    POSTPONED,
    REBOUND_WATCH,
    RECORDED,
    RECTIFYING,
)

# Modes
HIDDEN = "hidden"
READ_ONLY = "read_only"
OPTIONAL = "optional"
MANDATORY = "mandatory"

# Holders: the part of a command that carries a field
VALUE, TEXT, REF = "values", "texts", "refs"

# Field of a command -> its holder. Texts go into the trail as digests, as does the person.
FIELD_HOLDERS: Mapping[str, str] = {
    "case": VALUE,  # id of a new case
    "site": VALUE,
    "kind": VALUE,
    "day": VALUE,  # county day, ISO
    "source": VALUE,
    "level": VALUE,
    "allowance_left": VALUE,
    "rectify_hours": VALUE,  # whole hours that the rule gives
    "predecessor": VALUE,
    "unit": VALUE,
    "person": VALUE,  # id of whom it is assigned to; stays out of the trail
    "until": VALUE,  # ms UTC
    "into": VALUE,  # id of the case that goes on
    "what": VALUE,  # which stop watch
    "percent": VALUE,
    "line": VALUE,  # LINE/UNIT of another line of responsibility
    "why": VALUE,  # the rule by which a breach was placed
    "reason": TEXT,
    "note": TEXT,
    STATEMENT: TEXT,
    PHOTO_BEFORE: REF,  # digests of attachments
    PHOTO_AFTER: REF,
    DOCUMENT: REF,
    "breach": REF,
    "verdict": REF,
    "message": REF,
    "responsibility": REF,  # revision of it by which the case was assigned
}
PERSONAL: frozenset[str] = frozenset({"person"})

_EVER = ("site", "kind", "day", "source", "level", "predecessor")
_WORKED_AT = (*_EVER, "unit", "person", "lines", "deadline", "over_at", "appealed_at", "suppressed_until")
_HANDED_IN = ("evidence", "verifier", "rework")
_ENDED = (*_EVER, "unit", "round", "rework", "archived_as", "archived_at")

# State -> what a page shows of the case, read-only; everything else of `SHOWN` is hidden.
STATE_FIELDS: Mapping[str, tuple[str, ...]] = {
    RECORDED: _EVER,
    ASSIGNED: (*_WORKED_AT, "round"),
    ACKNOWLEDGED: (*_WORKED_AT, "round", "signed_at", "evidence"),
    RECTIFYING: (*_WORKED_AT, "round", "signed_at", *_HANDED_IN),
    AWAITING: (*_WORKED_AT, "round", "signed_at", *_HANDED_IN),
    POSTPONED: (*_WORKED_AT, "round", "signed_at", *_HANDED_IN, "postponed_from", "postponed_until"),
    REBOUND_WATCH: (*_EVER, "unit", "round", "rework", "verifier", "closed_at", "watch_until"),
    MERGED: (*_EVER, "merged_into"),
    ARCHIVED: (*_ENDED, "merged_into", "amended_at"),
}
SHOWN: tuple[str, ...] = tuple(dict.fromkeys(name for names in STATE_FIELDS.values() for name in names))
