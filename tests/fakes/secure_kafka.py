"""A Kafka that lets nobody in without being asked: listeners with TLS, with users, with both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from ingest.kafka_options import KafkaOptions
from ingest.listener import TlsFiles
from tests.fakes.certificates import authority, certificate

USER, PASSWORD = "dustwatch", "s3cret-of-kafka"
_LOGIN = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class SecureKafka:
    """A running node, the port of each listener, and the certificates made for it."""

    node: KafkaNode
    ports: dict[str, int]  # by the name of the listener
    ours: TlsFiles  # the authority that signed Kafka's certificate
    other: TlsFiles  # one that Kafka does not know, nor we
    client: TlsFiles  # a client's certificate of our authority
    stranger: TlsFiles  # one of the other

    def options(self, listener: str = "BOTH", **changed: object) -> KafkaOptions:
        """The right options for a listener (PLAIN, TLS, MUTUAL, USERS, BOTH), some of them changed."""
        own: dict[str, object] = {"bootstrap": f"127.0.0.1:{self.ports[listener]}"}
        if listener in ("TLS", "MUTUAL", "BOTH"):
            own["ca"] = self.ours.cert
        if listener == "MUTUAL":
            own |= {"certificate": self.client.cert, "key": self.client.key}
        if listener in ("USERS", "BOTH"):
            own |= {"username": USER, "password": PASSWORD}
        return KafkaOptions(**{**own, **changed})  # type: ignore[arg-type]


def start_secure_kafka(folder: Path) -> SecureKafka:
    """Boot a node with five listeners; its user has the same password by SCRAM and by PLAIN."""
    ours, other = authority(folder / "ours"), authority(folder / "other")
    server, client = (certificate(ours, folder / name, "127.0.0.1") for name in ("server", "client"))
    stranger = certificate(other, folder / "stranger", "127.0.0.1")
    store = folder / "server.pem"
    store.write_bytes(server.key.read_bytes() + server.cert.read_bytes())
    kinds = {
        "PLAIN": "PLAINTEXT",
        "TLS": "SSL",
        "MUTUAL": "SSL",
        "USERS": "SASL_PLAINTEXT",
        "BOTH": "SASL_SSL",
    }
    node = KafkaNode(folder / "kafka")
    ports = {name: free_port() for name in kinds} | {"PLAIN": node.port}
    controller = free_port()
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    extra = {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "listener.security.protocol.map": ",".join(f"{n}:{k}" for n, k in kinds.items())
        + ",CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAIN",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ours.cert),
        "listener.name.mutual.ssl.client.auth": "required",
    }
    for listener, mechanisms in (("users", "PLAIN,SCRAM-SHA-256"), ("both", "PLAIN,SCRAM-SHA-512")):
        extra[f"listener.name.{listener}.sasl.enabled.mechanisms"] = mechanisms
        for mechanism in mechanisms.split(","):
            kind = (
                f'plain.PlainLoginModule required user_{USER}="{PASSWORD}"'
                if mechanism == "PLAIN"
                else "scram.ScramLoginModule required"
            )
            extra[f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config"] = f"{_LOGIN}.{kind};"
    node.extra = extra
    node.scram = [f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)]
    return SecureKafka(node.start(), ports, ours, other, client, stranger)
