"""`dustwatch replay`: judge recorded messages without any server."""

from __future__ import annotations

from pathlib import Path

import click

_EXISTING = click.Path(exists=True, path_type=Path)


@click.command("replay")
@click.argument("config", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=_EXISTING)
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="New or empty folder.")
@click.option("--until", metavar="TIME", help="Go on with ticks until then; leave out what came later.")
@click.option("--rules", "packs", metavar="PACK", multiple=True, help="In place of the packs of rules.yaml.")
@click.option(
    "--partitions",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Judge as so many partitions would; the lines are the same.",
)
@click.option("--outlooks", is_flag=True, help="Say also what open windows were likely to come to (slower).")
def command(
    config: Path,
    recordings: tuple[Path, ...],
    folder: Path,
    until: str | None,
    packs: tuple[str, ...],
    partitions: int,
    outlooks: bool,
) -> None:
    """Judge RECORDINGs by the configuration folder CONFIG; write JSON lines into a folder.

    Without --until the replay ends with the last message: an interval that is not due by then (its end
    and two minutes for what is late) is not judged. Only with --outlooks are there lines in outlooks.jsonl.

    \b
    Example: dustwatch replay deploy/example day.jsonl --out judged --until 2026-11-24T00:10:00+08:00
    """
    import orjson

    from deploy.county.compile import body_of_folder
    from deploy.options import instant_ms
    from ingest.recording import RecordingError, read_recording
    from ingest.register import load_register
    from processors.plan import load_rules, make_revision
    from processors.replay import replay, write_replay
    from processors.stream.frugal import collect_garbage_seldom

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.BadParameter(f"{folder} must be new or empty", param_hint="--out")
    register = load_register(config)
    rules = load_rules(config, packs or None)
    end = instant_ms(until, register.zone, "--until") if until else None
    revision = make_revision(body_of_folder(config, rules), received_at=0)
    collect_garbage_seldom()
    try:
        messages = [read_recording(path) for path in recordings]
        judged = replay(register, revision, messages, end, partitions=partitions, outlooks=outlooks)
    except RecordingError as error:
        raise click.ClickException(str(error)) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        summary = write_replay(judged, folder)
    except OSError as error:
        raise click.ClickException(
            f"--out {folder}: can't be written: {error}; what is there is not complete, choose another folder"
        ) from None
    click.echo(orjson.dumps(summary, option=orjson.OPT_SORT_KEYS).decode())
