"""`dustwatch run`: run one service."""

from __future__ import annotations

import click

from deploy.services import SERVICES


@click.command("run")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.option(
    "--anonymous",
    is_flag=True,
    help="Bridge: take signals from a broker that lets anybody in, for trying out (DUSTWATCH_ANONYMOUS).",
)
def command(service: str, anonymous: bool) -> None:
    """Run one service until SIGTERM; settings come from the environment (DUSTWATCH_...).

    \b
    Example: DUSTWATCH_KAFKA=kafka:9092 dustwatch run detect
    """
    from deploy.logs import configure_logging
    from deploy.services import run_service
    from deploy.settings import load_settings
    from ingest.private import keep_private

    keep_private()
    settings = load_settings()
    if anonymous:
        settings = settings.model_copy(update={"anonymous": True})
    configure_logging(service, settings.log_level)
    run_service(service, settings)
