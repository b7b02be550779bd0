"""Matter table: what a case of a kind, level and source asks for.

The times are where this program begins, not a standard's: those for rectifying are the hours that cases had
before there were stages (4 for a violation, 24 for the rest), and a county sets its own. Hours that a rule
names for rectification take their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.kinds import ALERT, EXCEEDANCE, FAULT, OFFLINE, SUSPICION
from alerts.lifecycle.states import (
    ENVIRONMENT,
    FROM_ABOVE,
    NO_VERIFIER,
    OTHER_UNIT,
    PATROL,
    RECTIFY,
    SIGN,
    SOURCES,
    TRACKS,
    VERIFIERS,
    WATCH_RECTIFY,
    WATCH_SIGN,
    WATCH_VERIFY,
    rank_of,
)
from alerts.lifecycle.stop_watch import MEASURES, URGENT_HOUR, WORKING_DAY, WORKING_HOUR, TimeAllowed

ANY = "*"
# Allowance that is left of a day's exceedances: some, none; `any` also where the rule has no allowance.
SOME, NONE_LEFT = "some", "none"

# Evidence: the fields that a unit hands in with `submit`
PHOTO_BEFORE, PHOTO_AFTER, STATEMENT, DOCUMENT = "photo_before", "photo_after", "statement", "document"
EVIDENCE: tuple[str, ...] = (PHOTO_BEFORE, PHOTO_AFTER, STATEMENT, DOCUMENT)


class MatterRow(NamedTuple):
    """What is asked of a case. `rebound_days` (自然日): how long it is watched after its closing."""

    kind: str
    level: str
    source: str
    allowance: str
    track: str
    evidence: tuple[str, ...]
    verifier: str
    times: tuple[TimeAllowed, ...]
    rebound_days: int


def _rectify(sign: int, rectify: int, verify: int) -> tuple[TimeAllowed, ...]:
    return (
        TimeAllowed(WATCH_SIGN, sign, URGENT_HOUR),
        TimeAllowed(WATCH_RECTIFY, rectify, URGENT_HOUR),
        TimeAllowed(WATCH_VERIFY, verify, WORKING_DAY),
    )


SIGN_ONLY = (TimeAllowed(WATCH_SIGN, 24, URGENT_HOUR),)
_AT_ONCE = (TimeAllowed(WATCH_SIGN, 2, URGENT_HOUR),)
_PHOTO = (PHOTO_AFTER, STATEMENT)
_SUSPICION = (
    TimeAllowed(WATCH_SIGN, 4, WORKING_HOUR),
    TimeAllowed(WATCH_RECTIFY, 3, WORKING_DAY),
    TimeAllowed(WATCH_VERIFY, 2, WORKING_DAY),
)

# First row that fits; the last fits all.
MATTERS: tuple[MatterRow, ...] = (
    MatterRow(SUSPICION, ANY, ANY, ANY, RECTIFY, (STATEMENT, DOCUMENT), ENVIRONMENT, _SUSPICION, 30),
    MatterRow(ALERT, ANY, ANY, ANY, SIGN, (), NO_VERIFIER, _AT_ONCE, 0),
    MatterRow(ANY, ANY, FROM_ABOVE, ANY, RECTIFY, _PHOTO, ENVIRONMENT, _rectify(2, 24, 1), 7),
    MatterRow(EXCEEDANCE, "violation", ANY, ANY, RECTIFY, _PHOTO, ENVIRONMENT, _rectify(1, 4, 1), 7),
    MatterRow(EXCEEDANCE, ANY, ANY, NONE_LEFT, RECTIFY, _PHOTO, OTHER_UNIT, _rectify(2, 24, 1), 7),
    MatterRow(EXCEEDANCE, ANY, ANY, ANY, SIGN, (), NO_VERIFIER, SIGN_ONLY, 0),
    MatterRow(OFFLINE, ANY, ANY, ANY, SIGN, (), NO_VERIFIER, SIGN_ONLY, 0),
    MatterRow(FAULT, ANY, ANY, ANY, SIGN, (), NO_VERIFIER, SIGN_ONLY, 0),
    MatterRow(ANY, ANY, PATROL, ANY, RECTIFY, _PHOTO, OTHER_UNIT, _rectify(2, 24, 1), 7),
    MatterRow(ANY, ANY, ANY, ANY, SIGN, (), NO_VERIFIER, SIGN_ONLY, 0),
)


def matter_of(
    kind: str, level: str, source: str, allowance_left: int | None, rows: Sequence[MatterRow] = MATTERS
) -> MatterRow:
    """The first row that fits. Raises ValueError where none of a county's own table does.

    `allowance_left`: exceedances still allowed that day; None: the rule counts none, or it is not known.
    """
    left = ANY if allowance_left is None else SOME if allowance_left > 0 else NONE_LEFT
    for row in rows:
        asked = ((row.kind, kind), (row.level, level), (row.source, source), (row.allowance, left))
        if all(wanted in (ANY, given) for wanted, given in asked):
            return row
    raise ValueError(f"no row of the matter table fits {kind}, {level}, {source}, allowance {left}")


def flaws_of(rows: Sequence[MatterRow]) -> list[str]:
    """What is wrong with a county's own matter table, for `dustwatch check`; empty: nothing."""
    flaws = []
    for number, row in enumerate(rows, start=1):
        words = ((row.source, (ANY, *SOURCES)), (row.track, TRACKS), (row.verifier, VERIFIERS))
        if any(word not in known for word, known in words) or not set(row.evidence) <= set(EVIDENCE):
            flaws.append(f"row {number}: an unknown source, track, verifier or evidence")
        wanted = {WATCH_SIGN} if row.track == SIGN else {WATCH_SIGN, WATCH_RECTIFY, WATCH_VERIFY}
        if {allowed.what for allowed in row.times} != wanted:
            flaws.append(f"row {number}: the track {row.track} needs times for {', '.join(sorted(wanted))}")
        if any(allowed.amount <= 0 or allowed.measure not in MEASURES for allowed in row.times):
            flaws.append(f"row {number}: a time without an amount, or in an unknown measure")
        if row.track == RECTIFY and row.rebound_days <= 0:
            flaws.append(f"row {number}: what is rectified is watched for a rebound for a day at least")
        if any(all(a in (ANY, b) for a, b in zip(e[:4], row[:4], strict=True)) for e in rows[: number - 1]):
            flaws.append(f"row {number}: a row before it fits all that it fits")
    if not rows or rows[-1][:4] != (ANY,) * 4:
        flaws.append("the last row has to fit all")
    return flaws


def higher_track(one: str, other: str) -> str:
    """The track that asks for more."""
    return max(one, other, key=TRACKS.index)


def stricter_verifier(one: str, other: str) -> str:
    """The verifier that is harder to find."""
    return max(one, other, key=VERIFIERS.index)


def higher_level(one: str, other: str) -> str:
    """The higher level; the first of two that rank alike."""
    return max(one, other, key=rank_of)


def all_evidence(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """What either asks for, in the order of `EVIDENCE`."""
    wanted = {*one, *other}
    return tuple(name for name in EVIDENCE if name in wanted)
