"""A county of some sites lived through for weeks in virtual time: what is found, and people who see to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from alerts.casework.offering import OfferedStep, offered
from alerts.lifecycle import Actor, LifeCase, LifeCommand
from alerts.lifecycle.fields import FIELD_HOLDERS, MANDATORY, REF, TEXT
from alerts.lifecycle.states import OPEN_STATES, RECORDED
from alerts.store import CaseStore
from alerts.store.life_store import LifeAction, salted
from alerts.store.task_lists import TaskFilter
from processors.records import Breach
from tests.fakes.alerts import HOUR, NIGHT, breach, device_fault, offline, suspicion
from tests.fakes.storms import VirtualWorker, storm_planner

DAY = 24 * HOUR
STEP = 6 * HOUR  # how often people look

# How likely somebody who may takes a step when they look; what is not named is never taken.
HABITS = {
    "sign": 0.6,
    "countersign": 0.6,
    "start": 0.7,
    "submit": 0.5,
    "accept": 0.5,
    "archive": 0.8,
    "reject": 0.15,
    "refuse": 0.02,
    "appeal": 0.02,
    "uphold_appeal": 0.3,
    "dismiss_appeal": 0.3,
    "postpone": 0.01,
    "transfer": 0.004,
    "merge": 0.02,
    "false_alarm": 0.002,
    "hand_over": 0.002,
    "confirm_withdrawal": 0.5,
    "decline_withdrawal": 0.1,
    "stop_work": 0.01,
    "resume_work": 0.3,
    "note": 0.01,
}
# Once nothing new is found people close what there is.
_CLOSING = "sign countersign start submit accept archive dismiss_appeal confirm_withdrawal resume"
DILIGENCE = dict.fromkeys(_CLOSING.split(), 1.0)


@dataclass
class Quarter:
    """One county; `taken`: accepted commands of people, by case, in order; `found`: breaches by id."""

    open_store: Callable[[Callable[[], int]], CaseStore]
    sites: int
    seed: int
    worker: VirtualWorker = field(init=False)
    found: dict[str, Breach] = field(default_factory=dict)
    taken: list[tuple[str, str, int]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.worker = VirtualWorker(self.open_store, storm_planner(self.sites))
        self._pick = Random(self.seed)

    @property
    def store(self) -> CaseStore:
        """Its store."""
        return self.worker.store

    def live(self, days: int) -> None:
        """So many days on which something is found, then as many as it takes until no case is open."""
        events = self._events(days)
        self._until(NIGHT + days * DAY, events, HABITS)
        for _ in range(60):
            self._until(self.worker.now + DAY, events, DILIGENCE)
            if not events and not self.store.life.count(TaskFilter("open")):
                break
        self._until(self.worker.now + 40 * DAY, events, DILIGENCE, step=DAY)

    def _until(self, end: int, events: list[Breach], habits: dict[str, float], step: int = STEP) -> None:
        while self.worker.now < end:
            self.worker.now += step
            come = [one for one in events if one.at <= self.worker.now]
            del events[: len(come)]
            for one in come:  # people look after what they were told
                self.store.apply_breaches([one], self.worker.plan, one.at)
            self.worker.turn()
            self._people(habits)

    # ------------------------------------------------------------------------------ what is found

    def _events(self, days: int) -> list[Breach]:
        pick, found = self._pick, []
        for day in range(days):
            for site in range(1, self.sites + 1):
                at = NIGHT + day * DAY + pick.randrange(24) * HOUR
                kind = pick.random()
                if kind < 0.28:
                    found += self._exceedance(f"b{day}-{site}", site, at)
                elif kind < 0.32:
                    found += self._other(offline, f"o{day}-{site}", site, at)
                elif kind < 0.33:
                    found += self._other(suspicion, f"s{day}-{site}", site, at)
                elif kind < 0.35:
                    found += self._other(device_fault, f"f{day}-{site}", site, at)
        self.found = {one.id: one for one in reversed(found)}
        return sorted(found, key=lambda one: (one.at, one.id, one.event != "opened"))

    def _exceedance(self, id: str, site: int, at: int) -> list[Breach]:
        pick = self._pick
        level = pick.choice(("warning", "warning", "violation"))
        first = breach(
            id=id,
            site=f"site-{site}",
            device=f"dev-{site}-{pick.randrange(4) + 1}",
            level=level,
            deadline_h=4.0 if level == "violation" else 24.0,
            tell=pick.random() > 0.05,
            reasons=("allowance_exceeded",) if pick.random() < 0.3 else (),
            start=at - HOUR,
            end=at,
            at=at,
            opened_at=at,
        )
        whole = {name: getattr(first, name) for name in ("id", "site", "device", "level", "opened_at")}
        after = at + pick.randrange(1, 6) * HOUR
        span = (
            {"start": at - HOUR, "end": at} if pick.random() < 0.06 else {"start": after - HOUR, "end": after}
        )
        return [first, breach("closed", **whole, at=after, **span)]

    def _other(self, of: Callable[..., Breach], id: str, site: int, at: int) -> list[Breach]:
        pick = self._pick
        begin = {"id": id, "site": f"site-{site}", "device": f"dev-{site}-1", "opened_at": at}
        after = at + pick.randrange(2, 12) * HOUR
        if of is offline:
            made = [offline("dev-1", at=at), offline("dev-1", "closed", after)]
        else:
            made = [of(), of("closed")]
        return [
            replace(made[0], **begin, at=at, start=at - HOUR, end=at),
            replace(made[1], **begin, at=after, start=at - HOUR, end=after),
        ]

    # ------------------------------------------------------------------------------ what people do

    def _people(self, habits: dict[str, float]) -> None:
        for which in ("open", "all"):
            for kept in self.store.life.find(TaskFilter(which), limit=500).tasks:
                if (which == "open") == (kept.life.state != RECORDED) and kept.life.state in _LOOKED_AT:
                    self._look_at(kept.life, habits)

    def _look_at(self, life: LifeCase, habits: dict[str, float]) -> None:
        units = {life.unit or "county", "county", *(line.unit for line in life.lines)}
        for unit in sorted(units):
            for role in _ROLES[unit.partition(":")[0]]:
                actor = Actor(role, unit, salted(f"{role} 某"))
                facts = self.worker.plan.life.facts(newest_determined=True)
                for step in offered(life, actor, facts, self.worker.now):
                    if self._pick.random() < habits.get(step.command, 0.0) and step.waits is None:
                        after = self._take(life, step, actor)
                        if after is not None:
                            return  # the others look later

    def _take(self, life: LifeCase, step: OfferedStep, actor: Actor) -> LifeCase | None:
        fields = {}
        for name, mode in step.fields.items():
            if mode == MANDATORY or name in life.evidence:
                said = self._said(life, name)
                if said is None:
                    return None
                fields[name] = said
        of = {name: FIELD_HOLDERS[name] for name in fields}
        command = LifeCommand(
            step.command,
            self.worker.now,
            life.version,
            actor,
            {n: v for n, v in fields.items() if of[n] not in (TEXT, REF)},
            {n: salted(v) for n, v in fields.items() if of[n] == TEXT},
            {n: v for n, v in fields.items() if of[n] == REF},
        )
        facts = self.worker.plan.life.facts(newest_determined=True)
        decided = self.store.life.act(life.id, LifeAction(command, f"a-{actor.role}", "某"), facts)
        if not decided.accepted:
            self.refused[decided.refusal.guard] += 1
            return None
        self.taken.append((life.id, step.command, decided.case.round))
        return decided.case

    def _said(self, life: LifeCase, name: str) -> str | int | None:
        if name == "unit":
            others = {"department:housing", "department:town-east", f"{life.unit}"} - {life.unit}
            return self._pick.choice(sorted(others))
        if name == "until":
            return self.worker.now + 2 * DAY
        if name == "into":
            near = self.store.life.find(TaskFilter("open", site=life.site)).tasks
            others = [one.life.id for one in near if one.life.id != life.id]
            return self._pick.choice(others) if others else None
        return "d" * 64 if FIELD_HOLDERS[name] == REF else f"{name} 说明"


_LOOKED_AT = {*OPEN_STATES, RECORDED}
_ROLES = {
    "site": ("site",),
    "department": ("department",),
    "county": ("office", "verifier"),
}
