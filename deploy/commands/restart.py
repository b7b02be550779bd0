"""`dustwatch restart`: restart one service of a running `up` or `demo`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from deploy.services import SERVICES

RESTART_WITHIN_S = 90.0  # ten seconds to end, then the start of one service on a busy machine


def data_folder() -> Path:
    """Where `DUSTWATCH_SETTINGS` lies, which `up` writes into its data folder; else `up`'s default."""
    settings = os.environ.get("DUSTWATCH_SETTINGS")
    return Path(settings).parent if settings else Path("var/up")


@click.command("restart")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data folder of the run.  [default: the folder of DUSTWATCH_SETTINGS, else var/up]",
)
@click.pass_context
def command(ctx: click.Context, service: str, data: Path | None) -> None:
    """Restart one service of a running `up` or `demo`, and wait until it is ready.

    \b
    Example: dustwatch restart detect --data /var/lib/dustwatch
    """
    from deploy.embedded.process import ServerError
    from deploy.machine.folder import is_held
    from deploy.machine.requests import RestartRequests

    folder = data or data_folder()
    requests = RestartRequests(folder)
    nobody = f"no `dustwatch up` or `demo` is running on {folder}: start one, or name its folder with --data"
    if not is_held(folder):
        raise ServerError(nobody)
    try:
        requests.ask(service)
    except OSError as error:
        raise ServerError(
            f"{folder} takes no requests yet ({error.strerror}): wait until all is ready"
        ) from error
    its_log = f"see {folder}/log/{service}.log"
    deadline = time.monotonic() + RESTART_WITHIN_S
    while service in requests.waiting():
        if not is_held(folder):
            raise ServerError(nobody)
        if time.monotonic() > deadline:
            click.echo(f"{service} is not ready after {RESTART_WITHIN_S:.0f} s; {its_log}", err=True)
            ctx.exit(1)
        time.sleep(0.1)
    if requests.has_failed(service):
        click.echo(f"{service} stays down: no restart mends it; {its_log}", err=True)
        ctx.exit(1)
    click.echo(f"{service} was started again and is ready")
