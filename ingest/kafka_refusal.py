"""Why no connection to Kafka comes about: aiokafka says only that it could not connect.

Each address is tried once more, as a client would, and the failure is told by the setting that it comes from.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import closing
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from ingest.kafka_options import MECHANISMS, KafkaOptions

_WITHIN_MS = 5_000
_USER_REFUSED = (AuthenticationFailedError, SaslAuthenticationFailed)
_NAME_MISMATCHES = (62, 64)  # OpenSSL: X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class KafkaMissing(Exception):
    """No Kafka answers at the address."""

    exit_code = 3  # a missing server: started again it may be there

    def __init__(self, kafka: KafkaOptions, why: object) -> None:
        super().__init__(
            f"Kafka does not answer at {kafka} ({why}): start it (`dustwatch up` brings one along), or "
            "set DUSTWATCH_KAFKA to its address"
        )


class KafkaHangsUp(KafkaMissing):
    """Something is there and hangs up: a listener of another kind, or a Kafka that is just stopping."""

    def __init__(self, words: str) -> None:
        Exception.__init__(self, words)


class KafkaRefused(KafkaMissing):
    """A Kafka is there, and it refuses us or we it: no restart mends that, a setting does."""

    exit_code = 2

    def __init__(self, words: str) -> None:
        Exception.__init__(self, words)


async def why_missing(kafka: KafkaOptions, error: BaseException) -> KafkaMissing:
    """The failure of a client in words that name the setting to look at. Raises KafkaMisconfigured."""
    return await refusal_by(kafka) or KafkaMissing(kafka, str(error) or type(error).__name__)


async def refusal_by(kafka: KafkaOptions) -> KafkaMissing | None:
    """What refuses the connection; None: nothing does, or nobody is there.

    Asks the addresses that were set, then those that Kafka names: at most 10 s for each.
    """
    named: list[tuple[str, int]] = []
    for host, port, _ in collect_hosts(kafka.bootstrap):
        try:
            named = await _connect(kafka, host, port)
            break
        except Exception as error:
            if (told := _told(kafka, f"{host}:{port}", error)) is not None:
                return told
    for host, port in named:
        try:
            await _connect(kafka, host, port)
        except Exception as error:
            if (told := _told(kafka, f"{host}:{port} (as it names itself)", error)) is not None:
                return told
    return None


async def _connect(kafka: KafkaOptions, host: str, port: int) -> list[tuple[str, int]]:
    """Addresses of all servers, as this one names them."""
    connection: Any = await create_conn(host, port, request_timeout_ms=_WITHIN_MS, **kafka.protocol())
    with closing(connection):
        answer = await connection.send(MetadataRequest([]))
    return [(broker[1], broker[2]) for broker in answer.brokers]


def _told(kafka: KafkaOptions, place: str, error: BaseException) -> KafkaMissing | None:
    """The refusal that a failure at one address stands for; None: it is none."""
    error = _innermost(error)
    tls = kafka.security.endswith("SSL")
    if isinstance(error, _USER_REFUSED):
        return KafkaRefused(
            f"Kafka at {place} refuses the user {kafka.username!r}: look at DUSTWATCH_KAFKA_USERNAME, "
            f"DUSTWATCH_KAFKA_PASSWORD and DUSTWATCH_KAFKA_MECHANISM ({kafka.mechanism})"
        )
    if isinstance(error, UnsupportedSaslMechanismError):
        return KafkaRefused(
            f"Kafka at {place} does not take DUSTWATCH_KAFKA_MECHANISM={kafka.mechanism}: set it to one that "
            f"the listener has ({', '.join(MECHANISMS)})"
        )
    if isinstance(error, IllegalSaslStateError):
        return KafkaRefused(
            f"Kafka at {place} knows no users: leave out DUSTWATCH_KAFKA_USERNAME and _PASSWORD, or name its "
            "listener with users in DUSTWATCH_KAFKA"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return KafkaRefused(_of_certificate(kafka, place, error))
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return KafkaRefused(
            f"Kafka at {place} breaks off TLS ({_said(error)}): if it asks for a certificate of ours, set "
            "DUSTWATCH_KAFKA_CERTIFICATE and DUSTWATCH_KAFKA_KEY to one of an authority that it trusts"
        )
    if not isinstance(error, ssl.SSLError | ConnectionResetError | asyncio.IncompleteReadError):
        return None
    if tls and not isinstance(error, asyncio.IncompleteReadError):
        return KafkaHangsUp(
            f"what listens at {place} does not speak TLS with us ({_said(error)}): name Kafka's port for TLS "
            "in DUSTWATCH_KAFKA, or set DUSTWATCH_KAFKA_TLS=off and leave out the files of TLS"
        )
    asked = [] if tls else ["for TLS, set DUSTWATCH_KAFKA_TLS=on (and DUSTWATCH_KAFKA_CA)"]
    asked += [] if kafka.username else ["for a user, set DUSTWATCH_KAFKA_USERNAME and _PASSWORD"]
    asked += ["for a certificate of ours, set DUSTWATCH_KAFKA_CERTIFICATE and _KEY"] if tls else []
    return KafkaHangsUp(
        f"what listens at {place} hangs up at our first words ({_said(error)}): if it is a Kafka that asks "
        + "; if ".join(asked)
    )


def _of_certificate(kafka: KafkaOptions, place: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _NAME_MISMATCHES:
        return (
            f"the certificate of Kafka at {place} is for another name ({error.verify_message}): set "
            "DUSTWATCH_KAFKA to a name that stands in it"
        )
    trusted = "the authorities of this system" if kafka.ca is None else f"DUSTWATCH_KAFKA_CA={kafka.ca}"
    return (
        f"the certificate of Kafka at {place} is not vouched for by {trusted} ({error.verify_message}): set "
        "DUSTWATCH_KAFKA_CA to the authority that signed it (PEM)"
    )


def _innermost(error: BaseException) -> BaseException:
    """What broke a connection, below aiokafka's error that it is closed."""
    while isinstance(error, KafkaError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _said(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else "connection closed"
