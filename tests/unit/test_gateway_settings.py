"""What a gateway is told by the machine: wrong certificates and absent secrets end it at once, and are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.errors import exit_code_of, words_of
from deploy.services import run_bridge, run_gateway
from deploy.settings import Settings
from ingest.telemetry import Telemetry
from tests.counties import device, write_county

SECRET = "DUSTWATCH_DEVICE_SECRET_"


def started(folder: Path, locks: dict[str, Any], **settings: Any) -> BaseException:
    """What a gateway of one monitor with these locks ends with."""
    write_county(folder, [device("d1", format="hj212", aliases=["MN1"], **locks)])
    with pytest.raises(Exception) as ended:
        run_gateway(Settings(config=folder, kafka="127.0.0.1:1", **settings), Telemetry("gateway"))
    return ended.value


@pytest.mark.parametrize(
    ("locks", "environment", "words"),
    [
        ({"password_secret": "PW_1"}, {}, ["devices.yaml", "PW_1", "DUSTWATCH_DEVICE_SECRET_PW_1"]),
        ({"sm4_secret": "KEY_1"}, {}, ["devices.yaml", "KEY_1"]),
        ({"sm4_secret": "KEY_1"}, {"KEY_1": "too short"}, ["devices.yaml", "KEY_1", "32 hexadecimal"]),
    ],
)
def test_a_secret_that_is_not_there_or_no_key_is_named_without_its_value(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    locks: dict[str, Any],
    environment: dict[str, str],
    words: list[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(SECRET + name, value)
    ended = started(tmp_path, locks)
    assert exit_code_of(ended) == 2
    assert all(word in words_of(ended) for word in words)
    assert "too short" not in words_of(ended)
    with pytest.raises(type(ended)):  # HJ 212 comes by MQTT too
        run_bridge(Settings(config=tmp_path, kafka="127.0.0.1:1"), Telemetry("bridge"))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"gateway_tls_cert": "cert.pem"}, "DUSTWATCH_GATEWAY_TLS_KEY"),
        ({"gateway_tls_client_ca": "ca.pem"}, "DUSTWATCH_GATEWAY_TLS_CERT"),
        ({"gateway_tls_cert": "gone.pem", "gateway_tls_key": "gone.key"}, "gone.pem"),
    ],
)
def test_half_a_certificate_is_refused(tmp_path: Path, settings: dict[str, str], word: str) -> None:
    ended = started(tmp_path, {}, **settings)
    assert exit_code_of(ended) == 2
    assert word in words_of(ended)
