"""A storm of breaches over many sites, and an alerts worker in virtual time that takes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from alerts.planner import CasePlanner
from alerts.retry import RetryPolicy, next_state, sent
from alerts.service import group_timing_of, take_turn
from alerts.store import CaseStore
from ingest.register import Device
from processors.records import Breach
from tests.fakes.alerts import NIGHT, breach, claims_of, county, finish, planner, site_of

MINUTE, SECOND = 60_000, 1000


class Received(NamedTuple):
    """A message that a person got: when, which step, of how many characters."""

    at: int
    step: str
    length: int


def storm_planner(number: int) -> CasePlanner:
    """A county of so many sites, each with a manager and four monitors, in one township under one department."""
    sites = {f"site-{n}": site_of(n, f"{n} 号工地") for n in range(1, number + 1)}
    devices = {
        f"dev-{n}-{k}": Device.model_validate(
            {"id": f"dev-{n}-{k}", "site": f"site-{n}", "format": "json_v1", "name": f"{k} 号点"}
        )
        for n in range(1, number + 1)
        for k in range(1, 5)
    }
    return planner(county(sites=sites, devices=devices))


def storm_of(number: int, sites: int, seed: int) -> list[Breach]:
    """So many breaches that open within a minute, in the order of their opening."""
    pick = Random(seed)
    found = []
    for n in range(number):
        at, site = NIGHT + pick.randrange(MINUTE), pick.randrange(sites) + 1
        level = pick.choice(("warning", "warning", "violation"))
        found.append(
            breach(
                id=f"b{n}",
                site=f"site-{site}",
                device=f"dev-{site}-{pick.randrange(4) + 1}",
                rule=f"rule-{pick.randrange(9)}",
                level=level,
                deadline_h=4.0 if level == "violation" else 24.0,
                at=at,
                opened_at=at,
            )
        )
    return sorted(found, key=lambda one: one.at)


class VirtualWorker:
    """An alerts worker over a store whose wall clock is the log's; whatever is claimed is accepted at once."""

    def __init__(self, open_store: Callable[[Callable[[], int]], CaseStore], plan: CasePlanner) -> None:
        self.now = NIGHT
        self.store, self.plan = open_store(lambda: self.now), plan
        self.store.tellings.timing = group_timing_of(plan.routing.form.delivery, plan.register.zone)
        self.received: dict[str, list[Received]] = defaultdict(list)

    def take(self, events: Sequence[Breach], together: int) -> None:
        """Write events, so many in a transaction."""
        for first in range(0, len(events), together):
            self.store.apply_breaches(events[first : first + together], self.plan, self.now)

    def turn(self) -> None:
        """What an alerts worker does again and again, and the sending of what there is."""
        take_turn(self.store, self.plan, self.now)
        while claims := claims_of(self.store, "file", "me", 500, self.now, MINUTE):
            for one in claims:
                then = next_state(
                    one.message.id, one.number, one.written_at, sent("ok"), self.now, RetryPolicy()
                )
                finish(self.store, one, "me", sent("ok"), then, self.now)
                got = Received(self.now, one.message.step, len(one.message.text))
                self.received[one.message.recipient.id].append(got)

    def live_through(self, events: Sequence[Breach], until: int) -> None:
        """Take events as they come, and go on to an instant."""
        waiting = list(events)
        while self.now < until:
            come = [one for one in waiting if one.at <= self.now]
            del waiting[: len(come)]
            self.take(come, 100)
            self.turn()
            self.now += SECOND if self.now < NIGHT + 2 * MINUTE else MINUTE // 2


def lives_in_store(store: CaseStore, events: Sequence[Breach]) -> dict[str, tuple]:
    """What the breaches came to, by the case of the first of them: everything but generated numbers."""
    found = {}
    for id in sorted({store.life.find_id(one.id) for one in events}):
        file = store.life.file(id)
        case = file.kept.life
        found[case.id] = (
            (case.site, case.kind, case.day, case.state, case.track, case.level, case.unit),
            case.version,
            tuple((r.number, r.at, r.command, r.refs.get("breach"), r.after) for r in file.trail),
            tuple(sorted(one.breach for one in file.placed)),
        )
    return found
