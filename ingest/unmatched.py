"""Looks for topics that no filter of ingest.yaml matches: the bridge subscribes to none of them.

A connection of its own subscribes to `#` at QoS 0 for a minute, at the start and every half hour. Nothing
is acknowledged or kept of it but names of topics and how often they came; what the broker's ACL keeps from
the bridge's user is not seen. The outcome is a record of `dust.quarantine`, which `dustwatch status` shows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.mqtt import MqttOptions
from ingest.plain_text import one_line

log = structlog.get_logger(__name__)

SCHEMA = "dust.unmatched/1"
LOOK_S, EVERY_S = 60.0, 1800.0  # a minute: monitors speak at least as often
_MOST = 50  # topics that are named
_LONGEST = 200  # signs of a name
_ANSWER_WITHIN_S = 10.0
_NO_RETAINED = 2  # MQTT 5, 3.8.3.1
_OURS = "dust/v1/"  # and of it `.../commands`, which goes to the devices


@dataclass(slots=True)
class TopicLook:
    """What one look found: topic -> messages, and how many messages of topics that are not named."""

    bridge: str
    at: int = 0  # its end, ms by the clock of the log
    seconds: float = 0.0
    topics: dict[str, int] = field(default_factory=dict)
    more: int = 0
    refused: str = ""  # the broker lets us not look

    def note(self, topic: str) -> None:
        """Count a message."""
        name = one_line(topic)[:_LONGEST]
        if name in self.topics or len(self.topics) < _MOST:
            self.topics[name] = self.topics.get(name, 0) + 1
        else:
            self.more += 1

    def encode(self) -> bytes:
        """The value of the Kafka record."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    def words(self) -> str:
        """One line for the operator."""
        if self.refused:
            return f"not known: the broker refuses {self.bridge} a look at all topics ({self.refused})"
        if not self.topics:
            return f"none in {self.seconds:.0f} s ({self.bridge})"
        often = sorted(self.topics.items(), key=lambda one: (-one[1], one[0]))
        named = ", ".join(f"{topic} ({count})" for topic, count in often[:10])
        left = len(often) - 10
        more = f", and {left} more topics" if left > 0 else ""
        return (
            f"{named}{more}, messages in {self.seconds:.0f} s: if they are monitors, give ingest.yaml a "
            f"filter ({self.bridge})"
        )


def decode_look(value: bytes) -> TopicLook:
    """The inverse of `encode`. Raises ValueError, TypeError."""
    return TopicLook(**orjson.loads(value))


class _Listener:
    """The connection of one look; paho's thread notes what comes."""

    def __init__(self, options: MqttOptions, reads: Callable[[str], bool]) -> None:
        self._reads = reads
        self._lock = threading.Lock()
        self.look = TopicLook(options.client_id)
        self.answered = threading.Event()
        self._options = options
        client = self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{options.client_id}-look",
            protocol=paho.MQTTv5 if options.mqtt5 else paho.MQTTv311,
            reconnect_on_failure=False,
        )
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        if options.tls:
            client.tls_set_context(options.tls_context())
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message

    def begin(self) -> None:
        """Connect; returns when the broker has answered. Raises OSError, ValueError."""
        host, port = self._options.address
        self._client.connect(host, port)
        self._client.loop_start()
        self.answered.wait(_ANSWER_WITHIN_S)

    def end(self) -> TopicLook:
        """Leave; what was noted."""
        self._client.disconnect()
        self._client.loop_stop()
        with self._lock:
            return self.look

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused(reason)
        elif self._options.mqtt5:
            how = SubscribeOptions(qos=0, retainHandling=_NO_RETAINED)
            self._client.subscribe("#", options=how)
        else:
            self._client.subscribe("#", 0)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if reasons[0].is_failure:
            self._refused(reasons[0])
        self.answered.set()

    def _refused(self, reason: object) -> None:
        with self._lock:
            self.look.refused = str(reason)
        self.answered.set()

    def _message(self, _client: Any, _data: Any, message: Any) -> None:
        if message.retain or is_ours(message.topic) or self._reads(message.topic):
            return
        with self._lock:
            self.look.note(message.topic)


def is_ours(topic: str) -> bool:
    """Whether a topic is one on which we speak to devices."""
    return topic.startswith(_OURS) and topic.endswith("/commands")


async def look_once(options: MqttOptions, reads: Callable[[str], bool], seconds: float) -> TopicLook | None:
    """Listen to everything for so long; None where the broker can't be reached: the bridge says so itself."""
    listener = _Listener(options, reads)
    try:
        await asyncio.to_thread(listener.begin)
    except (OSError, ValueError) as error:
        log.info("topics_not_looked_at", error=str(error))
        return None
    try:
        if not listener.look.refused:
            await asyncio.sleep(seconds)
    finally:
        found = await asyncio.shield(asyncio.to_thread(listener.end))
    if not listener.answered.is_set():
        return None
    return replace(found, seconds=seconds)


async def look_for_ever(
    options: MqttOptions,
    reads: Callable[[str], bool],
    tell: Callable[[TopicLook], None],
    seconds: float = LOOK_S,
    every_s: float = EVERY_S,
) -> None:
    """Look now, and again every so often; `tell` hears of every look that came about."""
    while True:
        found = await look_once(options, reads, seconds)
        if found is not None:
            if found.topics:
                log.warning("topics_unmatched", topics=found.words())
            tell(found)
        await asyncio.sleep(every_s)


def newest_looks(looks: list[TopicLook]) -> list[TopicLook]:
    """The newest of each bridge, by its name."""
    newest: dict[str, TopicLook] = {}
    for one in looks:
        if one.bridge not in newest or newest[one.bridge].at <= one.at:
            newest[one.bridge] = one
    return [newest[name] for name in sorted(newest)]
