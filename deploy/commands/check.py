"""`dustwatch check`: check a configuration folder."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("check")
@click.argument("config", type=click.Path(path_type=Path))
@click.pass_context
def command(ctx: click.Context, config: Path) -> None:
    """Check a configuration folder: exit 0, or 2 and one problem a line, `file:line:col: path: message`.

    Warnings go to the error stream and fail nothing.

    \b
    Example: dustwatch check deploy/example
    """
    from alerts.routing import links_lead_nowhere, load_routing
    from deploy.county.check import check_folder
    from deploy.settings import load_settings
    from ingest.regional_form import NO_SOURCE
    from ingest.register import load_register
    from processors.plan import added_by, load_rules

    problems, warnings = check_folder(config)
    for problem in problems:
        click.echo(str(problem))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if load_settings().replication == 1:
        click.echo(
            "warning: DUSTWATCH_REPLICATION is 1: Kafka keeps one copy, safe against kill -9, "
            "not against the loss of power or of a disk; with three brokers set it to 3",
            err=True,
        )
    if problems:
        ctx.exit(2)
    register = load_register(config)
    if dead := links_lead_nowhere(register, load_routing(config, register), load_settings().base_url):
        click.echo(f"warning: {dead}", err=True)
    for words in _nobody_ahead(config):
        click.echo(f"warning: {words}", err=True)
    interval = min((device.interval for device in register.devices.values()), default=60)
    for added in added_by(load_rules(config).rules, interval):
        count = len(added.rules)
        asked = added.rules[0] if count == 1 else f"{count} rules"
        click.echo(f"{added.words} ({asked}): adds at most {added.bytes} bytes a device to the state")
    for area in register.county.background:
        if area.regional.policy != "off":
            known = area.regional.citation or NO_SOURCE
            mark = f"above {area.regional.mark:g} ug/m3 of PM10, {area.regional.policy} ({known})"
            click.echo(f"note: regional episodes of {area.area}: {mark}", err=True)
    held = ", ".join(
        f"{len(part)} {word}{'' if len(part) == 1 else 's'}"
        for word, part in (
            ("department", register.departments),
            ("site", register.sites),
            ("device", register.devices),
        )
    )
    doubts = f", {len(warnings)} to look at" if warnings else ""
    click.echo(f"{register.county.name}: {held}; in order{doubts}")


def _nobody_ahead(config: Path) -> list[str]:
    """Where the coming year reaches nobody by the rows of the store; one that is away is no fault here."""
    from sqlalchemy.exc import SQLAlchemyError

    from alerts.store.errors import StoreError
    from deploy.duty.revising import county_duty, duty_store
    from deploy.settings import load_settings

    settings = load_settings()
    try:
        store = duty_store(settings.cases)
        book = store.book() if store is not None else None
    except (StoreError, SQLAlchemyError) as error:
        return [f"responsibility in the store was not looked at: {str(error).splitlines()[0]}"]
    if book is None or not book.revision:
        return []
    return [gap.words() for gap in county_duty(settings, config).gaps(book)]
