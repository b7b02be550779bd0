"""`dustwatch feed`: look after the log."""

from __future__ import annotations

import asyncio

import click


@click.group("feed")
def command() -> None:
    """Look after the log.

    \b
    Example: dustwatch feed accept-gap --dry-run
    """


@command.command("accept-gap")
@click.option("--dry-run", is_flag=True, help="Only say what is missing; exit 1 if anything is.")
@click.pass_context
def accept_gap(ctx: click.Context, dry_run: bool) -> None:
    """Let stages go on where the log no longer has their next record, or their state cannot be read.

    Stop detect, store and alerts first. What is missing stays missing: a signal of kind `gap` records it
    in the log of each partition concerned.

    \b
    Example: dustwatch feed accept-gap
    """
    from deploy.county.apply import revisions_in_log
    from deploy.county.groups import groups_in_log
    from deploy.settings import load_settings
    from processors.stream.log_gaps import Gap, accept_gaps, find_gaps, stages_in_use

    settings = load_settings()
    groups = asyncio.run(groups_in_log(settings.kafka_options, settings.application))
    stages = asyncio.run(stages_in_use(settings.kafka_options, (groups.application, *groups.former)))

    async def accept() -> list[Gap]:
        return await accept_gaps(
            settings.kafka_options, stages, revisions=await revisions_in_log(settings.kafka_options)
        )

    gaps = asyncio.run(find_gaps(settings.kafka_options, stages) if dry_run else accept())
    for gap in gaps:
        click.echo(gap.words())
    if not gaps:
        click.echo("no gap: every stage finds its next record in the log")
    elif dry_run:
        ctx.exit(1)
    else:
        click.echo(f"accepted {len(gaps)}; the stages can be started again")
