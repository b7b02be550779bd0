"""Whether an MQTT broker lets anybody in: then nobody knows who sends a signal, and none may be taken."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.mqtt import MqttOptions

_ANSWER_WITHIN_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


class OpenBroker(RuntimeError):
    """Signals would be taken from a broker that asks nobody who they are; the message says what to do."""

    exit_code = 2


async def refuse_open_broker(options: MqttOptions, say: Callable[[str], None]) -> None:
    """Return once the broker has refused a client without a user. Raises OpenBroker if it lets one in.

    A broker that does not answer is asked again, for as long as it takes; `say` hears why.
    """
    pause = _FIRST_PAUSE_S
    while (opened := await asyncio.to_thread(_lets_anybody_in, options, say)) is None:
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
    if opened:
        host, port = options.address
        raise OpenBroker(
            f"the MQTT broker at {host}:{port} lets in clients without a user, and `signals: {{mqtt: true}}` "
            "of ingest.yaml takes orders from it: anybody could exempt a site. Give it users (`dustwatch "
            "broker --help`), or take signals out; for trying out: `dustwatch run bridge --anonymous`"
        )


def _lets_anybody_in(options: MqttOptions, say: Callable[[str], None]) -> bool | None:
    """None: no answer."""
    host, port = options.address
    answered, codes = threading.Event(), list[bool]()

    def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        codes.append(not reason.is_failure)
        answered.set()

    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"dustwatch-look-{secrets.token_hex(6)}",
        protocol=paho.MQTTv5 if options.mqtt5 else paho.MQTTv311,
        reconnect_on_failure=False,
    )
    client.on_connect = on_connect
    client.on_disconnect = lambda *_: answered.set()
    if options.tls:
        client.tls_set_context(options.tls_context())
    try:
        client.connect(host, port)
    except OSError as error:
        say(f"can't reach the MQTT broker at {host}:{port}: {error}")
        return None
    client.loop_start()
    answered.wait(_ANSWER_WITHIN_S)
    client.disconnect()
    client.loop_stop()
    if not codes:
        say(f"{host}:{port} does not answer as an MQTT broker")
        return None
    return codes[0]
