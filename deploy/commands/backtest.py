"""`dustwatch backtest`: judge the past by other rules."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.recording import Recorded
    from ingest.records import Revision
    from ingest.register import Register
    from processors.replay.backtest import Bench, Comparison, Key

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FEW = 20


@click.command("backtest")
@click.argument("config", type=_FOLDER)
@click.argument(
    "recordings", metavar="[RECORDING]...", nargs=-1, type=click.Path(exists=True, path_type=Path)
)
@click.option("--rules", "packs", metavar="PACK[,PACK]", help="Other packs. [those of CONFIG]")
@click.option("--from", "from_text", metavar="TIME", required=True, help="In the county's zone.")
@click.option("--to", "to_text", metavar="TIME", required=True)
@click.option(
    "--history", "url", metavar="URL", help="Judge what history holds; it also says what was judged."
)
@click.option("--kafka", is_flag=True, help="Judge what the log still holds (DUSTWATCH_KAFKA).")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), help="JSON lines into a new or empty folder."
)
@click.pass_context
def command(
    ctx: click.Context,
    config: Path,
    recordings: tuple[Path, ...],
    packs: str | None,
    from_text: str,
    to_text: str,
    url: str | None,
    kafka: bool,
    folder: Path | None,
) -> None:
    """Judge the past by the rules of CONFIG, or by other packs, with the fold that judges live.

    The past is RECORDINGs (compared with what the rules of CONFIG say of them), a history, or the log
    (both compared with what was judged live). Windows that lie within --from and --to count. Exit 0: no
    difference; 1: some.

    \b
    Example: dustwatch backtest county/ --history sqlite:///var/history.sqlite \\
                 --rules shanghai-db31-964-2016 --from 2026-11-01 --to 2026-11-08
    """
    from deploy.commands.who import instant_ms
    from deploy.county.compile import revision_of_folder
    from ingest.register import load_register
    from processors.plan.rules import load_rules
    from processors.replay.backtest import Bench, compare

    if bool(recordings) + bool(url) + kafka != 1:
        raise click.UsageError("name the past: one of RECORDING..., --history URL or --kafka")
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.BadParameter(f"{folder} must be new or empty", param_hint="--out")
    register = load_register(config)
    start = instant_ms(from_text, register.zone, "--from")
    end = instant_ms(to_text, register.zone, "--to")
    if end <= start:
        raise click.UsageError(f"--to {to_text} is not after --from {from_text}")
    chosen = load_rules(config, packs.split(",") if packs else None).rules
    rules = [rule.model_dump(mode="json") for rule in sorted(chosen, key=lambda rule: rule.id)]
    revision = revision_of_folder(config, received_at=0)
    bench = Bench(start, end, rules)
    excluded: dict[Key, str] = {}
    if recordings:
        _of_recordings(bench, recordings, register, revision)
    elif url:
        excluded = _of_history(bench, url, revision)
    else:
        excluded = asyncio.run(_of_kafka(bench, revision))
    found = compare(bench.live, bench.other, start, end, excluded)
    if folder is not None:
        _write(bench, found, folder)
    _tell(found)
    ctx.exit(1 if found.differences else 0)


def _of_recordings(
    bench: Bench, recordings: tuple[Path, ...], register: Register, revision: Revision
) -> None:
    from ingest.recording import RecordingError, read_recording
    from processors.replay.backtest import AFTER_MS
    from processors.replay.replay import Replayed, feed_of, merged

    def messages() -> Iterator[Recorded]:
        return merged([read_recording(path) for path in recordings])

    try:
        last = max((message.received_at for message in messages()), default=bench.start)
        until = min(last, bench.end) + AFTER_MS
        for record in feed_of(messages(), register, revision, until, Replayed()):
            bench.fold(record)
    except RecordingError as error:
        raise click.ClickException(str(error)) from None


def _of_history(bench: Bench, url: str, revision: Revision) -> dict[Key, str]:
    from deploy.county.live_verdicts import silent_before
    from deploy.stored_history import open_past
    from processors.replay.backtest import AFTER_MS
    from processors.replay.log_from_history import judged_before, log_from, unreproducible

    with open_past(url) as history:
        bench.live, rows = judged_before(history, bench.start, bench.end)
        for record in log_from(history, revision, _lead(bench), bench.end + AFTER_MS):
            bench.fold(record, live=False)
        return {**silent_before(bench), **unreproducible(history, rows, revision)}


async def _of_kafka(bench: Bench, revision: Revision) -> dict[Key, str]:
    from deploy.county.apply import revisions_in_log
    from deploy.county.live_verdicts import beginnings_of_log, judged_live, unreproducible_by_log
    from deploy.county.revisions import standing
    from deploy.settings import load_settings
    from ingest.codec import decode, received_at_of
    from ingest.records import Revision as RevisionRecord
    from ingest.scan import partitions_in_use, scan
    from ingest.topics import FEED
    from processors.replay.backtest import AFTER_MS

    bootstrap, lead = load_settings().kafka, _lead(bench)
    bench.partitions = await partitions_in_use(bootstrap)
    before = standing(await revisions_in_log(bootstrap), lead).in_force or revision
    for partition in range(bench.partitions):
        bench.fold(RevisionRecord(before.id, lead, lead, before.body), partition)
    async for raw in scan(bootstrap, FEED, bench.partitions):
        if lead <= received_at_of(raw.headers, raw.timestamp) <= bench.end + AFTER_MS:
            bench.fold(decode(raw.value, raw.headers), raw.partition, live=False)
    bench.live, places = await judged_live(bootstrap, bench.partitions, bench.start, bench.end)
    begins = await beginnings_of_log(bootstrap, bench.partitions)
    return unreproducible_by_log(bench, places, begins, bench.start - lead)


def _lead(bench: Bench) -> int:
    """From when on the log must be folded: the longest window, what checks look back, a whole hour."""
    from processors.columns import HOUR_MS

    longest = max((rule["window"] * 1000 for rule in bench.rules), default=0)
    return (bench.start - max(longest, 2 * HOUR_MS) - HOUR_MS) // HOUR_MS * HOUR_MS


def _write(bench: Bench, found: Comparison, folder: Path) -> None:
    import orjson

    from processors.replay.replay import lines_text

    folder.mkdir(parents=True, exist_ok=True)
    for name, when, lines in (
        ("verdicts", "start", bench.other.lines),
        ("breaches", "at", bench.other.breaches),
        ("difference", "start", found.differences),
        ("not-reproducible", "start", found.left_out),
    ):
        (folder / f"{name}.jsonl").write_bytes(lines_text(lines, when))
    option = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    (folder / "summary.json").write_bytes(orjson.dumps(found.summary, option=option))


def _tell(found: Comparison) -> None:
    import orjson

    from processors.replay.log_from_history import WHY

    for line in found.differences[:_FEW]:
        live, other = (line[who]["answer"] if line[who] else "nothing" for who in ("live", "other"))
        click.echo(f"{line['start']} {line['point']} {line['rule']} {line['kind']}: {live} -> {other}")
    if len(found.differences) > _FEW:
        click.echo(f"... {len(found.differences) - _FEW} more, all of them with --out FOLDER")
    for line in found.left_out[:_FEW]:
        where = f"{line['start']} {line['point']} {line['rule']}"
        click.echo(f"not reproducible: {where}: {WHY[line['why']]}", err=True)
    for words, breaches in (("would open", found.would_open), ("would not open", found.would_not_open)):
        for breach in breaches[:_FEW]:
            click.echo(f"{words}: {breach['rule']} at {breach['device']}, level {breach['level']}")
    click.echo(orjson.dumps(found.summary, option=orjson.OPT_SORT_KEYS).decode())
