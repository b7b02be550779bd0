"""What holds tellings back, in SQL: open cases that explain them, and silences that people asked for.

A telling that is withheld names by what, and until when that is to be decided anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from alerts.messages import (
    LOOK_AGAIN_MS,
    SUPPRESSORS,
    OpenMatter,
    TellingSilence,
    silence_over,
    suppressor_of,
)
from alerts.records import Telling
from alerts.store.tables import cases, telling_silences, tellings

SILENCE_FIELDS = tuple(TellingSilence.__dataclass_fields__)
WITHHOLD = (
    update(tellings)
    .where(tellings.c.id == bindparam("of"))
    .values(withheld_by=bindparam("why"), withheld_until=bindparam("until"), look_at=bindparam("at"))
)
_ENDED = (
    update(tellings)
    .where(tellings.c.withheld_by == bindparam("why"), tellings.c.look_at.is_not(None))
    .values(look_at=bindparam("at"))
)
_IN_FORCE = select(telling_silences).where(
    telling_silences.c.begins_at <= bindparam("now"),
    telling_silences.c.ends_at > bindparam("now"),
    or_(telling_silences.c.ended_at.is_(None), telling_silences.c.ended_at > bindparam("now")),
    or_(~telling_silences.c.needs_approval, telling_silences.c.approved_at.is_not(None)),
)


class TellingHold(NamedTuple):
    """What holds a telling back, and when it ends as far as is known; None: nobody knows."""

    by: str
    until: int | None = None


def silences_in_force(connection: Connection, now: int) -> list[TellingSilence]:
    """Silences that withhold tellings at `now`."""
    found = connection.execute(_IN_FORCE, {"now": now}).mappings()
    return [TellingSilence(**{name: row[name] for name in SILENCE_FIELDS}) for row in found]


def standing(connection: Connection, sites: Iterable[str], kinds: Sequence[str]) -> list[OpenMatter]:
    """Open cases of these sites that others depend on: what they are about is told and not over."""
    asked = select(cases).where(
        cases.c.site.in_(sorted(sites)),
        cases.c.kind.in_(kinds),
        cases.c.recovered_at.is_(None),
        cases.c.tell,
        cases.c.hold_until.is_(None),
    )
    found = connection.execute(asked.order_by(cases.c.n)).mappings()
    return [
        OpenMatter(
            row["id"],
            row["kind"],
            row["site"],
            row["device"],
            str(row["data"].get("pollutant") or ""),
            row["data"],
        )
        for row in found
    ]


def holds_on(connection: Connection, found: Sequence[Telling], now: int) -> dict[str, TellingHold]:
    """Those of these tellings that an open case or a silence holds back, by which."""
    if not found:
        return {}
    of_site: dict[str, list[OpenMatter]] = {}
    for one in standing(connection, {telling.site for telling in found}, SUPPRESSORS):
        of_site.setdefault(one.site, []).append(one)
    silences = silences_in_force(connection, now)
    held: dict[str, TellingHold] = {}
    for telling in found:
        if silence := silence_over(telling, silences):
            held[telling.id] = TellingHold(silence.mark, silence.end)
        elif by := suppressor_of(telling, of_site.get(telling.site, ())):
            held[telling.id] = TellingHold(by)
    return held


def over_among(connection: Connection, of: Collection[str]) -> set[str]:
    """Those of these cases that are over."""
    if not of:
        return set()
    asked = select(cases.c.id).where(and_(cases.c.id.in_(set(of)), cases.c.recovered_at.is_not(None)))
    return set(connection.execute(asked).scalars())


def withhold(connection: Connection, telling: Telling, hold: TellingHold, for_good: bool, now: int) -> None:
    """Keep a telling back. `for_good`: what it tells of is over; else it is decided anew when what holds it
    is over, at the latest after two hours.
    """
    again = None if for_good else min(now + LOOK_AGAIN_MS, hold.until or now + LOOK_AGAIN_MS)
    row: dict[str, Any] = {"of": telling.id, "why": hold.by, "until": again or now, "at": again}
    connection.execute(WITHHOLD, row)


def decide_anew(connection: Connection, ended: Sequence[tuple[str, int | None]]) -> None:
    """Have looked at again what these (name, instant at which it ended) withheld."""
    if ended:
        connection.execute(_ENDED, [{"why": name, "at": at} for name, at in ended])
