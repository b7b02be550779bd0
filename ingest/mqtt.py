"""Persistent connection to an MQTT broker, driven by asyncio; acknowledgements are left to the caller.

paho implements the protocol; only reading is done in bulk (`packets`), and all acknowledgements that are due
are sent in one write. A lost connection is re-established with back-off and jitter.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import MalformedPacket, Properties  # type: ignore[attr-defined]
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.addresses import shown
from ingest.packets import PUBACK, ProtocolError, Publish, cut, cut_short, pubacks

log = structlog.get_logger(__name__)

_CHUNK = 256 * 1024
_KEEPALIVE_S = 30
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.2, 15.0
_HELD_S = 5.0
_CONNACK_WITHIN_S = 15.0
# Nobody subscribes to it. A broker answers such a request after it has read what was sent before; a ping it
# may answer at once, as Artemis does, with acknowledgements still unread.
_NEVER_SUBSCRIBED = "dustwatch/read-so-far"
_GOODBYE_WITHIN_S = 1.5
_SESSION_TAKEN_OVER = 0x8E  # MQTT 5, 4.13
_SAME_NAME = "; another client is called {!r} too: give each bridge a DUSTWATCH_MQTT_CLIENT_ID of its own"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttMisconfigured(ValueError):
    """An address or certificate that can't be used for a connection; the message names the setting."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """Address of the broker and options of the connection."""

    url: str = "mqtt://127.0.0.1:1883"
    client_id: str = "dustwatch-bridge"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    version: str = "5"  # or "3.1.1"
    share: str | None = "dustwatch"  # group of the shared subscription; None: plain subscriptions
    receive_maximum: int = 1000
    session_expiry_s: int = 7 * 24 * 3600

    @property
    def mqtt5(self) -> bool:
        return self.version == "5"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port. Raises MqttMisconfigured for another kind of URL."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:  # a port beyond 65535, a bracket left open
            parts, port = urlsplit(""), None
        if parts.username is not None or parts.password is not None:
            # they would be left unused without a word, and stand in every log line
            raise MqttMisconfigured(
                "user and password don't belong into the broker's address: "
                "set DUSTWATCH_MQTT_USERNAME and DUSTWATCH_MQTT_PASSWORD"
            )
        if parts.scheme not in _PORTS or not parts.hostname:
            words = f"{shown(self.url)!r} is no MQTT address; write mqtt://host:1883 or mqtts://host:8883"
            raise MqttMisconfigured(words)
        return parts.hostname, port or _PORTS[parts.scheme]

    @property
    def tls(self) -> bool:
        return urlsplit(self.url).scheme == "mqtts"

    def tls_context(self) -> ssl.SSLContext:
        """TLS context for checking the broker's certificate. Raises MqttMisconfigured."""
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            why = error.strerror or str(error)
            words = f"DUSTWATCH_MQTT_CA={self.ca}: {why}; name a file with the authority's certificate (PEM)"
            raise MqttMisconfigured(words) from None


