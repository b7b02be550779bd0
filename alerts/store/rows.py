"""Converts rows of the tables to the values of `alerts.records`, and back.

Texts are written without the signs that a database refuses: here ends what people, devices and the servers
of others say, wherever it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import RowMapping

from alerts.records import PENDING, Attempt, Case, CaseEvent, Delivery, Message, Recipient, Telling, ToldState
from ingest.plain_text import plain_values

_CASE_FIELDS = tuple(f.name for f in fields(Case))
_EVENT_FIELDS = tuple(f.name for f in fields(CaseEvent))
_TELLING_FIELDS = tuple(f.name for f in fields(Telling))
StoredRow = RowMapping | Mapping[str, Any]


def case_of(row: StoredRow) -> Case:
    """The Case in a row of `cases`."""
    return Case(**{name: row[name] for name in _CASE_FIELDS})


def row_of_case(case: Case) -> dict[str, Any]:
    """The columns of a case."""
    return _columns(asdict(case))


def event_of(row: StoredRow) -> CaseEvent:
    """The CaseEvent in a row of `case_events`."""
    return CaseEvent(**{name: row[name] for name in _EVENT_FIELDS})


def row_of_message(message: Message, wall: int) -> dict[str, Any]:
    """Columns of a message when first written: due at once."""
    target = message.recipient
    row = {
        "id": message.id,
        "case": message.case,
        "kind": message.kind,
        "step": message.step,
        "recipient": target.id,
        "way": target.way,
        "channel": target.lane,
        "target": target._asdict(),
        "subject": message.subject,
        "text": message.text,
        "link": message.link,
        "covers": list(message.covers),
        "data": message.data,
        "created_at": message.created_at,
        "written_at": wall,
        "state": PENDING,
        "due_at": wall,
        "tries": 0,
        "receipt": "",
        "reason": "",
    }
    return _columns(row)


def message_of(row: StoredRow) -> Message:
    """The Message in a row of `messages`."""
    return Message(
        id=row["id"],
        case=row["case"],
        kind=row["kind"],
        step=row["step"],
        recipient=Recipient(**row["target"]),
        subject=row["subject"],
        text=row["text"],
        created_at=row["created_at"],
        link=row["link"],
        covers=tuple(row["covers"]),
        data=row["data"],
    )


def row_of_telling(telling: Telling, look_at: int) -> dict[str, Any]:
    """Columns of a telling when first written: in no message yet."""
    row = {name: getattr(telling, name) for name in _TELLING_FIELDS}
    target = telling.recipient
    more = {"id": telling.id, "recipient": target.id, "way": target.way, "target": target._asdict()}
    return _columns({**row, **more, "covers": list(telling.covers), "look_at": look_at})


def telling_of(row: StoredRow) -> Telling:
    """The Telling in a row of `tellings`."""
    own = {name: row[name] for name in _TELLING_FIELDS}
    return Telling(**{**own, "recipient": Recipient(**row["target"]), "covers": tuple(row["covers"])})


def told_state_of(row: StoredRow) -> ToldState:
    """A row of `tellings` with what became of it."""
    names = ("message", "look_at", "withheld_by", "withheld_until")
    return ToldState(telling_of(row), **{name: row[name] for name in names})


def delivery_of(row: StoredRow, attempts: Iterable[StoredRow]) -> Delivery:
    """A row of `messages` as a Delivery, with its attempts."""
    return Delivery(
        message=message_of(row),
        state=row["state"],
        due_at=row["due_at"],
        written_at=row["written_at"],
        tries=row["tries"],
        done_at=row["done_at"],
        receipt=row["receipt"],
        reason=row["reason"],
        attempts=tuple(attempt_of(attempt) for attempt in attempts),
    )


def attempt_of(row: StoredRow) -> Attempt:
    """The Attempt in a row of `attempts`."""
    return Attempt(
        number=row["number"],
        owner=row["owner"],
        started_at=row["started_at"],
        outcome=row["outcome"],
        reason=row["reason"],
        receipt=row["receipt"],
        finished_at=row["finished_at"],
        possible_repeat=row["possible_repeat"],
    )


def row_of_event(event: CaseEvent) -> dict[str, Any]:
    """The columns of an event."""
    return _columns(asdict(event))


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain_values(value) for name, value in row.items()}
