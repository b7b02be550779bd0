"""`dustwatch up`: run everything on this machine for a real county."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click

from deploy.settings import DESK_PORT


@click.command("up")
@click.argument("config", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("var/up"),
    show_default=True,
    help="Where it is kept.",
)
@click.option("--port", default=DESK_PORT, show_default=True, help="Port of the desk.")
@click.option("--kafka-port", default=9092, show_default=True)
@click.option("--mqtt-port", default=1883, show_default=True)
def command(config: Path, data: Path, port: int, kafka_port: int, mqtt_port: int) -> None:
    """Run Kafka, an MQTT broker, all services and the desk on this machine until SIGTERM.

    \b
    Example: dustwatch up county/ --data /var/lib/dustwatch
    """
    from deploy.configuration import checked_revision
    from deploy.stack import Stack
    from ingest.clock import WallClock

    now_ms = WallClock().now_ms()
    revision = checked_revision(config, received_at=now_ms)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    # Whoever reads a message elsewhere needs the address of the desk as it is seen from there.
    named = os.environ.get("DUSTWATCH_BASE_URL")
    stack = Stack(
        data,
        config,
        "wall",
        port,
        click.echo,
        kafka_port=kafka_port,
        mqtt_port=mqtt_port,
        extra_env={"DUSTWATCH_BASE_URL": named} if named else {},
    )
    try:
        stack.start_servers()
        stack.apply(revision)
        stack.start_services()
        click.echo(f"the desk: http://127.0.0.1:{port}   data: {stack.folder}")
        while not stop.wait(0.5):
            for line in stack.supervisor.tend():
                click.echo(line)
    finally:
        stack.stop()
