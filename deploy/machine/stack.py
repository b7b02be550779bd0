"""Stack of one machine: embedded Kafka and MQTT broker, topics, configuration, services, desk."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.child_environment import environment_of
from deploy.county.apply import Wish, WouldCancel, put_configuration, user_name
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from deploy.embedded.ports import free_port, usual_or_free
from deploy.embedded.process import ServerError, accepts
from deploy.health import PORTS
from deploy.machine.folder import HeldFolder, Purpose, hold_folder
from deploy.machine.stopping import Stop
from deploy.machine.supervisor import KeptServer, Supervisor
from ingest.admin import ensure_topics
from ingest.private import OWNER_ONLY, make_private
from ingest.records import Revision

Say = Callable[[str], None]
READY_WITHIN_S = 60.0
PARTITIONS = 4  # one machine, one county: fewer partitions, fuller batches
SERVICES = ("bridge", "gateway", "detect", "store", "alerts", "desk")


@dataclass(slots=True)
class Stack:
    """A running county on one machine, with its data in `folder`."""

    folder: Path
    config: Path
    clock: str
    desk_port: int
    say: Say
    purpose: Purpose = "up"
    kafka_port: int | None = None
    mqtt_port: int | None = None
    extra_env: Mapping[str, str] = field(default_factory=dict)
    kafka: KafkaNode = field(init=False)
    mqtt: MqttBroker = field(init=False)
    supervisor: Supervisor = field(default_factory=Supervisor)
    ports: dict[str, int] = field(default_factory=dict)
    held: HeldFolder | None = None
    servers: list[KeptServer] = field(default_factory=list)
    told: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.kafka = KafkaNode(self.folder / "kafka", self.kafka_port)
        self.mqtt = MqttBroker(self.folder / "mqtt", self.mqtt_port)

    def env(self, service: str) -> dict[str, str]:
        """The settings of one service, as environment variables."""
        settings = {
            "CONFIG": str(self.config.absolute()),
            "CLOCK": self.clock,
            "KAFKA": self.kafka.bootstrap,
            "PARTITIONS": str(PARTITIONS),
            "MQTT": self.mqtt.url,
            "MQTT_VERSION": self.mqtt.version,
            "MQTT_USERNAME": "bridge",
            "MQTT_PASSWORD": "bridge",
            "MQTT_SHARE": "dustwatch" if self.mqtt.shared else "",
            "HISTORY": f"sqlite:///{self.folder}/history.sqlite",
            "CASES": f"sqlite:///{self.folder}/cases.sqlite",
            "FILES": str(self.folder / "messages"),
            "DESK_PORT": str(self.desk_port),
            "BASE_URL": f"http://127.0.0.1:{self.desk_port}",
            "GATEWAY_PORT": str(self.ports.get("hj212", 0)),
            "HEALTH_PORT": str(self.ports.get(service, 0)),
        }
        return {**{f"DUSTWATCH_{k}": v for k, v in settings.items()}, **self.extra_env}

    def start_servers(self) -> None:
        """Start the folder, Kafka, MQTT broker and topics. Raises ServerError, FolderError, StoppedEarly.

        A demo's folder is emptied: the data of one demo would lie in the future of the next.
        """
        if accepts(self.desk_port):
            raise ServerError(f"port {self.desk_port} (the desk) is taken; choose another with --port")
        self.held = hold_folder(self.folder, self.purpose)
        if self.purpose == "demo":
            self.held.empty()
        with ThreadPoolExecutor(2) as pool:
            kafka, mqtt = pool.submit(self.kafka.start), pool.submit(self.mqtt.start)
            mqtt.result()
            kafka.result()
        now = time.monotonic()
        self.servers = [
            KeptServer("Kafka", self.kafka, self.kafka.log, now),
            KeptServer("the MQTT broker", self.mqtt, self.mqtt.log, now),
        ]
        self.say(f"Kafka at {self.kafka.bootstrap}, MQTT at {self.mqtt.url}")
        if self.mqtt.warning:
            self.say(self.mqtt.warning)
        self.told.check()
        for warning in asyncio.run(ensure_topics(self.kafka.bootstrap, PARTITIONS, 1)):
            self.say(warning)

    def apply(self, revision: Revision, replace: bool = False) -> None:
        """Put the configuration into the log. Raises OtherCounty, unless it may `replace` that one's."""
        wish = Wish(user_name(), "started", replace=replace)
        try:
            asyncio.run(put_configuration(self.kafka.bootstrap, revision, PARTITIONS, wish))
        except WouldCancel:
            self.say(f"configuration {revision.id} is in force; another waits (`dustwatch apply --history`)")
        else:
            self.say(f"configuration {revision.id} is in the log")

    def start_services(self) -> None:
        """Start all services and wait until each is ready and the desk answers.

        One that no restart mends (a damaged file) is said and left out: the others go on without it. A demo,
        whose data are new, ends instead. Raises ServerError, StoppedEarly.
        """
        self.ports = {name: usual_or_free(port) for name, port in PORTS.items()}
        self.ports["hj212"] = free_port()
        self._write_settings()
        logs = self.folder / "log"
        for name in SERVICES:
            self.supervisor.add(name, ["run", name], environment_of(name, self.env(name)), logs)
        waiting = set(SERVICES)
        deadline = time.monotonic() + READY_WITHIN_S
        while waiting:
            self.told.check()
            self.tend()
            for name in sorted(waiting):
                if self.ready(name):
                    waiting.discard(name)
                    self.say(f"{name} is ready")
            hopeless = {s.name for s in self.supervisor.services if s.gave_up}
            if self.purpose == "up" and len(hopeless) < len(SERVICES):
                waiting -= hopeless
                if hopeless and waiting == {"desk"} and self.answers("desk"):
                    self.say("the desk runs, without what the others don't bring it")
                    return
            elif hopeless:
                raise ServerError(f"not ready: {', '.join(sorted(waiting))}; their logs are in {logs}")
            if time.monotonic() > deadline:
                raise ServerError(f"not ready: {', '.join(sorted(waiting))}; their logs are in {logs}")
            time.sleep(0.1)

    @property
    def settings_file(self) -> Path:
        """File for DUSTWATCH_SETTINGS, by which other commands find this county."""
        return self.folder / "settings.env"

    def _write_settings(self) -> None:
        lines = [f"{name}='{value}'\n" for name, value in sorted(self.env("").items())]
        make_private(self.settings_file)
        self.settings_file.chmod(OWNER_ONLY)
        self.settings_file.write_text("".join(lines), encoding="utf-8")

    def tend(self) -> None:
        """Restart servers and services that have ended and are due, servers first; report what happened."""
        now = time.monotonic()
        for server in self.servers:
            for line in server.tend(now):
                self.say(line)
        for line in self.supervisor.tend():
            self.say(line)

    def ready(self, service: str) -> bool:
        """Whether a service says that it is ready."""
        return self._probe(service, "readyz")

    def answers(self, service: str) -> bool:
        """Whether a service lives, ready or not."""
        return self._probe(service, "healthz")

    def _probe(self, service: str, name: str) -> bool:
        port = self.desk_port if service == "desk" else self.ports[service]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> dict[str, int]:
        """Stop services first, then the servers; returns the services' exit codes."""
        codes = self.supervisor.stop()
        self.mqtt.stop()
        self.kafka.stop()
        if self.held is not None:
            self.held.release()
        return codes
