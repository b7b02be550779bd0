"""What a message says beside its tellings: what else is open there, and what has fallen again since."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from alerts.casework.life_planner import NOT_JUDGED
from alerts.kinds import EXCEEDANCE
from alerts.messages import FallenAgain, OpenMatter
from alerts.records import OPENED, Telling
from alerts.store.tables import case_events, cases, tellings
from alerts.store.withholding import standing
from ingest.durations import HOUR_MS

_LONGEST_MS = 26 * HOUR_MS  # what has been open for longer says little of now


def others_open(connection: Connection, members: Sequence[Telling]) -> list[OpenMatter]:
    """Open exceedances of the members' site, with the names of their monitors; of several sites none."""
    sites = {telling.site for telling in members}
    if len(sites) != 1 or not (len(members) > 1 or members[0].ends):
        return []
    found = standing(connection, sites, (EXCEEDANCE,))
    if not found:
        return []
    asked = select(tellings.c.case, tellings.c.data).where(
        tellings.c.case.in_([one.id for one in found]), tellings.c.step == OPENED
    )
    names = {
        case: str(data.get("matter", {}).get("device_name", ""))
        for case, data in connection.execute(asked).all()
    }
    return [one._replace(device_name=names.get(one.id, "")) for one in found]


def fallen_again(connection: Connection, members: Sequence[Telling]) -> list[FallenAgain]:
    """Of the monitors whose exceedances these tell of: what was measured later, and complied.

    Not where anything measured as late still exceeds a limit of the same pollutant.
    """
    found = [t for t in members if t.kind == EXCEEDANCE and not t.ends and "matter" in t.data]
    if not found:
        return []
    since = min(int(t.data["matter"]["end"]) for t in found)
    sites = {t.site for t in found}
    asked = (
        select(cases.c.site, cases.c.device, case_events.c.data)
        .join(case_events, case_events.c.case == cases.c.id)
        .where(
            cases.c.site.in_(sorted(sites)),
            cases.c.kind == EXCEEDANCE,
            cases.c.opened_at >= since - _LONGEST_MS,
            cases.c.recovered_at > since,
            case_events.c.event == "closed",
        )
    )
    fallen = [
        FallenAgain(site, device, data["pollutant"], data["end"], data["value"], data["unit"])
        for site, device, data in connection.execute(asked).all()
        if _complied(data)
    ]
    if not fallen:
        return []
    still = standing(connection, sites, (EXCEEDANCE,))
    return [
        one
        for one in fallen
        if not any(
            (by.site, by.device, by.pollutant) == (one.site, one.device, one.pollutant)
            and int(by.data.get("end") or 0) >= one.at
            for by in still
        )
    ]


def _complied(data: dict[str, object]) -> bool:
    """True if an end was measured, and within its limit."""
    value, limit, subtracted = data.get("value"), data.get("limit"), data.get("subtracted")
    reasons = data.get("reasons")
    if NOT_JUDGED & set(reasons if isinstance(reasons, list) else ()):
        return False
    if not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    return value - (subtracted if isinstance(subtracted, int | float) else 0.0) <= limit
