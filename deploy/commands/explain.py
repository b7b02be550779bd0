"""`dustwatch explain`: say why a verdict is what it is, from history alone."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("id_", metavar="ID")
@click.option("--lang", "language", type=click.Choice(["zh", "en"]), help="[the county's language]")
@click.option("--history", "url", metavar="URL", help="Where history is. [DUSTWATCH_HISTORY]")
@click.option("--all", "everything", is_flag=True, help="List every reading and slot.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_context
def command(
    ctx: click.Context, id_: str, language: str | None, url: str | None, everything: bool, as_json: bool
) -> None:
    """Explain ID, of a verdict, interval, breach, outlook or reading: readings, flags, clause, arithmetic.

    Nothing but history is asked. The value is worked out again from the stored readings; exit 1 if it
    differs from what was stored, or if history knows no such ID.

    \b
    Example: dustwatch explain fa093a691e1577ebee8f --lang en
    """
    from deploy.settings import load_settings
    from deploy.stored_history import open_past, shown
    from processors.audit import Teller, document_of, gather, language_of, recomputation_of, story

    url = url or load_settings().history
    with open_past(url) as history:
        trail = gather(history, id_)
    if trail is None:
        click.echo(
            f"nothing with the id `{id_}` in history at {shown(url)}: is it the right history (--history), "
            "and an `id` of verdicts, intervals, breaches, outlooks or readings (20 letters and digits, as "
            "messages, the desk and `dustwatch replay` print it)?",
            err=True,
        )
        ctx.exit(1)
    found = recomputation_of(trail)
    if as_json:
        click.echo(document_of(trail, found))
    else:
        teller = Teller(trail, found, language_of(language, trail.county.language), everything)
        for line in story(teller):
            click.echo(line)
    ctx.exit(1 if found.agrees is False else 0)
