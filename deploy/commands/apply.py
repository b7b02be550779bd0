"""`dustwatch apply`: put a checked configuration into the log, or say what is there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click


@click.command("apply")
@click.argument("config", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--status", is_flag=True, help="Only say which revision each partition has.")
@click.pass_context
def command(ctx: click.Context, config: Path | None, status: bool) -> None:
    """Put the configuration folder into every partition of the log; run again to finish a half-done one.

    \b
    Example: dustwatch apply county/ && dustwatch apply --status
    """
    from deploy.apply import applied_revisions, apply_revision
    from deploy.configuration import checked_revision
    from deploy.scan import partitions_in_use
    from deploy.settings import load_settings
    from ingest.admin import ensure_topics
    from ingest.clock import parse_clock

    settings = load_settings()
    if status:
        partitions = asyncio.run(partitions_in_use(settings.kafka))
        applied = asyncio.run(applied_revisions(settings.kafka, partitions))
        for one in applied:
            click.echo(one.words())
        missing = sorted(set(range(partitions)) - {one.partition for one in applied})
        if missing:
            click.echo(
                f"without configuration: partitions {', '.join(map(str, missing))}; run `dustwatch apply`"
            )
        whole = not missing and len({one.revision for one in applied}) == 1
        ctx.exit(0 if whole else 1)
    if config is None:
        raise click.UsageError("name the configuration folder, or ask with --status")
    revision = checked_revision(config, received_at=parse_clock(settings.clock).now_ms())

    async def put() -> None:
        for warning in await ensure_topics(settings.kafka, settings.partitions, settings.replication):
            click.echo(f"warning: {warning}", err=True)
        for one in await apply_revision(settings.kafka, revision, settings.partitions):
            click.echo(one.words())

    asyncio.run(put())
    click.echo(
        "bridge, gateway, alerts and desk read the folder at their start: restart them where devices, "
        "sites or people changed",
        err=True,
    )
