"""Row of `cases` behind a problem or an alert: messages refer to it, and boards show it while it is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts.cases import CLOSED, RECOVER, START, decide
from alerts.casework.life_planner import in_register
from alerts.casework.problems import OpeningProblem
from alerts.kinds import ALERT, PROBLEM
from alerts.records import Case, CaseEvent
from alerts.store import rows
from alerts.store.life_tables import case_breaches
from alerts.store.tables import case_events, cases
from processors.records import short_id

BY_PEOPLE = frozenset({PROBLEM, ALERT})


def finding_of(opening: OpeningProblem, language: str, more: Mapping[str, Any]) -> Case:
    """The row of a case that no monitor found; `more`: what is kept with it beside its title."""
    said, at = opening.command.values, opening.command.at
    return Case(
        id=str(said["case"]),
        kind=str(said["kind"]),
        state=str(decide(None, START).after),
        level=str(said["level"]),
        site=in_register(str(said["site"])),
        device="",
        title=opening.title["zh" if language.startswith("zh") else "en"],
        opened_at=at,
        updated_at=at,
        data={"title": dict(opening.title), **more},
    )


def begin_finding(connection: Connection, finding: Case) -> None:
    """Write the row, with the event of its beginning."""
    opened = decide(None, START)
    connection.execute(insert(cases), rows.row_of_case(finding))
    event = CaseEvent(
        short_id("opened", finding.id),
        finding.id,
        finding.opened_at,
        "opened",
        "dustwatch",
        None,
        str(opened.after),
        opened.reason,
    )
    connection.execute(insert(case_events), rows.row_of_event(event))


def end_finding(connection: Connection, life: str, at: int) -> None:
    """People have ended the case `life`: what it was found by is over, as of a breach."""
    of_it = select(case_breaches.c.finding).where(case_breaches.c.case == life)
    query = select(cases).where(cases.c.id.in_(of_it), cases.c.kind.in_(sorted(BY_PEOPLE))).with_for_update()
    for row in connection.execute(query).mappings().all():
        step = decide(row["state"], RECOVER)
        if not step.accepted:
            continue
        over = {"state": step.after, "recovered_at": at, "updated_at": max(at, row["updated_at"])}
        if step.after == CLOSED:
            over["closed_at"] = at
        connection.execute(update(cases).where(cases.c.id == row["id"]).values(over))
        event = CaseEvent(
            short_id("closed", row["id"]),
            row["id"],
            at,
            "closed",
            "dustwatch",
            row["state"],
            str(step.after),
            step.reason,
        )
        connection.execute(insert(case_events), rows.row_of_event(event))
