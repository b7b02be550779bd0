"""`dustwatch apply`: put the configuration into the log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from deploy.county.apply import Put
    from deploy.settings import Settings

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("apply")
@click.argument("config", type=_FOLDER, required=False)
@click.option("--by", metavar="NAME", help="Who applies it. [the login name]")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the revision.")
@click.option("--effective", metavar="TIME", help="In force from then, in the county's zone. [now]")
@click.option("--cancel-waiting", is_flag=True, help="Stay with what is in force: cancel what waits.")
@click.option("--replace", is_flag=True, help="Take the place of another county's configuration in the log.")
@click.option("--status", is_flag=True, help="Only say which revision each partition has, and what waits.")
@click.option("--history", is_flag=True, help="Only list the revisions: who, when, why, what they changed.")
@click.pass_context
def command(
    ctx: click.Context,
    config: Path | None,
    by: str | None,
    reason: str,
    effective: str | None,
    cancel_waiting: bool,
    replace: bool,
    status: bool,
    history: bool,
) -> None:
    """Put the configuration folder into every partition of the log; run again to finish a half-done one.

    A folder that `dustwatch check` refuses is not applied: what is in force stays in force.

    \b
    Example: dustwatch apply county/ --reason "limits of the heating season" --effective 2026-11-01T00:00
    """
    from deploy.county.apply import Wish, put_configuration, user_name
    from deploy.county.compile import checked_revision
    from deploy.options import instant_ms
    from deploy.settings import load_settings
    from ingest.admin import ensure_topics
    from ingest.clock import parse_clock
    from ingest.register import load_register

    settings = load_settings()
    now = parse_clock(settings.clock).now_ms()
    if status:
        ctx.exit(_status(settings, now))
    if history:
        ctx.exit(_history(settings, now))
    if config is None:
        raise click.UsageError("name the configuration folder, or ask with --status or --history")
    at = instant_ms(effective, load_register(config).zone, "--effective") if effective else None
    if at is not None and at < now:
        raise click.UsageError(
            f"--effective {effective!r} lies in the past: what was judged then stays as it was judged. "
            "Leave it out, and the configuration is in force from now on"
        )
    revision = checked_revision(config, now, at)

    async def put() -> Put:
        for warning in await ensure_topics(settings.kafka_options, settings.partitions, settings.replication):
            click.echo(f"warning: {warning}", err=True)
        wish = Wish(by or user_name(), reason, cancel_waiting, replace)
        return await put_configuration(settings.kafka_options, revision, settings.partitions, wish)

    done = asyncio.run(put())
    for one in done.partitions:
        click.echo(one.words())
    _tell(done, at)


def _tell(done: Put, asked: int | None) -> None:
    from ingest.decoders.instants import instant_text

    for planned in done.cancelled:
        click.echo(
            f"warning: revision {planned.id}, which waited until {instant_text(planned.effective)}, is "
            "cancelled; if it is still meant, apply its folder again with --effective",
            err=True,
        )
    if done.repeated:
        click.echo(_repeated(done, asked), err=True)
    else:
        applied = done.revision.applied
        count = applied["differences"]
        click.echo(
            f"{count} difference{'' if count == 1 else 's'} to {applied['before'] or 'nothing'}", err=True
        )
    click.echo(
        "bridge, gateway, alerts and desk take on their folder once it is applied and in force",
        err=True,
    )


def _repeated(done: Put, asked: int | None) -> str:
    """Message after applying the newest revision again, which changes nothing and never moves an instant."""
    from ingest.decoders.instants import instant_text

    id_, since = done.revision.id, instant_text(done.revision.effective)
    if any(planned.id == id_ for planned in done.before.waiting):
        wanted = "now" if asked is None else f"from {instant_text(asked)}"
        if asked == done.revision.effective:
            return f"revision {id_} was in the log already and waits until {since}: nothing changes"
        return (
            f"warning: revision {id_} is in the log already and waits until {since}: the log ignores a "
            f"repeated revision, so that instant stays. To have it {wanted}, apply the folder in force with "
            "--cancel-waiting, then this one again"
        )
    if asked is not None and asked != done.revision.effective:
        return (
            f"warning: revision {id_} is in force already, since {since}: the log ignores a repeated "
            f"revision, so nothing begins at {instant_text(asked)}"
        )
    return f"revision {id_} was in the log already, in force since {since}: nothing changes"


def _status(settings: Settings, now: int) -> int:
    from deploy.county.apply import applied_revisions, revisions_in_log
    from deploy.county.revisions import standing
    from ingest.decoders.instants import instant_text
    from ingest.scan import partitions_in_use

    partitions = asyncio.run(partitions_in_use(settings.kafka_options))
    applied = asyncio.run(applied_revisions(settings.kafka_options, partitions))
    for one in applied:
        click.echo(one.words())
    for planned in standing(asyncio.run(revisions_in_log(settings.kafka_options)), now).waiting:
        click.echo(f"waiting: revision {planned.id} until {instant_text(planned.effective)}")
    missing = sorted(set(range(partitions)) - {one.partition for one in applied})
    if missing:
        click.echo(f"without configuration: partitions {', '.join(map(str, missing))}; run `dustwatch apply`")
    return 0 if not missing and len({one.revision for one in applied}) == 1 else 1


def _history(settings: Settings, now: int) -> int:
    from deploy.county.apply import revisions_in_log
    from deploy.county.revisions import standing, story

    states = standing(asyncio.run(revisions_in_log(settings.kafka_options)), now).states
    if not states:
        click.echo(
            "no revision is remembered: none was applied, or by a version that did not keep them", err=True
        )
        return 1
    for revision, state in states:
        for line in story(revision, state):
            click.echo(line)
    return 0
