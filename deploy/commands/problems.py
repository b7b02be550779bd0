"""`dustwatch problems`: problems that people found, from lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group("problems")
def command() -> None:
    """Problems that people found (patrol, night and covert checks, residents, from above), from lists.

    \b
    Example: dustwatch problems import patrol.xlsx --dry-run
    """


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check it, and say what would be new; write nothing.")
@click.option("--by", default="", help="Who hands it in; without it the user of the machine.")
def import_(file: Path, dry_run: bool, by: str) -> None:
    """Make cases of the problems in FILE (XLSX or CSV): all of them, or none where anything is wrong.

    The head names the columns: 编号 发现方式 发现时间 工地 未落实措施 成因 位置 问题描述 文号 时限, or
    key how found_at site measures cause place words document due. What was imported before, by its 编号 or
    word for word, is not made again.

    \b
    Example: dustwatch problems import patrol.xlsx --dry-run
    """
    from deploy.problem_files import UnreadableList, table_in

    try:
        table = table_in(file)
    except UnreadableList as fault:
        raise click.UsageError(str(fault)) from None
    _take(file, table, dry_run, by)


def _take(file: Path, table: list[list[Any]], dry_run: bool, by: str) -> None:
    from alerts.casework import LifePlanner
    from alerts.casework.checklist import load_checklist
    from alerts.casework.problem_rows import problems_in
    from alerts.lifecycle import Actor
    from alerts.lifecycle.states import MACHINE
    from alerts.routing.forms import load_calendar
    from alerts.store import CaseStore
    from alerts.store.duty_store import DutyStore
    from alerts.store.life_store import salted
    from alerts.store.problem_store import ClashingProblem, Reporter
    from deploy.county.apply import user_name
    from deploy.settings import load_settings
    from ingest.clock import parse_clock
    from ingest.register import load_register

    settings = load_settings()
    register, checklist = load_register(settings.config), load_checklist(settings.config)
    now = parse_clock(settings.clock).now_ms()
    listed = problems_in(table, register, checklist, now)
    for flaw in listed.flaws:
        click.echo(str(flaw), err=True)
    if listed.flaws:
        click.echo(f"{file}: nothing was taken; {len(listed.flaws)} to be put right", err=True)
        raise SystemExit(1)
    name = by or user_name()
    reporter = Reporter(Actor(MACHINE, "", salted(f"terminal {name}")), "terminal", name)
    store = CaseStore(settings.cases)
    duty = DutyStore(settings.cases)
    planner = LifePlanner(register, load_calendar(settings.config, register), book=duty.book())
    duty.close()
    try:
        made = store.problems.report_all(listed.problems, reporter, planner, checklist, now, dry_run)
    except ClashingProblem as clash:
        click.echo(f"row {listed.rows[clash.index]}, 编号: {clash}; give it another number", err=True)
        raise SystemExit(1) from None
    finally:
        store.close()
    new = [(row, one.number) for row, one in zip(listed.rows, made, strict=True) if one.new]
    click.echo(f"{len(new)} {'would be new' if dry_run else 'new'}, {len(made) - len(new)} there already")
    for row, number in () if dry_run else new:
        click.echo(f"row {row}: No. {number}")
