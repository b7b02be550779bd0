"""`dustwatch rose`: say from where the dust of a site came."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processors.records import Interval, SiteHour

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("rose")
@click.argument("config", type=_FOLDER)
@click.argument("site")
@click.option("--from", "from_text", metavar="TIME", required=True, help="In the county's zone.")
@click.option("--to", "to_text", metavar="TIME", required=True)
@click.option("--pollutant", type=click.Choice(["pm10", "pm2_5", "tsp"]), default="pm10", show_default=True)
@click.option(
    "--above", type=click.FloatRange(min=0), help="An hour is high above this, ug/m3. [upper quarter]"
)
@click.option("--sectors", type=click.Choice(["8", "16"]), default="16", show_default=True)
@click.option("--history", "url", metavar="URL", help="Where history is. [DUSTWATCH_HISTORY]")
@click.option("--replay", "folder", type=_FOLDER, help="What `dustwatch replay --out` wrote, in its place.")
@click.option("--lang", "language", type=click.Choice(["zh", "en"]), help="[the county's language]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_context
def command(
    ctx: click.Context,
    config: Path,
    site: str,
    from_text: str,
    to_text: str,
    pollutant: str,
    above: float | None,
    sectors: str,
    url: str | None,
    folder: Path | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Say from which sectors high hours of SITE came, point by point, and what the site added itself.

    The conditional probability of a sector: of the hours with wind from it, how many were high. Hours
    of calm or of wind from no steady direction belong to no sector; they are left out and counted. Exit
    1: no hour of the period has a value.

    \b
    Example: dustwatch rose county/ site-1 --from 2026-11-01 --to 2026-12-01 --above 150
    """
    import orjson

    from deploy.options import instant_ms
    from deploy.settings import load_settings
    from deploy.stored_history import open_past
    from ingest.register import load_register
    from ingest.strict_yaml import did_you_mean
    from processors.audit import RoseQuestion, language_of, period_in_history, period_of, rose_lines

    if folder is not None and url is not None:
        raise click.UsageError("name one past: --history or --replay")
    register = load_register(config)
    if site not in register.sites:
        hint = did_you_mean(site, register.sites) or f"; known are {', '.join(sorted(register.sites))}"
        raise click.UsageError(f"no site `{site}` in {config}/sites.yaml{hint}")
    start = instant_ms(from_text, register.zone, "--from")
    end = instant_ms(to_text, register.zone, "--to")
    if end <= start:
        raise click.UsageError(f"--to {to_text} is not after --from {from_text}")
    question = RoseQuestion(site, pollutant, start, end, above, int(sectors))
    if folder is not None:
        found = period_of(question, *_replayed(folder))
    else:
        with open_past(url or load_settings().history) as history:
            found = period_in_history(question, history)
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode())
    else:
        own = language_of(language, register.county.language)
        for line in rose_lines(found, register.sites[site].name, register.zone, own):
            click.echo(line)
    ctx.exit(0 if found.points else 1)


def _replayed(folder: Path) -> tuple[list[Interval], list[SiteHour]]:
    """Contents of `intervals.jsonl` and `winds.jsonl` of a replay."""
    import orjson

    from processors.replay import interval_of_line, wind_of_line

    def lines(name: str) -> Iterator[dict[str, Any]]:
        path = folder / name
        if not path.is_file():
            raise click.BadParameter(
                f"{path} is no file; is {folder} what `dustwatch replay --out` wrote?", param_hint="--replay"
            )
        yield from map(orjson.loads, path.read_bytes().splitlines())

    winds = [wind_of_line(line) for line in lines("winds.jsonl")]
    return [interval_of_line(line) for line in lines("intervals.jsonl")], winds
