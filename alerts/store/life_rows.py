"""Converts between the life cycle's values and the rows of `life_cases`, `case_records`, `case_breaches`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from alerts.casework.life_planner import PlacedBreach
from alerts.lifecycle.case import LifeCase, Salted
from alerts.lifecycle.keeping import body_of_case, case_from_body
from alerts.lifecycle.states import ARCHIVED
from alerts.lifecycle.stop_watch import RUNNING
from alerts.lifecycle.timers import wakes_at
from alerts.lifecycle.trail import CaseRecord, body_of, digest_of, record_from_body
from alerts.store.rows import StoredRow


class KeptCase(NamedTuple):
    """A case with what its row has beside: the number said on the phone, titles, how far it was told."""

    number: int
    life: LifeCase
    title: dict[str, str]
    told: int


def kept_of(row: StoredRow) -> KeptCase:
    """The case in a row of `life_cases`."""
    return KeptCase(row["n"], case_from_body(row["body"]), row["title"], row["told"])


def life_of(row: StoredRow) -> LifeCase:
    """The life cycle's case in a row of `life_cases`."""
    return case_from_body(row["body"])


def row_of_life(case: LifeCase) -> dict[str, Any]:
    """Columns of a case but for its number, titles and how far it was told."""
    ended = case.state == ARCHIVED
    return {
        "id": case.id,
        "site": case.site,
        "kind": case.kind,
        "day": case.day,
        "last_day": case.days[-1] if case.days else case.day,
        "state": case.state,
        "track": case.track,
        "level": case.level,
        "unit": case.unit,
        "verifier": case.verifier,
        "version": case.version,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "deadline": case.deadline,
        "over_at": case.over_at,
        "signed_at": case.signed_at,
        "archived_at": case.archived_at,
        "appealed_at": case.appealed_at,
        "withdrawal_at": case.withdrawal_at,
        "wakes_at": None if ended else wakes_at(case),
        "merged_into": case.merged_into,
        "body": body_of_case(case),
    }


def rows_of_lines(case: LifeCase) -> list[dict[str, Any]]:
    """Rows of `case_units`."""
    return [
        {
            "case": case.id,
            "line": line.line,
            "unit": line.unit,
            "deadline": line.watch.deadline if line.watch.state == RUNNING else None,
            "signed_at": line.signed_at,
        }
        for line in case.lines
    ]


def row_of_record(record: CaseRecord, tells: Iterable[str]) -> dict[str, Any]:
    """Columns of a record."""
    return {
        "id": record.id,
        "case": record.case,
        "number": record.number,
        "at": record.at,
        "command": record.command,
        "tells": list(tells),
        "body": body_of(record),
        "digest": digest_of(record),
    }


def record_of(row: StoredRow) -> CaseRecord:
    """The record in a row of `case_records`."""
    return record_from_body(row["body"])


def placed_of(row: StoredRow) -> PlacedBreach:
    """The breach in a row of `case_breaches`."""
    names = PlacedBreach.__dataclass_fields__
    return PlacedBreach(**{name: row[name] for name in names})


def row_of_text(salted: Salted, case: str, person: str, at: int) -> dict[str, Any]:
    """Columns of a text that may be erased."""
    return {
        "digest": salted.digest,
        "salt": salted.salt.hex(),
        "text": salted.text,
        "case": case,
        "person": person,
        "at": at,
    }
