"""The connection to Kafka: what each client gets of it, and what is refused by the name of its setting."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from deploy.errors import exit_code_of
from deploy.settings import load_settings
from ingest.kafka_options import KafkaMisconfigured, KafkaOptions
from ingest.listener import TlsFiles
from processors.stream.app import credentials_of
from tests.fakes.certificates import authority, certificate

USER = {"username": "u", "password": "p"}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return authority(tmp_path_factory.mktemp("ca"))


def ours(ca: TlsFiles, folder: Path) -> dict[str, Any]:
    made = certificate(ca, folder / "own", "own")
    return {"ca": ca.cert, "certificate": made.cert, "key": made.key}


def test_without_settings_a_client_gets_addresses_alone() -> None:
    assert KafkaOptions("k:1,l:2").client() == {
        "bootstrap_servers": "k:1,l:2",
        "security_protocol": "PLAINTEXT",
    }
    assert credentials_of(KafkaOptions()) is None


@pytest.mark.parametrize(
    ("options", "security"),
    [
        ({}, "PLAINTEXT"),
        ({"tls": True}, "SSL"),
        ({"ca": Path("ca.pem")}, "SSL"),
        ({"certificate": Path("own.pem")}, "SSL"),
        (USER, "SASL_PLAINTEXT"),
        ({**USER, "tls": False}, "SASL_PLAINTEXT"),
        ({**USER, "tls": True}, "SASL_SSL"),
        ({**USER, "ca": Path("ca.pem")}, "SASL_SSL"),
    ],
)
def test_a_file_of_tls_or_the_word_for_it_turns_tls_on_and_a_user_turns_sasl_on(
    options: dict[str, Any], security: str
) -> None:
    assert KafkaOptions(**options).security == security


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("tls", [True, False])
def test_faust_connects_as_every_other_client_does(mechanism: str, tls: bool) -> None:
    options = KafkaOptions(**USER, mechanism=mechanism, tls=tls)  # type: ignore[arg-type]
    made = credentials_to_aiokafka_auth(credentials_of(options))
    assert {name: value for name, value in made.items() if value is not None} == options.protocol()


def test_faust_shows_our_certificate_too(ca: TlsFiles, tmp_path: Path) -> None:
    options = KafkaOptions(**ours(ca, tmp_path))
    assert credentials_to_aiokafka_auth(credentials_of(options)) == options.protocol()
    context = options.protocol()["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a user in the address": ({"bootstrap": "k1:9092,u:s3cret@k2:9092"}, r"DUSTWATCH_KAFKA='.*\*\*\*@k2:9092'.*_USERNAME"),
    "an unknown mechanism": ({**USER, "mechanism": "GSSAPI"}, "DUSTWATCH_KAFKA_MECHANISM='GSSAPI'.*SCRAM-SHA-256"),
    "a user alone": ({"username": "u"}, "DUSTWATCH_KAFKA_USERNAME='u'.*DUSTWATCH_KAFKA_PASSWORD"),
    "a password alone": ({"password": "s3cret"}, "DUSTWATCH_KAFKA_PASSWORD=.*DUSTWATCH_KAFKA_USERNAME"),
    "a key alone": ({"key": Path("k.pem")}, "DUSTWATCH_KAFKA_KEY=k.pem.*DUSTWATCH_KAFKA_CERTIFICATE"),
    "files without tls": ({"ca": Path("ca.pem"), "tls": False}, "DUSTWATCH_KAFKA_TLS=off.*DUSTWATCH_KAFKA_CA=ca.pem"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(KafkaMisconfigured, match=words) as refused:
        KafkaOptions(**options)
    assert "s3cret" not in str(refused.value)
    assert exit_code_of(refused.value) == 2


def files_that_cannot_be_used(ca: TlsFiles, folder: Path) -> dict[str, tuple[dict[str, Any], str]]:
    own, other = ours(ca, folder), ours(ca, folder / "other")
    no_pem, locked = folder / "no.pem", folder / "locked.pem"
    no_pem.write_text("no certificate")
    key: Any = serialization.load_pem_private_key(own["key"].read_bytes(), None)
    sealed = serialization.BestAvailableEncryption(b"passphrase")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    locked.write_bytes(key.private_bytes(*form))
    return {
        "no such authority": ({"ca": folder / "gone.pem"}, "DUSTWATCH_KAFKA_CA=.*gone.pem: No such file"),
        "a folder": ({"ca": folder}, "DUSTWATCH_KAFKA_CA="),
        "no PEM": ({"ca": no_pem}, "DUSTWATCH_KAFKA_CA=.*no.pem: no certificate in it"),
        "a key as authority": ({"ca": ca.key}, "DUSTWATCH_KAFKA_CA="),
        "no such certificate": ({**own, "certificate": folder / "gone.pem"}, "_CERTIFICATE=.*gone.pem.*No such file"),
        "no such key": ({**own, "key": folder / "gone.pem"}, "_KEY=.*gone.pem: No such file"),
        "another's key": ({**own, "key": other["key"]}, "_KEY=.*key values mismatch"),
        "a locked key": ({**own, "key": locked}, "_KEY=.*locked.pem.*without a passphrase"),
        "a certificate without key": ({**own, "key": None}, "_CERTIFICATE=.*and its key"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "no such authority",
        "a folder",
        "no PEM",
        "a key as authority",
        "no such certificate",
        "no such key",
        "another's key",
        "a locked key",
        "a certificate without key",
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_setting(
    name: str, ca: TlsFiles, tmp_path: Path
) -> None:
    options, words = files_that_cannot_be_used(ca, tmp_path)[name]
    with pytest.raises(KafkaMisconfigured, match=words) as refused:
        KafkaOptions(**options).client()
    assert exit_code_of(refused.value) == 2


def test_the_settings_of_a_machine_make_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "": "k:9093",
        "_CA": "/etc/ca.pem",
        "_USERNAME": "u",
        "_PASSWORD": "p",
        "_MECHANISM": "PLAIN",
        "_TLS": "on",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"DUSTWATCH_KAFKA{name}", value)
    expected = KafkaOptions(
        "k:9093", Path("/etc/ca.pem"), username="u", password="p", mechanism="PLAIN", tls=True
    )
    assert load_settings().kafka_options == expected


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CA", "CERTIFICATE", "KEY", "USERNAME", "PASSWORD", "TLS"):
        monkeypatch.setenv(f"DUSTWATCH_KAFKA_{name}", "")
    assert load_settings().kafka_options == KafkaOptions()
