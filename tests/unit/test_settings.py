"""Settings of a machine: what can't be meant is refused with the variable's name."""

from __future__ import annotations

import pytest

from deploy.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KAFKA", "a:b:c", "expected host:9092"),
        ("KAFKA", "", "expected host:9092"),
        ("KAFKA", "kafka-1:9092,,kafka-2:9092", "expected host:9092"),
        ("GATEWAY_PORT", "80000", "less than or equal to 65535"),
        ("PARTITIONS", "twelve", "valid integer"),
        ("MQTT_VERSION", "4", "match pattern"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"DUSTWATCH_{name}", value)
    with pytest.raises(SettingsError, match=f"DUSTWATCH_{name}='{value}': .*{words}"):
        load_settings()


@pytest.mark.parametrize("value", ["kafka", "127.0.0.1:9092", "k-1:9092, k-2:9092", "[::1]:9092"])
def test_the_addresses_of_kafka_may_be_several(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DUSTWATCH_KAFKA", value)
    assert load_settings().kafka == value
