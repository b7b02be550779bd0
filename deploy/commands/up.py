"""`dustwatch up`: run everything on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.commands.demo import PORT
from deploy.options import desk_options
from deploy.settings import DESK_PORT

if TYPE_CHECKING:
    from deploy.embedded.mqtt import BrokerKind


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
@click.option(
    "--mqtt",
    type=click.Choice(["artemis", "mosquitto"]),
    default="artemis",
    show_default=True,
    help="MQTT broker: the one that comes along, or the machine's Mosquitto.",
)
@click.option("--mqtt-port", type=PORT, default=1883, show_default=True, help="Port of the MQTT broker.")
@click.option(
    "--replace", is_flag=True, help="Take the place of another county's configuration in the folder."
)
@desk_options
def command(
    config: Path,
    data: Path,
    port: int,
    kafka_port: int,
    mqtt_port: int,
    host: str | None,
    base_url: str | None,
    mqtt: BrokerKind,
    replace: bool,
) -> None:
    """Run Kafka, an MQTT broker, all services and the desk on this machine until SIGTERM.

    \b
    Example: dustwatch up county/ --data /var/lib/dustwatch --host 0.0.0.0 --base-url http://10.1.2.3:8400
    """
    from deploy.county.compile import checked_revision
    from deploy.machine.desk_address import DeskAddress
    from deploy.machine.stack import Stack
    from ingest.clock import WallClock
    from ingest.private import keep_private

    keep_private()
    now_ms = WallClock().now_ms()
    revision = checked_revision(config, received_at=now_ms)
    stack = Stack(
        data,
        config,
        "wall",
        port,
        click.echo,
        kafka_port=kafka_port,
        mqtt_port=mqtt_port,
        mqtt_kind=mqtt,
        desk=DeskAddress(host, base_url),
    )
    stack.told.listen()
    try:
        stack.start_servers()
        stack.apply(revision, replace)
        stack.start_services()
        click.echo(f"the desk: {stack.desk.url(port)}   data: {stack.folder}")
        if link := stack.first_administrator():
            click.echo(
                f"nobody keeps the accounts yet; the administrator signs in once, within 7 days: {link}"
            )
        if line := stack.publish_line():
            click.echo(f"a reading as a monitor sends it: {line}")
        click.echo(f"how it is doing: DUSTWATCH_SETTINGS={stack.settings_file} dustwatch status")
        while not stack.told.event.wait(0.5):
            stack.tend()
    finally:
        for line in stack.what_was_done(stack.stop()):
            click.echo(line)
