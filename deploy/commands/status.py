"""`dustwatch status`: say how every stage is doing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from deploy.overview import Overview


def _instant(ms: int | None) -> str:
    return "never" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


@click.command("status")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say how every stage is doing; exit 1 when one is stuck or ticks have stopped.

    \b
    Example: dustwatch status
    """
    from alerts.store import CaseStore
    from deploy.overview import look
    from deploy.settings import load_settings

    settings = load_settings()
    view = asyncio.run(look(settings.kafka, settings.application))
    absent = _absent_file(settings.cases)
    if absent is None:
        cases = CaseStore(settings.cases)
        try:
            view.outbox = cases.counts()
        finally:
            cases.close()
    for line in lines_of(view):
        click.echo(line)
    if absent is not None:
        click.echo(
            f"cases         none kept in {absent} (no such file): set DUSTWATCH_CASES to where "
            "`dustwatch run alerts` keeps them, or DUSTWATCH_SETTINGS to settings.env in the data folder "
            "of `dustwatch up`"
        )
    ctx.exit(0 if view.well and absent is None else 1)


def lines_of(view: Overview) -> list[str]:
    """Lines of the overview, one per topic; faults in capitals, with the way out."""
    from deploy.overview import STUCK_AFTER_S

    tick = _instant(view.last_tick)
    if view.last_tick is None:
        tick += "  NO TICK in the log: is a bridge running?"
    elif not view.ticking:
        tick += f"  TICKS STOPPED {view.tick_age_s:.0f} s ago: see the log of `dustwatch run bridge`"
    reading = _instant(view.last_reading)
    if view.last_reading is None and view.looked_back:
        reading = f"none in the last {view.looked_back} records of each partition"
    lines = [f"last tick     {tick}", f"last reading  {reading}"]
    for stage in view.stages:
        words = f"{stage.lag} records behind" if stage.lag else "up to date"
        if stage.lag:
            words += f", the oldest for {stage.waiting_s:.0f} s"
        if stage.stuck:
            words += (
                f"  STUCK (more than {STUCK_AFTER_S:.0f} s): see the log of `dustwatch run {stage.stage}`"
            )
        lines.append(f"{stage.stage:<13} {words}")
    reasons = ", ".join(f"{code} {count}" for code, count in sorted(view.quarantined.items()))
    listed = f": {reasons} (`dustwatch quarantine list`)" if reasons else ""
    lines.append(f"quarantine    {view.quarantined.total()}{listed}")
    return lines + [f"{name:<13} {count}" for name, count in sorted(view.outbox.items())]


def _absent_file(url: str) -> str | None:
    """Path of a SQLite case store that does not exist; opening it would create it."""
    path = url.removeprefix("sqlite:///")
    return None if path == url or Path(path).exists() else path
