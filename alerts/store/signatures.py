"""Names and notes of who signed for what was found: kept where they can be erased, shown with the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from alerts.lifecycle.case import Salted
from alerts.records import Case, CaseEvent
from alerts.store.life_rows import row_of_text
from alerts.store.life_tables import clear_texts
from alerts.store.tables import case_events, cases


def keep_note(connection: Connection, case: str, note: Salted, account: str, at: int) -> None:
    """Write a note so that it can be erased; the event has its digest."""
    connection.execute(insert(clear_texts), [row_of_text(note, case, account, at)])


def with_words(connection: Connection, case: Case, events: Sequence[CaseEvent]) -> tuple[CaseEvent, ...]:
    """The events of a case with name and note of who signed, as far as they were not erased."""
    wanted = [event.data["note"] for event in events if "signer" in event.data and "note" in event.data]
    query = select(clear_texts.c.digest, clear_texts.c.text).where(clear_texts.c.digest.in_(wanted))
    texts = {row.digest: row.text for row in connection.execute(query)} if wanted else {}
    return tuple(
        replace(
            event,
            actor=event.actor or case.acknowledged_by or "",
            note=event.note or texts.get(event.data.get("note", ""), ""),
        )
        if "signer" in event.data
        else event
        for event in events
    )


def erase_signatures(connection: Connection, account: str) -> None:
    """Take the name of an account's person from what they have signed for."""
    signed = select(case_events.c.case, case_events.c.at).where(_signed_by(account))
    for case, at in connection.execute(signed).all():
        which = (cases.c.id == case, cases.c.acknowledged_at == at)
        connection.execute(update(cases).where(*which).values(acknowledged_by=""))


def named_for_good(connection: Connection, account: str) -> int:
    """How many events of before name an account's person in a row that takes no change."""
    query = select(func.count()).where(_signed_by(account), case_events.c.actor != "")
    return int(connection.execute(query).scalar_one())


def _signed_by(account: str) -> ColumnElement[bool]:
    signer = case_events.c.data["signer"]["account"].as_string()
    return and_(case_events.c.event == "acknowledged", signer == account)
