"""What is killed: an alerts worker over a storm, and a person who signs, rectifies and hands in by forms.

`python -m tests.kills.desk_worker alerts|person URL FOLDER BEGAN NUMBER SITES`: works until FOLDER/enough is there and
nothing is left. What it gets confirmed it appends to a file of its own in FOLDER, so that the count is kept outside.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import OperationalError

from alerts.lifecycle import Actor, LifeCommand
from alerts.messages import GroupTiming
from alerts.retry import RetryPolicy, next_state, sent
from alerts.store import CaseStore
from alerts.store.life_store import LifeAction, salted
from processors.records import Breach
from tests.fakes.alerts import NIGHT, claims_of, finish
from tests.fakes.storms import storm_of, storm_planner

_LEASE_MS = 3000
STEPS = ("sign", "start", "submit")


def events_of(number: int, sites: int, began: int) -> list[Breach]:
    """The storm as of an instant."""
    return [
        replace(one, at=began, opened_at=began, start=began - 3_600_000, end=began)
        for one in storm_of(number, sites, seed=NIGHT % 97)
    ]


def main(what: str, url: str, folder: str, began: str, number: str, sites: str) -> None:
    """Be a worker or a person."""
    plan = storm_planner(int(sites))
    store = CaseStore(url)
    store.tellings.timing = GroupTiming(wait=100, interval=300, most=0)
    events = events_of(int(number), int(sites), int(began))
    work = _alerts if what == "alerts" else _person
    while True:
        try:
            left = work(store, plan, events, Path(folder))
        except OperationalError:
            left = 1  # another holds the file of SQLite: the same again
        if not left and (Path(folder) / "enough").exists():
            return
        time.sleep(0.02)


def _alerts(store, plan, events, folder: Path) -> int:
    """Take what was not taken yet, and one turn of what an alerts worker does; how much was done."""
    done = 0
    for first in range(0, len(events), 10):
        now = round(time.time() * 1000)
        done += sum(one.new for one in store.apply_breaches(events[first : first + 10], plan, now))
        done += _turn(store, plan, folder)
    done += _turn(store, plan, folder)
    counts = store.counts()  # what a killed one has claimed is free when its lease ends
    return done + sum(counts[name] for name in ("messages_pending", "messages_sending", "tellings_waiting"))


def _turn(store, plan, folder: Path) -> int:
    now = round(time.time() * 1000)
    done = store.life.wake(plan.life, now) + store.life.tell(plan.steps, store.tellings, now)
    done += store.tellings.compose(now)
    owner = str(os.getpid())
    for claim in claims_of(store, "file", owner, 5, now, _LEASE_MS):
        _note(folder, "received", [claim.message.id, claim.possible_repeat])
        then = next_state(claim.message.id, claim.number, claim.written_at, sent("ok"), now, RetryPolicy())
        finish(store, claim, owner, sent("ok"), then, now)
        done += 1
    return done


def _person(store, plan, events, folder: Path) -> int:
    """Every site's manager takes the steps of their case, each by the same form until it was taken."""
    done = 0
    for id in sorted({id for one in events if (id := store.life.find_id(one.id)) is not None}):
        for name in STEPS:
            life = store.life.file(id).kept.life
            form = f"{name}-{id}"
            who = Actor("site", life.unit, salted("a-1 某"))
            texts = {"statement": salted("已洒水")} if name == "submit" else {}
            refs = {"photo_after": "d" * 64} if name == "submit" else {}
            command = LifeCommand(name, round(time.time() * 1000), life.version, who, {}, texts, refs)
            decided = store.life.act(id, LifeAction(command, "a-1", "某", form), plan.life.facts())
            if decided.accepted:
                _note(folder, "taken", form)
                done += decided.record is not None
    return done


def _note(folder: Path, name: str, what: object) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
