"""The platform's own health: stores, stages, open troubles, channels, sites that fell silent, remarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from alerts.kinds import SYSTEM
from alerts.platform_faults import REMARKED
from alerts.records import Case
from alerts.store.case_lists import OPEN_ONES, CaseFilter
from alerts.store.message_lists import LaneStanding
from alerts.web.board import Board, SiteNow
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.sources import StoreDown
from ingest.durations import DAY_MS, HOUR_MS
from ingest.records import Remark
from processors.history import REMARK, context_row, remark_of

_TROUBLES = 20
_SITES = 20
_REMARK_HOURS = 2  # what lasts is remarked upon every hour
_AT_REST = ("planned", "finished")


class RemarksOfKind(NamedTuple):
    """Remarks of one kind: of how many monitors, and how often."""

    kind: str
    devices: int
    times: int


class SitesByReading(NamedTuple):
    """Sites that work: those whose monitors all are silent first, then by their newest reading."""

    sites: list[SiteNow]
    stale: int  # how many are silent


async def health(request: Request) -> Response:
    """The page; `part=log` what only the log can say, `part=live` what renews itself."""
    desk: Desk = request.app.state.desk
    part = request.query_params.get("part")
    if part == "log":
        return desk.page(request, "health_log.html", answer=await desk.log.look() if desk.log else None)
    board = await _board(desk)
    now, wall = desk.clock.now_ms(), desk.gate.wall()
    troubles, count = await _troubles(desk)
    lanes: list[LaneStanding] | None = None
    remarks: list[RemarksOfKind] | None = None
    try:
        lanes = await call("cases", partial(desk.messages.standing, wall - DAY_MS))
    except StoreDown as away:
        desk.telemetry.faults.labels(f"{away.store}_down").inc()
    try:
        remarks = await call("history", partial(_remarks, desk, now))
    except StoreDown as away:
        desk.telemetry.faults.labels(f"{away.store}_down").inc()
    return desk.page(
        request,
        "health_live.html" if part == "live" else "health.html",
        now=now,
        wall=wall,
        # of the questions asked just now too: a poll may have been a moment earlier
        away=stores_away(desk, cases=troubles is None or lanes is None, history=remarks is None),
        troubles=troubles,
        trouble_count=count,
        lanes=lanes,
        remarks=remarks,
        to_mend=REMARKED,
        sites=None if board is None else sites_by_reading(board),
        most=_SITES,
        newest=None if board is None else board.last,
    )


def stores_away(desk: Desk, *, cases: bool, history: bool) -> dict[str, str]:
    """Stores that do not answer, with what kind of fault it is."""
    found = {store: reason.partition(":")[0] for store, reason in desk.poller.down.items()}
    for store, is_away in (("cases", cases), ("history", history)):
        if is_away:
            found.setdefault(store, "")
    return found


def sites_by_reading(board: Board) -> SitesByReading:
    """Sites that work; stale is one whose monitors all are silent, by the rule of each."""
    working = [one for one in board.sites if one.state not in _AT_REST]
    stale = {one.site.id for one in working if one.silent_devices == len(one.devices)}
    working.sort(key=lambda one: (one.site.id not in stale, one.last or 0, one.site.id))
    return SitesByReading(working, len(stale))


def remarks_by_kind(remarks: Iterable[Remark]) -> list[RemarksOfKind]:
    """How many monitors are remarked upon, by kind; what the configuration lacks first."""
    devices: dict[str, set[str]] = {}
    times: Counter[str] = Counter()
    for one in remarks:
        devices.setdefault(one.kind, set()).add(one.device)
        times[one.kind] += sum(count for count, _, _ in one.names.values())
    found = [RemarksOfKind(kind, len(names), times[kind]) for kind, names in devices.items()]
    return sorted(found, key=lambda one: (one.kind not in REMARKED, -one.devices, one.kind))


async def _board(desk: Desk) -> Board | None:
    try:
        return await desk.poller.fresh()
    except StoreDown:
        return None


async def _troubles(desk: Desk) -> tuple[list[Case] | None, int]:
    """The platform's faults that are not over, and how many cases of its faults are open."""
    of = CaseFilter(OPEN_ONES, kind=SYSTEM, now=desk.clock.now_ms())
    try:
        page = await call("cases", partial(desk.cases.find, of, None, _TROUBLES))
        return list(page.cases), await call("cases", partial(desk.cases.count, of))
    except StoreDown:
        return None, 0


def _remarks(desk: Desk, now: int) -> list[RemarksOfKind]:
    rows = desk.history.rows("context", {"kind": REMARK}, now - _REMARK_HOURS * HOUR_MS, now + 1)
    return remarks_by_kind(remark_of(context_row(row)) for row in rows)
