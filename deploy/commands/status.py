"""`dustwatch status`: say how every stage is doing."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.addresses import without_secrets
from ingest.plain_text import one_line

if TYPE_CHECKING:
    from deploy.overview import Overview
    from ingest.kafka_options import KafkaOptions

_LOOK_S = 2.0  # at each file
_DEVICES_SHOWN, _NAMES_SHOWN = 5, 6  # in a line of remarks


def _instant(ms: int | None) -> str:
    return "never" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


@click.command("status")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say how every stage is doing; exit 1 when one is stuck, ticks stopped, a record is broken.

    The records of the cases are read whole, in the store and on Kafka, and compared.

    \b
    Example: dustwatch status
    """
    from deploy.overview import look
    from deploy.settings import load_settings

    settings = load_settings()
    view = asyncio.run(look(settings.kafka_options, settings.application))
    problems = []
    absent = _absent_file(settings.cases)
    if absent is not None:
        problems.append(
            f"cases         none kept in {absent} (no such file): set DUSTWATCH_CASES to where "
            "`dustwatch run alerts` keeps them, or DUSTWATCH_SETTINGS to settings.env in the data folder "
            "of `dustwatch up`"
        )
    else:
        problems += _cases_of(settings.cases, view, settings.kafka_options)
    problems += _fault_of_file("history", settings.history)
    for line in (*lines_of(view), *problems):
        click.echo(one_line(line))
    ctx.exit(0 if view.well and not problems else 1)


def _cases_of(url: str, view: Overview, kafka: KafkaOptions) -> list[str]:
    """Note the counts of the case store, and how its records stand to Kafka's; or why that can't be."""
    from sqlalchemy.exc import SQLAlchemyError

    from alerts.store import CaseStore, StoreError
    from deploy.case_topic import reconcile

    try:
        cases = CaseStore(url)
        try:
            view.outbox = cases.counts()
            view.records = asyncio.run(reconcile(cases.relay, kafka))
        finally:
            cases.close()
    except (StoreError, SQLAlchemyError) as error:
        return [f"cases         CAN'T BE READ: {without_secrets(str(error).splitlines()[0])}"]
    return _fault_of_file("case store", url)


def _fault_of_file(what: str, url: str) -> list[str]:
    """A line where a SQLite file is damaged, as far as a short look finds it."""
    from ingest.damaged import damage_of_file, words_of_damage

    path = url.removeprefix("sqlite:///")
    if path == url or not Path(path).is_file():
        return []
    try:
        found = damage_of_file(Path(path), _LOOK_S)
    except (sqlite3.Error, OSError) as error:
        return [f"{what:<13} CAN'T BE READ: {path}: {error}"]
    return [f"{what:<13} DAMAGED: {words_of_damage(what, path, found)}"] if found else []


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
        for partition, why in sorted(stage.unreadable.items()):
            lines.append(
                f"{'':<13} PARTITION {partition}: a saved state can't be read ({why}): {stage.stage} takes "
                "the one before or folds the log anew; where it says that it can't, run `dustwatch feed "
                "accept-gap`"
            )
    reasons = ", ".join(f"{code} {count}" for code, count in sorted(view.quarantined.items()))
    listed = f": {reasons} (`dustwatch quarantine list`)" if reasons else ""
    lines.append(f"quarantine    {view.quarantined.total()}{listed}")
    if view.notices:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(view.notices.items()))
        lines.append(f"notices       {view.notices.total()}: {kinds} (`dustwatch quarantine notices`)")
    lines += _remarks(view)
    lines += [f"no filter     {look.words()}" for look in view.looks]
    lines += [f"background    {news.words()}" for news in view.feeds]
    lines += [f"{name:<13} {count}" for name, count in sorted(view.outbox.items())]
    return lines + (view.records.lines() if view.records else [])


def _remarks(view: Overview) -> list[str]:
    """A line a kind of remark: devices and names, the most frequent first."""
    lines = []
    for kind, devices in sorted(view.remarks.items()):
        said = []
        for device, names in sorted(devices.items(), key=lambda one: (-sum(one[1].values()), one[0])):
            listed = ", ".join(f"{name} {count}" for name, count in sorted(names.items())[:_NAMES_SHOWN])
            said.append(f"{device} ({listed})")
        left = len(said) - _DEVICES_SHOWN
        more = f", and {left} more devices" if left > 0 else ""
        lines.append(f"{kind:<13} {one_line('; '.join(said[:_DEVICES_SHOWN]))}{more}")
    return lines


def _absent_file(url: str) -> str | None:
    """Path of a SQLite case store that does not exist; opening it would create it."""
    path = url.removeprefix("sqlite:///")
    return None if path == url or Path(path).exists() else path
