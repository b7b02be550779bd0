"""A password or token in an address is never printed, wherever and however wrongly it is written."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from alerts.channels import Secrets
from alerts.store import CaseStore
from deploy.errors import exit_code_of, words_of
from deploy.logs import configure_logging
from deploy.settings import load_settings
from deploy.stored_history import open_past
from ingest.addresses import shown, without_secrets
from ingest.mqtt import MqttOptions
from processors.history import open_history
from tests.fakes.servers import closed_port

MARK = "s3cretMARK"
PORT = 1  # of loopback: nobody listens there
HISTORIES = [
    f"influx+http://u:{MARK}@127.0.0.1:{PORT}?org=o&bucket=b",
    f"influx+http://{MARK}@127.0.0.1:{PORT}?org=o&bucket=b",
    f"influx+http://u:{MARK}/x@127.0.0.1:{PORT}?org=o&bucket=b",
    f"influx+http://127.0.0.1:{PORT}?org=o&bucket=b&token={MARK}",
    f"influx+http://127.0.0.1:{PORT}?org=o&token={MARK}",
    f"influx+http://u:{MARK}@127.0.0.1:99999999?org=o&bucket=b",
    f"influx+http://u:{MARK}@[::1?org=o&bucket=b",
    f"influxdb://u:{MARK}@h/b",
    f"http://u:{MARK}@h/b?password={MARK}",
    f"u:{MARK}@h",
]
CASES = [
    f"postgresql+psycopg://u:{MARK}@127.0.0.1:{PORT}/cases",
    f"postgresql://u:{MARK}@127.0.0.1:{PORT}/cases",
    f"postgresql+psycopg://127.0.0.1:{PORT}/cases?user=u&password={MARK}",
    f"postgresql+psycopg://u:{MARK}@127.0.0.1:port/cases",
    f"postgresql+psycopg://u:{MARK}/x@127.0.0.1:{PORT}/cases",
    f"postgresql+psycopg://u:{MARK}@x@127.0.0.1:{PORT}/cases",
    f"mysql://u:{MARK}@h/cases",
    f"postgresql+psycopg//u:{MARK}@h/cases",
    f"u:{MARK}@h",
]
MQTTS = [
    f"mqtt://u:{MARK}@h",
    f"mqtt://u:{MARK}@h:99999999",
    f"mqtt://u:{MARK}@[::1",
    f"http://u:{MARK}/x@h",
    f"u:{MARK}@h:1883",
    f"mqtt//u:{MARK}@h",
]
KAFKA_USER = [("KAFKA_USERNAME", "u"), ("KAFKA_PASSWORD", MARK)]
SETTINGS = [
    ("KAFKA", f"u:{MARK}@h:9092"),
    ("KAFKA", f"{MARK}@h:9092"),
    ("KAFKA", f"SASL_SSL://u:{MARK}@h:9092"),
    ("KAFKA", f"k1:9092,u:{MARK}@k2:9092"),
    ("BASE_URL", f"https://u:{MARK}@desk"),
    ("PARTITIONS", f"postgresql://u:{MARK}@h/cases"),
]


def said_by(work: Callable[[], object]) -> str:
    """The words of a failure, as the program prints them; it must be one that it knows."""
    with pytest.raises(Exception) as caught:
        work()
    assert exit_code_of(caught.value) in (2, 3), repr(caught.value)
    return words_of(caught.value)


@pytest.mark.parametrize("url", HISTORIES)
def test_the_address_of_a_history(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", "t")
    assert MARK not in said_by(lambda: open_history(url))
    assert MARK not in said_by(lambda: open_past(url).__enter__())


@pytest.mark.parametrize(
    "token", [f"{MARK}\nX: y", f"{MARK}\u4e2d", f"{MARK}\x00"], ids=["line", "chinese", "nul"]
)
@pytest.mark.parametrize("way", ["file", "environment"])
def test_a_token_that_no_header_carries(
    token: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"influx+http://127.0.0.1:{PORT}?org=o&bucket=b"
    if way == "environment" and "\x00" in token:
        pytest.skip("no environment holds a NUL")
    if way == "file":
        (tmp_path / "token").write_text(token)
        url += f"&token_file={tmp_path}/token"
    else:
        monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", token)
    said = said_by(lambda: open_history(url).check())
    assert MARK not in said
    assert "more than a token" in said


@pytest.mark.parametrize("url", CASES)
def test_the_address_of_a_case_store(url: str) -> None:
    assert MARK not in said_by(lambda: CaseStore(url))


@pytest.mark.parametrize("url", MQTTS)
def test_the_address_of_a_broker(url: str) -> None:
    options = MqttOptions(url, password=MARK)
    assert MARK not in said_by(lambda: options.address)
    assert f"password='{MARK}'" not in repr(options)


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_a_setting_that_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"DUSTWATCH_{name}", value)
    said = said_by(load_settings)
    assert MARK not in said
    assert said.startswith(f"DUSTWATCH_{name}='")


def test_settings_that_are_printed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HISTORY", HISTORIES[0]), ("CASES", CASES[0]), ("MQTT_PASSWORD", MARK), *KAFKA_USER):
        monkeypatch.setenv(f"DUSTWATCH_{name}", value)
    assert MARK not in repr(load_settings())
    assert MARK not in repr(load_settings().kafka_options)


@pytest.mark.parametrize(
    ("name", "value"), [("MECHANISM", "GSSAPI"), ("KEY", "/no/such"), ("TLS", "maybe"), ("USERNAME", "")]
)
def test_the_password_of_kafka_when_a_setting_beside_it_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, given in (*KAFKA_USER, (f"KAFKA_{name}", value)):
        monkeypatch.setenv(f"DUSTWATCH_{key}", given)
    said = said_by(load_settings)
    assert MARK not in said
    assert "DUSTWATCH_KAFKA_" in said


@pytest.mark.parametrize("value", [f"{MARK}\r\nX: y", f"{MARK}\x01"])
def test_a_secret_of_a_channel_that_no_header_carries(value: str) -> None:
    said = said_by(lambda: Secrets(environment={"DUSTWATCH_SECRET_hook": value})("hook"))
    assert MARK not in said
    assert "line break" in said


# ------------------------------------------------------------------------------- what leaves the program


def test_every_log_line_and_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.getLogger().handlers[:]
    try:
        configure_logging("test")
        log = structlog.get_logger("secrets")
        log.warning("mqtt_lost", why=f"can't reach {MQTTS[0]}", broker=HISTORIES[0])
        logging.getLogger("a.library").warning("connecting to %s", CASES[0])
        try:
            raise ValueError(f"conninfo password={MARK} host=h, or {CASES[2]}")
        except ValueError:
            log.exception("broken")
            logging.getLogger("a.library").exception("broken")
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 4
    assert "Traceback" in lines[2]["exception"]
    assert MARK not in stream.getvalue()


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        (("run", "store"), ("HISTORY", HISTORIES[0])),
        (("run", "alerts"), ("CASES", CASES[0])),
        (("run", "desk"), ("CASES", CASES[3])),
        (("run", "bridge"), ("MQTT", MQTTS[1])),
        (("status",), ("KAFKA", SETTINGS[0][1])),
        (("explain", "--history", HISTORIES[4], "x"), ("LOG_LEVEL", "info")),
        (("publish", "no-such-file", "--to", MQTTS[0]), ("LOG_LEVEL", "info")),
        (("publish", __file__, "--to", MQTTS[4]), ("LOG_LEVEL", "info")),
    ],
    ids=lambda value: " ".join(value)[:20],
)
def test_the_program_itself(arguments: tuple[str, ...], setting: tuple[str, str], tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "deploy" / "example"
    own = {"DUSTWATCH_CONFIG": str(example), "DUSTWATCH_HEALTH_PORT": str(closed_port())}
    own["DUSTWATCH_HISTORY"] = f"sqlite:///{tmp_path}/h.sqlite"
    own[f"DUSTWATCH_{setting[0]}"] = setting[1]
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        env={**os.environ, "DUSTWATCH_INFLUX_TOKEN": "t", **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (2, 3), done.stderr
    assert MARK not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------------- the helper


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("influx+http://u:p@h:8086?org=o", "influx+http://***@h:8086?org=o"),
        ("mqtt://h:1883", "mqtt://h:1883"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("sqlite:////home/a@b/cases.sqlite", "sqlite:////home/a@b/cases.sqlite"),
        ("https://desk/people/a@b", "https://desk/people/a@b"),
        ("https://h/x?a=1&token=abc&b=2", "https://h/x?a=1&token=***&b=2"),
        ("influx+http://h?org=o&token_env=NAME", "influx+http://h?org=o&token_env=NAME"),
        ("k1:9092,k2:9092", "k1:9092,k2:9092"),
        ("u:p@k:9092", "***@k:9092"),
        ("", ""),
    ],
)
def test_an_address_keeps_what_is_no_secret(address: str, expected: str) -> None:
    assert shown(address) == expected


def test_words_about_tokens_and_mail_addresses_stay_as_they_are() -> None:
    text = (
        "InfluxDB at http://h:8086 refuses the token (401: unauthorized access): mail a@b.example, key `via`"
    )
    assert without_secrets(text) == text
