"""Connection to Kafka: addresses, TLS and SASL, as every client of the product is made with them.

The files of TLS are read once, when the first client of a process is made: who renews a certificate restarts
the services.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ingest.addresses import shown

MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_SERVERS = re.compile(r"(?:\[[^\s\]]+\]|[^\s,:@/\[\]]+)(?::[0-9]{1,5})?")


class KafkaMisconfigured(ValueError):
    """A setting of the connection that can't be used; the message names it, its value and the way out."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """Where Kafka is, how we know it, and how it knows us. Raises KafkaMisconfigured for what can't be meant.

    `str()` gives the addresses alone, for messages.
    """

    bootstrap: str = "127.0.0.1:9092"  # comma-separated
    ca: Path | None = None  # PEM; None: the authorities that the system knows
    certificate: Path | None = None  # PEM: ours, for a Kafka that asks for one
    key: Path | None = None  # PEM; None: it is in the certificate's file
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: str = MECHANISMS[0]
    tls: bool | None = None  # None: if a file of TLS is named

    def __post_init__(self) -> None:
        self._check_addresses()
        files = self._files()
        if self.tls is False and files:
            raise KafkaMisconfigured(
                f"DUSTWATCH_KAFKA_TLS=off, but {', '.join(files)} would be for TLS: leave "
                "out the one or the other"
            )
        if self.key is not None and self.certificate is None:
            raise KafkaMisconfigured(
                f"DUSTWATCH_KAFKA_KEY={self.key}: a key without its certificate; set "
                "DUSTWATCH_KAFKA_CERTIFICATE too"
            )
        if self.username is not None and self.password is None:
            raise KafkaMisconfigured(
                f"DUSTWATCH_KAFKA_USERNAME={self.username!r}: a user without a password; set "
                "DUSTWATCH_KAFKA_PASSWORD too"
            )
        if self.password is not None and self.username is None:
            raise KafkaMisconfigured(
                "DUSTWATCH_KAFKA_PASSWORD=***: a password without a user; set DUSTWATCH_KAFKA_USERNAME too"
            )
        if self.mechanism not in MECHANISMS:
            raise KafkaMisconfigured(
                f"DUSTWATCH_KAFKA_MECHANISM={self.mechanism!r}: expected one of {', '.join(MECHANISMS)}"
            )

    def __str__(self) -> str:
        return self.bootstrap

    @property
    def security(self) -> str:
        """Kafka's name of the protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
        tls = bool(self._files()) if self.tls is None else self.tls
        plain, secure = ("PLAINTEXT", "SSL") if self.username is None else ("SASL_PLAINTEXT", "SASL_SSL")
        return secure if tls else plain

    def client(self) -> dict[str, Any]:
        """Keyword arguments for any client of aiokafka. Raises KafkaMisconfigured."""
        return {"bootstrap_servers": self.bootstrap, **self.protocol()}

    def protocol(self) -> dict[str, Any]:
        """Those of `client` that concern security. Raises KafkaMisconfigured."""
        arguments: dict[str, Any] = {"security_protocol": self.security}
        if (context := self.tls_context()) is not None:
            arguments["ssl_context"] = context
        if self.username is not None:
            arguments |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments

    def tls_context(self) -> ssl.SSLContext | None:
        """TLS context of this process for these files; None: no TLS. Raises KafkaMisconfigured."""
        if not self.security.endswith("SSL"):
            return None
        return _context(self.ca, self.certificate, self.key)

    def _files(self) -> list[str]:
        named = {"CA": self.ca, "CERTIFICATE": self.certificate, "KEY": self.key}
        return [f"DUSTWATCH_KAFKA_{name}={path}" for name, path in named.items() if path is not None]

    def _check_addresses(self) -> None:
        for server in self.bootstrap.split(","):
            if _SERVERS.fullmatch(server.strip()):
                continue
            words = "expected host:9092, or several such with commas between them"
            if "@" in server:
                words += (
                    "; a user and its password go into DUSTWATCH_KAFKA_USERNAME and DUSTWATCH_KAFKA_PASSWORD"
                )
            given = ",".join(shown(one) for one in self.bootstrap.split(","))
            raise KafkaMisconfigured(f"DUSTWATCH_KAFKA={given!r}: {words}")


@cache
def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # an SSLError is one
        words = f"DUSTWATCH_KAFKA_CA={ca}: {_why(error)}; name a file with the authority's certificate (PEM)"
        raise KafkaMisconfigured(words) from None
    if certificate is not None:
        try:
            # a key with a passphrase would be asked for on the terminal
            context.load_cert_chain(certificate, key, password=lambda: b"")
        except (OSError, ValueError) as error:
            named = f"DUSTWATCH_KAFKA_CERTIFICATE={certificate}"
            named += "" if key is None else f", DUSTWATCH_KAFKA_KEY={key}"
            words = "name a certificate and its key (PEM, the key without a passphrase)"
            raise KafkaMisconfigured(f"{named}: {_why(error)}; {words}") from None
    return context


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "not a PEM file").replace("_", " ").lower()
        return "no certificate in it" if "no certificate" in reason else reason
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
