"""`dustwatch demo`: run everything with a simulated county."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from deploy.options import desk_options
from deploy.settings import DESK_PORT

if TYPE_CHECKING:
    from deploy.embedded.mqtt import BrokerKind

EXAMPLE = Path(__file__).parent.parent / "example"
PORT = click.IntRange(1, 65535)
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)(s|m|h)?$")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `5m`, `1h` or `90`, more than 0. Raises click.BadParameter."""
    match = _DURATION.match(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise click.BadParameter(f"{text!r}: expected for example 90s, 5m or 1h", param_hint="--for")
    return seconds


@click.command("demo")
@click.option("--for", "for_", metavar="TIME", help="Stop by itself after this time (90s, 5m) and account.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 3600),
    default=60.0,
    show_default=True,
    help="Clock seconds per real second.",
)
@click.option("--port", type=PORT, default=DESK_PORT, show_default=True, help="Port of the desk.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Folder of the run's data; emptied at the start, if it is a demo's.",
)
@click.option(
    "--config",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=EXAMPLE,
    help="Another county than the example.",
)
@click.option(
    "--mqtt",
    type=click.Choice(["artemis", "mosquitto"]),
    default="artemis",
    show_default=True,
    help="MQTT broker: the one that comes along, or the machine's Mosquitto.",
)
@desk_options
@click.pass_context
def command(
    ctx: click.Context,
    for_: str | None,
    speed: float,
    port: int,
    data: Path,
    config: Path,
    mqtt: BrokerKind,
    host: str | None,
    base_url: str | None,
) -> None:
    """Run everything on this machine with a simulated county.

    \b
    Example: dustwatch demo --for 90s --speed 60
    """
    from deploy.machine.demo import build_demo
    from deploy.machine.desk_address import DeskAddress
    from ingest.private import keep_private

    keep_private()
    console = Console(stderr=False, highlight=False)
    started = time.monotonic()

    def say(words: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {words}", soft_wrap=True)

    seconds = None if for_ is None else parse_duration(for_)
    say("starting Kafka, the MQTT broker and the services ...")
    demo = build_demo(config, data, speed, port, say, DeskAddress(host, base_url), mqtt)
    demo.stack.told.listen()

    def on_ready() -> None:
        address = demo.stack.desk.url(port)
        say(f"[bold]the desk: {address}[/bold]   messages: {demo.stack.folder}/messages")
        say("sign in with login and password (drawn for this run alone):")
        for one in demo.people:
            say(f"  {one.login:12} {one.password}   {one.role}, {escape(one.name)}")
        if line := demo.stack.publish_line():
            say(f"a reading as a monitor sends it: {escape(line)}")
        say(f"one second here is {speed:g} seconds in the county" + ("" if seconds else "; Ctrl-C ends it"))

    try:
        account = demo.run(seconds, on_ready)
    finally:
        for line in demo.stack.what_was_done(demo.stack.stop()):
            say(line)
    for key, value in account.as_json().items():
        console.print(f"{key:>12}  {value}")
    if account.beside:
        console.print(f"{account.beside} more came than the simulated monitors sent: published by hand")
    if not account.complete:
        expected = account.published + account.beside
        console.print(f"{expected - account.accounted} of {expected} readings are not accounted for")
    click.echo(json.dumps(account.as_json(), sort_keys=True))
    ctx.exit(0 if account.complete else 1)
