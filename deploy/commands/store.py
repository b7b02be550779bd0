"""`dustwatch store`: look at the revision of the case store, or migrate it."""

from __future__ import annotations

import click

_STORE = click.argument("store", required=False, metavar="[STORE]")


@click.group("store")
def command() -> None:
    """Look at the revision of the case store, or migrate it.

    STORE is an address as in DUSTWATCH_CASES, and that one if left out.

    \b
    Example: dustwatch store migrate postgresql+psycopg://dustwatch@db:5432/dustwatch
    """


@command.command("status")
@_STORE
@click.pass_context
def status(ctx: click.Context, store: str | None) -> None:
    """Say at which revision a store is; exit 1 if it must be migrated before this program works with it.

    \b
    Example: dustwatch store status sqlite:////var/lib/dustwatch/cases.sqlite
    """
    from alerts.store.migrating import look
    from alerts.store.standing import name_of
    from alerts.store.tables import REVISION
    from ingest.addresses import shown

    url = _address(store)
    state = look(url)
    answer = state.standing.answer()
    at = "no tables yet" if answer == "empty" else f"at revision {name_of(state.standing.revision)}"
    click.echo(f"{shown(url)}: {at}; this program knows up to {name_of(REVISION)}")
    if answer == "ahead":
        click.echo(
            f"programs from {name_of(state.standing.oldest_program)} on work with it, so this one does"
        )
    for step in state.steps:
        click.echo(f"to do: {step}")
    if state.steps:
        click.echo("run `dustwatch store migrate`; services of this version wait until then")
    ctx.exit(1 if state.steps else 0)


@command.command("migrate")
@_STORE
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def migrate_(store: str | None, dry_run: bool) -> None:
    """Take a store to the revision that this program needs: all of it or nothing.

    A SQLite file is copied first, beside itself. Of a PostgreSQL database make one with `pg_dump`.

    \b
    Example: dustwatch store migrate --dry-run
    """
    from alerts.store.migrating import look, migrate, words_of
    from ingest.addresses import shown

    url = _address(store)
    if dry_run:
        state = look(url)
        if state.copy:
            click.echo(f"would copy the file to {state.copy}")
        for step in state.steps:
            click.echo(f"would run {step}")
        if not state.steps:
            click.echo(f"{shown(url)}: nothing to do")
        return
    done = migrate(url, click.echo)
    for step in done.steps:
        click.echo(f"ran {step}")
    click.echo(f"{shown(url)}: {words_of(done)}")


def _address(store: str | None) -> str:
    from deploy.settings import load_settings

    return store or load_settings().cases
