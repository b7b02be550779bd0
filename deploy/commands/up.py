"""`dustwatch up`: run everything on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from deploy.commands.demo import PORT
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
@click.option("--port", type=PORT, default=DESK_PORT, show_default=True, help="Port of the desk.")
@click.option("--kafka-port", type=PORT, default=9092, show_default=True, help="Port of Kafka.")
@click.option("--mqtt-port", type=PORT, default=1883, show_default=True, help="Port of the MQTT broker.")
@click.option(
    "--replace", is_flag=True, help="Take the place of another county's configuration in the folder."
)
def command(config: Path, data: Path, port: int, kafka_port: int, mqtt_port: int, replace: bool) -> None:
    """Run Kafka, an MQTT broker, all services and the desk on this machine until SIGTERM.

    \b
    Example: dustwatch up county/ --data /var/lib/dustwatch
    """
    from deploy.county.compile import checked_revision
    from deploy.machine.stack import Stack
    from ingest.clock import WallClock
    from ingest.private import keep_private

    keep_private()
    now_ms = WallClock().now_ms()
    revision = checked_revision(config, received_at=now_ms)
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
    stack.told.listen()
    try:
        stack.start_servers()
        stack.apply(revision, replace)
        stack.start_services()
        click.echo(f"the desk: http://127.0.0.1:{port}   data: {stack.folder}")
        click.echo(f"how it is doing: DUSTWATCH_SETTINGS={stack.settings_file} dustwatch status")
        while not stack.told.event.wait(0.5):
            stack.tend()
    finally:
        stack.stop()
