"""Bridge: takes MQTT messages, sends records to Kafka, acknowledges once they are confirmed. One event loop.

Promise 1 is kept by `acknowledge` (what is due) and by `_connected` here: acknowledgements belong to one
connection. After a reconnect the broker may use the same packet ids for other messages, so what was confirmed
for the old connection is never acknowledged on the new one; it is delivered again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from ingest.acknowledge import Acknowledgements
from ingest.clock import Clock, ManualClock
from ingest.codec import headers_of
from ingest.decoders.instants import BadTime, parse_instant
from ingest.fatal import Unexpected
from ingest.feed import LARGE_BYTES, Feed, FeedOptions
from ingest.mqtt import Connection, Handlers, MqttOptions, user_property
from ingest.open_door import OpenBroker, refuse_open_broker
from ingest.packets import Publish
from ingest.placing import TimePolicy
from ingest.producer import Outgoing
from ingest.recording import played_filter, unplayed
from ingest.register import Register
from ingest.resolve import Arrival, Outcome, Resolver, gathered
from ingest.stamp import Stamp
from ingest.telemetry import Telemetry
from ingest.ticks import Ticker
from ingest.topic_filters import STATUS_FILTER, filters_of
from ingest.topics import QUARANTINE
from ingest.unmatched import SCHEMA as UNMATCHED
from ingest.unmatched import TopicLook, look_for_ever

log = structlog.get_logger(__name__)

Beside = Callable[[], Awaitable[None]]
RECEIVED_AT = "received_at"  # MQTT 5 user property of a played recording
_END_WITHIN_S = 4.0
# Acknowledgements of which the broker may have read nothing yet: a second's, until it is asked again. They
# are more than Receive Maximum: Mosquitto 2.0.11 had 3,000 messages on their way after a cut, 1,000 allowed.
_MOST_UNREAD = 100_000
_MOST_WAITING = 20_000  # beyond this, messages at QoS 0 are let go: the broker would not wait for us


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """Configuration of a bridge."""

    mqtt: MqttOptions = field(default_factory=MqttOptions)
    feed: FeedOptions = field(default_factory=FeedOptions)
    name: str = "bridge"  # in its ticks
    time: TimePolicy = field(default_factory=TimePolicy)
    secret: Callable[[str], str] | None = field(default=None, repr=False)  # value by name
    anonymous: bool = False  # signals also from a broker that lets anybody in: for trying out
    look_s: float = 0.0  # how long a look for topics that no filter matches takes; 0: none


class Bridge:
    """Connects MQTT connection, resolver, feed and ticks; `run` runs them."""

    def __init__(self, config: BridgeConfig, register: Register, telemetry: Telemetry, clock: Clock) -> None:
        self.config, self._telemetry, self._clock = config, telemetry, clock
        self._recorded = clock if isinstance(clock, ManualClock) else None
        self._stamp = Stamp(clock)
        self._resolver = Resolver(
            register, "bridge", config.time, orders=self._takes_orders(register), secret=config.secret
        )
        self.feed = Feed(config.feed, telemetry, self._confirmed)
        self._ticker = Ticker(
            self.feed, self._stamp, clock.speed, config.name, telemetry, guarded=_is_wall(clock)
        )
        self.feed.appended = self._appended
        self._acks: Acknowledgements[Publish] = Acknowledgements()
        # acknowledged on this connection, of which the broker may have read nothing yet; and how many in all
        self._acked: deque[Publish] = deque(maxlen=_MOST_UNREAD)
        self._acked_here = 0
        self._proving: asyncio.Task[None] | None = None
        self._repeats: Counter[tuple[str, bytes]] = Counter()  # what the broker may deliver again
        self._left_to_ask = 0  # messages that may be among them
        self._ack_soon = False
        self._unexpected = Unexpected()
        on = Handlers(self._connected, self._messages, self._lost, self._settled)
        self.connection = Connection(config.mqtt, *self._filters(register), on)
        self._messages_in = telemetry.records.labels("message")
        self._acknowledged = telemetry.written.labels("acknowledged")
        telemetry.ready_when("mqtt", lambda: self.connection.why or None)
        telemetry.ready_when("kafka", lambda: self.feed.producer.why)

    def _filters(self, register: Register) -> tuple[list[str], list[str]]:
        """What is subscribed to, shared and plainly."""
        filters, plain = filters_of(register), [STATUS_FILTER]
        if self._recorded is not None and not self.config.mqtt.mqtt5:
            return [played_filter(name) for name in filters], [played_filter(name) for name in plain]
        return filters, plain

    def adopt(self, register: Register, feed: FeedOptions) -> None:
        """Read by another configuration from the next message on; `feed` names its revision."""
        self.feed.use(feed)
        self._resolver.use(register)
        self.connection.use(*self._filters(register))
        orders = self._takes_orders(register)
        if orders and not self._resolver.orders:
            self._proving = asyncio.create_task(self._take_orders())
        else:
            self._resolver.orders = orders

    def _takes_orders(self, register: Register) -> bool:
        """True if signals are taken from MQTT; a recording is taken as it came, as `replay` does."""
        return register.ingest.signals.mqtt or self._recorded is not None

    async def _take_orders(self) -> None:
        """Take signals from now on, if the broker knows who sends them; else the process ends."""
        try:
            if not self.config.anonymous:
                await refuse_open_broker(self.config.mqtt, self._say_unproven)
            self._resolver.orders = True
        except OpenBroker as error:
            self._unexpected.raised(error)

    def _say_unproven(self, why: str) -> None:
        log.warning("mqtt_lost", why=why)
        self.connection.why = why

    async def _connect(self, quit_mqtt: asyncio.Event) -> None:
        """Stay connected until `quit_mqtt`. Raises OpenBroker before, where signals are taken."""
        if self._resolver.orders and not self.config.anonymous and self._recorded is None:
            proving = asyncio.ensure_future(refuse_open_broker(self.config.mqtt, self._say_unproven))
            quitting = asyncio.ensure_future(quit_mqtt.wait())
            await asyncio.wait([proving, quitting], return_when=asyncio.FIRST_COMPLETED)
            for task in (proving, quitting):
                task.cancel()
            if proving.done() and not proving.cancelled():
                proving.result()
        await self.connection.run(quit_mqtt)

    def _tell_look(self, found: TopicLook) -> None:
        found.at = self._stamp()
        self.feed.send(QUARANTINE, 0, found.encode(), headers_of(UNMATCHED, found.at))

    async def run(self, stop: asyncio.Event, beside: Sequence[Beside] = ()) -> None:
        """Until `stop`; then everything in hand is sent, confirmed and acknowledged.

        `beside` runs in the same loop. Raises TopicMismatch; anything unexpected ends the process.
        """
        quit_mqtt = asyncio.Event()
        producing = asyncio.create_task(self.feed.producer.run())
        connecting = asyncio.create_task(self._connect(quit_mqtt))
        self._unexpected.listen()
        working: list[asyncio.Future[Any]] = [producing, connecting, self._unexpected.future]
        if self._recorded is None:
            working.append(asyncio.create_task(self._ticker.run()))
            if self.config.look_s:
                look = look_for_ever(
                    self.config.mqtt, self._resolver.reads, self._tell_look, self.config.look_s
                )
                working.append(asyncio.create_task(look))
        working += [asyncio.ensure_future(work()) for work in beside]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
                raise RuntimeError("a part of the bridge ended by itself")
            self.connection.ignore()
            if not await self.feed.close(_END_WITHIN_S):
                log.warning("bridge_ends_unconfirmed", records=self.feed.producer.outstanding)
            self._acknowledge()
            quit_mqtt.set()
            await connecting
        finally:
            if self._proving is not None:
                self._proving.cancel()
            for task in [*working, stopping]:
                task.cancel()
            await asyncio.gather(*working, stopping, return_exceptions=True)
            self._unexpected.close()

    def _connected(self, session_present: bool) -> None:
        if session_present:
            # what the connection before should have brought again, and did not, is still to come
            self._repeats.update(self._unacknowledged())
        else:
            self._repeats.clear()
        # they come first from every subscription, but one subscription may come before another
        self._left_to_ask = self._repeats.total() + self.config.mqtt.receive_maximum
        self._acked.clear()
        self._acked_here = 0
        self._acks = Acknowledgements(self._acks.open_records)

    def _unacknowledged(self) -> Iterator[tuple[str, bytes]]:
        """Messages of the connection before that the broker may deliver again, with or without DUP.

        Their records are made, confirmed or still on their way: another would count a reading twice.
        """
        for message in (*self._acked, *self._acks.names):
            if message is not None:
                yield message.topic, message.payload

    def _settled(self, count: int) -> None:
        """The broker has read the first `count` acknowledgements of this connection."""
        while len(self._acked) > self._acked_here - count:
            self._acked.popleft()

    def _is_repeat(self, message: Publish) -> bool:
        """True if the message came on a connection before."""
        key = message.topic, message.payload
        found = self._repeats[key] > 0
        if found:
            self._repeats[key] -= 1
            self._telemetry.discard("redelivered")
        self._left_to_ask -= 1
        if not self._left_to_ask:
            self._repeats.clear()
        return found

    def _lost(self, why: str) -> None:
        self._telemetry.faults.labels("mqtt").inc()
        self.feed.flush()

    def _messages(self, messages: list[Publish]) -> None:
        if self._unexpected:
            return  # we end; what comes now stays with the broker
        try:
            self._receive(messages)
        except Exception as error:
            self._unexpected.raised(error)

    def _receive(self, messages: list[Publish]) -> None:
        self._messages_in.inc(len(messages))
        resolve, put, acks = self._resolver.resolve, self.feed.put, self._acks
        arrived, hold = acks.arrived, acks.hold
        at = self._stamp()
        for message in messages:
            sent_topic, payload, mid, retain, dup, properties, missing = message
            arrived(message if mid else None)
            if self._repeats and mid and self._is_repeat(message):
                continue
            topic = sent_topic
            if self._recorded is not None:
                topic, at = self._recording(sent_topic, properties)
            if not mid and self.feed.waiting > _MOST_WAITING:
                self._telemetry.discard("qos0_while_kafka_is_down")
                continue
            if len(payload) >= LARGE_BYTES:
                self.feed.expect(len(payload))
            came = Arrival(topic, payload, at, retain, dup)
            outcomes: list[Outcome] = [self._resolver.too_large(came, missing)] if missing else resolve(came)
            for outcome in gathered(outcomes, payload):
                for record in put(outcome):
                    hold(record)
        self._telemetry.last_reading.set(at / 1000)
        if not acks.open_records:
            self._acknowledge()

    def _recording(self, topic: str, properties: bytes) -> tuple[str, int]:
        """(topic, instant of receipt) of a played message; ticks at every minute crossed."""
        assert self._recorded is not None
        topic, instant = unplayed(topic)
        text = user_property(properties, RECEIVED_AT)
        if text is not None:
            try:
                instant = parse_instant(text, 0)
            except BadTime:
                self._telemetry.discard("recording_without_time")
        before = self._recorded.now_ms()
        if instant is not None:
            self._recorded.advance_to(instant)
        now = self._stamp()
        if before and now > before:
            self._ticker.tick_minutes(before, now)
        return topic, now

    def _appended(self, record: Outgoing, appended_ms: int) -> None:
        self._ticker.appended(record, appended_ms, time.time_ns() // 1_000_000)

    def _confirmed(self, record: int) -> None:
        self._acks.confirmed(record)
        if not self._ack_soon:
            # many records are confirmed by one answer of the broker: acknowledge them together
            self._ack_soon = True
            asyncio.get_running_loop().call_soon(self._acknowledge)

    def _acknowledge(self) -> None:
        self._ack_soon = False
        if self._unexpected:
            return  # a message may count as arrived whose record was never made
        if not self.connection.connected:
            return  # they stay with us as what the broker may deliver again
        if due := self._acks.due():
            self.connection.acknowledge([message.mid for message in due])
            self._acknowledged.inc(len(due))
            self._acked.extend(due)
            self._acked_here += len(due)


def _is_wall(clock: Clock) -> bool:
    return clock.speed == 1.0 and not isinstance(clock, ManualClock)


async def run_bridge(
    config: BridgeConfig,
    register: Register,
    telemetry: Telemetry,
    clock: Clock,
    stop: asyncio.Event,
    follow: Callable[[Bridge], Beside] | None = None,
) -> None:
    """Run a bridge until `stop` is set; `follow`: what has it adopt other configurations, beside it."""
    bridge = Bridge(config, register, telemetry, clock)
    await bridge.run(stop, [follow(bridge)] if follow is not None else [])
