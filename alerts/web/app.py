"""Web application of the desk: its routes, its middleware, and its server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from alerts.web.alert_watch import watch_cases
from alerts.web.desk import Desk
from alerts.web.guarding import routes_of
from alerts.web.route_table import ROWS
from alerts.web.security import BadPost, OwnNames, SecurityHeaders
from alerts.web.sources import Sources, StoreDown
from ingest.clock import Clock
from ingest.register import Register
from ingest.telemetry import Telemetry

STATIC = Path(__file__).with_name("static")
_LOG = logging.getLogger(__name__)


def create_app(
    sources: Sources,
    register: Register,
    clock: Clock,
    base_url: str = "",
    *,
    switched_on: frozenset[str] = frozenset(),
    follow: Callable[[Callable[[Register], Awaitable[None]]], Callable[[], Awaitable[None]]] | None = None,
    telemetry: Telemetry | None = None,
) -> Starlette:
    """Create the desk over its stores; `base_url` is its public address.

    `switched_on`: routes of `alerts.web.route_table` that are off by default.
    `follow`: makes the task to run alongside from a function that adopts another register
    (`deploy.county.follow`).
    """
    desk = Desk(sources, register, clock, base_url, telemetry or Telemetry("desk"))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with desk.poller.running():
            beside = [asyncio.ensure_future(watch_cases(desk))]
            if follow is not None:
                beside.append(asyncio.ensure_future(follow(desk.adopt)()))
            try:
                yield
            finally:
                for task in beside:
                    task.cancel()

    app = Starlette(
        routes=[
            *routes_of(ROWS, switched_on),
            Mount("/static", KeptFiles(directory=STATIC), name="static"),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(OwnNames, base_url=base_url, refuse=_not_ours),
            Middleware(GZipMiddleware, minimum_size=1024),
        ],
        exception_handlers={
            HTTPException: _refused,
            StoreDown: _store_down,
            BadPost: _bad_post,
            Exception: _broken,
        },
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


def run_desk(app: Starlette, host: str = "127.0.0.1", port: int = 8400) -> None:
    """Serve until SIGTERM or SIGINT; open streams end within about a second."""
    import uvicorn

    from alerts.web.patience import DeskDoor, ready_probe

    poller, telemetry = app.state.desk.poller, app.state.desk.telemetry
    door = DeskDoor(telemetry)
    telemetry.ready_when("connections", ready_probe(door, time.monotonic))

    class _DeskServer(uvicorn.Server):
        """Tells the streams to end; uvicorn itself would wait for them, then cut them off."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            poller.closing = True
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=door.protocol(),
        ws="none",  # a handshake of its own would have no end to its patience
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    _DeskServer(config).run()


class KeptFiles(StaticFiles):
    """Static files that browsers keep for a day; pages refer to them with their version."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=86400"
        return response


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    said = f"{fault.status_code} {HTTPStatus(fault.status_code).phrase}: {fault.detail}"
    return _fault(request, fault.status_code, said, dict(fault.headers or {}), detail=fault.detail)


def _fault(
    request: Request, status: int, said: str, headers: Mapping[str, str] | None = None, **shown: str
) -> Response:
    """A page that says what went wrong; to programs the words alone."""
    desk: Desk = request.app.state.desk
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": said}, status, dict(headers or {}))
    response = desk.page(request, "fault.html", status=status, fault=status, **shown)
    response.headers.update(headers or {})
    return response


async def _not_ours(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    host = request.headers.get("host", "")[:100]
    return desk.page(request, "fault.html", status=421, fault=421, host=host, address=desk.base_url)


async def _bad_post(request: Request, fault: Exception) -> Response:
    desk: Desk = request.app.state.desk
    return desk.page(request, "fault.html", status=403, fault=403, detail=str(fault))


async def _store_down(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, StoreDown)
    _LOG.warning("503 for %s: %s", request.url.path, fault)
    said, why = f"the {fault.store} store does not answer: ask again", fault.reason.partition(":")[0]
    return _fault(request, 503, said, {"retry-after": "5"}, store=fault.store, detail=why)


async def _broken(request: Request, fault: Exception) -> Response:
    name = type(fault).__name__
    return _fault(request, 500, f"a fault of the desk ({name}): its log says more", detail=name)
