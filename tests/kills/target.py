"""A running `dustwatch up` with a second alerts worker beside it: its processes, each of which can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerProcess, accepts
from deploy.machine.stack import SERVICES
from deploy.machine.supervisor import Supervisor
from tests.pipeline import wait_for

KAFKA, MQTT, UP = "Kafka", "MQTT broker", "up"
SECOND, BOTH = "alerts, second", "alerts, both"
CLOCK = "bridge, clock off"
VICTIMS = (*SERVICES, SECOND, BOTH, KAFKA, MQTT, UP, CLOCK)
# `up` runs children by these words of their command lines
_WORDS = {
    KAFKA: b"\0kafka.Kafka\0",
    MQTT: b"\0org.apache.activemq.artemis.core.server.embedded.Main\0",
    **{name: f"\0deploy.cli\0run\0{name}\0".encode() for name in SERVICES},
}
_ROOT = Path(__file__).parents[2]
_START_WITHIN_S = 120.0
_END_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process of the county."""

    name: str
    pid: int
    born: str  # with the pid it names a process for good

    def lives(self) -> bool:
        """True until it has ended."""
        return _born(self.pid) == self.born

    def setting(self, name: str) -> str:
        """A variable of its environment; empty where it has none, or has ended."""
        with suppress(OSError):
            for pair in Path(f"/proc/{self.pid}/environ").read_bytes().split(b"\0"):
                if pair.startswith(f"{name}=".encode()):
                    return pair.split(b"=", 1)[1].decode()
        return ""


@dataclass(frozen=True, slots=True)
class Killed:
    """What was killed, or ended by it, and when."""

    children: Mapping[str, Child]
    at_ms: int  # ms UTC, just after the kill


