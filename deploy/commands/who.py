"""`dustwatch who`: say who would be told, and why."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from alerts.kinds import ASKED, LEVELS
from deploy.options import instant_ms


@click.command("who")
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("site")
@click.option(
    "--at", "at_text", metavar="TIME", help="Instant, in the county's zone unless it names one. [now]"
)
@click.option("--kind", type=click.Choice(list(ASKED)), default="breach", show_default=True)
@click.option("--level", help="Level of the breach, for example warning or violation.")
@click.pass_context
def command(
    ctx: click.Context, config: Path, site: str, at_text: str | None, kind: str, level: str | None
) -> None:
    """Say who would be told of a matter at SITE, through what, and why; exit 1 if nobody.

    \b
    Example: dustwatch who deploy/example site-06 --at "2026-11-23 23:30" --kind offline
    """
    from dataclasses import replace

    from alerts.routing import load_routing, recipients_of
    from alerts.store.errors import StoreError
    from deploy.duty.revising import duty_store
    from deploy.settings import load_settings
    from ingest.clock import parse_clock
    from ingest.register import load_register
    from ingest.strict_yaml import did_you_mean

    register = load_register(config)
    routing = load_routing(config, register)
    if site not in register.sites:
        hint = did_you_mean(site, register.sites) or f"; known are {', '.join(register.sites)}"
        raise click.UsageError(f"no site `{site}` in {config}{hint}")
    if level is not None and level not in LEVELS:
        hint = did_you_mean(level, LEVELS) or f"; known are {', '.join(LEVELS)}"
        raise click.UsageError(f"nothing has the level `{level}`{hint}")
    at = (
        instant_ms(at_text, register.zone, "--at") if at_text else parse_clock(load_settings().clock).now_ms()
    )
    try:
        store = duty_store(load_settings().cases)
        routing = routing if store is None else replace(routing, book=store.book(at))
    except StoreError as error:
        click.echo(f"warning: by the county's folder alone: {error}", err=True)
    local = datetime.fromtimestamp(at / 1000, register.zone)
    told = recipients_of(register, routing, site, at, kind, level)
    matter = f"{kind}, level {level}" if level else kind
    click.echo(
        f"{site} {register.sites[site].name}, {local:%Y-%m-%d %H:%M} {register.county.zone}, {matter}:"
    )
    of = (
        f"revision {routing.book.revision} of responsibility"
        if routing.book.revision
        else "the county's folder"
    )
    click.echo(f"  by {of}")
    for one in told:
        way = f"{one.kind} `{one.channel}`" + (f" to {one.address}" if one.address else "")
        click.echo(f"  {one.line:<12} {one.name}, by {way}, in {one.language}\n{'':<15}because of {one.why}")
    if not told:
        click.echo("  nobody")
        ctx.exit(1)
