"""The Compose file against the schema of its makers, and its broker's start script on a real Mosquitto."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt import publish, subscribe
from paho.mqtt.enums import CallbackAPIVersion

from deploy.embedded.ports import free_port
from deploy.settings import load_settings
from tests.servers.process import Process, accepts, find_program

pytestmark = pytest.mark.servers
DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
# The Go module of Compose itself brings the schema; Go's own checksum database vouches for it.
SCHEMA_MODULE = "github.com/compose-spec/compose-go/v2@v2.16.2"


def test_the_compose_file_fits_the_schema_of_compose(tmp_path: Path) -> None:
    go = find_program("go", "/usr/local/go/bin", way_out="install Go 1.22 or newer")
    done = subprocess.run(
        [go, "mod", "download", "-json", SCHEMA_MODULE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    schema = json.loads((Path(json.loads(done.stdout)["Dir"]) / "schema" / "compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(COMPOSE)] == []
    broken = {**COMPOSE, "services": {"bridge": {"image": "x", "restrat": "no"}}}
    assert list(validator.iter_errors(broken)), "the schema must be one that finds something"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """Mosquitto as its service in compose.yaml starts it, in a folder instead of a container; its port."""
    port = free_port()
    places = {name: str(tmp_path / name.rpartition("/")[2]) for name in ("/run/made", "/srv/broker")}
    places["/mosquitto/data"] = str(tmp_path / "data")
    (script,) = COMPOSE["services"]["mosquitto"]["command"]
    make = " ".join(COMPOSE["services"]["broker"]["command"])
    for place, here in places.items():
        script, make = script.replace(place, here), make.replace(place, here)
    command = [sys.executable, "-m", "deploy.cli", *make.split()[1:], "--port", str(port)]
    subprocess.run([*command, "--config", str(DEPLOY / "example")], check=True, capture_output=True)
    # one volume, mounted at two places
    (tmp_path / "broker").rename(tmp_path / "made")
    for name in ("broker", "data"):
        (tmp_path / name).mkdir()
    # There is no user mosquitto in a folder that only we can enter.
    script = "\n".join(line for line in script.replace("$$", "$").splitlines() if "chown" not in line)
    program = find_program("mosquitto", "/usr/sbin", way_out="run tests/servers/install.sh as root")
    path = f"{Path(program).parent}:{os.environ['PATH']}"
    process = Process([shutil.which("sh") or "sh", "-euc", script], tmp_path / "log", env={"PATH": path})
    process.wait_until(lambda: accepts(port))
    yield port
    process.stop()


MONITOR = "dev-001"


def _login(tmp_path: Path, user: str) -> dict[str, str]:
    lines = (tmp_path / "made" / "passwords").read_text().splitlines()
    passwords = dict(line.split(":", 1) for line in lines)
    return {"username": user, "password": passwords[user]}


def test_the_broker_takes_monitors_and_bridge_and_refuses_strangers(broker: int, tmp_path: Path) -> None:
    publish.single(
        f"dust/v1/{MONITOR}/status",
        "online",
        qos=1,
        retain=True,
        port=broker,
        hostname="127.0.0.1",
        auth=_login(tmp_path, MONITOR),
    )
    bridge = _login(tmp_path, "bridge")
    said = subscribe.simple("dust/v1/+/status", hostname="127.0.0.1", port=broker, auth=bridge)
    assert said.payload == b"online"
    for stranger in (None, {"username": "bridge", "password": "guessed"}):
        assert _answer(broker, stranger) == "Not authorized"
    assert bridge["password"] not in (tmp_path / "broker" / "users").read_text()


def test_the_bridge_s_settings_are_its_user_at_the_broker(
    broker: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert COMPOSE["services"]["bridge"]["environment"]["DUSTWATCH_SETTINGS"] == "/srv/broker/bridge.env"
    monkeypatch.setenv("DUSTWATCH_SETTINGS", str(tmp_path / "made" / "bridge.env"))
    settings = load_settings()
    assert settings.mqtt_username is not None
    assert settings.mqtt_password is not None
    login = {"username": settings.mqtt_username, "password": settings.mqtt_password.get_secret_value()}
    assert _answer(broker, login) == "Success"


def _answer(port: int, auth: dict[str, str] | None) -> str:
    """What the broker says to a client that wants to connect."""
    said: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_connect = lambda c, data, flags, reason, properties: said.append(str(reason))
    if auth:
        client.username_pw_set(**auth)
    client.connect("127.0.0.1", port)
    while not said:
        client.loop(1.0)
    client.disconnect()
    return said[0]


def test_a_thousand_messages_are_in_flight_and_more_wait_without_being_dropped(
    broker: int, tmp_path: Path
) -> None:
    bridge = _login(tmp_path, "bridge")
    client = paho.Client(
        CallbackAPIVersion.VERSION2, "b", protocol=paho.MQTTv311, clean_session=False, manual_ack=True
    )
    client.username_pw_set(**bridge)
    held: list[paho.MQTTMessage] = []
    subscribed: list[bool] = []
    client.on_message = lambda c, data, message: held.append(message)
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.connect("127.0.0.1", broker)
    client.subscribe("dust/v1/+/readings", qos=1)
    while not subscribed:
        client.loop(1.0)
    messages = [{"topic": f"dust/v1/{MONITOR}/readings", "payload": b"%d" % i, "qos": 1} for i in range(2500)]
    publish.multiple(messages, hostname="127.0.0.1", port=broker, auth=_login(tmp_path, MONITOR))
    while len(held) < 1000:
        client.loop(1.0)
    client.loop(0.2)
    assert len(held) == 1000
    for n in range(2500):
        while len(held) <= n:
            client.loop(1.0)
        client.ack(held[n].mid, 1)
    assert [int(message.payload) for message in held] == list(range(2500))
    client.disconnect()
