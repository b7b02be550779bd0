"""Gateway: HJ 212 over TCP, through the same decoder, resolver and feed as the bridge.

A frame is answered (9014) only after Kafka has confirmed its records, and in order of arrival: a device
that gets no answer sends again (HJ 212-2017, 6.3: 10 s, three tries). A frame that can't be read goes to
quarantine and is not answered. No connection can exhaust memory or block the others: frames are bounded by
the reader, unanswered frames, connections and silence by `GatewayConfig`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from ingest.acknowledge import Acknowledgements
from ingest.clock import BadClock, Clock, ManualClock
from ingest.decoders.hj212 import Frame, FrameReader, build_ack, reading_of
from ingest.fatal import Unexpected
from ingest.feed import Feed, FeedOptions
from ingest.records import Rejected
from ingest.register import Register
from ingest.resolve import Arrival, Resolver, TimePolicy
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
    # RtdInterval may be an hour (HJ 212-2017, 6.6); a device silent for longer has gone
    idle_s: float = 3900.0
    connections: int = 2000
    unanswered: int = 200  # frames of one connection that wait for Kafka before it is read on
    faults_in_a_row: int = 50  # rejected pieces before a connection is closed: it speaks something else
    time: TimePolicy = field(default_factory=TimePolicy)


class GatewayCannotListen(OSError):
    """The address that devices are to connect to can't be used."""

    exit_code = 2


class _Session:
    """Connection of one device."""

    def __init__(self, gateway: Gateway, writer: asyncio.StreamWriter) -> None:
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

    def receive(self, data: bytes) -> None:
        """Handle what these bytes complete; b"" if no more will come."""
        pieces = self._frames.feed(data) if data else self._frames.flush()
        for piece in pieces:
            if self.is_hopeless:
                return
            self._receive_piece(piece)
        self.answer()

    def _receive_piece(self, piece: Frame | Rejected) -> None:
        gateway = self._gateway
        result: Rejected | None = None
        if isinstance(piece, Frame):
            gateway.frames_in.inc()
            self._faults = 0
            # a heartbeat is always answered, whatever its Flag says: silence closes connections
            wanted = piece.wants_ack or piece.cn == "9015"
            self.acks.arrived(build_ack(piece) if wanted else None)
            if piece.is_system:
                return
            decoded = reading_of(piece, gateway.resolver.policy_of(piece.mn))
        else:
            self._faults += 1
            self.acks.arrived(None)
            decoded = result = piece
        raw = piece.raw if result is None else result.raw
        came = Arrival(TOPIC, raw, gateway.stamp())
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
        self.resolver = Resolver(register, SOURCE, config.time)
        self.feed = Feed(config.feed, telemetry, self._confirmed)
        self.stamp = Stamp(clock)
        self.holders: dict[int, set[_Session]] = {}
        self.frames_in = telemetry.records.labels("frame")
        self.port = config.port
        self.unexpected = Unexpected()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: set[_Session] = set()
        telemetry.ready_when("kafka", lambda: self.feed.producer.why)

    def adopt(self, register: Register, feed: FeedOptions) -> None:
        """Read by another configuration from the next frame on; `feed` names its revision."""
        self.feed.use(feed)
        self.resolver.use(register)

    async def run(self, stop: asyncio.Event, beside: Sequence[Beside] = ()) -> None:
        """Serve until `stop`, then confirm and answer what is in hand. Raises GatewayCannotListen,
        TopicMismatch; anything unexpected ends the process. `beside` runs in the same loop."""
        server = await self._listen()
        self.port = server.sockets[0].getsockname()[1]
        log.info("gateway_listens", host=self.config.host, port=self.port)
        producing = asyncio.create_task(self.feed.producer.run())
        stopping = asyncio.create_task(stop.wait())
        self.unexpected.listen()
        working: list[asyncio.Future[Any]] = [producing, self.unexpected.future]
        working += [asyncio.ensure_future(work()) for work in beside]
        try:
            done, _ = await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            server.close()
            for task in self._tasks:
                task.cancel()
            if not await self.feed.close(_END_WITHIN_S):
                log.warning("gateway_ends_unconfirmed", records=self.feed.producer.outstanding)
            for session in list(self._sessions):
                await self._close(session)
        finally:
            server.close()
            ending = [*working, stopping, *self._tasks]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            self.unexpected.close()

    async def _listen(self) -> asyncio.Server:
        host, port = self.config.host, self.config.port
        try:
            return await asyncio.start_server(self._serve, host, port, limit=_CHUNK)
        except OSError as error:
            raise GatewayCannotListen(
                f"the gateway can't listen on {host}:{port} ({error.strerror or error}): does one run "
                "already? Else change DUSTWATCH_GATEWAY_HOST or DUSTWATCH_GATEWAY_PORT"
            ) from error

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self.config.connections:
            self.telemetry.faults.labels("too_many_connections").inc()
            writer.close()
            return
        session = _Session(self, writer)
        self._sessions.add(session)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.telemetry.waiting.labels("connections").set(len(self._sessions))
        try:
            await self._read(session, reader)
            await self._close(session)
        except asyncio.CancelledError:
            pass  # the gateway ends; `run` answers and closes
        except (ConnectionError, OSError) as error:
            log.info("gateway_connection_broke", error=str(error))
            await self._close(session)
        except Exception as error:
            self.unexpected.raised(error)
        finally:
            self._tasks.discard(task)

    async def _read(self, session: _Session, reader: asyncio.StreamReader) -> None:
        while True:
            await session.room.wait()
            try:
                async with asyncio.timeout(self.config.idle_s):
                    # one that sends but never reads our answers is as good as gone, too
                    await session.writer.drain()
                    data = await reader.read(_CHUNK)
            except TimeoutError:
                self.telemetry.faults.labels("idle_connection").inc()
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
        self.telemetry.waiting.labels("connections").set(len(self._sessions))
        session.writer.close()
        with contextlib.suppress(ConnectionError, OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await session.writer.wait_closed()

    def _confirmed(self, record: int) -> None:
        for session in self.holders.pop(record, ()):
            session.acks.confirmed(record)
            session.answer()


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
