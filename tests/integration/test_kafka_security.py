"""A Kafka with TLS and users, real: the whole way goes through it, and who may not come in is told why."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.county.apply import apply_revision
from deploy.county.compile import revision_of_folder
from deploy.embedded.mqtt import MqttBroker
from deploy.errors import exit_code_of
from ingest.admin import ensure_topics, partitions_of
from ingest.clock import WallClock
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.topics import TopicSpec
from processors.history import open_history
from tests.counties import device, iso, write_county
from tests.e2e.test_missing_servers import service, wrong
from tests.fakes.secure_kafka import PASSWORD, USER, SecureKafka, start_secure_kafka
from tests.mqtt_load import LoadClient
from tests.pipeline import Pipeline, running, wait_for

PARTITIONS = 2
Options = Callable[[SecureKafka], KafkaOptions]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    started = start_secure_kafka(tmp_path_factory.mktemp("secure"))
    yield started
    started.node.stop()


def settings_of(kafka: KafkaOptions) -> dict[str, str]:
    """The connection as settings of a service."""
    values = {
        "KAFKA": kafka.bootstrap, "KAFKA_CA": kafka.ca, "KAFKA_CERTIFICATE": kafka.certificate, "KAFKA_KEY": kafka.key,
        "KAFKA_USERNAME": kafka.username, "KAFKA_PASSWORD": kafka.password, "KAFKA_MECHANISM": kafka.mechanism,
    }  # fmt: skip
    return {name: str(value) for name, value in values.items() if value is not None}


def moved(secure: SecureKafka, options: str, to: str) -> KafkaOptions:
    """The right options for one listener, at another."""
    return secure.options(options, bootstrap=secure.options(to).bootstrap)


LET_IN: dict[str, Options] = {
    "nothing": lambda s: s.options("PLAIN"),
    "tls": lambda s: s.options("TLS"),
    "tls with a certificate of ours": lambda s: s.options("MUTUAL"),
    "plain without tls": lambda s: s.options("USERS", mechanism="PLAIN"),
    "scram-256 without tls": lambda s: s.options("USERS", mechanism="SCRAM-SHA-256"),
    "plain over tls": lambda s: s.options("BOTH", mechanism="PLAIN"),
    "scram-512 over tls": lambda s: s.options("BOTH"),
}


@pytest.mark.parametrize("options", LET_IN.values(), ids=LET_IN)
async def test_every_kind_of_security_lets_in_who_has_it(secure: SecureKafka, options: Options) -> None:
    assert await partitions_of(options(secure), ["no-such-topic"]) == {}


TLS_OFF, TLS_ON = "DUSTWATCH_KAFKA_TLS=off", "DUSTWATCH_KAFKA_TLS=on"
REFUSED: dict[str, tuple[Options, int, str]] = {
    "a wrong password": (lambda s: s.options(password="wrong"), 2, "refuses the user 'dustwatch'.*_PASSWORD"),
    "by plain": (lambda s: s.options(mechanism="PLAIN", password="wrong"), 2, "refuses the user.*PLAIN"),
    "an unknown user": (lambda s: s.options(username="nobody"), 2, "refuses the user 'nobody'"),
    "a mechanism not offered": (lambda s: s.options("USERS"), 2, "does not take DUSTWATCH_KAFKA_MECHANISM=SCRAM-SHA-512"),
    "a user where there are none": (lambda s: moved(s, "BOTH", "TLS"), 2, "knows no users"),
    "another authority": (lambda s: s.options(ca=s.other.cert), 2, "not vouched for by DUSTWATCH_KAFKA_CA=.*other"),
    "only the system's": (lambda s: s.options(ca=None, tls=True), 2, "authorities of this system"),
    "another name": (
        lambda s: s.options(bootstrap=f"localhost:{s.ports['BOTH']}"), 2, "for another name .*localhost.*DUSTWATCH_KAFKA "
    ),
    "no certificate of ours": (
        lambda s: s.options("MUTUAL", certificate=None, key=None), 2, "certificate required.*DUSTWATCH_KAFKA_CERTIFICATE"
    ),
    "a stranger's certificate": (
        lambda s: s.options("MUTUAL", certificate=s.stranger.cert, key=s.stranger.key), 2, "DUSTWATCH_KAFKA_CERTIFICATE"
    ),
    # these may also be a Kafka that is just stopping: a restart may mend them
    "plaintext at a listener with both": (lambda s: moved(s, "PLAIN", "BOTH"), 3, f"{TLS_ON}.*_USERNAME"),
    "plaintext at one with users": (lambda s: moved(s, "PLAIN", "USERS"), 3, "DUSTWATCH_KAFKA_USERNAME"),
    "tls without a user at one with both": (lambda s: moved(s, "TLS", "BOTH"), 3, "DUSTWATCH_KAFKA_USERNAME"),
    "tls at one without": (lambda s: moved(s, "TLS", "PLAIN"), 3, TLS_OFF),
    "nobody there": (lambda s: s.options(bootstrap="127.0.0.1:1"), 3, "does not answer at 127.0.0.1:1"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "code", "words"), REFUSED.values(), ids=REFUSED)
async def test_who_is_not_let_in_is_told_which_setting_to_look_at(
    secure: SecureKafka, options: Options, code: int, words: str
) -> None:
    with pytest.raises(KafkaMissing, match=words) as caught:
        await ensure_topics(options(secure), 1, topics=[TopicSpec("never-made")])
    assert exit_code_of(caught.value) == code
    assert PASSWORD not in str(caught.value)
    assert "\n" not in str(caught.value)


STAYS_OUT: dict[str, tuple[Options, int, str]] = {
    name: REFUSED[name] for name in ("a wrong password", "another authority", "plaintext at a listener with both")
}  # fmt: skip


@pytest.mark.parametrize(("options", "code", "words"), STAYS_OUT.values(), ids=STAYS_OUT)
def test_a_stage_that_is_not_let_in_ends_with_one_line_and_no_traceback(
    secure: SecureKafka, tmp_path: Path, options: Options, code: int, words: str
) -> None:
    with service("detect", tmp_path, **settings_of(options(secure))) as (process, _):
        assert process.ended(30) == code
    said = process.log.read_text(encoding="utf-8")
    (told,) = [line for line in said.splitlines() if not line.startswith("{")]
    assert re.search(words, told), said
    assert "Traceback" not in said
    assert PASSWORD not in said


def test_a_bridge_that_is_not_let_in_goes_on_trying_and_its_readiness_says_why(
    secure: SecureKafka, tmp_path: Path
) -> None:
    settings = settings_of(secure.options(password="not-it")) | {"MQTT": "mqtt://127.0.0.1:1"}
    with service("bridge", tmp_path, **settings) as (process, url):
        wait_for(
            "the bridge says why", lambda: f"refuses the user '{USER}'" in wrong(url).get("kafka", ""), 30
        )
        assert "DUSTWATCH_KAFKA_PASSWORD" in wrong(url)["kafka"]
        assert process.running()
    said = process.log.read_text(encoding="utf-8")
    assert "kafka_failed" in said
    assert "Traceback" not in said
    assert "not-it" not in said


def test_a_reading_goes_the_whole_way_through_a_kafka_with_tls_and_users(
    secure: SecureKafka, tmp_path: Path
) -> None:
    county = write_county(tmp_path / "county", [device("d1")])
    options, now = secure.options(), WallClock().now_ms()

    async def prepare() -> None:
        await ensure_topics(options, PARTITIONS)
        await apply_revision(options, revision_of_folder(county, received_at=now), PARTITIONS)

    asyncio.run(prepare())
    mqtt = MqttBroker(tmp_path / "mqtt").start()
    cases, history = (f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("cases", "history"))
    pipeline = Pipeline(tmp_path, county, options.bootstrap, mqtt.url, history, cases, partitions=PARTITIONS)
    pipeline.env = {f"DUSTWATCH_{name}": value for name, value in settings_of(options).items()}
    try:
        with running(pipeline):
            client = LoadClient(mqtt.port)
            client.publish([("dust/v1/d1/readings", json.dumps({"time": iso(now), "pm10": 61}).encode())])
            client.close()
            wait_for("the reading is stored", lambda: _stored(history) == 1, 60)
        logs = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "log").glob("*.log"))
        assert "Traceback" not in logs
        assert PASSWORD not in logs
    finally:
        mqtt.stop()


@pytest.mark.long
def test_who_is_refused_under_way_says_so_until_the_password_is_right_again(tmp_path: Path) -> None:
    kafka = start_secure_kafka(tmp_path)
    county, options = (
        write_county(tmp_path / "county", [device("d1")]),
        kafka.options("USERS", mechanism="PLAIN"),
    )
    asyncio.run(ensure_topics(options, PARTITIONS))
    settings = settings_of(options) | {
        "CONFIG": str(county), "MQTT": "mqtt://127.0.0.1:1", "PARTITIONS": str(PARTITIONS)
    }  # fmt: skip
    try:
        with (
            service("bridge", tmp_path, **settings) as (_, bridge),
            service("detect", tmp_path, **settings) as (detect, stage),
        ):
            wait_for("both are in", lambda: set(wrong(bridge)) == {"mqtt"} and ready(stage), 60)
            right = dict(kafka.node.extra)
            restart(kafka, {name: value.replace(PASSWORD, "another") for name, value in right.items()})
            refused = f"refuses the user '{USER}'"
            wait_for("the bridge says why", lambda: refused in wrong(bridge).get("kafka", ""), 90)
            wait_for("so does detect", lambda: refused in wrong(stage).get("partitions", ""), 90)
            restart(kafka, right)
            wait_for("both are in again", lambda: set(wrong(bridge)) == {"mqtt"} and ready(stage), 90)
        assert PASSWORD not in detect.log.read_text(encoding="utf-8")
    finally:
        kafka.node.stop()


def restart(kafka: SecureKafka, extra: dict[str, str]) -> None:
    kafka.node.stop()
    kafka.node.extra = extra
    kafka.node.start()


def ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _stored(url: str) -> int:
    history = open_history(url)
    try:
        return history.count("readings")
    finally:
        history.close()
