"""Publishing of a recording to an MQTT broker at its original pace, or faster; QoS 1, in order."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.decoders.instants import instant_text
from ingest.mqtt import MqttOptions
from ingest.recording import Recorded, played_topic

RECEIVED_AT = "received_at"
_CONNECT_WITHIN_S = 10.0
_CONFIRM_WITHIN_S = 60.0


class PublishFailed(ConnectionError):
    """The broker can't be reached or stopped answering; the message says which and what to do."""


def publish(
    messages: Iterable[Recorded],
    to: MqttOptions,
    speed: float | None = None,
    progress: Callable[[int], None] = lambda count: None,
    played: bool = False,
) -> int:
    """Publish all, `speed` times as fast as they were received (None: as fast as the broker takes them).

    Returns the number of messages that the broker confirmed. For bridges with DUSTWATCH_CLOCK=recording,
    MQTT 5 carries each message's `received_at` as a user property; MQTT 3.1.1 has none, so `played` puts it
    into the topic, which other subscribers don't know. Raises PublishFailed, RecordingError.
    """
    topic_of = played_topic if played and not to.mqtt5 else _own_topic
    client = _connect(to)
    try:
        return _send_all(client, messages, to, topic_of, speed, progress)
    finally:
        client.disconnect()
        client.loop_stop()


def _own_topic(message: Recorded) -> str:
    return message.topic


def _send_all(
    client: paho.Client,
    messages: Iterable[Recorded],
    to: MqttOptions,
    topic_of: Callable[[Recorded], str],
    speed: float | None,
    progress: Callable[[int], None],
) -> int:
    """Each once the one before is confirmed.

    A broker may store two messages that are on their way in another order, as Artemis does, and a bridge that
    plays a recording takes its clock from them.
    """
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client.on_publish = lambda _client, _data, _mid, reason, _more: answers.put(reason)
    started, first = time.monotonic(), None
    confirmed = 0
    for message in messages:
        if first is None:
            first = message.received_at
        if speed is not None:
            wait = (message.received_at - first) / 1000 / speed - (time.monotonic() - started)
            if wait > 0:
                time.sleep(wait)
        properties = None
        if to.mqtt5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = (RECEIVED_AT, instant_text(message.received_at))
        client.publish(topic_of(message), message.payload, 1, message.retain, properties)
        broker = "the MQTT broker at {}:{}".format(*to.address)
        far = f"{confirmed + 1} sent, {confirmed} confirmed"
        try:
            reason = answers.get(timeout=_CONFIRM_WITHIN_S)
        except queue.Empty:
            raise PublishFailed(f"{broker} stopped answering: {far}") from None
        if getattr(reason, "is_failure", False):
            raise PublishFailed(
                f"{broker} refuses what is published: {reason} ({far}); may this user write to it?"
            )
        confirmed += 1
        progress(confirmed)
    return confirmed


def _connect(to: MqttOptions) -> paho.Client:
    host, port = to.address
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"dustwatch-publish-{time.time_ns():x}",
        protocol=paho.MQTTv5 if to.mqtt5 else paho.MQTTv311,
    )
    if to.username is not None:
        client.username_pw_set(to.username, to.password)
    if to.tls:
        client.tls_set_context(to.tls_context())
    answered, refused = threading.Event(), []

    def on_connect(_client: object, _data: object, _flags: object, reason: object, _more: object) -> None:
        if getattr(reason, "is_failure", False):
            refused.append(str(reason))
        answered.set()

    client.on_connect = on_connect
    try:
        client.connect(host, port)
    except OSError as error:
        raise PublishFailed(f"no MQTT broker at {host}:{port} ({error}); start it or change --to") from None
    client.loop_start()
    if not answered.wait(_CONNECT_WITHIN_S) or refused:
        client.loop_stop()
        why = refused[0] if refused else f"no answer within {_CONNECT_WITHIN_S:.0f} s"
        raise PublishFailed(
            f"the MQTT broker at {host}:{port} does not let us in: {why}; "
            "see DUSTWATCH_MQTT_USERNAME, DUSTWATCH_MQTT_PASSWORD and DUSTWATCH_MQTT_VERSION"
        )
    return client