class BulkClient(paho.Client):
    """A paho client that reads everything a socket holds and delivers PUBLISH packets as a list."""

    def __init__(self, deliver: Callable[[list[Publish]], None], mqtt5: bool, **options: Any) -> None:
        protocol = paho.MQTTv5 if mqtt5 else paho.MQTTv311
        more: dict[str, Any] = {} if mqtt5 else {"clean_session": False}
        super().__init__(CallbackAPIVersion.VERSION2, protocol=protocol, manual_ack=True, **more, **options)
        self._deliver, self._mqtt5 = deliver, mqtt5
        self._unread = bytearray()
        self._too_large: Publish | None = None  # its end is still to come, and thrown away
        self._to_skip = 0

    def reconnect(self) -> MQTTErrorCode:
        self._unread.clear()
        self._too_large, self._to_skip = None, 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read once (or as long as TLS holds more), and handle every complete packet."""
        while (sock := self._sock) is not None:
            try:
                data = self._sock_recv(_CHUNK)
            except BlockingIOError:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            except OSError:
                return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
            if not data:
                return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
            self._last_bytes_received = time.monotonic()
            self._unread += self._skip(data)
            try:
                rc = self._handle_unread()
            except (ProtocolError, MalformedPacket) as error:
                log.error("mqtt_protocol", error=str(error))
                rc = MQTTErrorCode.MQTT_ERR_PROTOCOL
            if rc:
                return self._loop_rc_handle(rc)
            if self._sock is not sock or not isinstance(sock, ssl.SSLSocket) or not sock.pending():
                break
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, mids: list[int]) -> None:
        """Send PUBACK for these ids, in this order, in one piece."""
        self._packet_queue(PUBACK, pubacks(mids), 0, 1)

    def _skip(self, data: bytes) -> bytes:
        """Drop the rest of an oversized message, deliver it at its end, and return the bytes that follow."""
        if self._too_large is None:
            return data
        skipped = min(len(data), self._to_skip)
        self._to_skip -= skipped
        if not self._to_skip:
            self._deliver([self._too_large])
            self._too_large = None
        return data[skipped:]

    def _handle_unread(self) -> MQTTErrorCode:
        packets, used = cut(self._unread, self._mqtt5)
        del self._unread[:used]
        messages: list[Publish] = []
        for packet in packets:
            if isinstance(packet, Publish):
                messages.append(packet)
                continue
            if messages:
                self._deliver(messages)
                messages = []
            self._in_packet["command"], self._in_packet["packet"] = packet[0], bytearray(packet[1])
            self._in_packet["remaining_length"], self._in_packet["pos"] = len(packet[1]), 0
            rc = self._packet_handle()
            self._in_packet["command"], self._in_packet["packet"] = 0, bytearray()
            if rc:
                return rc
        if messages:
            self._deliver(messages)
        if self._unread and (found := cut_short(self._unread, self._mqtt5)) is not None:
            self._too_large, size = found
            self._to_skip = size - len(self._unread)  # `cut` left it: something of it is still to come
            self._unread.clear()
        return MQTTErrorCode.MQTT_ERR_SUCCESS


@dataclass(slots=True)
class Handlers:
    """Callbacks for the owner of a connection; all called in the event loop's thread."""

    connected: Callable[[bool], None]  # whether the broker kept the session
    messages: Callable[[list[Publish]], None]
    lost: Callable[[str], None]
    settled: Callable[[int], None]  # how many acknowledgements of this connection the broker has read


