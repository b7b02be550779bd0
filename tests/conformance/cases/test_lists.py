"""Every case store lists cases alike: chosen, searched, in the order in which to act, page by page."""

from __future__ import annotations

import random

import pytest

from alerts.records import Case
from alerts.store import CaseStore
from alerts.store.case_lists import WHICH, CaseFilter
from alerts.web.open_cases import OpenCases
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner

PLAN = planner()
LATER = NIGHT + 30 * HOUR  # the deadlines of 24 hours are over


@pytest.fixture
def full(store: CaseStore) -> CaseStore:
    """Twelve cases: some signed, some over, some both; levels with two deadlines."""
    for n in range(12):
        level = "violation" if n % 3 == 0 else "warning"
        apply(store, breach(id=f"b{n}", device=f"dev-{n}", level=level, at=NIGHT + n), PLAN, NIGHT + n)
    cases = {c.device: c for c in store.cases(limit=50)}
    for n in (1, 2, 3):
        store.acknowledge(cases[f"dev-{n}"].id, "张敏", "", NIGHT + 100)
    for n in (3, 4, 5):
        ended = breach(id=f"b{n}", device=f"dev-{n}", event="closed", at=NIGHT + HOUR)
        apply(store, ended, PLAN, NIGHT + HOUR)
    return store


def everything(store: CaseStore, of: CaseFilter, limit: int) -> list[Case]:
    found: list[Case] = []
    after = None
    while True:
        page = store.find(of, after, limit)
        assert len(page.cases) <= limit
        found += page.cases
        after = page.after
        if after is None:
            return found


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("limit", [1, 2, 5, 50])
def test_pages_of_any_length_give_each_case_once_in_one_order(
    full: CaseStore, which: str, limit: int
) -> None:
    of = CaseFilter(which, now=LATER)
    whole = everything(full, of, 1000)
    assert [c.id for c in everything(full, of, limit)] == [c.id for c in whole]
    assert len({c.id for c in whole}) == len(whole) == full.count(of)


def test_lists_hold_what_their_name_says_and_what_is_due_comes_first(full: CaseStore) -> None:
    counts = {which: full.count(CaseFilter(which, now=LATER)) for which in WHICH}
    assert counts == {"open": 11, "unsigned": 9, "overdue": 9, "closed": 1, "all": 12}
    assert full.count(CaseFilter("overdue", now=NIGHT)) == 0
    open_ones = everything(full, CaseFilter("open", now=LATER), 50)
    over = [c.recovered_at is not None for c in open_ones]
    assert over == sorted(over)
    due = [c.deadline for c in open_ones if c.recovered_at is None]
    assert due == sorted(due, key=lambda at: at or 0)
    newest = everything(full, CaseFilter("all"), 50)
    assert [c.opened_at for c in newest] == sorted((c.opened_at for c in newest), reverse=True)


def test_a_search_looks_into_ids_titles_devices_and_the_sites_that_it_names(full: CaseStore) -> None:
    def devices(**of: object) -> set[str]:
        return {c.device for c in everything(full, CaseFilter("all", **of), 50)}  # type: ignore[arg-type]

    assert devices(text="DEV-1") == {"dev-1", "dev-10", "dev-11"}
    assert devices(text="100%_no such thing") == set()
    assert devices(text="%") == set()
    some = full.cases()[0]
    assert devices(text=some.id) == {some.device}
    assert len(devices(text="nowhere", named=frozenset({some.site}))) == 12
    assert devices(kind="offline") == set()
    assert devices(sites=frozenset()) == set()
    assert devices(sites=frozenset({some.site}), but=frozenset({"exceedance"})) == set()
    assert len(devices(site=some.site)) == 12


def test_what_has_changed_is_enough_to_know_what_is_open(store: CaseStore) -> None:
    """A follower that asks for changes alone knows the same as one that reads all of it."""
    chance = random.Random(7)
    follower = OpenCases(store, lambda: 0.0)
    for step in range(60):
        n = chance.randrange(8)
        match chance.randrange(3):
            case 0:
                apply(store, breach(id=f"b{n}", device=f"dev-{n}", at=NIGHT + step), PLAN, NIGHT + step)
            case 1:
                event = breach(id=f"b{n}", device=f"dev-{n}", event="closed", at=NIGHT + step)
                apply(store, event, PLAN, NIGHT + step)
            case _:
                for one in store.cases(state="open", limit=1):
                    store.acknowledge(one.id, "张敏", "", NIGHT + step)
        whole = OpenCases(store, lambda: 0.0).newest()
        assert sorted(follower.newest(), key=str) == sorted(whole, key=str)
