"""Common causes in every store: each figure as plain Python counts it, over random cases."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from alerts.casework.checklist import shipped_checklist
from alerts.casework.problems import WAYS, FoundProblem
from alerts.casework.traits import NIGHT_HOURS, TRAITS
from alerts.lifecycle import Actor, LifeCommand
from alerts.store import CaseStore
from alerts.store.life_store import LifeAction, salted
from alerts.store.problem_store import Reporter
from alerts.store.trait_store import CausePeriod, TraitCount
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, county, planner

BUILDERS = {"site-1": "示范建工", "site-2": "宏远市政"}
REGISTER = county(
    sites={id: site.model_copy(update={"contractor": BUILDERS[id]}) for id, site in county().sites.items()}
)
PLAN, CHECKLIST = planner(REGISTER), shipped_checklist()
DAY = 24 * HOUR
BY = Reporter(Actor("office", "county", salted("a-1 扬尘办")), "a-1", "扬尘办")


def _hour(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, REGISTER.zone):%H}"


class Counted:
    """Cases as plain values: (site, opened, open, kind, traits)."""

    def __init__(self) -> None:
        self.cases: dict[str, list] = {}

    def add(self, id: str, site: str, opened: int, kind: str, traits: set[tuple[str, str]]) -> None:
        row = self.cases.setdefault(id, [site, opened, True, kind, set()])
        row[4] |= traits

    def within(self, of: CausePeriod) -> dict[str, list]:
        return {
            id: row
            for id, row in self.cases.items()
            if of.start <= row[1] < of.end
            and (of.sites is None or row[0] in of.sites)
            and row[3] not in of.but
        }

    def counts(self, of: CausePeriod) -> dict[str, tuple[TraitCount, ...]]:
        by_value = defaultdict(list)
        for row in self.within(of).values():
            for pair in row[4]:
                by_value[pair].append(row)
        found = defaultdict(list)
        for (trait, value), rows in by_value.items():
            sites = len({row[0] for row in rows})
            found[trait].append(TraitCount(value, len(rows), sites, sum(row[2] for row in rows)))
        return {
            trait: tuple(sorted(found[trait], key=lambda one: (-one.cases, one.value))) for trait in TRAITS
        }

    def nights(self, of: CausePeriod) -> dict[str, int]:
        hours = defaultdict(int)
        for row in self.within(of).values():
            if row[3] == "exceedance":
                hours[row[0]] += sum(trait == "hour" and value in NIGHT_HOURS for trait, value in row[4])
        return {site: number for site, number in hours.items() if number}

    def alike(self, case: str, of: CausePeriod) -> set[tuple[str, str, str]]:
        own = self.cases[case]
        return {
            (row[0], trait, value)
            for row in self.within(of).values()
            for trait, value in own[4] & row[4]
            if trait in ("measure", "cause") and row[2] and row[0] not in (own[0], "*")
        }


def _fill(store: CaseStore, seed: int) -> Counted:
    """Forty random cases of a week, some of them ended."""
    random, counted = Random(seed), Counted()
    for number in range(25):
        at = NIGHT + random.randrange(7 * 24) * HOUR
        site = random.choice(("site-1", "site-2", ""))
        measures = tuple(random.sample(list(CHECKLIST.measures), random.randrange(4)))
        cause = random.choice(("", *list(CHECKLIST.causes)[:3]))
        how = random.choice([way for way in WAYS if way != "above"])
        words = "见照片" if not measures else ""
        found = FoundProblem(f"p{number}", how, at - HOUR, site, measures, cause, "某处", words)
        made = store.problems.report(found, BY, (), PLAN.life, CHECKLIST, at)
        traits = {("measure", one) for one in measures} | {("how", how), ("hour", _hour(at - HOUR))}
        traits |= {("cause", cause)} if cause else set()
        traits |= {("contractor", BUILDERS[site])} if site else set()
        counted.add(made.case, site or "*", at, "problem", traits)
        if random.random() < 0.3:
            command = LifeCommand("hand_over", at + 1, 1, BY.as_actor(), {}, {}, {"document": "移1号"})
            assert store.life.act(made.case, LifeAction(command, "a-1", "扬尘办"), PLAN.life.facts()).accepted
            counted.cases[made.case][2] = False
    for number in range(15):
        at = NIGHT + random.randrange(7 * 24) * HOUR
        site = random.choice(("site-1", "site-2"))
        device = "dev-1" if site == "site-1" else "dev-5"
        event = replace(
            breach(id=f"b{number}"), site=site, device=device, at=at, opened_at=at, start=at - HOUR, end=at
        )
        apply(store, event, PLAN, at)
        id = store.life.find_id(f"b{number}")
        opened = store.life.file(id).kept.life.opened_at
        counted.add(
            id, site, opened, "exceedance", {("hour", _hour(at - HOUR)), ("contractor", BUILDERS[site])}
        )
    return counted


PERIODS = [
    CausePeriod(NIGHT, NIGHT + 8 * DAY),
    CausePeriod(NIGHT + DAY, NIGHT + 3 * DAY),
    CausePeriod(NIGHT, NIGHT + 8 * DAY, frozenset({"site-2"})),
    CausePeriod(NIGHT, NIGHT + 8 * DAY, frozenset()),
    CausePeriod(NIGHT, NIGHT + 8 * DAY, None, frozenset({"problem"})),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_the_one_that_plain_python_counts(store: CaseStore, seed: int) -> None:
    counted = _fill(store, seed)
    for of in PERIODS:
        assert store.problems.counts(of) == counted.counts(of)
        assert store.problems.total(of) == len(counted.within(of))
        assert dict(store.problems.worth_a_night_check(of)) == counted.nights(of)
        for case in counted.cases:
            found = {(one.site, one.trait, one.value) for one in store.problems.alike(case, of)}
            assert found == counted.alike(case, of)
    assert sum(len(rows) for rows in counted.counts(PERIODS[0]).values()) > 15


def test_the_wind_of_an_exceedance_is_noted_once(store: CaseStore) -> None:
    _fill(store, 3)
    span = (NIGHT, NIGHT + 8 * DAY)
    lacking = store.problems.without_wind(*span, 100)
    assert lacking
    assert all(site in BUILDERS and start >= NIGHT - HOUR for _, site, start in lacking)
    store.problems.note_wind({case: "NNW" for case, _, _ in lacking})
    assert store.problems.without_wind(*span, 100) == ()
    (wind,) = store.problems.counts(PERIODS[0])["wind"]
    assert (wind.value, wind.cases) == ("NNW", len(lacking))
