"""Gateway: HJ 212 over TCP, through the same decoder, resolver and feed as the bridge.

A frame is answered (9014) only after Kafka has confirmed its records, and in order of arrival: a device
that gets no answer sends again (HJ 212-2017, 6.3: 10 s, three tries). A frame that can't be read goes to
quarantine and is not answered. No connection can exhaust memory or block the others: frames are bounded by
the reader, unanswered frames, connections and silence by `GatewayConfig`, and a connection that has not shown
to be a device's gives way to the next (`doorkeeper`). A device proves the connection it spoke over last: its
older ones, left behind by a bad radio link or opened by somebody who learnt its number, give way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from ingest.acknowledge import Acknowledgements
from ingest.clock import BadClock, Clock, ManualClock
from ingest.decoders.hj212 import Frame, FrameReader, build_ack, password_fault, reading_of
from ingest.doorkeeper import Doorkeeper, Guest, address_of, host_of
from ingest.fatal import Unexpected
from ingest.feed import Feed, FeedOptions
from ingest.listener import TlsFiles, accept_for_ever, descriptors_for, listen, streams_of
from ingest.placing import TimePolicy
from ingest.records import Decoded, DeviceNotice, Rejected
from ingest.register import Register
from ingest.resolve import Arrival, Resolver
from ingest.stamp import Stamp
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)

Beside = Callable[[], Awaitable[None]]
SOURCE = "gateway"
TOPIC = "hj212/tcp"  # stands in quarantine where a message of MQTT has its topic
_CHUNK = 16 * 1024
_END_WITHIN_S = 4.0


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Configuration of a gateway."""

    host: str = "127.0.0.1"
    port: int = 8212
    feed: FeedOptions = field(default_factory=FeedOptions)
    # until the first valid frame: some monitors connect and say nothing until their next value, mostly 60 s
    first_frame_s: float = 90.0
    # after it: RtdInterval may be an hour (HJ 212-2017, 6.6); a device silent for longer has gone
    idle_s: float = 3900.0
    connections: int = 2000
    # A mobile operator's NAT may show all monitors of a county as one address, some hundreds of them. That
    # one address can't lock out the others is not left to this number: see `doorkeeper`.
    per_address: int = 1000
    unanswered: int = 200  # frames of one connection that wait for Kafka before it is read on
    faults_in_a_row: int = 50  # rejected pieces before a connection is closed: it speaks something else
    time: TimePolicy = field(default_factory=TimePolicy)
    tls: TlsFiles | None = None  # None: HJ 212 in clear text
    secret: Callable[[str], str] | None = field(default=None, repr=False)  # value by name


class GatewayCannotListen(OSError):
    """The address that devices are to connect to can't be used."""

    exit_code = 2


class _Session:
    """Connection of one device."""

    def __init__(self, gateway: Gateway, writer: asyncio.StreamWriter, guest: Guest, peer: str) -> None:
        self.guest, self.peer = guest, peer
        self.has_spoken = False
        self.devices: set[str] = set()  # those that spoke over this connection last
        self.acks: Acknowledgements[bytes] = Acknowledgements()
        self.writer = writer
        self.room = asyncio.Event()
        self.room.set()
        self._gateway = gateway
        self._frames = FrameReader(gateway.resolver.policy_of)
        self._faults = 0

    @property
    def is_hopeless(self) -> bool:
        return self._faults >= self._gateway.config.faults_in_a_row

    @property
    def deadline(self) -> float:
        """Deadline of the next valid frame, on the loop's clock; bytes that are no frame don't extend it."""
        config = self._gateway.config
        return self.guest.heard_at + (config.idle_s if self.has_spoken else config.first_frame_s)

    def receive(self, data: bytes) -> None:
        """Handle what these bytes complete; b"" if no more will come."""
        pieces = self._frames.feed(data) if data else self._frames.flush()
        for piece in pieces:
            if self.is_hopeless:
                return
            self._receive_piece(piece)
        self.answer()

    def _receive_piece(self, piece: Frame | DeviceNotice | Rejected) -> None:
        gateway = self._gateway
        decoded: Decoded | DeviceNotice | Rejected
        if isinstance(piece, Frame):
            gateway.frames_in.inc()
            refusal = gateway.refusal_of(piece, self.peer)
            if refusal is not None and piece.is_system:  # nothing in it is worth keeping
                self._faults += 1
                return
            if refusal is not None:
                piece = Rejected("not_allowed", refusal, piece.raw)
        if isinstance(piece, Frame):
            self._faults = 0
            self.has_spoken = True
            gateway.note_speaker(self, piece.mn)
            # a heartbeat is always answered, whatever its Flag says: silence closes connections
            wanted = piece.wants_ack or piece.cn == "9015"
            self.acks.arrived(build_ack(piece) if wanted else None)
            decoded = reading_of(piece, gateway.resolver.policy_of(piece.mn))
        else:
            self._faults += isinstance(piece, Rejected)
            self.acks.arrived(None)
            decoded = piece
        came = Arrival(TOPIC, piece.raw, gateway.stamp(), peer=self.peer)
        for outcome in gateway.resolver.of_decoded([decoded], came):
            for record in gateway.feed.put(outcome):
                self.acks.hold(record)
                gateway.holders.setdefault(record, set()).add(self)
        gateway.telemetry.last_reading.set(came.received_at / 1000)

    def answer(self) -> None:
        """Send the acknowledgements that are due."""
        if self._gateway.unexpected:
            return  # a frame may count as arrived whose record was never made
        due = self.acks.due()
        if due and not self.writer.is_closing():
            self.writer.write(b"".join(due))
        if self.acks.waiting < self._gateway.config.unanswered:
            self.room.set()
        else:
            self.room.clear()