class Connection:
    """Keeps a subscriber connected until told to stop."""

    def __init__(self, options: MqttOptions, filters: Sequence[str], plain: Sequence[str], on: Handlers):
        options.address  # noqa: B018 - says at once what is wrong with the URL
        self.options, self._on = options, on
        self.connected = False
        self._accepted_at: float | None = None  # the present or the last connection, monotonic s
        self.why = "not connected to the MQTT broker yet"
        self._leaving = self._ignoring = False
        self._filters = self._named(filters, plain)
        self._asked: dict[int, list[str]] = {}  # id of a SUBSCRIBE -> its filters
        self._confirmed: set[str] = set()  # filters that the broker has granted our session
        # The first connection of a process only names its filters, and takes nothing. Of a session that
        # outlived the process before nobody says which it has, and Artemis loses count of what is on its way
        # when a shared one is named again: it then sends no more than Receive Maximum.
        self._naming = True
        self._have_named = False
        self._resumed = False  # whether the broker still had our session when we came
        self._acknowledged = self._settled = 0  # messages on this connection; of them, read by the broker
        self._question: tuple[int, int] | None = None  # its id, how many were acknowledged before it
        self._refused: dict[str, str] = {}  # filter -> why
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._down = asyncio.Event()
        client = self._client = BulkClient(self._messages, options.mqtt5, client_id=options.client_id)
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        if options.tls:
            client.tls_set_context(options.tls_context())
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed
        client.on_socket_close = self._socket_closed
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._enough_written

    def _named(self, filters: Sequence[str], plain: Sequence[str]) -> list[str]:
        group = f"$share/{self.options.share}/" if self.options.share else ""
        return [f"{group}{name}" for name in filters] + list(plain)

    def use(self, filters: Sequence[str], plain: Sequence[str]) -> None:
        """Subscribe to these from now on, and no longer to what is not among them."""
        wanted = self._named(filters, plain)
        new = [name for name in wanted if name not in self._filters]
        old = [name for name in self._filters if name not in wanted]
        self._filters = wanted
        if not self.connected:
            return
        if new:
            self._subscribe(new)
        if old:
            self._client.unsubscribe(old)
            self._confirmed.difference_update(old)
            self._refused = {name: why for name, why in self._refused.items() if name not in old}
            self._say_refused()

    def _subscribe(self, names: list[str]) -> None:
        if self.options.mqtt5:
            # 1: retained messages only for a new subscription, not at every reconnect
            how = SubscribeOptions(qos=1, retainHandling=1)
            _, mid = self._client.subscribe([(name, how) for name in names])
        else:
            _, mid = self._client.subscribe([(name, 1) for name in names])
        if mid is not None:
            self._asked[mid] = names

    def acknowledge(self, mids: list[int]) -> None:
        """Acknowledge messages of the current connection, in this order."""
        if self.connected:
            self._client.acknowledge(mids)
            self._acknowledged += len(mids)

    def ignore(self) -> None:
        """Deliver no more messages: those that still come are not acknowledged, and stay with the broker."""
        self._ignoring = True

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, and reconnect, until `stop`; then disconnect (the session is kept)."""
        backoff = 0.0
        while not stop.is_set():
            self._accepted_at = None
            await self._connect_once(stop)
            if stop.is_set():
                break
            if self._naming and self._have_named:
                self._naming = False
                continue
            held_s = 0.0 if self._accepted_at is None else time.monotonic() - self._accepted_at
            backoff = next_backoff_s(backoff, held_s)
            await _either(stop, asyncio.sleep(backoff * random.uniform(0.5, 1.5)))
        self._leaving = True
        await self._until_acknowledgements_arrived()
        self._client.disconnect()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._down.wait(), _GOODBYE_WITHIN_S)

    async def _until_acknowledgements_arrived(self) -> None:
        """Wait until the broker has read everything sent before.

        Closing a socket with unread messages in it resets the connection, and a broker may then discard
        acknowledgements that it has not read yet.
        """
        deadline = time.monotonic() + _GOODBYE_WITHIN_S
        while self.connected and self._settled < self._acknowledged and time.monotonic() < deadline:
            self._ask_what_is_settled()
            await asyncio.sleep(0.005)

    def _ask_what_is_settled(self) -> None:
        if self.connected and self._question is None and self._settled < self._acknowledged:
            _, mid = self._client.unsubscribe(_NEVER_SUBSCRIBED)
            self._question = None if mid is None else (mid, self._acknowledged)

    def _unsubscribed(self, _client: Any, _data: Any, mid: int, _reasons: Any, _properties: Any) -> None:
        if self._question is not None and self._question[0] == mid:
            self._settled, self._question = self._question[1], None
            self._on.settled(self._settled)

    def _messages(self, messages: list[Publish]) -> None:
        if self._naming:  # at QoS 0 nobody would send them again
            messages = [message for message in messages if not message.mid]
        if messages and not self._ignoring:
            self._on.messages(messages)

    async def _connect_once(self, stop: asyncio.Event) -> None:
        self._down.clear()
        host, port = self.options.address
        try:
            await asyncio.to_thread(self._connect, host, port)
        except (OSError, ValueError) as error:
            self._down.set()
            self._lost(f"can't reach the MQTT broker at {host}:{port}: {error}")
            return
        sock = self._client.socket()
        if sock is None:
            self._lost("the connection broke while it was made")
            return
        self._loop.add_reader(sock, self._client.loop_read)
        self._client.loop_write()
        began = time.monotonic()
        while not self._down.is_set() and not stop.is_set():
            await _either(stop, self._down.wait(), within=1.0)
            self._client.loop_misc()
            self._ask_what_is_settled()
            if not self.connected and time.monotonic() - began > _CONNACK_WITHIN_S:
                self.why = f"{host}:{port} does not answer as an MQTT broker"
                self._client._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)

    def _connect(self, host: str, port: int) -> None:
        if not self.options.mqtt5:
            self._client.connect(host, port, _KEEPALIVE_S)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self.options.session_expiry_s
        properties.ReceiveMaximum = 1 if self._naming else self.options.receive_maximum
        # No Maximum Packet Size: of a larger message a broker would throw away what it has confirmed (MQTT 5,
        # 3.1.2.11.4); we read past it, and its beginning is held.
        self._client.connect(host, port, _KEEPALIVE_S, clean_start=False, properties=properties)

    def _connected(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.why = f"the MQTT broker refuses us: {reason}; see DUSTWATCH_MQTT_USERNAME and _PASSWORD"
            return
        present = bool(flags.session_present)
        self.connected, self.why = True, "not subscribed yet"
        self._accepted_at = time.monotonic()
        if self._naming:
            self._resumed = present
        else:
            log.info("mqtt_connected", broker=self.options.url, session=present and self._resumed)
            self._resumed = True
        self._asked.clear()
        self._refused.clear()
        self._acknowledged, self._settled, self._question = 0, 0, None
        if not present:
            self._confirmed.clear()
        if not self._naming:
            self._on.connected(present)
        if old := self._confirmed.difference(self._filters):
            self._client.unsubscribe(list(old))
            self._confirmed -= old
        if new := [name for name in self._filters if name not in self._confirmed]:
            self._subscribe(new)
        else:
            self._say_refused()

    def _subscribed(self, _client: Any, _data: Any, mid: int, reasons: Any, _properties: Any) -> None:
        for name, reason in zip(self._asked.pop(mid, []), reasons, strict=False):
            if not reason.is_failure:
                self._confirmed.add(name)
            elif name in self._filters:
                self._refused[name] = str(reason)
        if self._naming:
            self._have_named = True
            self._client.disconnect()
        else:
            self._say_refused()

    def _say_refused(self) -> None:
        refused = [f"{name} ({why})" for name, why in self._refused.items()]
        self.why = f"the MQTT broker refuses to subscribe us to {', '.join(refused)}" if refused else ""
        if refused:
            log.error("mqtt_subscription_refused", why=self.why)

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._leaving or (self._naming and self._have_named):
            self.connected = False
        else:
            taken = reason.value == _SESSION_TAKEN_OVER
            more = _SAME_NAME.format(self.options.client_id) if taken else ""
            self._lost(self.why or f"MQTT connection lost: {reason}{more}")
        self._down.set()

    def _lost(self, why: str) -> None:
        self.connected, self.why = False, why
        log.warning("mqtt_lost", why=why)
        self._on.lost(why)

    def _in_loop(self) -> bool:
        # paho queues CONNECT from the thread that connects; `_connect_once` writes it after
        return threading.get_ident() == self._loop_thread

    def _want_write(self, _client: Any, _data: Any, sock: Any) -> None:
        if self._in_loop():
            self._loop.add_writer(sock, self._client.loop_write)

    def _enough_written(self, _client: Any, _data: Any, sock: Any) -> None:
        if self._in_loop():
            self._loop.remove_writer(sock)

    def _socket_closed(self, _client: Any, _data: Any, sock: Any) -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)


def next_backoff_s(before_s: float, held_s: float) -> float:
    """Seconds to wait before the next connection, on average; `before_s`: 0 before the first.

    A connection that held for a while has nothing to do with the trouble before it: a broker that is
    restarted twice in a minute is found again as soon as one that is restarted once.
    """
    if before_s == 0 or held_s > _HELD_S:
        return _FIRST_BACKOFF_S
    return min(before_s * 2, _LONGEST_BACKOFF_S)


async def _either(stop: asyncio.Event, other: Any, within: float | None = None) -> None:
    """Wait for the event or the other awaitable, whichever comes first."""
    tasks = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(other)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=within)
    for task in tasks:
        task.cancel()


def user_property(properties: bytes, name: str) -> str | None:
    """Value of an MQTT 5 user property in the raw properties of a PUBLISH; None: it is not there."""
    if not properties:
        return None
    unpacked = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    unpacked.unpack(_with_length(properties))  # type: ignore[no-untyped-call]
    return next((value for key, value in getattr(unpacked, "UserProperty", []) if key == name), None)


def _with_length(properties: bytes) -> bytes:
    length, prefix = len(properties), bytearray()
    while True:
        length, low = divmod(length, 128)
        prefix.append(low | (0x80 if length else 0))
        if not length:
            return bytes(prefix) + properties
