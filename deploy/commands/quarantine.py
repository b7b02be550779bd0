"""`dustwatch quarantine`: list what could not be used, or put it through again."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import click
import orjson

_CODE = click.option("--code", metavar="CODE", help="Only this reason, for example unknown_device.")


@click.group("quarantine")
def command() -> None:
    """List what could not be used, or put it through again.

    \b
    Example: dustwatch quarantine list --code unknown_device
    """


@command.command("list")
@_CODE
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="The newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the raw bytes.")
def list_(code: str | None, limit: int, as_json: bool) -> None:
    """What waits in quarantine, oldest first.

    \b
    Example: dustwatch quarantine list --limit 20
    """
    from deploy.settings import load_settings
    from ingest.decoders.instants import instant_text
    from ingest.quarantine import read_quarantine

    held = asyncio.run(read_quarantine(load_settings().kafka_options))
    wanted = [one for one in held if code is None or one.record.code == code]
    for one in wanted[-limit:]:
        record = one.record
        when = instant_text(record.received_at)
        if as_json:
            body = {
                "id": one.id,
                "received_at": when,
                "source": record.source,
                "topic": record.topic,
                "rejected": record.code,
                "detail": record.detail,
                "raw_base64": base64.b64encode(record.raw).decode(),
            }
            click.echo(orjson.dumps(body).decode())
        else:
            words = _printable(f"{record.topic}  {record.detail}")
            click.echo(f"{one.id:>8}  {when}  {record.code:<15} {words}")
    if not as_json:
        more = f", the newest {limit} shown" if len(wanted) > limit else ""
        click.echo(f"{len(wanted)} in quarantine{more}")


@command.command("notices")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="The newest.")
def notices(limit: int) -> None:
    """Well-formed messages without a measurement: starts, states, answers. They are kept beside.

    \b
    Example: dustwatch quarantine notices --limit 20
    """
    from deploy.settings import load_settings
    from ingest.decoders.instants import instant_text
    from ingest.quarantine import Beside, read_quarantine

    beside = Beside()
    asyncio.run(read_quarantine(load_settings().kafka_options, beside))
    found = sorted(beside.notices, key=lambda one: one.received_at)
    for one in found[-limit:]:
        words = _printable(f"{one.topic}  {one.device or ''}  {one.raw[:120].decode(errors='replace')}")
        click.echo(f"{instant_text(one.received_at)}  {one.kind:<20} {words}")
    more = f", the newest {limit} shown" if len(found) > limit else ""
    click.echo(f"{len(found)} messages without a measurement{more}")


@command.command("retry")
@_CODE
@click.option(
    "--config",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Configuration folder; default: DUSTWATCH_CONFIG.",
)
@click.option("--any-time", is_flag=True, help="Accept times however far in the past (see bad_time).")
@click.pass_context
def retry_(ctx: click.Context, code: str | None, config: Path | None, any_time: bool) -> None:
    """Decode again by the present configuration, and publish what is good now.

    Exit 1 when something still can't be used.

    \b
    Example: dustwatch quarantine retry --code unknown_device
    """
    from alerts.channels.secrets import DEVICE_PREFIX, Secrets
    from deploy.county.compile import revision_of_folder
    from deploy.settings import load_settings
    from ingest.feed import FeedOptions
    from ingest.placing import TimePolicy
    from ingest.quarantine import retry
    from ingest.register import load_register
    from ingest.resolve import Resolver
    from ingest.telemetry import Telemetry

    settings = load_settings()
    folder = config or settings.config
    register = load_register(folder)
    policies = dict.fromkeys(register.devices, TimePolicy(when_behind="keep")) if any_time else {}
    resolver = Resolver(
        register, policies=policies, secret=Secrets(named_in="devices.yaml", prefix=DEVICE_PREFIX)
    )
    revision = revision_of_folder(folder, received_at=0).id
    options = FeedOptions(settings.kafka_options, settings.partitions, revision=revision)
    report = asyncio.run(retry(options, resolver, Telemetry("quarantine"), code))
    click.echo(f"{report.put_through} put through, {report.readings} readings")
    for name, count in sorted(report.still.items()):
        click.echo(f"{count} still can't be used: {name}")
    if report.not_ours:
        click.echo(f"{report.not_ours} were refused by the store and can't be decoded again")
    ctx.exit(1 if report.still or report.not_ours else 0)


def _printable(text: str) -> str:
    """Replace unprintable characters: anybody can send a topic, and it must not control the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