@dataclass(slots=True)
class Target:
    """`dustwatch up` on `folder`. `more`: settings of its services that take the place of its own."""

    folder: Path
    county: Path
    more: Mapping[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("port", "kafka-port", "mqtt-port")}
    )
    beside: Supervisor = field(default_factory=lambda: Supervisor(longest_pause_s=1.0))
    second_port: int = 0
    wrong: ServerProcess | None = None  # a bridge whose clock is off
    _up: subprocess.Popen[bytes] | None = None
    _said: int = 0  # how long its log was when it was started

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What `up` says."""
        return self.folder / "up.log"

    @property
    def bootstrap(self) -> str:
        """Address of its Kafka."""
        return f"127.0.0.1:{self.ports['kafka-port']}"

    def gateway_port(self) -> int | None:
        """Where the gateway listens, another port with each start of `up`; None while there is none."""
        gateway = self.children().get("gateway")
        port = gateway.setting("DUSTWATCH_GATEWAY_PORT") if gateway is not None else ""
        return int(port) if port else None

    def password(self, user: str) -> str:
        """The password that `up` gave a user of its broker."""
        lines = (self.data / "passwords").read_text(encoding="utf-8").splitlines()
        return dict(line.split(":", 1) for line in lines)[user]

    # ------------------------------------------------------------------------------- its life

    def start(self) -> None:
        """Start `up` and wait until all runs; the second alerts worker with the first start."""
        self.launch_up()
        self.wait("up runs", self.up_is_ready, _START_WITHIN_S)
        if not self.second_port:
            self.second_port = free_port()
            env = self._env_beside(self.second_port) | {"DUSTWATCH_INSTANCE": "second"}
            self.beside.add("alerts", ["run", "alerts"], env, self.folder / "beside")
        self.wait("the second alerts worker is ready", lambda: self.is_back(SECOND, {}), _START_WITHIN_S)

    def start_wrong_clock(self, shift_s: float) -> None:
        """Start a bridge beside that of `up`, which shares its messages and whose clock is off; until it is ready."""
        now = datetime.now(UTC)
        env = self._env_beside(free_port()) | {
            "DUSTWATCH_CLOCK": f"{(now + timedelta(seconds=shift_s)).isoformat()} x1 @{now.isoformat()}",
            "DUSTWATCH_MQTT_CLIENT_ID": "clock-off",
        }
        command = [sys.executable, "-m", "deploy.cli", "run", "bridge"]
        self.wrong = ServerProcess("bridge", command, self.folder / "beside" / "bridge.log", env)
        self.wait("the bridge with another clock is ready", self._wrong_is_ready, _START_WITHIN_S)

    def _wrong_is_ready(self) -> bool:
        assert self.wrong is not None
        assert self.wrong.running(), f"it ended: {self.wrong.log}"
        return self._ready(Child(CLOCK, self.wrong.pid, _born(self.wrong.pid)))

    def _env_beside(self, health_port: int) -> dict[str, str]:
        """Settings of a service of the same county that `up` does not know of."""
        return {
            "DUSTWATCH_SETTINGS": str(self.data / "settings.env"),
            "DUSTWATCH_HEALTH_PORT": str(health_port),
        }

    def launch_up(self) -> None:
        """Start `up` without waiting for it."""
        self._said = self.log.stat().st_size if self.log.exists() else 0
        program = "tests.kills.parent" if self.more else "deploy.cli"
        with self.log.open("ab") as out:
            self._up = subprocess.Popen(
                [
                    *(sys.executable, "-m", program, "up", str(self.county)),
                    *("--data", str(self.data)),
                    *(f"--{name}={port}" for name, port in self.ports.items()),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**os.environ, **self.more},
            )

    def up_is_ready(self) -> bool:
        """True once `up` has said that the desk answers. Raises AssertionError when it has ended."""
        assert self._up is not None
        new = self.log.read_bytes()[self._said :]
        assert self._up.poll() is None, new.decode(errors="replace")
        return b"the desk: http" in new

    def wait(self, what: str, condition: Callable[[], bool], within_s: float, every_s: float = 0.05) -> None:
        """Until `condition` holds, tending what is ours. Raises AssertionError naming what was waited for."""

        def tended() -> bool:
            self.tend()
            return condition()

        wait_for(f"{what}; logs: {self.folder}", tended, within_s, every_s)

    def tend(self) -> None:
        """Start the second alerts worker again if it has ended, and let `up` be reaped."""
        self.beside.tend()
        if self._up is not None:
            self._up.poll()

    def stop(self) -> None:
        """End everything in order."""
        self.beside.stop()
        if self.wrong is not None:
            self.wrong.stop()
        if self._up is not None:
            if self._up.poll() is None:
                self._up.terminate()
            try:
                self._up.wait(60)
            except subprocess.TimeoutExpired:
                self._up.kill()
                self._up.wait()

    # ------------------------------------------------------------------------------- its processes

    def children(self) -> dict[str, Child]:
        """The children of `up` by name, as they are now."""
        found: dict[str, Child] = {}
        if self._up is None:
            return found
        for pid in _children(self._up.pid):
            with suppress(OSError):
                told = Path(f"/proc/{pid}/cmdline").read_bytes()
                name = next((name for name, words in _WORDS.items() if words in told), None)
                if name is not None and (born := _born(pid)):
                    found[name] = Child(name, pid, born)
        return found

    def running(self, victim: str) -> dict[str, Child]:
        """The processes that a victim consists of now, by name."""
        if victim == UP:
            assert self._up is not None
            return {**self.children(), UP: Child(UP, self._up.pid, _born(self._up.pid))}
        if victim == CLOCK:
            process = self.wrong
            return (
                {CLOCK: Child(CLOCK, process.pid, _born(process.pid))}
                if process and process.running()
                else {}
            )
        found = {} if victim == SECOND else self.children()
        process = self.beside.named("alerts").process if self.beside.services else None
        if process is not None and process.running():
            found[SECOND] = Child(SECOND, process.pid, _born(process.pid))
        wanted = ("alerts", SECOND) if victim == BOTH else (victim,)
        return {name: child for name, child in found.items() if name in wanted}

    def kill(self, victim: str) -> Killed:
        """kill -9; `up` is launched again, the rest is started again by whoever keeps it."""
        self.wait(f"{victim} runs", lambda: bool(self.running(victim)), _START_WITHIN_S)
        found = self.running(victim)
        # of `up` itself alone: how its children end is its promise
        for child in [found[UP]] if victim == UP else found.values():
            if child.lives():
                os.kill(child.pid, signal.SIGKILL)
        killed = Killed(found, time.time_ns() // 1_000_000)
        if victim == UP:
            self.wait(
                "no child of the killed up is left",
                lambda: not any(child.lives() for child in found.values()),
                _END_WITHIN_S,
            )
            self.launch_up()
        return killed

    def is_back(self, victim: str, killed: Mapping[str, Child]) -> bool:
        """True if other processes than those killed run and say that they are ready."""
        if victim == CLOCK:  # nobody starts it again
            return not any(child.lives() for child in killed.values())
        now = self.running(victim)
        wanted = killed.keys() or now.keys()
        return bool(now) and all(
            name in now and now[name] != killed.get(name) and self._ready(now[name]) for name in wanted
        )

    def _ready(self, child: Child) -> bool:
        if child.name == UP:
            return self.up_is_ready()
        if child.name in (KAFKA, MQTT):
            return accepts(self.ports["kafka-port" if child.name == KAFKA else "mqtt-port"])
        desk = child.name == "desk"  # it answers on its own port
        port = str(self.ports["port"]) if desk else child.setting("DUSTWATCH_HEALTH_PORT")
        with (
            suppress(urllib.error.URLError, OSError, ValueError),
            urllib.request.urlopen(f"http://127.0.0.1:{int(port)}/readyz", timeout=2) as answer,
        ):
            return bool(answer.status == 200)
        return False


def _children(pid: int) -> list[int]:
    """Pids of the children of a process, whichever thread started them."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in file.read_text(encoding="ascii").split()]
    return found


def _born(pid: int) -> str:
    """Start time of a process in ticks since boot; empty when it has ended, reaped or not."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    return ""
