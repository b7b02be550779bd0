"""Playing a recording to a broker: what it confirms, what it refuses, and addresses that are none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ingest.mqtt import MqttMisconfigured, MqttOptions
from ingest.publish import PublishFailed, publish
from ingest.recording import Recorded
from tests.fakes.mqtt_broker import FakeBroker

pytestmark = pytest.mark.timeout(30)
MESSAGES = [Recorded(1_795_392_000_000 + n, "dust/v1/d0/readings", b"{}") for n in range(3)]


@pytest.mark.parametrize("reason", [0x00, 0x10])
async def test_what_the_broker_took_is_counted_whether_anybody_listens_or_not(reason: int) -> None:
    broker = await FakeBroker().start()
    broker.publish_reason = reason
    assert await asyncio.to_thread(publish, MESSAGES, MqttOptions(broker.url)) == 3
    await broker.stop()


async def test_what_the_broker_refuses_is_not_called_published() -> None:
    broker = await FakeBroker().start()
    broker.publish_reason = 0x87
    with pytest.raises(PublishFailed, match=r"Not authorized .*0 confirmed"):
        await asyncio.to_thread(publish, MESSAGES, MqttOptions(broker.url))
    await broker.stop()


async def test_a_refusal_that_comes_before_all_is_sent_ends_the_publishing() -> None:
    broker = await FakeBroker().start()
    broker.publish_reason = 0x87
    more_than_fly_at_once = MESSAGES * 100
    with pytest.raises(PublishFailed, match=r"Not authorized .*0 confirmed"):
        await asyncio.to_thread(publish, more_than_fly_at_once, MqttOptions(broker.url))
    await broker.stop()


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1", "http://x", "mqtt://", "mqtt://host:99999", "mqtt://host:x", "mqtt://[::1"]
)
def test_an_address_that_is_none_says_how_to_write_one(url: str) -> None:
    with pytest.raises(MqttMisconfigured, match="write mqtt://host:1883 or mqtts://host:8883"):
        assert MqttOptions(url).address


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(MqttMisconfigured, match="DUSTWATCH_MQTT_PASSWORD") as refused:
        assert MqttOptions("mqtt://user:secret@host").address
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_read_names_its_setting(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(MqttMisconfigured, match=r"DUSTWATCH_MQTT_CA=.*ca\.pem"):
        MqttOptions("mqtts://host", ca=file).tls_context()
