"""The embedded MQTT broker: Apache Artemis on the same Java as Kafka, or the machine's Mosquitto on request.

Artemis is the default because it loses nothing that it confirmed, killed or not (`deploy/docs/brokers.md`).
"""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from deploy.brokers import BROKERS, artemis
from deploy.brokers.listener import BrokerPlan, Listener, Tls
from deploy.brokers.passwords import write_privately
from deploy.embedded.jars import ARTEMIS
from deploy.embedded.java import java_command
from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerError, ServerProcess, accepts
from ingest.access import Access

HEAP = "256m"
# after kill -9 with 200,000 messages queued Artemis read its journal for 46 s on a busy machine
START_WITHIN_S = 120.0
# With Artemis 2.55 what a connection that breaks leaves unacknowledged keeps its packet ids until it ends.
# When all 65,535 are gone, that client gets nothing more.
_OUT_OF_IDS = b"Unable to generate MQTT packet ID"

BrokerKind = Literal["artemis", "mosquitto"]


def mosquitto_path() -> str | None:
    """Path of Mosquitto, if it is installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def _artemis(folder: Path, options: Sequence[str]) -> list[str]:
    more = [
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        artemis.login_option(folder),
        *options,
    ]
    main = "org.apache.activemq.artemis.core.server.embedded.Main"
    return [*java_command(ARTEMIS.fetch(), HEAP, more), main, str(folder)]


def _mosquitto(folder: Path, options: Sequence[str]) -> list[str]:
    path = mosquitto_path()
    if path is None:
        raise ServerError("Mosquitto is not installed (Debian: apt-get install mosquitto)")
    return [path, "-c", str(folder / "mosquitto.conf")]


COMMANDS: Mapping[BrokerKind, Callable[[Path, Sequence[str]], list[str]]] = {
    "artemis": _artemis,
    "mosquitto": _mosquitto,
}


class MqttBroker:
    """A broker on loopback with its data in `folder`; start again on the same folder to go on."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        kind: BrokerKind = "artemis",
        java_options: Sequence[str] = (),
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.kind = kind
        self.tls: Tls | None = None
        self.access: Sequence[Access] | None = None  # None: whoever comes may do all
        self.passwords: Mapping[str, str] = {}
        self._java_options = java_options
        self._process: ServerProcess | None = None
        self._read = 0  # bytes of the log

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """File of the broker's output."""
        return self.folder / "mqtt.log"

    def start(self) -> MqttBroker:
        """Start and wait until it listens. Raises ServerError."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Start the process without waiting. Raises ServerError."""
        if accepts(self.port):
            raise ServerError(f"port {self.port} is taken; stop what listens there or choose another")
        self.write_files()
        command = COMMANDS[self.kind](self.folder, self._java_options)
        self._read = self._log_bytes()
        self._process = ServerProcess("MQTT broker", command, self.log)

    def wait(self) -> MqttBroker:
        """Wait until what was launched listens. Raises ServerError."""
        if self._process is None:
            raise ServerError("the MQTT broker was not launched")
        self._process.wait_until(lambda: accepts(self.port), START_WITHIN_S)
        return self

    def write_files(self) -> None:
        """Its settings, users and rights as they are now."""
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        plan = BrokerPlan([Listener(self.port, tls=self.tls)], self.folder, data, self.access, self.passwords)
        for name, text in BROKERS[self.kind].files(plan).items():
            write_privately(self.folder / name, text)

    def take_users(self) -> None:
        """Have the running broker take up other users and rights."""
        self.write_files()
        if self.kind == "mosquitto" and self.running() and self._process is not None:
            self._process.popen.send_signal(signal.SIGHUP)  # Artemis looks by itself every two seconds

    def running(self) -> bool:
        """True if the broker process lives."""
        return self._process is not None and self._process.running()

    def useless(self) -> str | None:
        """Why the running broker serves nobody until it is restarted; None where it does.

        Asked again, only what its log says since is looked at.
        """
        if self._log_bytes() < self._read:  # another has been begun
            self._read = 0
        with contextlib.suppress(FileNotFoundError), self.log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
            self._read += new.rfind(b"\n") + 1  # the last line may be half written
            if _OUT_OF_IDS in new:
                return "a client that was often cut off has no packet ids left; a restart gives them back"
        return None

    def _log_bytes(self) -> int:
        try:
            return self.log.stat().st_size
        except FileNotFoundError:
            return 0

    def stop(self) -> None:
        """SIGTERM and wait."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
