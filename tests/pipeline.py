"""The services of dustwatch as processes on given servers: start, kill -9, wait, account."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alerts.store import CaseStore
from deploy.county.apply import apply_revision
from deploy.county.compile import revision_of_folder
from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerProcess
from deploy.machine.account import ReadingsAccount, take_account
from deploy.machine.supervisor import Service, Supervisor
from ingest.admin import ensure_topics
from ingest.kafka_options import KafkaOptions
from processors.history import open_history

STAGES = ("bridge", "detect", "store", "alerts")


def wait_for(what: str, condition: Callable[[], bool], within_s: float = 60.0, every_s: float = 0.1) -> None:
    """Poll until `condition` holds. Raises AssertionError naming what was waited for."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within_s:.0f} s still waiting: {what}")
        time.sleep(every_s)


@dataclass(slots=True)
class Pipeline:
    """Services as child processes; those that end are started again, as a supervisor would."""

    folder: Path
    config: Path
    bootstrap: str
    mqtt: str
    history: str
    cases: str
    clock: str = "wall"
    partitions: int = 4
    env: dict[str, str] = field(default_factory=dict)
    supervisor: Supervisor = field(default_factory=lambda: Supervisor(longest_pause_s=1.0))
    lock: threading.Lock = field(default_factory=threading.Lock)
    ports: dict[str, int] = field(default_factory=dict)

    def settings(self, service: str) -> dict[str, str]:
        """Environment of one service."""
        values = {
            "CONFIG": str(self.config),
            "CLOCK": self.clock,
            "KAFKA": self.bootstrap,
            "PARTITIONS": str(self.partitions),
            "MQTT": self.mqtt,
            "MQTT_USERNAME": "bridge",
            "MQTT_PASSWORD": "bridge",
            "HISTORY": self.history,
            "CASES": self.cases,
            "FILES": str(self.folder / "messages"),
            "DESK_PORT": str(self.ports.get("desk", 0)),
            "GATEWAY_PORT": str(self.ports.get("hj212", 0)),
            "HEALTH_PORT": str(self.ports.get(service, 0)),
            "SNAPSHOT_SECONDS": "1",
        }
        return {**{f"DUSTWATCH_{k}": v for k, v in values.items()}, **self.env}

    def prepare(self, received_at: int) -> None:
        """Topics, and the configuration in the log."""

        async def put() -> None:
            await ensure_topics(KafkaOptions(self.bootstrap), self.partitions, 1)
            revision = revision_of_folder(self.config, received_at=received_at)
            await apply_revision(KafkaOptions(self.bootstrap), revision, self.partitions)

        asyncio.run(put())

    def start(self, services: Iterable[str] = STAGES) -> None:
        """Start the services and wait until each is ready."""
        names = list(services)
        self.ports |= {name: free_port() for name in (*names, "hj212")}
        for name in names:
            self.supervisor.add(name, ["run", name], self.settings(name), self.folder / "log")
        for name in names:
            wait_for(f"{name} ready; log: {self.folder}/log/{name}.log", lambda n=name: self.ready(n), 90)

    def tend(self) -> None:
        """Start again what has ended; several threads of a test may ask."""
        with self.lock:
            self.supervisor.tend()

    def ready(self, name: str) -> bool:
        """Whether the service says that it is ready; those that ended are started again."""
        self.tend()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def process(self, name: str) -> ServerProcess:
        """The running process of a service, started again if it has ended."""
        for service in self.supervisor.services:
            if service.name == name:
                wait_for(f"{name} runs", lambda s=service: self._runs(s), 40)
                assert service.process is not None
                return service.process
        raise KeyError(name)

    def _runs(self, service: Service) -> bool:
        self.tend()
        with self.lock:
            return service.process is not None and service.process.running()

    def account(self, published: int) -> ReadingsAccount:
        """What the topics and stores hold now."""
        history, cases = open_history(self.history), CaseStore(self.cases)
        try:
            return asyncio.run(
                take_account(KafkaOptions(self.bootstrap), self.partitions, history, cases, published)
            )
        finally:
            history.close()
            cases.close()

    def wait_balanced(self, published: int, within_s: float = 90.0) -> ReadingsAccount:
        """Wait until every published reading is accounted for; returns the account."""
        seen: list[ReadingsAccount] = []

        def balanced() -> bool:
            self.tend()
            seen.append(self.account(published))
            return seen[-1].complete  # what was killed before the broker heard of it comes twice

        try:
            wait_for("published = stored + duplicates + quarantined", balanced, within_s, 0.5)
        except AssertionError as late:
            raise AssertionError(f"{late}: {seen[-1].as_json()}; logs: {self.folder}/log") from None
        return seen[-1]


@contextmanager
def running(pipeline: Pipeline, services: Iterable[str] = STAGES) -> Iterator[Pipeline]:
    """The pipeline's services for the length of a with-block."""
    try:
        pipeline.start(services)
        yield pipeline
    finally:
        pipeline.supervisor.stop()
