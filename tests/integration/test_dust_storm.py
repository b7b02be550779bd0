"""A dust storm, played as two monitors: the hourly means in the history equal pandas' own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from processors.history import open_history
from tests.counties import (
    device,
    write_county,
    write_recording,
)
from tests.pipeline import Pipeline, running, wait_for
from tests.recordings import Recordings
from tests.servers.influxdb import InfluxServer

HOUR_MS = 3_600_000
MONITORS = ("dev-a", "dev-b")


def _play(of: Recordings, tmp_path: Path, kafka: KafkaNode, mqtt: MqttBroker, history: str) -> None:
    folder = write_county(tmp_path / "county", [device(name, interval=300) for name in MONITORS])
    pipeline = Pipeline(
        tmp_path,
        folder,
        kafka.bootstrap,
        mqtt.url,
        history,
        f"sqlite:///{tmp_path}/cases.sqlite",
        clock="recording",
    )
    messages = of.dust_storm_messages(MONITORS)
    recording = write_recording(tmp_path / "storm.jsonl", messages)
    pipeline.prepare(of.dust_storm()[0][0])
    with running(pipeline, ("bridge", "detect", "store")):
        command = [sys.executable, "-m", "deploy.cli", "publish", str(recording), "--to", mqtt.url]
        settings = {**os.environ, **pipeline.settings("publish")}
        subprocess.run(command, check=True, timeout=120, env=settings)
        pipeline.wait_balanced(len(messages))
        _compare(of, history)


def _compare(of: Recordings, history: str) -> None:
    store = open_history(history)
    last = of.dust_storm()[-1][0]
    closed = [h for h in of.hourly_means()["pm10"] if h + HOUR_MS < last - 600_000]

    def rows(name: str, pollutant: str) -> dict[int, dict[str, object]]:
        found = store.intervals(device=name, pollutant=pollutant, start_ms=0, end_ms=last + HOUR_MS)
        return {row["start"]: row for row in found if row["end"] - row["start"] == HOUR_MS}

    def complete() -> bool:
        return all(set(closed) <= set(rows(name, p)) for name in MONITORS for p in ("pm10", "pm2_5"))

    try:
        wait_for(f"{len(closed)} hourly means of each monitor", complete, 30)
        for pollutant, expected in of.hourly_means().items():
            for name in MONITORS:
                found = rows(name, pollutant)
                for hour in closed:
                    mean, capture = expected[hour]
                    assert found[hour]["value"] == pytest.approx(mean, rel=1e-9), (name, pollutant, hour)
                    assert found[hour]["capture"] == pytest.approx(capture, rel=1e-9)
    finally:
        store.close()


@pytest.mark.servers
def test_a_storm_through_mosquitto_kafka_and_influxdb_gives_the_means_of_pandas(
    recordings: Recordings, tmp_path: Path, influxdb: InfluxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
    try:
        bucket = f"storm-{recordings.name}"
        influxdb.create_bucket(bucket)
        history = f"influx+{influxdb.url}?org={influxdb.org}&bucket={bucket}"
        monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", influxdb.token)
        _play(recordings, tmp_path, kafka, mqtt, history)
    finally:
        mqtt.stop()
        kafka.stop()


def test_a_storm_through_the_embedded_servers_gives_the_means_of_pandas(
    recordings: Recordings, tmp_path: Path
) -> None:
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt").start()
    try:
        _play(recordings, tmp_path, kafka, mqtt, f"sqlite:///{tmp_path}/history.sqlite")
    finally:
        mqtt.stop()
        kafka.stop()
