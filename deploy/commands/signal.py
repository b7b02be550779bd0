"""`dustwatch signal`: put an order or notice of people into the log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy.options import instant_ms

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ingest.records import Signal
    from ingest.register import Register

KINDS = ("alert", "stage", "permit", "shutdown", "maintenance", "power")
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEEDS_LEVEL = {"alert": "--level red, or the county's own word", "stage": "--level structure"}


@click.command("signal")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("place")
@click.option("--device", metavar="ID", help="The one monitor of the site that it is for.")
@click.option("--level", metavar="WORD", help="Of an alert its level, of a stage the stage.")
@click.option("--from", "since", metavar="TIME", help="In the county's zone unless it names one. [now]")
@click.option("--until", metavar="TIME", help="Its end. [until further notice]")
@click.option("--by", metavar="NAME", help="Who ordered it. [the login name]")
@click.option("--reason", metavar="TEXT", help="Why; it is kept with the order.")
@click.option("--document", metavar="NUMBER", help="Number of the document that orders it.")
@click.option("--id", "id_", metavar="ID", help="Change the order of that id to what is said now.")
@click.option("--withdraw", is_flag=True, help="End the order of --id now.")
@click.option("--config", type=_FOLDER, help="Configuration folder; default: DUSTWATCH_CONFIG.")
@click.option("--dry-run", is_flag=True, help="Only check and show it.")
def command(config: Path | None, dry_run: bool, **said: Any) -> None:
    """Put an order or notice for PLACE (county, area, township or site) into the log, after a check.

    power: the power is off; maintenance, shutdown: of a site or monitor. Silence is then recorded and not
    told, until the order and the device's offline_after are over. --id changes, prolongs or ends an order.

    \b
    Example: dustwatch signal power site-1 --from 2026-11-23T08:00 --until 2026-11-23T12:00 \\
             --by "Wang, grid office" --reason "work on the line" --document "2026-118"
    """
    from deploy.settings import load_settings
    from ingest.clock import parse_clock
    from ingest.everywhere import put_everywhere
    from ingest.register import load_register

    settings = load_settings()
    register = load_register(config or settings.config)
    now = parse_clock(settings.clock).now_ms()
    made = order_of(said, register, now)
    click.echo(words_of_order(made, register, withdrawn=said["withdraw"]))
    for words in doubts(made, register, now):
        click.echo(f"warning: {words}", err=True)
    if dry_run:
        return
    count = asyncio.run(put_everywhere(settings.kafka_options, [made]))
    click.echo(f"order {made.id} is in all {count} partitions; to change or end it name --id {made.id}")


def order_of(said: dict[str, Any], register: Register, now: int) -> Signal:
    """The signal of an order as given on the command line. Raises UsageError: which value, the way out."""
    import orjson

    from deploy.county.apply import user_name
    from ingest.decoders.notices import OF_A_MONITOR, decode_signal
    from ingest.orders import signal_of_notice
    from ingest.records import Rejected
    from ingest.register_checks import WORDS
    from ingest.strict_yaml import did_you_mean
    from ingest.units import Refused

    kind, place, zone = said["kind"], said["place"], register.zone
    since, until = _instant(said, "since", "--from", zone), _instant(said, "until", "--until", zone)
    if said["withdraw"]:
        if said["id_"] is None or since is not None or until is not None:
            raise click.UsageError(
                "--withdraw ends an order now: name its --id, and neither --from nor --until"
            )
        until = now
    elif since is None and said["id_"] is None:
        since = now
    begins = now if since is None else since
    if until is not None and until <= begins and (since is not None or said["id_"] is None):
        raise click.UsageError(
            f"--until {said['until']!r} is not after its beginning "
            f"({said['since'] or 'now'}): give a later --until, or an earlier --from"
        )
    if kind in _NEEDS_LEVEL and not said["level"] and not said["withdraw"]:
        raise click.UsageError(f"which one? `{kind}` needs a level: {_NEEDS_LEVEL[kind]}")
    level = said["level"] or ""
    unknown = kind == "stage" and level not in WORDS["stage"]
    if unknown and (near := did_you_mean(level, WORDS["stage"], cutoff=0.8)):
        raise click.UsageError(f"--level {level!r} is no stage that rules know{near}")
    if said["device"] is not None and kind not in OF_A_MONITOR:
        raise click.UsageError(
            f"--device: `{kind}` is for a place; of one monitor are {', '.join(OF_A_MONITOR)}"
        )
    body = {
        "id": said["id_"],
        "kind": kind,
        "level": said["level"],
        "from": since,
        "until": until,
        "device": said["device"],
        "author": said["by"] or user_name(),
        "reason": said["reason"],
        "document": said["document"],
    }
    topic = f"dust/v1/signals/{place}"
    notice = decode_signal(orjson.dumps(body), topic)
    if isinstance(notice, Rejected):
        raise click.UsageError(notice.detail)
    try:
        return signal_of_notice(notice, register, now)
    except Refused as refused:
        raise click.UsageError(refused.detail) from None


def doubts(made: Signal, register: Register, now: int) -> list[str]:
    """What is odd about an order, although it is taken."""
    found = []
    if made.reason is None:
        found.append("no --reason: a year later nobody will know why")
    if made.end is not None and made.end < now:
        found.append("it is over already: what was told stays told")
    townships = {site.township for site in register.sites.values()}
    if made.place in register.departments and made.place not in townships:
        found.append(f"no site is in {made.place!r}: name the township, not the department that answers")
    whole = made.device is None and made.place not in register.sites
    if made.kind in ("maintenance", "shutdown") and whole:
        words = (
            f"{made.place!r} is no site: monitors are expected to send, and silences are told all the same"
        )
        found.append(f"{words} (`power` holds them back)")
    return found


def words_of_order(made: Signal, register: Register, withdrawn: bool = False) -> str:
    """One line that says what is ordered."""
    from datetime import datetime

    def local(ms: int) -> str:
        return f"{datetime.fromtimestamp(ms / 1000, register.zone):%Y-%m-%d %H:%M}"

    level = f" {made.level}" if made.level else ""
    whose = made.place if made.device is None else f"{made.place} {made.device}"
    if withdrawn:
        return f"{made.kind} {whose}: ends {local(made.start)}, by {made.author}"
    end = "further notice" if made.end is None else local(made.end)
    why = f", {made.reason}" if made.reason else ""
    number = f" ({made.document})" if made.document else ""
    return f"{made.kind}{level} {whose}: {local(made.start)} to {end}, by {made.author}{why}{number}"


def _instant(said: dict[str, Any], name: str, option: str, zone: ZoneInfo) -> int | None:
    return None if said[name] is None else instant_ms(said[name], zone, option)
