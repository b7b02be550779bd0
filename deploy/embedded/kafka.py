"""One Apache Kafka node (KRaft) as a child process: the broker of demo, of one county, and of the tests."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.embedded.jars import KAFKA
from deploy.embedded.java import java_command
from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerError, ServerProcess, accepts
from ingest.kafka_options import KafkaOptions

HEAP = "384m"
START_WITHIN_S = 60.0


def properties(folder: Path, port: int, controller_port: int) -> dict[str, str]:
    """server.properties of a single node that keeps its data in `folder`."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(folder / "data"),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # The topics set their own limit below this one.
        "message.max.bytes": str(32 * 1024 * 1024),
        "replica.fetch.max.bytes": str(32 * 1024 * 1024),
        "auto.create.topics.enable": "false",
        # After a kill -9 the controller waits for the session of the broker it remembers: 9 s by default.
        "broker.session.timeout.ms": "2500",
        "broker.heartbeat.interval.ms": "500",
        "log.retention.check.interval.ms": "60000",
    }


def format_arguments(cluster: str, settings: Path, scram: Sequence[str] = ()) -> list[str]:
    """Arguments to format a new folder. An id may begin with `-`: as a separate word it is an option.

    `scram`: users as the tool takes them, `SCRAM-SHA-512=[name=...,password=...]`.
    """
    added = [word for one in scram for word in ("--add-scram", one)]
    return ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings), *added]


class KafkaNode:
    """A Kafka broker on loopback with its data in `folder`; start again on the same folder to continue."""

    def __init__(self, folder: Path, port: int | None = None, java_options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.java_options = java_options
        self.port = port or free_port()
        self.extra: Mapping[str, str] = {}  # of server.properties, instead of or beside ours
        self.scram: Sequence[str] = ()  # users of a new folder
        self._process: ServerProcess | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def options(self) -> KafkaOptions:
        """How our clients connect: without TLS and user, on loopback."""
        return KafkaOptions(self.bootstrap)

    @property
    def log(self) -> Path:
        """File with the broker's output."""
        return self.folder / "kafka.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError("Kafka is not running")
        return self._process.pid

    def start(self) -> KafkaNode:
        """Format the folder if it is new, boot, and wait until clients can connect. Raises ServerError."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Format the folder if it is new, and start the process without waiting. Raises ServerError."""
        if accepts(self.port):
            raise ServerError(f"port {self.port} is taken; stop what listens there or choose another")
        jars = KAFKA.fetch()
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        ours = properties(self.folder, self.port, free_port())
        lines = [f"{k}={v}" for k, v in {**ours, **self.extra}.items()]
        settings.write_text("\n".join(lines) + "\n", encoding="ascii")
        memory = f"-Xms{HEAP}"
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(java_command(jars, HEAP, [memory]), settings)
        command = [*java_command(jars, HEAP, [memory, *self.java_options]), "kafka.Kafka", str(settings)]
        self._process = ServerProcess("Kafka", command, self.log)

    def wait(self) -> KafkaNode:
        """Wait until clients can connect to what was launched. Raises ServerError."""
        if self._process is None:
            raise ServerError("Kafka was not launched")
        self._process.wait_until(lambda: accepts(self.port), START_WITHIN_S)
        return self

    def running(self) -> bool:
        """True if the broker process is alive."""
        return self._process is not None and self._process.running()

    def stop(self) -> None:
        """Send SIGTERM and wait."""
        if self._process is not None:
            self._process.stop(30.0)

    def kill(self) -> None:
        """Kill the process as kill -9 does."""
        if self._process is not None:
            self._process.kill()

    def _format(self, base: list[str], settings: Path) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ServerProcess(
            "Kafka's formatting", [*base, *format_arguments(cluster, settings, self.scram)], self.log
        )
        tool.finish(START_WITHIN_S)
