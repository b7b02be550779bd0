"""`dustwatch diff`: say what a configuration folder would change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ingest.kafka_options import KafkaOptions
    from ingest.records import Revision

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("diff")
@click.argument("config", type=_FOLDER)
@click.argument("other", type=_FOLDER, required=False)
@click.option("--at", "at_text", metavar="TIME", help="Compare with what will be in force then. [now]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_context
def command(ctx: click.Context, config: Path, other: Path | None, at_text: str | None, as_json: bool) -> None:
    """Say what the folder CONFIG would change against the revision in force in the log, or against OTHER.

    Sites, devices, rules and the county, field by field: all that verdicts depend on. Exit 0: the same;
    1: different.

    \b
    Example: dustwatch diff county/ && echo nothing to apply
    """
    import orjson

    from deploy.county.compile import checked_revision
    from deploy.county.difference import difference, summary
    from deploy.settings import load_settings
    from ingest.clock import parse_clock
    from ingest.decoders.instants import instant_text

    revision = checked_revision(config, received_at=0)
    waiting: list[Revision] = []
    before: Revision | None
    if other is not None:
        if at_text:
            raise click.UsageError("--at asks the log; a folder has no time")
        before, against = checked_revision(other, received_at=0), str(other)
    else:
        settings = load_settings()
        before, waiting = _in_force(
            settings.kafka_options, config, parse_clock(settings.clock).now_ms(), at_text
        )
        against = "the log"
    changes = difference(before.body if before else None, revision.body)
    if as_json:
        body = {
            "before": before.id if before else None,
            "after": revision.id,
            "waiting": [{"id": one.id, "effective": instant_text(one.effective)} for one in waiting],
            "changes": [change.as_json() for change in changes],
        }
        click.echo(orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode())
    else:
        click.echo(f"{against}: {before.id if before else 'no configuration yet'}; {config}: {revision.id}")
        for change in changes:
            click.echo(change.words())
        for one in waiting:
            click.echo(f"waiting in the log: revision {one.id}, in force from {instant_text(one.effective)}")
        click.echo(summary(changes))
    ctx.exit(1 if changes else 0)


def _in_force(
    kafka: KafkaOptions, config: Path, now: int, at_text: str | None
) -> tuple[Revision | None, list[Revision]]:
    """(revision in force, revisions waiting) according to the log."""
    from deploy.county.apply import revisions_in_log
    from deploy.county.revisions import standing
    from deploy.options import instant_ms
    from ingest.register import load_register

    known = standing(asyncio.run(revisions_in_log(kafka)), now)
    at = instant_ms(at_text, load_register(config).zone, "--at") if at_text else now
    return known.at(at), known.waiting
