"""Health, readiness and metrics of the desk's process."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.web.desk import Desk
from alerts.web.sources import StoreDown


async def healthz(request: Request) -> Response:
    """200 while the process does its work; a store that is down does not make the desk unhealthy."""
    desk: Desk = request.app.state.desk
    failing = desk.telemetry.unwell()
    return JSONResponse({"service": "desk", "failing": failing}, 503 if failing else 200)


async def readyz(request: Request) -> Response:
    """200 if both stores answer."""
    desk: Desk = request.app.state.desk
    with suppress(StoreDown):  # the probe below says which
        await desk.poller.fresh()
    failing = desk.telemetry.unready()
    return JSONResponse({"service": "desk", "failing": failing}, 503 if failing else 200)


async def metrics(request: Request) -> Response:
    """Metrics in Prometheus's text format."""
    desk: Desk = request.app.state.desk
    return Response(generate_latest(desk.telemetry.registry), media_type=CONTENT_TYPE_LATEST)
