"""`dustwatch background`: bring background values of reference stations into the log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from deploy.settings import Settings
    from ingest.feed_form import BackgroundMapping
    from ingest.records import Background
    from ingest.register import Register

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_MOST_SHOWN = 20
_DAY_MS = 24 * 3_600_000


@click.group("background")
def command() -> None:
    """Bring background values of reference stations into the log.

    \b
    Example: dustwatch background import county-mean.csv --label end --unit ug/m3
    """


@command.command("import")
@click.argument("file", type=_FILE, required=False)
@click.option("--url", metavar="URL", help="Ask this address instead of reading FILE: JSON, or CSV.")
@click.option("--every", type=click.IntRange(min=10), metavar="SECONDS", help="Ask again and again. [once]")
@click.option("--mapping", type=_FILE, help="YAML: which column means what; else by the options below.")
@click.option("--label", type=click.Choice(["start", "end"]), help="Which end of its hour a time marks.")
@click.option("--unit", metavar="UNIT", help="Unit of the values, for example ug/m3.")
@click.option("--station", metavar="ID", help="The station of all rows. [the column `station`]")
@click.option("--time", "time_column", default="time", metavar="COLUMN", show_default=True)
@click.option("--value", multiple=True, metavar="QUANTITY=COLUMN", help="A value's column. [pm10=pm10]")
@click.option("--config", type=_FOLDER, help="Configuration folder; default: DUSTWATCH_CONFIG.")
@click.option("--dry-run", is_flag=True, help="Only read and check.")
@click.pass_context
def import_(
    ctx: click.Context, /, config: Path | None, every: int | None, dry_run: bool, **said: Any
) -> None:
    """Read hourly values of reference stations from FILE (CSV or JSON) or --url, and put them into the log.

    What is in the log already changes nothing: a file may be imported again. Exit 1 if a row can't be used;
    the others are imported.

    \b
    Example: dustwatch background import --url https://air.example/county --mapping county.yaml --every 600
    """
    from deploy.settings import load_settings
    from ingest.feed_answers import NoAnswer
    from ingest.register import load_register

    if (said["file"] is None) == (said["url"] is None):
        raise click.UsageError("name a FILE or an --url, one of the two")
    if every is not None and said["url"] is None:
        raise click.UsageError("--every asks an --url again; a FILE is read once")
    settings = load_settings()
    register = load_register(config or settings.config)
    mapping = _mapping(said)
    known: set[str] = set()
    while True:
        try:
            refused = _import_once(said, mapping, register, settings, None if dry_run else known)
        except NoAnswer as error:
            if every is None:
                raise
            click.echo(f"{error}; asked again in {every} s", err=True)
            refused = 0
        if every is None:
            ctx.exit(1 if refused else 0)
        time.sleep(every)


def _import_once(
    said: dict[str, Any],
    mapping: BackgroundMapping,
    register: Register,
    settings: Settings,
    known: set[str] | None,
) -> int:
    """Import what is there now; returns the number of rows that can't be used. `known`: None: a dry run."""
    from ingest.background_import import RefusedRow, backgrounds_of
    from ingest.clock import parse_clock
    from ingest.everywhere import put_everywhere
    from ingest.records import Background

    now = parse_clock(settings.clock).now_ms()
    rows = _rows(said, mapping)
    found = list(backgrounds_of(rows, mapping, register, now))
    refused = [one for one in found if isinstance(one, RefusedRow)]
    records = [one for one in found if isinstance(one, Background) and one.id not in (known or ())]
    for one in refused[:_MOST_SHOWN]:
        click.echo(f"row {one.number}: {one.why}", err=True)
    if len(refused) > _MOST_SHOWN:
        click.echo(f"{len(refused) - _MOST_SHOWN} more rows can't be used", err=True)
    if known is None:
        click.echo(f"{len(records)} values of {_span(records, register)} can be imported, {len(refused)} not")
        return len(refused)
    if records:
        count = asyncio.run(put_everywhere(settings.kafka_options, records))
        known.update(one.id for one in records)
        click.echo(f"{len(records)} values of {_span(records, register)} are in all {count} partitions")
        if min(one.end for one in records) < now - _DAY_MS:
            click.echo("warning: values of hours over for a day may change no verdict any more", err=True)
    else:
        click.echo("no new value")
    return len(refused)


def _rows(said: dict[str, Any], mapping: BackgroundMapping) -> Iterable[dict[str, Any]]:
    from deploy.feed_secrets import FeedSecrets
    from ingest.background_import import rows_of
    from ingest.feed_answers import NoAnswer, answer_of
    from ingest.units import Refused

    if said["url"]:
        name = mapping.token_secret
        content = answer_of(said["url"], None if name is None else FeedSecrets("--mapping")(name))
    else:
        content = said["file"].read_bytes()
    try:
        return rows_of(content, mapping)
    except Refused as refused:
        where = said["url"] or said["file"]
        raise (NoAnswer if said["url"] else click.UsageError)(f"{where}: {refused.detail}") from None


def _mapping(said: dict[str, Any]) -> BackgroundMapping:
    """The mapping of the file, or of the options. Raises ConfigError, UsageError."""
    from pydantic import ValidationError

    from ingest.feed_form import MAPPING, BackgroundMapping
    from ingest.strict_yaml import ConfigError, load

    if said["mapping"] is not None:
        loaded = load(said["mapping"], MAPPING)
        if loaded.value is None:
            raise ConfigError(list(loaded.problems))
        return loaded.value
    if said["label"] is None or said["unit"] is None:
        raise click.UsageError("say with --label which end of its hour a time marks, with --unit the unit")
    values = dict(pair.partition("=")[::2] for pair in said["value"]) or {"pm10": "pm10"}
    one = said["station"]
    try:
        return BackgroundMapping(
            label=said["label"],
            unit=said["unit"],
            values=values,
            time=said["time_column"],
            station="station" if one is None else None,
            stations={} if one is None else {"": one},
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise click.UsageError(f"{place}: {first['msg']}".removeprefix(": ").strip()) from None


def _span(records: list[Background], register: Register) -> str:
    from datetime import datetime

    if not records:
        return "no hour"
    first, last = min(one.start for one in records), max(one.end for one in records)
    begin, end = (datetime.fromtimestamp(ms / 1000, register.zone) for ms in (first, last))
    return f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
