"""The account of the kills finds what is lost, doubled, told twice or to nobody, and says in whose round."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.kills import account_table
from tests.kills.account import Evidence, Round, account_of
from tests.kills.load import LIMIT, Sent
from tests.kills.outside import IntervalRow, Topics
from tests.kills.rounds import drawn

T0 = 1_800_000_000_000
SENT = [
    Sent(n, f"d{n % 4}", T0 + n * 1000, LIMIT + 10 if n in (3, 13) else 50.0)
    for n in range(20)
]  # fmt: skip
POISON = [(2, b"cut 2"), (15, b"cut 15")]
ROUNDS = [
    Round(0, "store", first=0, killed_after=5, killed_at=T0 + 4500, until=9, stored_s=2.0, settled_s=3.0),
    Round(1, "bridge", first=10, killed_after=12, killed_at=T0 + 11_500, until=19, settled_s=4.0),
]
PEOPLE = {"housing", "town", "site"}


@pytest.fixture
def found() -> Evidence:
    """What is there when nothing is wrong."""
    topics = Topics(
        fed=Counter((one.device, one.time) for one in SENT),
        fed_at={(one.device, one.time): one.time + 700 for one in SENT},
        judged_at={(one.device, one.time): one.time + 800 for one in SENT},
        poison=Counter(payload for _, payload in POISON),
    )
    for number in (3, 13):
        topics.breaches[f"b{number}"] = {(SENT[number].device, SENT[number].time)}
    told = [(f"m{n}{to}", f"c{n}", "opened", to, "sent") for n in (3, 13) for to in sorted(PEOPLE)]
    return Evidence(
        topics=topics,
        stored=Counter((one.device, one.time, one.pm10) for one in SENT),
        conflicts=0,
        intervals=[IntervalRow("d0", T0, T0 + 60_000, 5)],
        cases={"c3": "b3", "c13": "b13"},
        messages=told,
        doubtful=set(),
        recipients={(SENT[n].device, SENT[n].time): set(PEOPLE) for n in (3, 13)},
        told_at={(SENT[n].device, SENT[n].time): SENT[n].time + 300 * n for n in (3, 13)},
        arrivals=Counter(message[0] for message in told),
        ids={(case, step, to): {id_} for id_, case, step, to, _ in told},
    )


def test_where_nothing_is_wrong_all_is_counted_for_its_round(found):
    account = account_of(ROUNDS, SENT, POISON, found)
    assert not account.broken, account
    bridge, store = account.victims
    assert (bridge.victim, bridge.published, bridge.stored, bridge.breaches, bridge.cases) == (
        "bridge", 10, 10, 1, 1,
    )  # fmt: skip
    assert (store.poison, store.quarantined) == (1, 1)
    assert (store.first_record_s, store.settled_s) == ([2.0], [3.0])
    assert bridge.first_record_s == [1.2]
    assert (account.total.published, account.total.kills, account.minutes) == (20, 2, 1)
    assert account_table(account).count("\n") == 4


def place(number: int) -> tuple[str, int]:
    return SENT[number].device, SENT[number].time


def lose(found: Evidence) -> None:
    del found.stored[(*place(12), 50.0)]


def lose_poison(found: Evidence) -> None:
    del found.topics.poison[b"cut 15"]


def double(found: Evidence) -> None:
    found.stored[(*place(12), 50.0)] = 2


def lose_case(found: Evidence) -> None:
    found.cases = {"c3": "b3"}


def two_breaches(found: Evidence) -> None:
    found.topics.breaches["again"] = {place(13)}


def tell_two(found: Evidence) -> None:
    found.recipients = {**found.recipients, place(13): {"site", "town"}}


def two_ids(found: Evidence) -> None:
    found.ids = {**found.ids, ("c13", "opened", "town"): {"m13town", "another"}}


def come_again(found: Evidence) -> None:
    found.arrivals["m13town"] = 2


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (lose, "lost"),
        (lose_poison, "lost"),
        (double, "doubled"),
        (two_breaches, "two_cases"),
        (tell_two, "untold"),
        (two_ids, "two_ids"),
        (come_again, "undue_repeats"),
    ],
)
def test_a_fault_is_found_in_the_round_in_which_it_was_published(found, fault, name):
    fault(found)
    account = account_of(ROUNDS, SENT, POISON, found)
    assert account.broken
    bridge, store = account.victims
    assert (getattr(bridge, name), getattr(store, name), getattr(account.total, name)) == (1, 0, 1)
    assert not store.broken


def test_a_breach_without_a_case_and_a_round_that_is_stuck_break_it(found):
    lose_case(found)
    assert account_of(ROUNDS, SENT, POISON, found).victims[0].broken
    found.cases = {"c3": "b3", "c13": "b13"}
    stuck = Round(1, "bridge", first=10, until=19, stuck="not back")
    assert account_of([ROUNDS[0], stuck], SENT, POISON, found).total.stuck == 1


def test_a_repeat_that_the_attempt_log_says_is_counted_and_breaks_nothing(found):
    come_again(found)
    found.doubtful = {"m13town"}
    account = account_of(ROUNDS, SENT, POISON, found)
    assert (account.total.repeats, account.broken) == (1, False)


def test_what_was_not_published_or_is_counted_wrongly_is_a_fault_of_the_whole(found):
    found.stored["d9", T0, 1.0] = 1
    found.conflicts = 2
    found.topics.breaches["x"] = {("d9", T0)}
    found.topics.other_quarantine.append("bad_time: ...")
    found.intervals = [IntervalRow("d0", T0, T0 + 60_000, 6)]
    del found.arrivals["m3site"]
    words = "\n".join(account_of(ROUNDS, SENT, POISON, found).faults)
    for told in (
        "1 readings in history that nobody published",
        "2 readings in conflict",
        "a breach that was not planned: ('d9'",
        "in quarantine: bad_time",
        "counts 6 readings of 5",
        "1 messages that count as sent have not arrived",
    ):
        assert told in words


def test_an_alerts_worker_is_timed_by_the_breach_that_waited_longest(found):
    killed = Round(0, "alerts, second", first=0, killed_at=T0 + 4000, until=20)
    assert account_of([killed], SENT, POISON, found).total.first_record_s == [3.9]


def test_the_same_seed_draws_the_same_order_in_which_nobody_is_left_out():
    victims = ("a", "b", "c")
    order = drawn(victims, 8, 7)
    assert order == drawn(victims, 8, 7)
    assert {*order[:3]} == {*order[3:6]} == {*victims}
    assert len(order) == 8