class Gateway:
    """Listening socket and the state its connections share."""

    def __init__(self, config: GatewayConfig, register: Register, telemetry: Telemetry, clock: Clock) -> None:
        self.config, self.telemetry = config, telemetry
        self.resolver = Resolver(register, SOURCE, config.time, secret=config.secret)
        self._tls = None if config.tls is None else config.tls.context()
        self.feed = Feed(config.feed, telemetry, self._confirmed)
        self.stamp = Stamp(clock)
        self.holders: dict[int, set[_Session]] = {}
        places = descriptors_for(config.connections)
        if places < config.connections:
            words = "the system allows few open files: raise `ulimit -n` or systemd's LimitNOFILE"
            log.warning("gateway_few_connections", connections=places, wanted=config.connections, mend=words)
        self.door = Doorkeeper(places, min(config.per_address, places))
        self.frames_in = telemetry.records.labels("frame")
        self.port = config.port
        self.unexpected = Unexpected()
        self._sessions: set[_Session] = set()
        self._serving: dict[Guest, asyncio.Task[None]] = {}
        self._evicted: set[Guest] = set()
        self._spoke_over: dict[str, _Session] = {}  # device -> the connection of its last frame
        telemetry.ready_when("kafka", lambda: self.feed.producer.why)
        telemetry.ready_when("connections", lambda: self.door.is_refusing(time.monotonic()))

    def adopt(self, register: Register, feed: FeedOptions) -> None:
        """Read by another configuration from the next frame on; `feed` names its revision."""
        self.feed.use(feed)
        self.resolver.use(register)

    async def run(self, stop: asyncio.Event, beside: Sequence[Beside] = ()) -> None:
        """Serve until `stop`, then confirm and answer everything in hand. Raises GatewayCannotListen,
        TopicMismatch; anything unexpected ends the process. `beside` runs in the same loop.
        """
        listeners = self._listen()
        self.port = listeners[0].getsockname()[1]
        log.info("gateway_listens", host=self.config.host, port=self.port)
        accepting = [
            asyncio.create_task(accept_for_ever(one, self._welcome, self._make_room)) for one in listeners
        ]
        producing = asyncio.create_task(self.feed.producer.run())
        stopping = asyncio.create_task(stop.wait())
        self.unexpected.listen()
        working: list[asyncio.Future[Any]] = [*accepting, producing, self.unexpected.future]
        working += [asyncio.ensure_future(work()) for work in beside]
        try:
            done, _ = await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            await _end(accepting, listeners)
            for serving in self._serving.values():
                serving.cancel()
            if not await self.feed.close(_END_WITHIN_S):
                log.warning("gateway_ends_unconfirmed", records=self.feed.producer.outstanding)
            for session in list(self._sessions):
                await self._close(session)
        finally:
            await _end([*working, stopping, *self._serving.values()], listeners)
            self.unexpected.close()

    def refusal_of(self, frame: Frame, peer: str) -> str | None:
        """Reason to refuse a frame as not sent by the device it names; logged once a minute and device."""
        resolver = self.resolver
        why = resolver.peer_fault(frame.mn, peer) or password_fault(
            frame, resolver.policy_of(frame.mn).secrets
        )
        if why is not None:
            self.telemetry.faults.labels("not_allowed").inc()
            device = resolver.device_of(frame.mn)
            now = asyncio.get_running_loop().time()
            if count := self.door.to_tell(f"not_allowed {device}", now):
                log.warning("gateway_frame_refused", device=device, peer=peer, why=why, times=count)
        return why

    def note_speaker(self, session: _Session, mn: str | None) -> None:
        """Note a valid frame on this connection; a frame of a registered device proves it."""
        now = asyncio.get_running_loop().time()
        device = self.resolver.device_of(mn)
        if device is None:
            self.door.heard(session.guest, now)
            return
        before = self._spoke_over.get(device)
        if before is not session:
            self._spoke_over[device] = session
            session.devices.add(device)
            if before is not None:
                before.devices.discard(device)
                if not before.devices:
                    self.door.doubt(before.guest)
        self.door.prove(session.guest, now)

    def _listen(self) -> list[socket.socket]:
        host, port = self.config.host, self.config.port
        try:
            return listen(host, port)
        except OSError as error:
            raise GatewayCannotListen(
                f"the gateway can't listen on {host}:{port} ({error.strerror or error}): does one run "
                "already? Else change DUSTWATCH_GATEWAY_HOST or DUSTWATCH_GATEWAY_PORT"
            ) from error

    def _welcome(self, connection: socket.socket, peer: object) -> None:
        guest = Guest(address_of(peer), asyncio.get_running_loop().time())
        decision = self.door.admit(guest)
        if decision.evicted is not None:
            self._evict(decision.evicted)
        if not decision.admitted:
            connection.close()
            self._tell("too_many_connections", guest, "refused", self.door.is_refusing(guest.heard_at))
            return
        self.telemetry.waiting.labels("connections").set(len(self.door))
        self._serving[guest] = asyncio.create_task(self._serve(connection, guest, host_of(peer)))

    def _make_room(self, why: str) -> None:
        evicted = self.door.give_way()
        if evicted is not None:
            self._evict(evicted)
        elif count := self.door.to_tell("no_descriptor", asyncio.get_running_loop().time()):
            log.error("gateway_cannot_accept", why=why, times=count, mend="raise `ulimit -n` (LimitNOFILE)")

    def _evict(self, guest: Guest) -> None:
        self._tell("evicted_connection", guest, "let go for another", "it had not shown to be a device's")
        serving = self._serving.get(guest)
        if serving is not None:
            self._evicted.add(guest)
            serving.cancel()

    def _tell(self, fault: str, guest: Guest, what: str, why: str | None) -> None:
        """Count a fault, and log it at most once a minute."""
        self.telemetry.faults.labels(fault).inc()
        if count := self.door.to_tell(fault, asyncio.get_running_loop().time()):
            log.warning("gateway_connections", what=what, why=why, times=count, last_from=guest.address)

    async def _serve(self, connection: socket.socket, guest: Guest, peer: str) -> None:
        session: _Session | None = None
        try:
            reader, writer = await streams_of(connection, _CHUNK, self._tls)
            session = _Session(self, writer, guest, peer)
            self._sessions.add(session)
            await self._read(session, reader)
            await self._close(session)
        except asyncio.CancelledError:
            # else the gateway ends; `run` answers and closes
            if guest in self._evicted and session is not None:
                await self._close(session)
        except (ConnectionError, OSError) as error:
            if session is None and self._tls is not None:
                self._tell("tls_refused", guest, "no TLS", getattr(error, "reason", None) or str(error))
            log.info("gateway_connection_broke", error=str(error))
            if session is not None:
                await self._close(session)
        except Exception as error:
            self.unexpected.raised(error)
        finally:
            self._evicted.discard(guest)
            self._serving.pop(guest, None)
            self.door.leave(guest)
            self.telemetry.waiting.labels("connections").set(len(self.door))

    async def _read(self, session: _Session, reader: asyncio.StreamReader) -> None:
        while True:
            if not session.room.is_set():
                await session.room.wait()
                # while we did not listen it could not be heard
                self.door.heard(session.guest, asyncio.get_running_loop().time())
            try:
                async with asyncio.timeout_at(session.deadline):
                    # one that sends but never reads our answers is as good as gone, too
                    await session.writer.drain()
                    data = await reader.read(_CHUNK)
            except TimeoutError:
                fault = "idle_connection" if session.has_spoken else "no_first_frame"
                self.telemetry.faults.labels(fault).inc()
                return
            session.receive(data)
            if session.is_hopeless:
                self.telemetry.faults.labels("not_hj212").inc()
                return
            if not data:
                return

    async def _close(self, session: _Session) -> None:
        session.answer()
        self._sessions.discard(session)
        for device in session.devices:
            self._spoke_over.pop(device, None)
        session.writer.close()
        with contextlib.suppress(ConnectionError, OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await session.writer.wait_closed()
        session.writer.transport.abort()  # one that reads nothing would keep its descriptor for ever

    def _confirmed(self, record: int) -> None:
        for session in self.holders.pop(record, ()):
            session.acks.confirmed(record)
            session.answer()


async def _end(tasks: Iterable[asyncio.Future[Any]], listeners: Iterable[socket.socket]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
    for listener in listeners:
        listener.close()


async def run_gateway(
    config: GatewayConfig,
    register: Register,
    telemetry: Telemetry,
    clock: Clock,
    stop: asyncio.Event,
    follow: Callable[[Gateway], Beside] | None = None,
) -> None:
    """Run a gateway until `stop` is set; `follow`: what runs beside it and has it adopt other configurations.

    Raises BadClock for the clock of a recording.
    """
    if isinstance(clock, ManualClock):
        # it would stand at 1970 for ever: no frame says when it was received
        raise BadClock(
            "DUSTWATCH_CLOCK=recording: only the bridge plays recordings; the gateway needs `wall`"
        )
    gateway = Gateway(config, register, telemetry, clock)
    await gateway.run(stop, [follow(gateway)] if follow is not None else [])
