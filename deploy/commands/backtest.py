"""`dustwatch backtest`: judge the past by other rules."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from processors.replay import BacktestResult

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
    from deploy.county.compile import revision_of_folder
    from deploy.county.live_verdicts import judge_log
    from deploy.options import instant_ms
    from deploy.settings import load_settings
    from deploy.stored_history import open_past
    from ingest.recording import RecordingError, read_recording
    from ingest.register import load_register
    from processors.plan import load_rules
    from processors.replay import (
        Backtest,
        VerdictKey,
        judge_history,
        judge_recordings,
        merged,
        write_backtest,
    )
    from processors.stream.frugal import collect_garbage_seldom

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
    backtest = Backtest(start, end, rules)
    collect_garbage_seldom()
    unreproducible: dict[VerdictKey, str] = {}
    if recordings:
        try:
            judge_recordings(
                backtest,
                lambda: merged([read_recording(path) for path in recordings]),
                register,
                revision,
            )
        except RecordingError as error:
            raise click.ClickException(str(error)) from None
    elif url:
        with open_past(url) as history:
            unreproducible = judge_history(backtest, history, revision)
    else:
        unreproducible = asyncio.run(judge_log(backtest, load_settings().kafka_options, revision))
    result = backtest.compare(unreproducible)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_backtest(backtest, result, folder)
    _tell(result)
    ctx.exit(1 if result.differences else 0)


def _tell(found: BacktestResult) -> None:
    import orjson

    from processors.replay import WHY

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
            click.echo(f"{words}: {breach.rule} at {breach.device}, level {breach.level}")
    click.echo(orjson.dumps(found.summary, option=orjson.OPT_SORT_KEYS).decode())
