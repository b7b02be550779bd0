"""An hour in which we were deaf, with the backlog that follows: nobody is accused, and what was missed is told.

Real Mosquitto, Kafka and processes; the county's clock runs sixty times as fast as ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alerts.store import CaseStore
from deploy.county.live_verdicts import judged_live
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest.clock import AffineClock
from ingest.codec import schema_of
from ingest.kafka_options import KafkaOptions
from ingest.scan import scan
from ingest.topics import BREACHES, FEED
from processors.records.breaches import BREACH, decode_breach
from tests.counties import device, iso, site, write_county
from tests.logs import HOUR, MINUTE, T0, WUHAN, WUHAN_RULE
from tests.mqtt_load import LoadClient
from tests.pipeline import Pipeline, running, wait_for

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

SPEED, PARTITIONS = 60, 2
BEGIN = T0 - 35 * MINUTE  # the configuration counts from here; the services need some seconds to start
DEAF, BACK = T0 + 4 * MINUTE, T0 + 66 * MINUTE
END = BACK + 20 * MINUTE  # the grace is over
DUSTY, CALM = "d0", ("d1", "d2", "d3")


class Monitors:
    """Four monitors that publish each minute of the county's clock, whoever listens."""

    def __init__(self, port: int, clock: AffineClock) -> None:
        self._client, self._clock = LoadClient(port, "monitors"), clock
        self._next = (clock.now_ms() // MINUTE + 1) * MINUTE
        self.published = 0

    def until(self, instant: int) -> None:
        """Publish what falls due until the county's clock says `instant`."""
        while self._clock.now_ms() < instant:
            while self._next <= self._clock.now_ms():
                self._publish(self._next)
                self._next += MINUTE
            time.sleep(0.05)

    def _publish(self, at: int) -> None:
        level = 300.0 if T0 <= at < T0 + HOUR else 60.0
        said = {DUSTY: level, **dict.fromkeys(CALM, 60.0)}
        sent = [(n, json.dumps({"time": iso(at), "pm10": v}).encode()) for n, v in said.items()]
        self._client.publish([(f"dust/v1/{name}/readings", body) for name, body in sent])
        self.published += len(sent)

    def say(self, name: str, word: str) -> None:
        self._client.publish([(f"dust/v1/{name}/status", word.encode())])


def test_an_hour_without_a_bridge_accuses_nobody_and_its_breach_is_told_as_delayed(tmp_path: Path) -> None:
    county = write_county(
        tmp_path / "county",
        [device(f"d{n}", f"site-{n % 2}", offline_after=1500) for n in range(4)],
        [site(f"site-{n}") for n in range(2)],
        packs=(WUHAN,),
    )
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
    cases, history = (f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("cases", "history"))
    anchor = time.time_ns() // 1_000_000
    clock = AffineClock(BEGIN, anchor, SPEED)
    setting = f"{iso(BEGIN)} x{SPEED} @{iso(anchor)}"
    pipeline = Pipeline(
        tmp_path, county, kafka.bootstrap, mqtt.url, history, cases, clock=setting, partitions=PARTITIONS
    )
    try:
        pipeline.prepare(BEGIN)
        with running(pipeline, ("bridge", "detect", "alerts")):
            monitors = Monitors(mqtt.port, clock)
            monitors.until(DEAF)
            pipeline.process("bridge").kill()  # and nobody starts it again
            monitors.until(DEAF + 20 * MINUTE)
            monitors.say(DUSTY, "offline")
            monitors.say(DUSTY, "online")
            monitors.until(BACK)
            while not pipeline.ready("bridge"):
                monitors.until(clock.now_ms() + MINUTE)
            monitors.until(max(END, clock.now_ms() + 15 * MINUTE))
            wait_for("the breach is told", lambda: _told(cases), 60, 0.5)
        breaches = asyncio.run(_breaches(kafka.bootstrap))
        assert [(b.kind, b.device) for b in breaches if b.event == "opened"] == [("exceedance", DUSTY)]
        assert all(b.delayed and b.tell and b.start == T0 for b in breaches)
        verdicts = asyncio.run(judged_live(kafka.options, PARTITIONS, T0, T0 + HOUR))[0].verdicts
        answers = {
            point: said.answer for (kind, rule, point, *_), said in verdicts.items() if rule == WUHAN_RULE
        }
        assert answers == {DUSTY: "exceeds", **dict.fromkeys(CALM, "compliant")}
        assert asyncio.run(_words(kafka.bootstrap)) == 2
        span = ("--from", iso(T0), "--to", iso(T0 + HOUR))
        again = _dustwatch(kafka.bootstrap, "backtest", str(county), "--kafka", *span)
        assert again.returncode == 0, again.stdout + again.stderr
        said = json.loads(again.stdout.splitlines()[-1])
        assert (said["differences"], said["not_reproducible"]) == (0, 0)
        assert said["live"]["exceeds"] >= 1
    finally:
        mqtt.stop()
        kafka.stop()


def _told(cases: str) -> bool:
    store = CaseStore(cases)
    try:
        files = [store.case(one.id) for one in store.cases()]
        told = [file for file in files if file is not None and file.messages]
        # faults of the platform (ticks that stopped) are told to its operator, not to the county
        of_county = [file.case for file in told if file.case.kind != "system"]
        assert all(
            (case.kind, case.device, case.delayed) == ("exceedance", DUSTY, True) for case in of_county
        )
        return bool(of_county)
    finally:
        store.close()


async def _breaches(bootstrap: str) -> list:  # type: ignore[type-arg]
    found = [
        raw
        async for raw in scan(KafkaOptions(bootstrap), BREACHES, PARTITIONS)
        if schema_of(raw.headers) == BREACH
    ]
    return [decode_breach(raw.value) for raw in found]


async def _words(bootstrap: str) -> int:
    return sum(
        [
            schema_of(raw.headers) == "dust.status/1"
            async for raw in scan(KafkaOptions(bootstrap), FEED, PARTITIONS)
        ]
    )


def _dustwatch(bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    env = {**kept, "DUSTWATCH_KAFKA": bootstrap, "DUSTWATCH_PARTITIONS": str(PARTITIONS)}
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)
