"""Stack of one machine: embedded Kafka and MQTT broker, topics, configuration, services, desk."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from alerts.store import StoreError, WrongStore
from alerts.store.migrating import migrate, words_of
from alerts.store.people_store import PeopleStore
from deploy.brokers.passwords import CLIENT_ID, passwords_of
from deploy.child_environment import environment_of
from deploy.county.apply import Wish, WouldCancel, put_configuration, user_name
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import BrokerKind, MqttBroker
from deploy.embedded.ports import free_port, usual_or_free
from deploy.embedded.process import ServerError, accepts, tend_logs
from deploy.first_accounts import administrator_link, needs_administrator, refuse_demo
from deploy.health import PORTS
from deploy.machine.desk_address import DeskAddress
from deploy.machine.folder import FREE_WITHIN_S, HeldFolder, Patience, Purpose, hold_folder
from deploy.machine.requests import RestartRequests
from deploy.machine.stopping import Stop
from deploy.machine.supervisor import KeptServer, Supervisor
from ingest.access import BRIDGE, access_of
from ingest.admin import ensure_topics
from ingest.ingest_form import User
from ingest.private import OWNER_ONLY, make_private
from ingest.records import Revision
from ingest.register import load_register
from ingest.strict_yaml import ConfigError

Say = Callable[[str], None]
T = TypeVar("T")
READY_WITHIN_S = 60.0
FOLDER_EVERY_S = 5.0
_NATIVE = "dust/v1/"
PARTITIONS = 4  # one machine, one county: fewer partitions, fuller batches
SERVICES = ("bridge", "gateway", "detect", "store", "alerts", "desk")
BACKGROUND = "background"  # a service only where ingest.yaml names feeds of background values


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
    mqtt_kind: BrokerKind = "artemis"
    users: tuple[User, ...] = ()  # of the MQTT broker, beside those of the county
    desk: DeskAddress = field(default_factory=DeskAddress)
    free_within_s: float = FREE_WITHIN_S  # how long a start waits for servers that a run before has left
    kafka: KafkaNode = field(init=False)
    mqtt: MqttBroker = field(init=False)
    supervisor: Supervisor = field(default_factory=Supervisor)
    ports: dict[str, int] = field(default_factory=dict)
    held: HeldFolder | None = None
    servers: list[KeptServer] = field(default_factory=list)
    told: Stop = field(default_factory=Stop)
    bridge: str = BRIDGE  # its user at the MQTT broker
    folder_due_at: float = 0.0  # when the folder is looked at again for users and feeds, monotonic s
    requests: RestartRequests = field(init=False)
    restarting: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.kafka = KafkaNode(self.folder / "kafka", self.kafka_port)
        self.mqtt = MqttBroker(self.folder / "mqtt", self.mqtt_port, kind=self.mqtt_kind)
        self.requests = RestartRequests(self.folder)

    def env(self, service: str) -> dict[str, str]:
        """The settings of one service, as environment variables."""
        settings = {
            "CONFIG": str(self.config.absolute()),
            "CLOCK": self.clock,
            "KAFKA": self.kafka.bootstrap,
            # ours asks for none; another's may stand in the environment or in .env
            **{f"KAFKA_{name}": "" for name in ("CA", "CERTIFICATE", "KEY", "USERNAME", "PASSWORD", "TLS")},
            "PARTITIONS": str(PARTITIONS),
            "MQTT": self.mqtt.url,
            "MQTT_USERNAME": self.bridge,
            "MQTT_PASSWORD": self.mqtt.passwords.get(self.bridge, ""),
            "MQTT_CLIENT_ID": self.mqtt.passwords.get(CLIENT_ID, ""),
            "HISTORY": f"sqlite:///{self.folder}/history.sqlite",
            "CASES": f"sqlite:///{self.folder}/cases.sqlite",
            "FILES": str(self.folder / "messages"),
            "DESK_HOST": self.desk.listens_on,
            "DESK_PORT": str(self.desk_port),
            "BASE_URL": self.desk.url(self.desk_port),
            "GATEWAY_PORT": str(self.ports.get("hj212", 0)),
            "HEALTH_PORT": str(self.ports.get(service, 0)),
        }
        return {f"DUSTWATCH_{k}": v for k, v in settings.items()}

    def start_servers(self) -> None:
        """Take the folder, start Kafka and the MQTT broker, create topics.

        A demo's folder is emptied: the data of one demo would lie in the future of the next.
        Raises ServerError, FolderError, NoSuchAddress, StoppedEarly.
        """
        patience = Patience(self.free_within_s, self.say, self.told.check)
        # first: who still holds the folder may still have the ports too
        self.held = hold_folder(self.folder, self.purpose, patience)
        self.desk = self.desk.or_kept(self.folder)
        self.desk.check()
        if accepts(self.desk_port, self.desk.probed_at):
            raise ServerError(f"port {self.desk_port} (the desk) is taken; choose another with --port")
        if self.purpose == "demo":
            self.held.empty()
        self.desk.keep(self.folder)
        if self.desk.warning:
            self.say(self.desk.warning)
        self.know_users()
        # Both at once, and both from this thread: they end with the thread that started them.
        self.mqtt.launch()
        self.kafka.launch()
        self.mqtt.wait()
        self.kafka.wait()
        now = time.monotonic()
        self.servers = [
            KeptServer("Kafka", self.kafka, self.kafka.log, now),
            KeptServer("the MQTT broker", self.mqtt, self.mqtt.log, now, useless=self.mqtt.useless),
        ]
        self.say(f"Kafka at {self.kafka.bootstrap}, MQTT at {self.mqtt.url}")
        self.told.check()
        for warning in asyncio.run(ensure_topics(self.kafka.options, PARTITIONS, 1)):
            self.say(warning)

    def know_users(self) -> None:
        """The broker's users, as the configuration folder has them now, and a password for each."""
        access = access_of(load_register(self.config), self.users)
        self.bridge = next(one.user for one in access if one.kind == BRIDGE)
        self.mqtt.access = access
        self.mqtt.passwords = passwords_of(self.folder, [*(one.user for one in access), CLIENT_ID])

    def _follow_folder(self, now: float) -> None:
        """Give devices that came into the folder a user at the broker, take it from those that left, and ask
        for background values as soon as a feed is named."""
        if now < self.folder_due_at:
            return
        self.folder_due_at = now + FOLDER_EVERY_S
        try:
            register = load_register(self.config)
        except ConfigError:
            return  # while it is being written, or until it is mended: all stays as it is
        access = access_of(register, self.users)
        if access != self.mqtt.access:
            self.know_users()
            self.mqtt.take_users()
        running = {service.name for service in self.supervisor.services}
        if running and BACKGROUND not in running and register.ingest.background:
            self._start(BACKGROUND)
            self.say(f"{BACKGROUND} is started: ingest.yaml names a feed")

    def _start(self, service: str) -> None:
        env = environment_of(service, self.env(service))
        self.supervisor.add(service, ["run", service], env, self.folder / "log")

    def publish_line(self) -> str | None:
        """A command that publishes a reading as a device of the county does; None where none speaks MQTT."""
        broker = self.mqtt
        for one in broker.access or ():
            topic = next((name for name in one.publish if name.startswith(_NATIVE)), None)
            if one.kind == "device" and topic is not None and topic.endswith("/readings"):
                return (
                    f"mosquitto_pub -h 127.0.0.1 -p {broker.port} -u {one.user} "
                    f"-P {broker.passwords[one.user]} -q 1 -t {topic} -m '{{\"pm10\": 42}}'"
                )
        return None

    def apply(self, revision: Revision, replace: bool = False) -> None:
        """Put the configuration into the log. Raises OtherCounty, unless it may `replace` that one's."""
        wish = Wish(user_name(), "started", replace=replace)
        try:
            asyncio.run(put_configuration(self.kafka.options, revision, PARTITIONS, wish))
        except WouldCancel:
            self.say(f"configuration {revision.id} is in force; another waits (`dustwatch apply --history`)")
        else:
            self.say(f"configuration {revision.id} is in the log")

    def start_services(self) -> None:
        """Start all services and wait until each is ready and the desk answers.

        One that no restart mends (a damaged file) is said and left out: the others go on without it. A demo,
        whose data are new, ends instead. Raises ServerError, StoppedEarly, StoreError.
        """
        self.ports = {name: usual_or_free(port) for name, port in PORTS.items()}
        self.ports["hj212"] = free_port()
        self._write_settings()
        self.migrate_cases()
        if self.purpose == "up":
            self.refuse_demo_accounts()
        self.requests.listen()
        logs = self.folder / "log"
        names = (*SERVICES, BACKGROUND) if load_register(self.config).ingest.background else SERVICES
        for name in names:
            self._start(name)
        waiting = set(names)
        deadline = time.monotonic() + READY_WITHIN_S
        while waiting:
            self.told.check()
            self.tend()
            for name in sorted(waiting):
                if self.ready(name):
                    waiting.discard(name)
                    self.say(f"{name} is ready")
            hopeless = {s.name for s in self.supervisor.services if s.gave_up}
            if self.purpose == "up" and len(hopeless) < len(names):
                waiting -= hopeless
                if hopeless and waiting == {"desk"} and self.answers("desk"):
                    self.say("the desk runs, without what the others don't bring it")
                    return
            elif hopeless:
                raise ServerError(f"not ready: {', '.join(sorted(waiting))}; their logs are in {logs}")
            if time.monotonic() > deadline:
                raise ServerError(f"not ready: {', '.join(sorted(waiting))}; their logs are in {logs}")
            time.sleep(0.1)

    def migrate_cases(self) -> None:
        """Bring the case store of a version before along, after a copy. Raises StoreError."""
        url = self.env("alerts")["DUSTWATCH_CASES"]
        try:
            done = migrate(url, self.say)
        except WrongStore:
            return  # none yet; one that is damaged or too new is told by the services, and stays as it is
        if done.steps:
            self.say(f"the case store: {words_of(done)}")

    def people(self) -> PeopleStore:
        """Who may use the desk; a store that is not there yet is made. Raises StoreError."""
        return PeopleStore(self.env("alerts")["DUSTWATCH_CASES"])

    def refuse_demo_accounts(self) -> None:
        """Raises DemoAccounts for a store with accounts whose passwords a demo has printed."""
        self._of_people(lambda people: refuse_demo(people, f"in {self.folder}"))

    def first_administrator(self) -> str | None:
        """A one-time link for an administrator where there is none yet; None: there is one, or no store."""
        address = self.desk.url(self.desk_port)
        return self._of_people(lambda p: administrator_link(p, address) if needs_administrator(p) else None)

    def _of_people(self, ask: Callable[[PeopleStore], T]) -> T | None:
        """An answer of the people's store; None for one that can't be used, which the services tell."""
        try:
            people = self.people()
        except StoreError:
            return None
        with closing(people):
            return ask(people)

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
        self._restart_as_asked()
        self._follow_folder(now)
        for line in (*self.supervisor.tend(), *tend_logs(now)):
            self.say(line)

    def _restart_as_asked(self) -> None:
        """Begin the restarts that an operator asked for; finish those whose service is ready again."""
        running = {service.name for service in self.supervisor.services}
        for name in self.requests.waiting():
            if name not in running:
                self.requests.fail(name)
            elif name not in self.restarting:
                self.restarting.add(name)
                self.supervisor.restart(name)
            elif self.supervisor.named(name).gave_up:
                self.restarting.discard(name)
                self.requests.fail(name)
            elif self.supervisor.named(name).asked_at is None and self.ready(name):
                self.restarting.discard(name)
                self.requests.done(name)
                self.say(f"{name} is ready again")

    def ready(self, service: str) -> bool:
        """True if a service reports that it is ready."""
        return self._probe(service, "readyz")

    def answers(self, service: str) -> bool:
        """True if a service is alive, ready or not."""
        return self._probe(service, "healthz")

    def _probe(self, service: str, name: str) -> bool:
        desk = self.desk.probe_url(self.desk_port)
        address = desk if service == "desk" else f"http://127.0.0.1:{self.ports[service]}"
        try:
            with urllib.request.urlopen(f"{address}/{name}", timeout=2) as answer:
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
            self.held = None
        return codes

    def what_was_done(self, codes: Mapping[str, int]) -> list[str]:
        """Lines for the end of a run: services stopped and their exit codes, what was down, restarts."""
        down = [s.name for s in self.supervisor.services if s.name not in codes]
        restarts = [(server.name, server.restarts) for server in self.servers]
        restarts += [(service.name, service.restarts) for service in self.supervisor.services]
        lines = {
            "stopped": [f"{name} {code}" for name, code in sorted(codes.items())],
            "was down already": sorted(down),
            "restarted": [f"{name} {count}" for name, count in restarts if count],
        }
        return [f"{what}: {', '.join(told)}" for what, told in lines.items() if told]
