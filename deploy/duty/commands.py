"""Commands of responsibility with dates: export, import, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from alerts.routing import DutyGap

_SHOWN = 40  # changes that are listed


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--at", "at_text", metavar="TIME", help="As it was in force then.  [as of now]")
def export(file: Path, at_text: str | None) -> None:
    """Write persons, who answers, turns of duty and deputies to FILE: .xlsx, .yaml, or a folder of CSV files.

    Where the store has none yet, they are those of the county's folder, as a beginning.

    \b
    Example: dustwatch people export rota.xlsx
    """
    from deploy.duty.files import tables_of, write_tables
    from deploy.duty.revising import county_duty, duty_store
    from deploy.options import instant_ms
    from deploy.settings import load_settings

    settings = load_settings()
    county = county_duty(settings)
    at = instant_ms(at_text, county.register.zone, "--at") if at_text else None
    book = county.book(duty_store(settings.cases), at)
    write_tables(file, tables_of(book.rows))
    of = f"revision {book.revision}" if book.revision else "the county's folder"
    click.echo(f"{file}: {len(book.rows)} rows of {of}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--folder", "of_folder", is_flag=True, help="Take over the people of the county's folder.")
@click.option("--reason", default="", help="Why, for the history and the audit log.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.pass_context
def import_(ctx: click.Context, file: Path | None, of_folder: bool, reason: str, dry_run: bool) -> None:
    """Take over FILE as the next revision, whole or not at all; exit 1 and its faults if it can't be.

    A sheet that FILE does not have stays as it is; of one that it has, rows that are missing end being there.

    \b
    Example: dustwatch people import rota.xlsx --reason "rota of December" --dry-run
    """
    from alerts.duty.handing_in import handed_in
    from alerts.routing import terms_of
    from alerts.store.duty_store import DutyStore
    from deploy.duty.files import read_tables_of, text_tables
    from deploy.duty.revising import county_duty, write_revision
    from deploy.settings import load_settings

    if (file is None) is not of_folder:
        raise click.UsageError("name a FILE, or --folder for the people of the county's folder")
    if not reason.strip() and not dry_run:
        raise click.UsageError("--reason is missing: why responsibility changes")
    settings = load_settings()
    county = county_duty(settings)
    store = DutyStore(settings.cases)
    book = store.book()
    tables = text_tables("the folder", county.book(None).rows) if file is None else read_tables_of(file)
    found = handed_in(book, tables, terms_of(county.register, county.routing))
    if found.problems:
        for problem in found.problems:
            click.echo(str(problem))
        ctx.exit(1)
    for change in found.changes[:_SHOWN]:
        click.echo(change.words())
    if len(found.changes) > _SHOWN:
        click.echo(f"and {len(found.changes) - _SHOWN} more")
    if not found.changes:
        click.echo(f"nothing changes: it is as revision {book.revision} says")
        return
    _warn(county.gaps(type(book)(book.revision, found.rows)))
    if dry_run:
        click.echo(f"{len(found.changes)} changes to revision {book.revision}; nothing was written")
        return
    number = write_revision(store, found.changes, book.revision, county.now, " ".join(reason.split())[:200])
    click.echo(f"revision {number} is in force: {len(found.changes)} changes")


@click.command("check")
@click.option("--days", type=click.IntRange(1, 800), default=366, show_default=True, help="How far ahead.")
@click.pass_context
def check(ctx: click.Context, days: int) -> None:
    """Prove that each line of each site reaches somebody at every hour of the coming year.

    Days of which nobody knows yet whether people work are tried both ways. Exit 1: who is missing where.

    \b
    Example: dustwatch people check
    """
    from alerts.duty.checking import faults_between
    from deploy.duty.revising import county_duty, duty_store
    from deploy.settings import load_settings

    settings = load_settings()
    county = county_duty(settings)
    book = county.book(duty_store(settings.cases))
    faults = faults_between(book.rows)
    for fault in faults:
        click.echo(f"{fault.sheet} {fault.id} {fault.column}: {fault.words}")
    gaps = county.gaps(book, days)
    for gap in gaps:
        click.echo(gap.words())
    of = f"revision {book.revision}" if book.revision else "the county's folder"
    if faults or gaps:
        ctx.exit(1)
    click.echo(f"{of}: each line of {len(county.register.sites)} sites reaches somebody, {days} days ahead")


@click.command("revisions")
def revisions() -> None:
    """List the revisions of responsibility, the newest first: when, who, why.

    \b
    Example: dustwatch people revisions
    """
    from datetime import UTC, datetime

    from deploy.duty.revising import county_duty, duty_store
    from deploy.settings import load_settings

    settings = load_settings()
    store, zone = duty_store(settings.cases), county_duty(settings).register.zone
    found = store.revisions() if store is not None else []
    for one in found:
        at = datetime.fromtimestamp(one.at / 1000, UTC).astimezone(zone)
        click.echo(f"{one.number:4}  {at:%Y-%m-%d %H:%M}  {one.author}: {one.reason}")
    if not found:
        click.echo("none: responsibility is as the county's folder says")


def _warn(gaps: list[DutyGap]) -> None:
    for gap in gaps:
        click.echo(f"warning: {gap.words()}", err=True)
