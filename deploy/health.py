"""Health page of a service: /healthz, /readyz and /metrics, from a thread of its own.

A thread, because a stage whose event loop is stuck must still be able to report it; one thread with an event
loop of its own, since a thread for each connection would let half requests fill the machine.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ingest.doorkeeper import Doorkeeper, Guest, address_of
from ingest.listener import accept_for_ever, listen, streams_of
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)

# Each service's own port, so that one machine can run all of them.
PORTS: dict[str, int] = {
    "bridge": 8411,
    "gateway": 8412,
    "detect": 8413,
    "store": 8414,
    "alerts": 8415,
    "desk": 8416,
    "background": 8417,
}
MOST_CONNECTIONS = 64  # at once; each is answered and closed
WITHIN_S = 5.0  # for request and answer together
_LONGEST_HEAD = 8 * 1024
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 500: "Broken"}


class PortTaken(Exception):
    """The port of the health page is taken."""

    exit_code = 2


class HealthServer:
    """Serves the probes and metrics of one `Telemetry`. Raises PortTaken."""

    def __init__(self, telemetry: Telemetry, host: str, port: int) -> None:
        try:
            self._listeners = listen(host, port)
        except OSError as error:
            raise PortTaken(
                f"the health page of {telemetry.service} can't listen on {host}:{port} ({error.strerror}): "
                "does the service run already? Else choose another port with DUSTWATCH_HEALTH_PORT"
            ) from error
        self._telemetry = telemetry
        self.port = int(self._listeners[0].getsockname()[1])
        self._door = Doorkeeper(MOST_CONNECTIONS, MOST_CONNECTIONS)
        self._serving: dict[Guest, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> HealthServer:
        """Start to answer; ends with the process or with `stop`."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for listener in self._listeners:
            self._loop.create_task(accept_for_ever(listener, self._welcome, self._make_room))
        try:
            self._loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()
            for listener in self._listeners:
                listener.close()

    def _welcome(self, connection: socket.socket, peer: object) -> None:
        guest = Guest(address_of(peer), time.monotonic())
        decision = self._door.admit(guest)  # nobody is ever proven here: there is always one that gives way
        if decision.evicted is not None:
            self._let_go(decision.evicted)
        self._serving[guest] = self._loop.create_task(self._serve(connection, guest))

    def _make_room(self, why: str) -> None:
        evicted = self._door.give_way()
        if evicted is not None:
            self._let_go(evicted)

    def _let_go(self, guest: Guest) -> None:
        self._telemetry.faults.labels("health_connection").inc()
        if count := self._door.to_tell("health_connection", time.monotonic()):
            what = "a connection to the health port sent no request, let go for another"
            log.warning("health_connections", what=what, times=count, last_from=guest.address)
        serving = self._serving.get(guest)
        if serving is not None:
            serving.cancel()

    async def _serve(self, connection: socket.socket, guest: Guest) -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(WITHIN_S):
                reader, writer = await streams_of(connection, _LONGEST_HEAD)
                writer.write(_response(self._telemetry, await _head(reader)))
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.CancelledError):
            pass
        finally:
            if writer is not None:
                writer.transport.abort()
            self._serving.pop(guest, None)
            self._door.leave(guest)


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Read a request up to its empty line, or to the end of what was sent."""
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head and len(head) < _LONGEST_HEAD:
        data = await reader.read(_LONGEST_HEAD)
        if not data:
            break
        head += data
    return head


def _response(telemetry: Telemetry, head: bytes) -> bytes:
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if not path.startswith("/"):
        status, kind, body = 400, "text/plain", b"no HTTP request\n"
    elif method != "GET":
        status, kind, body = 405, "text/plain", b"only GET\n"
    else:
        try:
            status, kind, body = answer(telemetry, path)
        except Exception as error:  # a probe of ours is broken: that is worth an answer too
            status, kind, body = 500, "text/plain", f"{type(error).__name__}\n".encode()
    reason = _REASONS.get(status, "Service Unavailable")
    lines = (
        f"HTTP/1.0 {status} {reason}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def answer(telemetry: Telemetry, path: str) -> tuple[int, str, bytes]:
    """(status, content type, body) for a path."""
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(telemetry.registry)
    probes = {"/healthz": telemetry.unwell, "/readyz": telemetry.unready}
    if path not in probes:
        return 404, "text/plain", b"try /healthz, /readyz or /metrics\n"
    wrong = probes[path]()
    body = json.dumps({"service": telemetry.service, "ok": not wrong, "wrong": wrong}, ensure_ascii=False)
    return (503 if wrong else 200), "application/json", body.encode()
