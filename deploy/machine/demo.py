"""Demo: the whole pipeline on this machine, with a simulated county, compressed in time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.store import CaseStore
from deploy.county.compile import checked_revision, revision_of_folder
from deploy.embedded.mqtt import BrokerKind
from deploy.first_accounts import DemoPerson, make_demo_accounts
from deploy.machine.account import ReadingsAccount, take_account
from deploy.machine.desk_address import DeskAddress
from deploy.machine.stack import PARTITIONS, Say, Stack
from ingest.access import SIMULATOR
from ingest.clock import AffineClock, WallClock
from ingest.ingest_form import User
from ingest.mqtt import MqttOptions
from ingest.register import Register, load_register
from ingest.simulator.county import SimulatedCounty
from ingest.simulator.monitors import BROKEN, LYING, SILENT, STUTTERING, DustEpisode
from ingest.simulator.player import Player
from processors.columns import MINUTE_MS
from processors.history import open_history

START_AT = (8, 30)  # of a working morning
SETTLE_WITHIN_S = 30.0


@dataclass(slots=True)
class Demo:
    """One run of the simulated county."""

    stack: Stack
    register: Register
    start_ms: int
    speed: float
    say: Say
    started: float = field(default_factory=time.monotonic)
    first_message_s: float | None = None
    people: list[DemoPerson] = field(default_factory=list)

    def run(self, for_s: float | None, on_ready: Callable[[], None]) -> ReadingsAccount:
        """Start, play until told to stop or for `for_s` seconds after everything is ready, settle, account.

        Raises ServerError, FolderError, StoppedEarly.
        """
        checked_revision(self.stack.config, received_at=0)  # refused before anything has started
        self.stack.start_servers()
        self._make_accounts()  # its hashes take seconds, so before the county's clock starts
        # The county's clock starts when the servers are up, so that nothing is late from the start.
        anchor = WallClock().now_ms()
        clock = AffineClock(self.start_ms, anchor, self.speed)
        self.stack.clock = clock_setting(self.start_ms, self.speed, anchor)
        self.stack.start_services()
        # Only now does the county come into force: a monitor is silent from here on, not from the boot.
        now_ms = clock.now_ms()
        self.stack.apply(revision_of_folder(self.stack.config, received_at=now_ms))
        on_ready()
        county = simulated_county(self.register, now_ms)
        password = self.stack.mqtt.passwords[SIMULATOR]
        player = Player(
            county, clock, MqttOptions(self.stack.mqtt.url, SIMULATOR, SIMULATOR, password), now_ms
        )
        halt = threading.Event()
        thread = threading.Thread(target=player.run, args=(halt,), name="county")
        thread.start()
        self._watch(for_s)
        halt.set()
        thread.join()
        return self._settle(player.played.readings)

    def _make_accounts(self) -> None:
        people = self.stack.people()
        self.people = make_demo_accounts(people, self.register)
        people.close()

    def _watch(self, for_s: float | None) -> None:
        end = None if for_s is None else time.monotonic() + for_s
        cases = CaseStore(self.stack.env("alerts")["DUSTWATCH_CASES"])
        while not self.stack.told.event.wait(0.5) and (end is None or time.monotonic() < end):
            self.stack.tend()
            if self.first_message_s is None and cases.counts()["messages_sent"]:
                self.first_message_s = time.monotonic() - self.started
                self.say(f"first message to a department after {self.first_message_s:.0f} s")
        cases.close()

    def _settle(self, published: int) -> ReadingsAccount:
        """Wait until each published reading is accounted for and each breach has its case, for so long."""
        history = open_history(self.stack.env("store")["DUSTWATCH_HISTORY"])
        cases = CaseStore(self.stack.env("alerts")["DUSTWATCH_CASES"])
        deadline = time.monotonic() + SETTLE_WITHIN_S
        asked, before = self.stack.told.times, None
        self.say("no more readings; waiting until each is accounted for (Ctrl-C: not so long)")
        try:
            while True:
                account = asyncio.run(
                    take_account(self.stack.kafka.options, PARTITIONS, history, cases, published)
                )
                # what came beside could stand for others that are on their way: until nothing more comes
                settled = account.complete and account.cases >= account.breaches
                settled = settled and (not account.beside or account == before)
                if settled or time.monotonic() > deadline or self.stack.told.times > asked:
                    return account
                before = account
                self.stack.tend()
                time.sleep(2 if account.beside else 0.5)
        finally:
            history.close()
            cases.close()


def clock_setting(start_ms: int, speed: float, anchor_ms: int) -> str:
    """Value of `DUSTWATCH_CLOCK` shared by all processes of the run."""
    start, anchor = (datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in (start_ms, anchor_ms))
    return f"{start} x{speed:g} @{anchor}"


def start_instant(zone: str, today: datetime) -> int:
    """Start of the demo this morning in the county's zone, ms UTC."""
    local = today.astimezone(ZoneInfo(zone)).replace(
        hour=START_AT[0], minute=START_AT[1], second=0, microsecond=0
    )
    return round(local.timestamp() * 1000)


def simulated_county(register: Register, now_ms: int) -> SimulatedCounty:
    """The register's monitors, up to four of them odd, with two dust episodes."""
    native = [d for d in register.devices.values() if d.format == "json_v1"]
    odd = dict(zip((d.id for d in reversed(native)), (BROKEN, SILENT, LYING, STUTTERING), strict=False))
    calm = [d.site for d in native if d.id not in odd]
    minute = MINUTE_MS
    return SimulatedCounty(
        register,
        odd,
        (
            DustEpisode(calm[0], now_ms, now_ms + 150 * minute, 480.0),
            DustEpisode(calm[-1], now_ms + 3 * minute, now_ms + 40 * minute, 1200.0),
        ),
    )


def build_demo(
    config: Path,
    folder: Path,
    speed: float,
    port: int,
    say: Say,
    desk: DeskAddress | None = None,
    mqtt: BrokerKind = "artemis",
) -> Demo:
    """Build a demo of the configuration folder. Raises ConfigError."""
    register = load_register(config)
    start_ms = start_instant(register.county.zone, datetime.now(UTC))
    stack = Stack(
        folder,
        config,
        "wall",
        port,
        say,
        purpose="demo",
        desk=desk or DeskAddress(),
        mqtt_kind=mqtt,
        users=(User(name=SIMULATOR, kind="simulator"),),
    )
    return Demo(stack, register, start_ms, speed, say)
