"""Settings of a machine: environment variables with the prefix `DUSTWATCH_`, or a `.env` file.

`DUSTWATCH_SETTINGS` names another such file; `up` and `demo` leave theirs in the data folder, so that
`status` and the other commands find the same servers and stores.

What belongs to the county (sites, rules, contacts) is in the configuration folder; what belongs to
the machine (addresses, secrets, clock) is here, and never the other way round.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.addresses import shown
from ingest.kafka_options import MECHANISMS, KafkaMisconfigured, KafkaOptions
from ingest.topics import DEFAULT_PARTITIONS

DESK_PORT = 8400
Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsError(ValueError):
    """A setting that can't be used: variable, value, and what is expected."""


class Settings(BaseSettings):
    """Addresses of the servers and behaviour of this process."""

    model_config = SettingsConfigDict(env_prefix="DUSTWATCH_", env_file=".env", extra="ignore")

    config: Path = Field(default=Path("deploy/example"), description="configuration folder of the county")
    clock: str = Field(default="wall", description="wall | `START xSPEED` | recording")
    log_level: Annotated[str, Field(pattern=r"(?i)^(debug|info|warning|error|critical)$")] = "info"

    kafka: str = Field(default="127.0.0.1:9092", description="bootstrap servers, comma-separated")
    kafka_tls: bool | None = Field(default=None, description="on | off; empty: if a file of TLS is named")
    kafka_ca: Path | None = Field(default=None, description="PEM; empty: the system's authorities")
    kafka_certificate: Path | None = Field(default=None, description="PEM, if Kafka asks for one of ours")
    kafka_key: Path | None = None
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_mechanism: str = MECHANISMS[0]
    partitions: Annotated[int, Field(ge=1, le=1000)] = DEFAULT_PARTITIONS
    replication: Annotated[int, Field(ge=1)] = 1
    application: str = Field(default="dustwatch", description="prefix of the consumer groups")
    instance: str = Field(default="", description="name of this worker in its group; empty: the host's name")

    mqtt: str = Field(default="mqtt://127.0.0.1:1883", description="mqtt:// or mqtts://host:port")
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_ca: Path | None = None
    mqtt_version: Annotated[str, Field(pattern=r"^(5|3\.1\.1)$")] = "5"
    mqtt_client_id: str = "dustwatch-bridge"
    anonymous: bool = Field(
        default=False, description="take signals also from a broker that lets anybody in; for trying out"
    )
    mqtt_share: str | None = Field(default="dustwatch", description="shared subscription group; empty: plain")
    linger_ms: Annotated[int, Field(ge=0, le=5000)] = 10

    gateway_host: str = "127.0.0.1"
    gateway_port: Port = 8212
    gateway_connections: Annotated[int, Field(ge=1)] = 2000
    gateway_connections_per_address: Annotated[int, Field(ge=1)] = 1000
    gateway_first_frame_seconds: Annotated[float, Field(gt=0)] = 90.0
    gateway_tls_cert: Path | None = Field(default=None, description="PEM; with _KEY: HJ 212 over TLS alone")
    gateway_tls_key: Path | None = None
    gateway_tls_client_ca: Path | None = Field(default=None, description="authority of devices' certificates")

    history: str = Field(
        default="sqlite:///var/history.sqlite", description="sqlite:/// or influx+http://", repr=False
    )
    cases: str = Field(
        default="sqlite:///var/cases.sqlite", description="sqlite:/// or postgresql+psycopg://", repr=False
    )
    files: Path = Field(default=Path("var/messages"), description="folder of the `file` channel")

    desk_host: str = "127.0.0.1"
    desk_port: Port = DESK_PORT
    desk_metrics: bool = Field(
        default=False, description="/metrics for anybody on the desk's port too, beside that of its own"
    )
    base_url: str = Field(default=f"http://127.0.0.1:{DESK_PORT}", description="address in messages' links")

    health_host: str = "127.0.0.1"
    health_port: Port = Field(
        default=0, description="port of /healthz, /readyz, /metrics; 0: the service's own"
    )
    snapshot_seconds: Annotated[float, Field(gt=0)] = 5.0

    @field_validator(
        "kafka_tls",
        "kafka_ca",
        "kafka_certificate",
        "kafka_key",
        "kafka_username",
        "kafka_password",
        mode="before",
    )
    @classmethod
    def _empty(cls, given: Any) -> Any:
        return None if given == "" else given

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, text: str) -> str:
        if "@" in text.partition("://")[2].split("/")[0]:
            raise ValueError("it stands in every message: leave user and password out")
        return text

    @property
    def kafka_options(self) -> KafkaOptions:
        """The connection to Kafka. Raises KafkaMisconfigured."""
        return KafkaOptions(
            bootstrap=self.kafka,
            ca=self.kafka_ca,
            certificate=self.kafka_certificate,
            key=self.kafka_key,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value() if self.kafka_password else None,
            mechanism=self.kafka_mechanism,
            tls=self.kafka_tls,
        )


def load_settings() -> Settings:
    """Load the settings of this process. Raises SettingsError naming the variable."""
    more = os.environ.get("DUSTWATCH_SETTINGS")
    if more and not Path(more).is_file():
        raise SettingsError(f"DUSTWATCH_SETTINGS={more!r}: no such file; `dustwatch up` writes settings.env")
    try:
        settings = Settings(_env_file=(".env", more) if more else ".env")
        settings.kafka_options  # noqa: B018 - says at once what is wrong with it
    except ValidationError as error:
        first = error.errors()[0]
        given = shown(str(first["input"]))
        name = "DUSTWATCH_" + "_".join(str(part) for part in first["loc"]).upper()
        words = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}={given!r}: {words}") from None
    except KafkaMisconfigured as error:
        raise SettingsError(str(error)) from None
    return settings
