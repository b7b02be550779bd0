"""Telegraf as the peer of the whole way: MQTT to InfluxDB, store only. Built with Go where Go is present."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploy.embedded.jars import cache_folder
from deploy.embedded.process import ServerProcess

VERSION = "v1.37.2"
_TAGS = "custom inputs.mqtt_consumer outputs.influxdb_v2 parsers.json_v2 parsers.json serializers.influx"
_CONF = """
[agent]
  flush_interval = "200ms"
  flush_jitter = "0s"
  metric_batch_size = 1000
  metric_buffer_limit = 200000
  omit_hostname = true
  logtarget = "stderr"
  quiet = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{mqtt}"]
  topics = ["dust/v1/+/readings"]
  qos = 1
  persistent_session = true
  client_id = "telegraf"
  max_undelivered_messages = 1000
  data_format = "json"
  json_time_key = "time"
  json_time_format = "2006-01-02T15:04:05.000Z"
  name_override = "readings"
[[outputs.influxdb_v2]]
  urls = ["{influx}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
"""


def binary() -> Path | None:
    """The program, built into the cache; None where there is no Go."""
    path = cache_folder() / "telegraf" / "telegraf"
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not path.exists() and go is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [go, "install", "-tags", _TAGS, f"github.com/influxdata/telegraf/cmd/telegraf@{VERSION}"],
            env={**os.environ, "GOBIN": str(path.parent)},
            check=True,
            capture_output=True,
        )
    return path if path.exists() else None


def start(folder: Path, mqtt: int, influx: str, org: str, bucket: str, token: str) -> ServerProcess:
    """A running Telegraf that stores what arrives."""
    path = binary()
    if path is None:
        raise FileNotFoundError("Telegraf is built with Go, which is not installed")
    conf = folder / "telegraf.conf"
    conf.write_text(_CONF.format(mqtt=mqtt, influx=influx, org=org, bucket=bucket, token=token))
    return ServerProcess("telegraf", [str(path), "--config", str(conf)], folder / "telegraf.log")
