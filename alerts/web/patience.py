"""HTTP connections of the desk, with time limits for sending a request and for reading its response.

uvicorn waits indefinitely for the rest of a request, and its `limit_concurrency` also counts silent
connections: two thousand incomplete requests made the desk unreachable. Here a connection without a complete
request can be evicted for a new one (`ingest.doorkeeper`), and is closed after a time limit in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from ingest.doorkeeper import Doorkeeper, Guest, address_of
from ingest.listener import descriptors_for, watch_peer
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 1000
WHOLE_WITHIN_S = 20.0  # a request, body and all
READ_WITHIN_S = 60.0  # from when a client stopped reading its answer
_UNFINISHED = (h11.IDLE, h11.SEND_BODY)


class DeskDoor:
    """Connections of the desk. There is no limit per address: a proxy in front shows as one address."""

    def __init__(self, telemetry: Telemetry, places: int = MOST_CONNECTIONS) -> None:
        self.telemetry = telemetry
        places = descriptors_for(places)
        self.keeper = Doorkeeper(places, places)
        self.of_guest: dict[Guest, PatientProtocol] = {}

    def admit(self, protocol: PatientProtocol, guest: Guest) -> bool:
        """Admit a connection, evicting another one if need be; False if there is no room."""
        decision = self.keeper.admit(guest)
        if decision.evicted is not None:
            self.of_guest.pop(decision.evicted).transport.abort()
            self.tell("evicted_connection", guest, "had sent no whole request, let go for another")
        if decision.admitted:
            self.of_guest[guest] = protocol
            self._count()
        else:
            self.tell("too_many_connections", guest, "refused: every place serves a request")
        return decision.admitted

    def leave(self, guest: Guest) -> None:
        """Free the place of a connection that has ended."""
        self.of_guest.pop(guest, None)
        self.keeper.leave(guest)
        self._count()

    def _count(self) -> None:
        self.telemetry.waiting.labels("connections").set(len(self.keeper))

    def tell(self, fault: str, guest: Guest, what: str) -> None:
        """Count a fault, and log it at most once a minute."""
        self.telemetry.faults.labels(fault).inc()
        if count := self.keeper.to_tell(fault, guest.heard_at):
            log.warning("desk_connections", what=what, times=count, last_from=guest.address)

    def protocol(self) -> type[asyncio.Protocol]:
        """Protocol class for uvicorn (`Config.http`)."""
        return cast("type[asyncio.Protocol]", partial(PatientProtocol, self))


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP protocol with eviction and time limits."""

    def __init__(self, door: DeskDoor, *uvicorns: Any, **own: Any) -> None:
        super().__init__(*uvicorns, **own)
        self._door = door
        self._guest: Guest | None = None
        self._waits: dict[str, asyncio.TimerHandle] = {}  # by what is waited for

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        guest = Guest(address_of(transport.get_extra_info("peername")), self.loop.time())
        if not self._door.admit(self, guest):
            transport.abort()
            return
        self._guest = guest
        if (raw := transport.get_extra_info("socket")) is not None:
            watch_peer(raw)
        self._wait("request", WHOLE_WITHIN_S)

    def connection_lost(self, exc: Exception | None) -> None:
        for name in list(self._waits):
            self._stop_waiting(name)
        if self._guest is not None:
            self._door.leave(self._guest)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait("reader", READ_WITHIN_S)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_waiting("reader")

    def _look(self) -> None:
        """Prove the connection while a complete request is served; afterwards restart the time limit."""
        if self._guest is None or self.transport.is_closing():
            return
        serves = self.cycle is not None and not self.cycle.response_complete
        if serves and self.conn.their_state not in _UNFINISHED:
            self._stop_waiting("request")
            self._door.keeper.prove(self._guest, self.loop.time())
        else:
            self._door.keeper.doubt(self._guest)
            self._wait("request", WHOLE_WITHIN_S)

    def _wait(self, name: str, within_s: float) -> None:
        if name not in self._waits:
            self._waits[name] = self.loop.call_later(within_s, self._too_slow, name)

    def _stop_waiting(self, name: str) -> None:
        if (timer := self._waits.pop(name, None)) is not None:
            timer.cancel()

    def _too_slow(self, name: str) -> None:
        self._door.telemetry.faults.labels(f"slow_{name}").inc()
        self.transport.abort()


def ready_probe(door: DeskDoor, now: Callable[[], float]) -> Callable[[], str | None]:
    """Readiness probe that fails while connections are refused; `now` in seconds of the monotonic clock."""
    return lambda: door.keeper.is_refusing(now())
