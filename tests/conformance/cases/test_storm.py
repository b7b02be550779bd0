"""A storm of breaches: the cases are those that one by one gives, and nobody is flooded."""

from __future__ import annotations

import pytest

from alerts.lifecycle.trail import first_flaw
from alerts.store import CaseStore
from tests.fakes.alerts import HOUR, NIGHT
from tests.fakes.storms import MINUTE, VirtualWorker, lives_in_store, storm_of, storm_planner
from tests.shares import SHARE

SMALL = (200, 20)
LARGE = pytest.param((10_000 // SHARE, 300), marks=[pytest.mark.long, pytest.mark.timeout(900)])


@pytest.fixture(params=[SMALL, LARGE], ids=["200 over 20 sites", "a share of 10,000 over 300 sites"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


def test_in_a_storm_nobody_is_flooded_and_each_site_hears_of_it_within_a_minute(url, size):
    number, sites = size
    worker = VirtualWorker(lambda wall: CaseStore(url, wall), storm_planner(sites))
    events = storm_of(number, sites, seed=1)
    try:
        worker.live_through(events, NIGHT + 2 * HOUR)
        first = {event.site: event.at for event in reversed(events)}
        managers = {f"site:{site}/项目经理": at for site, at in first.items()}
        assert managers.keys() <= worker.received.keys()
        for name, at in managers.items():
            assert worker.received[name][0].at <= at + MINUTE, name
        for name, got in worker.received.items():
            times = [one.at for one in got]
            assert all(c - a >= 10 * MINUTE for a, c in zip(times, times[3:], strict=False)), (name, times)
            assert len(times) <= 3 + (worker.now - NIGHT) // (30 * MINUTE), (name, times)
        states = worker.store.tellings.states()
        assert all(one.message or one.withheld_by or one.telling.told_at > worker.now for one in states)
    finally:
        worker.store.close()


def test_a_storm_taken_in_hundreds_gives_the_cases_that_one_by_one_gives(tmp_path, url, size):
    number, sites = size
    events, plan = storm_of(number, sites, seed=2), storm_planner(sites)
    together = VirtualWorker(lambda wall: CaseStore(url, wall), plan)
    alone = VirtualWorker(lambda wall: CaseStore(f"sqlite:///{tmp_path}/alone.sqlite", wall), plan)
    try:
        together.take(events, 100)
        alone.take(events, 1)
        found = lives_in_store(together.store, events)
        assert found == lives_in_store(alone.store, events)
        assert sorted(b for *_, placed in found.values() for b in placed) == sorted(e.id for e in events)
        for id in found:
            assert first_flaw(together.store.life.file(id).trail) is None
    finally:
        together.store.close()
        alone.store.close()
