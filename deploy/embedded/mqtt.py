"""Embedded MQTT broker: Mosquitto if it is installed, else amqtt, which is for trying out."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerError, ServerProcess, accepts

START_WITHIN_S = 20.0
AMQTT_LIMITS = (
    "this broker (amqtt) is for trying out: MQTT 3.1.1 only, no shared subscriptions, "
    "nothing is kept over its restart; install Mosquitto for real use"
)


def mosquitto_path() -> str | None:
    """Path of Mosquitto if it is installed, else None."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def mosquitto_conf(folder: Path, port: int) -> str:
    """Settings that the promises need: no limit on queued messages, 1000 in flight, saved often."""
    return "\n".join(
        (
            f"listener {port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {folder}/",
            # With the default autosave a kill -9 of the broker loses all that it queued.
            "autosave_interval 1",
            "max_queued_messages 0",
            "max_inflight_messages 1000",
            *(("user root",) if _is_root() else ()),
            "",
        )
    )


def _is_root() -> bool:
    return os.geteuid() == 0


class MqttBroker:
    """A broker on loopback; `shared` and `version` tell what its clients may use."""

    def __init__(self, folder: Path, port: int | None = None, *, mosquitto: bool | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.is_mosquitto = mosquitto_path() is not None if mosquitto is None else mosquitto
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """File with the broker's output."""
        return self.folder / "mqtt.log"

    @property
    def shared(self) -> bool:
        """True if `$share` subscriptions receive anything."""
        return self.is_mosquitto

    @property
    def version(self) -> str:
        """MQTT version for clients to use."""
        return "5" if self.is_mosquitto else "3.1.1"

    @property
    def warning(self) -> str | None:
        """Warning about this broker for the operator; None: there is none."""
        return None if self.is_mosquitto else AMQTT_LIMITS

    def start(self) -> MqttBroker:
        """Start and wait until it listens. Raises ServerError."""
        if accepts(self.port):
            raise ServerError(f"port {self.port} is taken; stop what listens there or choose another")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.is_mosquitto:
            path = mosquitto_path()
            if path is None:
                raise ServerError("Mosquitto is not installed (Debian: apt-get install mosquitto)")
            conf = self.folder / "mosquitto.conf"
            conf.write_text(mosquitto_conf(self.folder, self.port), encoding="utf-8")
            command = [path, "-c", str(conf)]
        else:
            command = [sys.executable, "-m", "deploy.embedded.amqtt_broker", str(self.port)]
        self._process = ServerProcess("MQTT broker", command, self.log)
        self._process.wait_until(lambda: accepts(self.port), START_WITHIN_S)
        return self

    def running(self) -> bool:
        """True if the broker process is alive."""
        return self._process is not None and self._process.running()

    def stop(self) -> None:
        """Send SIGTERM and wait."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """Kill the process as kill -9 does."""
        if self._process is not None:
            self._process.kill()
