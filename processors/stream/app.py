"""Faust app of a stage: one process, one app, one agent, no tables, no web server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
import structlog
from aiokafka import AIOKafkaProducer

from ingest.admin import TopicMismatch, partitions_of
from ingest.kafka_options import KafkaOptions
from ingest.telemetry import Telemetry
from ingest.topics import MAX_RECORD_BYTES, SNAPSHOTS
from processors.stream.frugal import be_frugal
from processors.stream.new_group import begin_group
from processors.stream.reader import Reader
from processors.stream.shell import Shell, Work, end_process
from processors.stream.snapshots import Snapshots
from processors.stream.snapshots import group_of as default_group
from processors.stream.stage import ALERTS_PACE, DETECT_PACE, STORE_PACE, Pace, StageFactory

log = structlog.get_logger(__name__)

PACES: dict[str, Pace] = {"detect": DETECT_PACE, "store": STORE_PACE, "alerts": ALERTS_PACE}
_SAVE_WITHIN_S = 5.0

Beside = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Options for running a stage; an empty text means the default."""

    group: str = ""  # Faust's application id and Kafka's consumer group: dustwatch-NAME
    former: tuple[str, ...] = ()  # groups that the stage had before: it goes on from their states
    instance: str = ""  # unique and stable for each worker of a group: the host's name
    pace: Pace | None = None
    snapshots: str = SNAPSHOTS
    max_poll_interval_s: float = 300.0
    stuck_s: float = 120.0
    stop_within_s: float = 9.0
    fetch_bytes: int = 1024 * 1024


def build_app(name: str, kafka: KafkaOptions, options: StageOptions, datadir: Path) -> faust.App:
    """Builds the Faust app with the settings that lost nothing (`deploy/docs/adr/0003-shell.md`)."""
    group = group_of(name, options)
    return faust.App(
        group,
        broker=";".join(f"kafka://{server.strip()}" for server in kafka.bootstrap.split(",")),
        broker_credentials=credentials_of(kafka),
        store="memory://",
        autodiscover=False,
        datadir=str(datadir),
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{group}-{options.instance or socket.gethostname()}",
        consumer_max_fetch_size=options.fetch_bytes,
        # Held events would keep it waiting for ever at the end.
        stream_wait_empty=False,
        # Of each partition: a full buffer of the largest batches (160 kB) must still fit in memory.
        stream_buffer_maxsize=16,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=10.0,
        broker_commit_interval=0.5,
        broker_max_poll_interval=options.max_poll_interval_s,
        producer_acks=-1,
        worker_redirect_stdouts=False,
    )


def credentials_of(kafka: KafkaOptions) -> Any:
    """The connection's security as Faust takes it; None: there is none. Raises KafkaMisconfigured."""
    context = kafka.tls_context()
    if kafka.username is not None:
        return faust.SASLCredentials(
            username=kafka.username,
            password=kafka.password,
            ssl_context=context,
            mechanism=kafka.mechanism,
        )
    return None if context is None else faust.SSLCredentials(context)


def group_of(name: str, options: StageOptions) -> str:
    """The consumer group of a stage."""
    return options.group or default_group(name)


def run_stage(
    name: str,
    kafka: KafkaOptions,
    topic: str,
    factory: StageFactory,
    telemetry: Telemetry,
    options: StageOptions | None = None,
    beside: Sequence[Beside] = (),
) -> int:
    """Runs a stage until SIGTERM or SIGINT; returns 0. An unexpected error ends the process with exit code
    70, an unreadable state or an instance clash with 2, a log that lacks records with 1. `beside` runs in
    the same loop, and must not end before the stage.

    Raises KafkaMissing and TopicMismatch before anything has started.
    """
    be_frugal()
    return asyncio.run(run_in_loop(name, kafka, topic, factory, telemetry, options or StageOptions(), beside))


async def run_in_loop(
    name: str,
    kafka: KafkaOptions,
    topic: str,
    factory: StageFactory,
    telemetry: Telemetry,
    options: StageOptions,
    beside: Sequence[Beside],
) -> int:
    """`run_stage` inside a running event loop."""
    partitions = await _check_topics(kafka, topic, options.snapshots)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        datadir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dustwatch-faust-")))
        reader = Reader(kafka)
        await reader.start()
        stack.push_async_callback(reader.stop)
        producer = AIOKafkaProducer(
            **kafka.client(),
            acks="all",
            max_request_size=MAX_RECORD_BYTES,
            max_batch_size=256 * 1024,
            # A broker that restarts within this time ends no process.
            request_timeout_ms=120_000,
        )
        await producer.start()
        stack.push_async_callback(producer.stop)
        app = build_app(name, kafka, options, datadir)
        pace = options.pace or PACES.get(name, Pace())
        snapshots = Snapshots(producer, reader, options.snapshots)
        work = Work(
            name, group_of(name, options), topic, factory, pace, partitions, options.stuck_s, options.former
        )
        if options.former:
            await begin_group(kafka, work, reader, snapshots)
        shell = Shell(work, producer, reader, snapshots, telemetry)
        source = app.topic(
            topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        shell.attach(app, source, f"dustwatch.{name}")
        await _until_stopped(name, app, shell, stop, beside)
        _leave_by_force_after(options.stop_within_s, name)
        await _stop(name, app, shell)
    return 0


async def _until_stopped(
    name: str, app: Any, shell: Shell, stop: asyncio.Event, beside: Sequence[Beside]
) -> None:
    """Returns when a signal asks to stop; ends the process when anything else ends."""
    stopping = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(app.start())
    others = [asyncio.create_task(_await(work)) for work in (shell.watch, shell.beat, *beside)]
    pending: set[asyncio.Task[Any]] = {stopping, starting, *others}
    while not stopping.done():
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is stopping:
                continue
            error = task.exception()
            if error is None and task is starting:
                continue
            end_process(name, error or RuntimeError(f"{task.get_coro()} ended before it was told to"))
    for task in others:
        task.cancel()


async def _await(work: Beside) -> None:
    await work()


async def _stop(name: str, app: Any, shell: Shell) -> None:
    """Saves, acknowledges, and lets the engine commit."""
    try:
        async with asyncio.timeout(_SAVE_WITHIN_S):
            await shell.save_all()
    except TimeoutError:
        log.warning("stopped_unsaved", stage=name, why="the target did not answer; the log has everything")
    except Exception as error:
        end_process(name, error)
    with contextlib.suppress(asyncio.CancelledError):
        await app.stop()
    log.info("stopped", stage=name)


def _leave_by_force_after(seconds: float, name: str) -> None:
    """Ends the process after a delay, so that a thread hanging in a dead target can't outlive the stop."""

    def leave() -> None:
        log.warning("stopped_by_force", stage=name, after_s=seconds)
        os._exit(0)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


async def _check_topics(kafka: KafkaOptions, topic: str, snapshots: str) -> int:
    """Number of partitions of the topic. Raises TopicMismatch."""
    found = await partitions_of(kafka, [topic, snapshots])
    missing = [name for name in (topic, snapshots) if name not in found]
    if missing:
        raise TopicMismatch(
            f"Kafka at {kafka} has no topic {' and no '.join(missing)}: `dustwatch up` and `dustwatch "
            "apply` create them"
        )
    if found[topic] != found[snapshots]:
        raise TopicMismatch(
            f"{topic} has {found[topic]} partitions but {snapshots} has {found[snapshots]}: each partition "
            "keeps its state under its own number, so both need the same; create one of them anew"
        )
    return found[topic]
