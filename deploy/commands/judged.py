"""`dustwatch judged`: say which rules judge a site, and why others do not."""

from __future__ import annotations

import click


@click.command("judged")
@click.argument("site")
@click.option("--at", "at", metavar="TIME", help="Of what begins then, in the county's zone. [now]")
@click.option("--lang", "language", type=click.Choice(["zh", "en"]), help="[the county's language]")
@click.option("--history", "url", metavar="URL", help="Where history is. [DUSTWATCH_HISTORY]")
@click.pass_context
def command(ctx: click.Context, site: str, at: str | None, language: str | None, url: str | None) -> None:
    """Say which rules judge SITE, and why the others do not: stage, zone, alert, permit, hours, dates.

    Nothing but history is asked: its configuration of that time, and the orders that were known.

    \b
    Example: dustwatch judged site-1 --at 2026-11-23T22:30 --lang en
    """
    from zoneinfo import ZoneInfo

    from deploy.options import instant_ms
    from deploy.settings import load_settings
    from deploy.stored_history import open_past, shown
    from ingest.clock import parse_clock
    from processors.audit import language_of, latest_zone, rules_at, site_rules_lines

    settings = load_settings()
    url = url or settings.history
    with open_past(url) as history:
        if at is None:
            instant = parse_clock(settings.clock).now_ms()
        else:
            instant = instant_ms(at, ZoneInfo(latest_zone(history)), "--at")
        found = rules_at(history, site, instant)
    if found is None:
        click.echo(
            f"no configuration in history at {shown(url)} was in force then and has site `{site}`: "
            "is it the right history (--history), and the id of a site?",
            err=True,
        )
        ctx.exit(1)
    for line in site_rules_lines(found, language_of(language, found.county.language)):
        click.echo(line)
