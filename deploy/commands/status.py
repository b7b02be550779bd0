"""`dustwatch status`: last tick and reading, lag of each stage, quarantine and outbox."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click


def _instant(ms: int | None) -> str:
    return "never" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


@click.command("status")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say how every stage is doing; exit 1 when one is stuck.

    \b
    Example: dustwatch status
    """
    from alerts.store import CaseStore
    from deploy.overview import STUCK_AFTER_S, look
    from deploy.settings import load_settings

    settings = load_settings()
    view = asyncio.run(look(settings.kafka, settings.partitions, settings.application))
    cases = CaseStore(settings.cases)
    try:
        view.outbox = cases.counts()
    finally:
        cases.close()
    click.echo(f"last tick     {_instant(view.last_tick)}")
    click.echo(f"last reading  {_instant(view.last_reading)}")
    for stage in view.stages:
        words = f"{stage.lag} records behind" if stage.lag else "up to date"
        if stage.lag:
            words += f", the oldest for {stage.waiting_s:.0f} s"
        if stage.stuck:
            words += (
                f"  STUCK (more than {STUCK_AFTER_S:.0f} s): see the log of `dustwatch run {stage.stage}`"
            )
        click.echo(f"{stage.stage:<13} {words}")
    click.echo(f"quarantine    {view.quarantined} (`dustwatch quarantine list`)")
    for name, count in sorted(view.outbox.items()):
        click.echo(f"{name:<13} {count}")
    if view.last_tick is None:
        click.echo("no tick in the log: is a bridge running?")
    ctx.exit(0 if view.well else 1)
