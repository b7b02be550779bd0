"""Ledger (台账) of cases: a row a round, from the trail alone, with what was found in it. Pure.

A rebound is a row of its own: the round before it was closed, and what came of that is what the assessment
asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.lifecycle.trail import CaseRecord

REBOUNDED = "rebound"
_OVERDUE = 100  # percent of the time allowed
# The command after which a round has reached this; of several the newest, until the round's end.
_REACHED: Mapping[str, str] = {
    "sign": "signed_at",
    "start": "started_at",
    "submit": "submitted_at",
    "accept": "closed_at",
}
_COUNTED: Mapping[str, str] = {
    "reject": "reworked",
    "refuse": "refused",
    "appeal": "appealed",
    "uphold_appeal": "upheld",
    "postpone": "postponed",
    "transfer": "transferred",
}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One round of a case. Instants in ms UTC; `ended_as`: how it was archived, or `rebound`; "": it has not.

    `overdue`: stop watches whose time was used up, in the order in which it was; `records`: first and last
    number of the trail that the row was made of.
    """

    case: str
    round: int
    site: str
    kind: str
    day: str
    source: str
    level: str
    track: str
    unit: str
    state: str
    found_at: int
    signed_at: int | None = None
    started_at: int | None = None
    submitted_at: int | None = None
    closed_at: int | None = None
    over_at: int | None = None
    ended_at: int | None = None
    ended_as: str = ""
    reworked: int = 0
    refused: int = 0
    appealed: int = 0
    upheld: int = 0
    postponed: int = 0
    transferred: int = 0
    overdue: tuple[str, ...] = ()
    breaches: tuple[str, ...] = ()
    records: tuple[int, int] = (1, 1)


def ledger_rows(trail: Sequence[CaseRecord], breaches: Iterable[tuple[str, int]]) -> tuple[LedgerRow, ...]:
    """Rows of one case, the first round first. `breaches`: (id, round) of what was found in it."""
    if not trail:
        return ()
    found: dict[int, list[str]] = {}
    for breach, round in breaches:
        found.setdefault(round, []).append(breach)
    rows: list[LedgerRow] = []
    for record in trail:
        if not rows:
            rows.append(_first(record))
        elif record.round > rows[-1].round:
            rows[-1] = replace(rows[-1], ended_at=record.at, ended_as=REBOUNDED)
            rows.append(_next(rows[-1], record))
        rows[-1] = _after(rows[-1], record)
    return tuple(replace(row, breaches=tuple(sorted(found.get(row.round, ())))) for row in rows)


def _first(record: CaseRecord) -> LedgerRow:
    said = record.values
    site, kind, day, source, level = (
        str(said.get(n, "")) for n in ("site", "kind", "day", "source", "level")
    )
    return LedgerRow(
        record.case, record.round, site, kind, day, source, level, "", "", record.after, record.at
    )


def _next(before: LedgerRow, record: CaseRecord) -> LedgerRow:
    day = str(record.values.get("day", before.day))
    return LedgerRow(
        before.case,
        record.round,
        before.site,
        before.kind,
        day,
        before.source,
        before.level,
        before.track,
        before.unit,
        record.after,
        record.at,
        records=(record.number, record.number),
    )


def _after(row: LedgerRow, record: CaseRecord) -> LedgerRow:
    """The row when a record has been taken into it."""
    name, said = record.command, record.values
    row = replace(
        row,
        state=record.after,
        unit=str(said.get("to_unit", row.unit)),
        track=str(said.get("to_track", row.track)),
        level=str(said.get("to_level", row.level)),
        records=(row.records[0], record.number),
    )
    if name in _REACHED:
        row = replace(row, **{_REACHED[name]: record.at})  # type: ignore[arg-type]
    if name in _COUNTED:
        row = replace(row, **{_COUNTED[name]: getattr(row, _COUNTED[name]) + 1})
    if name in ("over", "withdraw"):
        row = replace(row, over_at=record.at)
    if name == "join":
        row = replace(row, over_at=None)
    if name == "threshold" and said.get("percent") == _OVERDUE and not said.get("line"):
        row = replace(row, overdue=(*row.overdue, str(said.get("what", ""))))
    if "archived_as" in said:
        row = replace(row, ended_at=record.at, ended_as=str(said["archived_as"]))
    return row
