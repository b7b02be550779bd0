"""The audit log: who has done and seen what, the newest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from alerts.store.people_store import PAGE
from alerts.web.desk import Desk
from alerts.web.names import ACTIONS
from alerts.web.poller import call


async def log(request: Request) -> Response:
    """A page of the log; `?actor=` and `?action=` choose, `?before=` goes back."""
    desk: Desk = request.app.state.desk
    asked = request.query_params
    before = asked.get("before", "")
    actor, action = asked.get("actor", "")[:80], asked.get("action", "")[:40]
    entries = await call(
        "cases",
        lambda: desk.people.entries(int(before) if before.isdecimal() else None, actor, action),
    )
    return desk.page(
        request,
        "audit.html",
        entries=entries,
        actor=actor,
        action=action,
        actions=tuple(ACTIONS),
        older=entries[-1][0] if len(entries) == PAGE else None,
        wall=desk.gate.wall(),
    )
