"""The dispatcher: each due message is tried once at a time, and no channel waits for another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from alerts.channels.file import FileChannel
from alerts.channels.webhook import WebhookChannel
from alerts.dispatcher import Dispatcher, Pacing
from alerts.records import GIVEN_UP, REFUSED, SENT
from alerts.retry import RetryPolicy, refused, retry, sent, unknown
from alerts.routing import Routing, RoutingForm
from alerts.store import CaseStore
from ingest.telemetry import Telemetry
from tests.fakes.alerts import NIGHT, Remembering, apply, breach, county, planner

FAST = RetryPolicy(first_ms=10, longest_ms=40, give_up_ms=60_000)


@pytest.fixture
def store(tmp_path: Path):
    opened = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


@contextlib.asynccontextmanager
async def running(
    store: CaseStore, channels, patience=FAST, owner="me", **pacing
) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(
        store, channels, owner, patience, Telemetry("test"), Pacing(**{"poll_s": 0.02, **pacing})
    )
    stop = asyncio.Event()
    task = asyncio.create_task(dispatcher.run(stop))
    try:
        yield dispatcher
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool], within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


def messages_of(store: CaseStore):
    return [d for case in store.cases() for d in store.case(case.id).messages]


async def test_every_message_is_sent_once_with_its_own_id(store):
    channel = Remembering()
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()["messages_sent"] == 3)
    assert len({id for id, _ in channel.got}) == len(channel.got) == 3
    assert not any(repeat for _, repeat in channel.got)
    assert channel.closed.is_set()


async def test_what_is_written_while_it_runs_goes_out_when_it_is_told(store):
    channel = Remembering()
    async with running(store, {"file": channel}, poll_s=30.0) as dispatcher:
        await until(lambda: dispatcher._loop is not None)
        await asyncio.to_thread(apply, store, breach(), planner(), NIGHT)
        dispatcher.notify()
        await until(lambda: len(channel.got) == 3)


async def test_a_message_that_was_not_taken_is_tried_again_under_the_same_id(store):
    channel = Remembering(lambda message, call: retry("busy") if call <= 3 else sent("ok"))
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()["messages_sent"] == 3)
    assert len(channel.got) == 6
    assert len({id for id, _ in channel.got}) == 3
    assert not any(repeat for _, repeat in channel.got)
    assert all([a.outcome for a in d.attempts] == ["retry", "sent"] for d in messages_of(store))


async def test_an_unknown_outcome_is_repeated_and_marked_as_possible_repeat(store):
    channel = Remembering(lambda message, call: unknown("no answer") if call <= 3 else sent("ok"))
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()["messages_sent"] == 3)
    assert sorted(repeat for _, repeat in channel.got) == [False] * 3 + [True] * 3
    assert store.counts()["possible_repeats"] == 3


async def test_a_refused_message_is_not_tried_again(store):
    channel = Remembering(lambda message, call: refused("no such mailbox"))
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()[f"messages_{REFUSED}"] == 3)
    assert len(channel.got) == 3


async def test_a_message_is_given_up_after_its_time(store):
    channel = Remembering(lambda message, call: retry("dead"))
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}, RetryPolicy(10, 10, 100)):
        await until(lambda: store.counts()[f"messages_{GIVEN_UP}"] == 3)
    assert all(d.reason.startswith("given up after") for d in messages_of(store))


def two_ways():
    """Site contacts are reached by a webhook, departments by file."""
    register = county()
    site = register.sites["site-1"]
    contact = site.contacts[0].model_copy(update={"channels": (_use("webhook"),)})
    sites = {**register.sites, "site-1": site.model_copy(update={"contacts": (contact,)})}
    plan = planner(county(sites=sites))
    hook = WebhookChannel(id="hook", kind="webhook", url="http://127.0.0.1:1/")
    routing = Routing(RoutingForm(), {"file": FileChannel(id="file", kind="file"), "hook": hook})
    return type(plan)(plan.register, routing, plan.base_url)


def _use(kind: str):
    from ingest.register import Channel

    return Channel(kind=kind)


class Hanging(Remembering):
    """A channel that never answers."""

    async def send(self, message, possible_repeat):
        self.got.append((message.id, possible_repeat))
        await asyncio.Event().wait()


async def test_a_channel_that_never_answers_keeps_no_other_waiting(store):
    dead, alive = Hanging(), Remembering()
    plan = two_ways()
    for n in range(12):
        apply(store, breach(id=f"b{n}"), plan, NIGHT)
    async with running(store, {"hook": dead, "file": alive}, at_once=4, stop_s=0.1):
        await until(lambda: store.counts()["messages_sent"] == 24)
        assert len(dead.got) == 4
    assert len(alive.got) == 24


async def test_an_attempt_cut_off_by_the_stop_is_repeated_by_the_next_life_with_the_same_id(store):
    dead, alive = Hanging(), Remembering()
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": dead}, stop_s=0.05):
        await until(lambda: len(dead.got) == 3)
    async with running(store, {"file": alive}):
        await until(lambda: len(alive.got) == 3)
    assert {id for id, _ in alive.got} == {id for id, _ in dead.got}
    assert all(repeat for _, repeat in alive.got)


async def test_a_fault_within_one_channel_ends_neither_the_others_nor_the_message(store):
    def broken(message, call):
        if call == 1:
            raise ZeroDivisionError("a fault of ours")
        return sent("ok")

    channel = Remembering(broken)
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()["messages_sent"] == 3)
    assert len(channel.got) == 4


async def test_a_message_waits_for_a_channel_that_was_taken_away_and_says_so(store):
    apply(store, breach(), planner(), NIGHT)
    async with running(store, {}):
        await until(lambda: all(d.tries for d in messages_of(store)))
        await until(lambda: all("no longer in channels.yaml" in d.reason for d in messages_of(store)))
    assert store.counts()[f"messages_{REFUSED}"] == 0
    channel = Remembering()
    async with running(store, {"file": channel}):
        await until(lambda: store.counts()["messages_sent"] == 3)
    assert not any(repeat for _, repeat in channel.got)


async def test_two_workers_share_the_work_and_send_nothing_twice(store):
    channel = Remembering()
    for n in range(10):
        apply(store, breach(id=f"b{n}"), planner(), NIGHT)
    async with running(store, {"file": channel}, owner="a"), running(store, {"file": channel}, owner="b"):
        await until(lambda: store.counts()["messages_sent"] == 30)
    assert len(channel.got) == len({id for id, _ in channel.got}) == 30
    assert {d.state for d in messages_of(store)} == {SENT}
