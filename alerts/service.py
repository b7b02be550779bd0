"""Alerts worker: the stage behind `dust.breaches`, the dispatcher, what waits, the platform watch."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.channels import Secrets, open_channels
from alerts.current_planner import CurrentPlanner
from alerts.dispatcher import Dispatcher
from alerts.messages import GroupTiming, QuietHours
from alerts.planner import CasePlanner
from alerts.platform_watch import PlatformWatch
from alerts.relay import CaseRelay
from alerts.retry import RetryPolicy
from alerts.routing import Deliveries, links_lead_nowhere, load_routing, uncovered
from alerts.sign_in_links import with_links
from alerts.stage import AlertsStage, case_writer
from alerts.store import CaseStore, Planner, Written
from alerts.store.case_store import wall_ms
from alerts.store.duty_store import DutyStore
from alerts.store.people_store import PeopleStore
from alerts.worker import CaseWork
from ingest.clock import parse_clock
from ingest.kafka_options import KafkaOptions
from ingest.register import load_register
from ingest.strict_yaml import ConfigError
from ingest.telemetry import Telemetry
from ingest.topics import BREACHES
from processors.stream.app import Beside, StageOptions, group_of, run_stage
from processors.stream.set_aside import to_quarantine
from processors.stream.stage import Outlet

log = structlog.get_logger(__name__)
_DUTY_S = 2.0  # how soon a new revision of responsibility counts; of the real clock
_HOLDS_S = 0.25  # of the real clock; a hold of 30 s passes in half a second of a demo at x60


class AlertsSettings(Protocol):
    """Machine settings that an alerts worker reads."""

    @property
    def config(self) -> Path: ...
    @property
    def clock(self) -> str: ...
    @property
    def kafka_options(self) -> KafkaOptions: ...
    @property
    def cases(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def files(self) -> Path: ...


def run_alerts(
    settings: AlertsSettings,
    telemetry: Telemetry,
    options_of: Callable[[], StageOptions] = StageOptions,
    secrets: Callable[[str], str] | None = None,
    follow: Callable[[Callable[[], Awaitable[None]]], Beside] | None = None,
    open_store: Callable[[str], CaseStore | None] = CaseStore,
) -> int:
    """Run until SIGTERM or SIGINT; returns 0.

    `options_of`: how the stage runs, asked when all else is in order. `follow`: what is to run beside, given
    what adopts the folder as it has become (`deploy.county.follow`). `open_store`: the store at an address,
    for which it may wait; None: told to stop meanwhile.

    Raises ConfigError for an invalid folder, a site that reaches nobody at some hour, or a missing secret,
    StoreError for a case store that can't be used, and whatever `run_stage` raises, all before anything
    has started.
    """
    register = load_register(settings.config)
    routing = load_routing(settings.config, register)
    if gaps := uncovered(register, routing):
        raise ConfigError(gaps)
    if warning := links_lead_nowhere(register, routing, settings.base_url):
        log.warning("links_lead_nowhere", message=warning)
    clock = parse_clock(settings.clock)
    channels = open_channels(routing.channels, secrets or Secrets(), settings.files)
    store = open_store(settings.cases)
    if store is None:
        return 0
    store.tellings.timing = group_timing_of(routing.form.delivery, register.zone)
    store.tellings.clock = clock.now_ms
    people, duty = PeopleStore(settings.cases), DutyStore(settings.cases)
    store.aside.hear(lambda one: telemetry.discard(f"unwritable_{one.kind}"))
    book = duty.book()
    planner = CurrentPlanner(CasePlanner(register, replace(routing, book=book), settings.base_url))
    while store.life.take_over(planner.life, clock.now_ms()):
        log.info("cases_taken_over")
    options = options_of()  # asks Kafka, where what is wrong here needs no Kafka to be told
    # The name under which claims are held: the same after a crash, so that they are taken back at once.
    owner = f"{group_of('alerts', options)}-{options.instance or socket.gethostname()}"
    linked = with_links(channels, routing.channels, people, wall_ms)
    dispatcher = Dispatcher(store, linked, owner, retry_policy_of(routing.form.delivery), telemetry)
    threads = ThreadPoolExecutor(4, "cases")
    work = CaseWork(store, planner, clock, telemetry, threads, dispatcher.notify)
    cases = case_writer(store, planner, clock, threads)

    def factory(outlet: Outlet) -> AlertsStage:
        return AlertsStage(cases, telemetry, dispatcher.notify, to_quarantine(outlet))

    async def adopt() -> None:
        """Adopt the folder as a whole, or nothing if anything raises."""
        register = load_register(settings.config)
        routing = load_routing(settings.config, register)
        if gaps := uncovered(register, routing):
            raise ConfigError(gaps)
        opened = open_channels(routing.channels, secrets or Secrets(), settings.files)
        dispatcher.use(with_links(opened, routing.channels, people, wall_ms))
        book = planner.planner.routing.book
        planner.planner = CasePlanner(register, replace(routing, book=book), settings.base_url)
        store.tellings.timing = group_timing_of(routing.form.delivery, register.zone)

    groups = (group_of("alerts", options), *options.former)
    applications = [group.removesuffix("-alerts") for group in groups]
    beside: list[Beside] = [
        dispatcher.run,
        partial(watch_holds, work),
        CaseRelay(store.relay, settings.kafka_options, owner, clock.now_ms, telemetry).run,
        partial(watch_duty, duty, planner, telemetry, threads),
        PlatformWatch(
            work,
            routing.form,
            settings.kafka_options,
            applications,
            areas=lambda: planner.planner.register.county.background,
        ).run,
    ]
    if follow is not None:
        beside.append(follow(adopt))
    try:
        return run_stage("alerts", settings.kafka_options, BREACHES, factory, telemetry, options, beside)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        store.close()
        people.close()


def retry_policy_of(delivery: Deliveries) -> RetryPolicy:
    """The retry policy of routing.yaml."""
    return RetryPolicy(
        first_ms=round(delivery.retry_first * 1000),
        longest_ms=round(delivery.retry_longest * 1000),
        give_up_ms=delivery.give_up_after * 1000,
    )


def group_timing_of(delivery: Deliveries, zone: ZoneInfo) -> GroupTiming:
    """How long messages wait for each other, and how often a person is told, by routing.yaml."""
    return GroupTiming(
        wait=delivery.group_wait * 1000,
        interval=delivery.group_interval * 1000,
        most=delivery.most,
        within=delivery.most_within * 1000,
        digest=delivery.digest_every * 1000,
        quiet=QuietHours(delivery.quiet_hours, zone),
    )


def take_turn(store: CaseStore, planner: Planner, now: int) -> tuple[Written, int]:
    """What the passing of time asks for: (holds that were released, messages composed)."""
    released = store.release_holds(planner, now)
    store.life.wake(planner.life, now)
    store.life.tell(planner.steps, store.tellings, now)
    store.mornings.write(planner.mornings, now)
    return released, store.tellings.compose(now)


async def watch_holds(work: CaseWork) -> None:
    """Release the silences whose hold has ended, and compose the messages that are due, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_HOLDS_S)
        try:
            written, composed = await loop.run_in_executor(
                work.threads, take_turn, work.store, work.planner, work.clock.now_ms()
            )
        except SQLAlchemyError as error:
            work.telemetry.faults.labels("case_store").inc()
            log.error("case_store_away", error=str(error).splitlines()[0])
            continue
        if written.new:
            log.info("holds_ended", reason=written.reason, messages=written.messages)
        if written.new or composed:
            work.notify()


async def watch_duty(
    duty: DutyStore, planner: CurrentPlanner, telemetry: Telemetry, threads: Executor
) -> None:
    """Decide by the newest revision of responsibility, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_DUTY_S)
        try:
            if await loop.run_in_executor(threads, duty.newest) == planner.planner.routing.book.revision:
                continue
            book = await loop.run_in_executor(threads, duty.book)
        except SQLAlchemyError as error:
            telemetry.faults.labels("case_store").inc()
            log.error("case_store_away", error=str(error).splitlines()[0])
            continue
        before = planner.planner
        planner.planner = replace(before, routing=replace(before.routing, book=book))
        log.info("responsibility_adopted", revision=book.revision)
