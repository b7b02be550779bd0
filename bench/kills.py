"""`python -m bench kills --rounds N`: kill -9 of every part in turn under readings, counted from outside.

One county stays up over all rounds: Kafka, Artemis, all services of `dustwatch up`, a second alerts worker.
The exit code is 1 when anything was lost, doubled or stuck: Artemis loses nothing that it has confirmed, so
nothing may be.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

from bench.report import keep_text, machine
from tests.kills.account import Account, Round, VictimAccount
from tests.kills.load import PER_SECOND
from tests.kills.rounds import drawn, running
from tests.kills.stores import on_servers
from tests.kills.target import VICTIMS

_COLUMNS = (
    "killed",
    "kills",
    "published",
    "stored",
    "duplicates",
    "poison",
    "quarantined",
    "lost",
    "doubled",
    "breaches",
    "cases",
    "two cases",
    "not told",
    "two ids",
    "repeats, marked",
    "repeats, not marked",
    "stuck",
    "first new record, s: median, most",
    "all settled, s: median, most",
)
_NOTES = """\
Readings and cases count for the victim in whose round they were published. `duplicates`: copies in the
feed, sent or delivered again after a kill; history has each once. `lost`: readings not in history and
poison not in quarantine. `repeats, marked`: messages that arrived again under their one id, where the
attempt log says `unknown`. `bridge, clock off`: a second bridge, 20 s before or after the others, that
shares the messages and is killed. First new record, of what was published after the kill: bridges, gateway,
Kafka and MQTT broker in `dust.feed`, detect in `dust.results` (by the broker's append time), store and up
in history, alerts (either worker may tell) the longest that a breach of the round waited for its first
message; desk until it is ready. `all settled`: what was published until the victim was back is stored, and
everybody is told of its breaches.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the rounds, print and keep their account; the exit code."""
    asked = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="dustwatch-kills-"))
    print(
        f"{asked.rounds} rounds, seed {asked.seed}, stores: {asked.stores}; data and logs: {folder}",
        flush=True,
    )
    began = time.monotonic()
    stores: AbstractContextManager[Mapping[str, str]] = nullcontext({})
    if asked.stores == "servers":
        stores = on_servers(folder)
    with stores as settings, running(folder, asked.seed, _say, settings) as campaign:
        evidence = campaign.run(drawn(asked.only or VICTIMS, asked.rounds, asked.seed))
    account = campaign.account(evidence)
    took_s = time.monotonic() - began
    where = {
        **machine(),
        "rounds": str(asked.rounds),
        "seed": str(asked.seed),
        "stores": "InfluxDB, PostgreSQL" if asked.stores == "servers" else "SQLite",
        "published": f"{PER_SECOND} readings/s over MQTT, 1/s over HJ 212",
        "took": f"{took_s / 60:.1f} min",
    }
    minutes = f"Means of a minute whose count of readings was compared: {account.minutes:,}.\n"
    text = f"{account_table(account)}\n\n{_NOTES}{minutes}{_words_of_faults(account, campaign.rounds)}"
    body = account.as_json() | {"rounds": [asdict(one) for one in campaign.rounds]}
    path = keep_text(where, text, body, "kills")
    print(f"\n{text}\nkept in {path}")
    if account.broken:
        print(f"BROKEN: data and logs stay in {folder}")
        return 1
    shutil.rmtree(folder)
    print("nothing was lost, doubled or stuck")
    return 0


def _say(words: str) -> None:
    print(words, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench kills", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="how many kills")
    parser.add_argument("--seed", type=int, default=1, help="of the order and the moments")
    parser.add_argument("--stores", choices=("sqlite", "servers"), default="sqlite")
    parser.add_argument(
        "--only", action="append", choices=VICTIMS, help="these victims alone; may be repeated"
    )
    return parser


def account_table(account: Account) -> str:
    """The victims and their sum as a Markdown table."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    lines += [f"| {' | '.join(_cells(one))} |" for one in (*account.victims, account.total)]
    return "\n".join(lines)


def _cells(one: VictimAccount) -> list[str]:
    counts = (
        one.kills,
        one.published,
        one.stored,
        one.duplicates,
        one.poison,
        one.quarantined,
        one.lost,
        one.doubled,
        one.breaches,
        one.cases,
        one.two_cases,
        one.untold,
        one.two_ids,
        one.repeats,
        one.undue_repeats,
        one.stuck,
    )
    return [
        one.victim,
        *(f"{count:,}" for count in counts),
        _times(one.first_record_s),
        _times(one.settled_s),
    ]


def _times(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f}, {max(seconds):.1f}" if seconds else ""


def _words_of_faults(account: Account, rounds: Sequence[Round]) -> str:
    stuck = [f"round {one.number + 1} ({one.victim}): {one.stuck}" for one in rounds if one.stuck]
    return "".join(f"\n- {words}" for words in (*account.faults, *stuck)) + "\n"
