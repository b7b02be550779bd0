"""Lists of messages on both databases: filters, true counts, pages, and what a unit answers for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from alerts.planner import CasePlanner
from alerts.records import Claim
from alerts.retry import EndedAttempt, RetryPolicy, next_state, refused, sent
from alerts.routing import load_routing
from alerts.store import CaseStore
from alerts.store.message_lists import MessageFilter, MessageLists
from tests.conformance.cases.conftest import Wall
from tests.fakes.alerts import apply, breach
from tests.fakes.desk import EXAMPLE, MINUTE, NOW, example_register

REGISTER = example_register()
PLANNER = CasePlanner(REGISTER, load_routing(EXAMPLE, REGISTER), "http://127.0.0.1:8400")
SITES = ("site-01", "site-02")


@pytest.fixture
def lists(url: str, store: CaseStore) -> Iterator[MessageLists]:
    """Two cases at each of two sites; every third message was refused, every second waits."""
    for n in range(4):
        site = SITES[n % 2]
        device = REGISTER.devices_at(site)[0].id
        apply(store, breach(id=f"b{n}", site=site, device=device, at=NOW + n), PLANNER, NOW + n)
    for number, claim in enumerate(store.outbox.claim({"file": 1000}, "w1", 2_000_000, MINUTE)):
        if number % 2 == 0:
            end(store, claim, gone=number % 3 == 0)
    opened = MessageLists(url)
    yield opened
    opened.close()


def end(store: CaseStore, claim: Claim, gone: bool) -> None:
    outcome = refused("550 5.1.1 mailbox unknown") if gone else sent("accepted")
    then = next_state(claim.message.id, claim.number, claim.written_at, outcome, 2_000_500, RetryPolicy())
    store.outbox.finish([EndedAttempt(claim, outcome, then)], "w1", 2_000_500)


def everything(lists: MessageLists, of: MessageFilter, size: int) -> list[str]:
    """Ids of all pages."""
    found: list[str] = []
    after = None
    while True:
        page = lists.find(of, after, size)
        found += [one.delivery.message.id for one in page.messages]
        after = page.after
        if after is None:
            return found


def test_pages_hold_each_message_once_and_counts_are_theirs(lists: MessageLists) -> None:
    counts = lists.counts(MessageFilter())
    assert counts["all"] == counts["waiting"] + counts["accepted"] + counts["failed"] + counts["muted"] > 8
    assert min(number for which, number in counts.items() if which != "muted") > 0
    for which, number in counts.items():
        whole = everything(lists, MessageFilter(which), 1000)
        assert len(whole) == number
        assert everything(lists, MessageFilter(which), 3) == whole
    assert len(set(everything(lists, MessageFilter(), 3))) == counts["all"]


def test_each_message_brings_its_attempts_and_its_case(lists: MessageLists) -> None:
    (first, *_), _after = lists.find(MessageFilter("failed"))
    (attempt,) = first.delivery.attempts
    assert (attempt.outcome, attempt.reason) == ("refused", "550 5.1.1 mailbox unknown")
    assert first.case.id == first.delivery.message.case


@pytest.mark.parametrize(
    ("of", "kept"),
    [
        pytest.param(MessageFilter(site="site-01"), lambda m: m.case.site == "site-01", id="a site"),
        pytest.param(
            MessageFilter(sites=frozenset({"site-02"})), lambda m: m.case.site == "site-02", id="own sites"
        ),
        pytest.param(MessageFilter(sites=frozenset()), lambda _: False, id="no site"),
        pytest.param(MessageFilter(but=frozenset({"exceedance"})), lambda _: False, id="a kind withheld"),
        pytest.param(MessageFilter(channel="file"), lambda _: True, id="a channel"),
        pytest.param(MessageFilter(channel="fil"), lambda _: False, id="no channel"),
        pytest.param(MessageFilter(channel="%"), lambda _: False, id="a pattern is none"),
        pytest.param(
            MessageFilter(person="周建国"),
            lambda m: "周建国" in m.delivery.message.recipient.id,
            id="a person",
        ),
        pytest.param(
            MessageFilter(person="住房", units=frozenset({"department:housing"})),
            lambda m: m.delivery.message.recipient.id.startswith("department:housing/"),
            id="a unit",
        ),
        pytest.param(MessageFilter(person="%"), lambda _: False, id="a pattern is nobody"),
        pytest.param(MessageFilter(since=1_000_000, until=1_000_001), lambda _: True, id="the day"),
        pytest.param(MessageFilter(until=1_000_000), lambda _: False, id="the day before"),
    ],
)
def test_a_filter_finds_what_it_says_and_nothing_else(
    lists: MessageLists, of: MessageFilter, kept: object
) -> None:
    assert callable(kept)
    everyone = lists.find(MessageFilter(), limit=1000).messages
    wanted = [m.delivery.message.id for m in everyone if kept(m)]
    assert everything(lists, of, 1000) == wanted
    assert lists.counts(of)["all"] == len(wanted)


def test_who_was_told_of_a_case(lists: MessageLists, store: CaseStore) -> None:
    case = store.cases(site="site-01")[0].id
    file = store.case(case)
    assert file is not None
    assert sorted(everything(lists, MessageFilter(case=case), 2)) == sorted(
        d.message.id for d in file.messages
    )
    assert everything(lists, MessageFilter(case='" OR 1'), 2) == []


def test_a_lane_says_what_waits_since_when_and_what_failed(lists: MessageLists) -> None:
    (lane,) = lists.standing(failed_since=2_000_000)
    counts = lists.counts(MessageFilter())
    assert (lane.lane, lane.waiting, lane.failed) == ("file", counts["waiting"], counts["failed"])
    assert (lane.oldest, lane.reason) == (1_000_000, "550 5.1.1 mailbox unknown")
    (later,) = lists.standing(failed_since=2_000_501)
    assert (later.failed, later.reason) == (0, "")
    assert lists.channels() == ["file"]


def test_each_message_is_of_exactly_one_day(url: str, store: CaseStore, wall: Wall) -> None:
    """Days of any length, also empty ones, and a clock that once went back a little."""
    starts = [1_000_000 + n * 7_000_000 for n in range(12)]
    for n, at in enumerate([*starts[:6], starts[5] - 300_000, *starts[7:]]):
        wall.now = at
        device = REGISTER.devices_at("site-01")[0].id
        apply(store, breach(id=f"b{n}", site="site-01", device=device, at=NOW + n), PLANNER, NOW + n)
    lists = MessageLists(url)
    whole = everything(lists, MessageFilter(), 1000)
    edges = [0, 900_000, 1_000_000, 1_000_001, *range(5_000_000, 90_000_000, 3_000_000)]
    by_day = [everything(lists, MessageFilter(since=a, until=b), 4) for a, b in pairwise(edges)]
    assert sorted(id for day in by_day for id in day) == sorted(whole)
    assert [len(day) for day in by_day] == [
        lists.counts(MessageFilter(since=a, until=b))["all"] for a, b in pairwise(edges)
    ]
    lists.close()
