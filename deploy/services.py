"""Assembly of each service from the settings: the only place where the packages meet."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import structlog

from deploy.health import PORTS, HealthServer
from deploy.settings import Settings, SettingsError
from ingest.clock import ManualClock, parse_clock
from ingest.feed import FeedOptions
from ingest.register import Register, load_register
from ingest.strict_yaml import ConfigError
from ingest.telemetry import Telemetry

if TYPE_CHECKING:
    from alerts.channels.secrets import Secrets
    from alerts.web.log_look import LogLook
    from ingest.listener import TlsFiles
    from processors.stream.app import StageOptions

log = structlog.get_logger(__name__)

# How long a reading may wait for company where no instant rule listens.
MAX_PARTITION_LINGER_MS = 500


def run_bridge(settings: Settings, telemetry: Telemetry) -> None:
    """Run the bridge, MQTT to Kafka, until SIGTERM."""
    from ingest.bridge import BridgeConfig
    from ingest.bridge import run_bridge as run
    from ingest.mqtt import MqttOptions
    from ingest.unmatched import LOOK_S

    register = load_register(settings.config)
    clock = parse_clock(settings.clock)
    mqtt = MqttOptions(
        url=settings.mqtt,
        client_id=settings.mqtt_client_id,
        username=settings.mqtt_username,
        password=settings.mqtt_password.get_secret_value() if settings.mqtt_password else None,
        ca=settings.mqtt_ca,
        version=settings.mqtt_version,
        share=settings.mqtt_share or None,
    )
    try:
        mqtt.address  # noqa: B018 - says at once what is wrong with the URL
    except ValueError as error:
        raise SettingsError(f"DUSTWATCH_MQTT: {error}") from None
    if settings.mqtt_ca is not None and not settings.mqtt_ca.is_file():
        raise SettingsError(f"DUSTWATCH_MQTT_CA={str(settings.mqtt_ca)!r}: no such file")
    config = BridgeConfig(
        mqtt=mqtt,
        feed=_feed_options(settings),
        name=_tick_name(settings.mqtt_client_id),
        anonymous=settings.anonymous,
        look_s=LOOK_S,
        secret=_secrets_of_devices(register),
    )
    follow = None if isinstance(clock, ManualClock) else _follow_for(settings, telemetry)
    asyncio.run(_until_signal(lambda stop: run(config, register, telemetry, clock, stop, follow)))


def _tick_name(client_id: str) -> str:
    """Name of a bridge in the log: that of its session may be a secret there, so it stands as a digest."""
    return f"bridge-{sha256(client_id.encode()).hexdigest()[:8]}"


class Adopting(Protocol):
    """What reads by a register, and takes on another one."""

    def adopt(self, register: Register, feed: FeedOptions) -> None: ...


def _follow_for(
    settings: Settings, telemetry: Telemetry
) -> Callable[[Adopting], Callable[[], Awaitable[None]]]:
    """Has a bridge or gateway take on the folder once it is applied and in force."""
    from deploy.county.follow import Follower, newest_in_log

    def follow(service: Adopting) -> Callable[[], Awaitable[None]]:
        async def adopt() -> None:
            register = await asyncio.to_thread(load_register, settings.config)
            service.adopt(register, await asyncio.to_thread(_feed_options, settings))

        newest = partial(newest_in_log, settings.kafka_options)
        return Follower(settings.config, newest, adopt, parse_clock(settings.clock), telemetry).run

    return follow


def run_gateway(settings: Settings, telemetry: Telemetry) -> None:
    """Run the gateway, HJ 212 over TCP to Kafka, until SIGTERM."""
    from ingest.gateway import GatewayConfig
    from ingest.gateway import run_gateway as run

    register = load_register(settings.config)
    clock = parse_clock(settings.clock)
    config = GatewayConfig(
        host=settings.gateway_host,
        port=settings.gateway_port,
        feed=_feed_options(settings),
        first_frame_s=settings.gateway_first_frame_seconds,
        connections=settings.gateway_connections,
        per_address=settings.gateway_connections_per_address,
        tls=_gateway_tls(settings),
        secret=_secrets_of_devices(register),
    )
    follow = _follow_for(settings, telemetry)
    asyncio.run(_until_signal(lambda stop: run(config, register, telemetry, clock, stop, follow)))


def run_background(settings: Settings, telemetry: Telemetry) -> None:
    """Ask the feeds of background values that the folder names, HTTP to Kafka, until SIGTERM."""
    from deploy.feed_secrets import FeedSecrets
    from ingest.feed_polling import FeedPolling, KafkaFeedLog

    polling = FeedPolling(
        KafkaFeedLog(settings.kafka_options),
        load_register(settings.config),
        parse_clock(settings.clock),
        telemetry,
        FeedSecrets("ingest.yaml", of_channels=False),
    )
    follow = _follow_for(settings, telemetry)
    asyncio.run(_until_signal(lambda stop: polling.run(stop, follow)))


def run_detect(settings: Settings, telemetry: Telemetry) -> None:
    """Run detection, readings to verdicts and breaches, until SIGTERM."""
    from ingest.topics import FEED
    from processors.stream.app import run_stage
    from processors.stream.detect import detect_stages

    run_stage(
        "detect",
        settings.kafka_options,
        FEED,
        detect_stages(telemetry),
        telemetry,
        _options("detect", settings),
    )


def run_store(settings: Settings, telemetry: Telemetry) -> None:
    """Run the store, results to history, until SIGTERM. Raises HistoryUnusable."""
    from deploy.waiting import until_it_takes
    from ingest.topics import RESULTS
    from processors.history import open_history
    from processors.stream.app import run_stage
    from processors.stream.store import store_stages

    history = open_history(settings.history)
    if not until_it_takes(history, telemetry, _until_told()):
        return
    try:
        factory = store_stages(history, telemetry)
        run_stage("store", settings.kafka_options, RESULTS, factory, telemetry, _options("store", settings))
    finally:
        history.close()


def run_alerts(settings: Settings, telemetry: Telemetry) -> None:
    """Run alerts, breaches to cases and messages, until SIGTERM; a store that is behind is waited for."""
    from alerts.service import run_alerts as run
    from alerts.store import CaseStore
    from deploy.county.follow import Follower, newest_in_log
    from deploy.waiting import once_migrated

    def follow(adopt: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        newest = partial(newest_in_log, settings.kafka_options)
        return Follower(settings.config, newest, adopt, parse_clock(settings.clock), telemetry).run

    def open_store(url: str) -> CaseStore | None:
        return once_migrated(lambda: CaseStore(url), telemetry, _until_told())

    run(settings, telemetry, partial(_options, "alerts", settings), follow=follow, open_store=open_store)


def run_desk(settings: Settings, telemetry: Telemetry) -> None:
    """The web desk, until SIGTERM; a store that can't be used yet costs what it holds, not the rest of it."""
    from alerts.casework.emergency import load_lists
    from alerts.routing.forms import load_calendar, silence_alone_h
    from alerts.store import CaseStore, StoreBehind, StoreDamaged
    from alerts.store.duty_store import DutyStore
    from alerts.store.message_lists import MessageLists
    from alerts.store.people_store import PeopleStore
    from alerts.web.app import create_app
    from alerts.web.app import run_desk as run
    from alerts.web.sources import Sources
    from deploy.county.follow import Follower, newest_in_log
    from deploy.late_store import opened_or_late
    from processors.history import HistoryDamaged, open_history

    register = load_register(settings.config)
    clock = parse_clock(settings.clock)

    def follow(show: Callable[[Register], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def adopt() -> None:
            await show(load_register(settings.config))

        return Follower(
            settings.config, partial(newest_in_log, settings.kafka_options), adopt, clock, telemetry
        ).run

    cases = cache(lambda: CaseStore(settings.cases))  # what raised is tried again; one pool of connections
    sources = Sources(
        opened_or_late(lambda: open_history(settings.history), HistoryDamaged),
        opened_or_late(cases, StoreDamaged, StoreBehind),
        opened_or_late(lambda: PeopleStore(settings.cases), StoreDamaged, StoreBehind),
        opened_or_late(lambda: MessageLists(settings.cases), StoreDamaged, StoreBehind),
        opened_or_late(lambda: cases().life, StoreDamaged, StoreBehind),
        silences=opened_or_late(lambda: cases().silences, StoreDamaged, StoreBehind),
        duty=opened_or_late(lambda: DutyStore(settings.cases), StoreDamaged, StoreBehind),
        problems=opened_or_late(lambda: cases().problems, StoreDamaged, StoreBehind),
        notices=opened_or_late(lambda: cases().notices, StoreDamaged, StoreBehind),
    )
    switched_on = frozenset({"metrics"} if settings.desk_metrics else ())
    app = create_app(
        sources,
        register,
        clock,
        settings.base_url,
        switched_on=switched_on,
        follow=follow,
        telemetry=telemetry,
    )
    app.state.desk.work_by(partial(load_calendar, settings.config))
    app.state.desk.silence_alone_h = partial(silence_alone_h, settings.config)
    app.state.desk.check_by(partial(load_lists, settings.config))
    app.state.desk.log = _log_look(settings)
    # uvicorn hands the signal on after its own stop: it has done its work then
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run(app, settings.desk_host, settings.desk_port)


def _log_look(settings: Settings) -> LogLook:
    """Asks Kafka how far the stages are, when somebody looks: a desk starts without it."""
    from alerts.web.log_look import LogLook, log_of
    from deploy.county.groups import groups_in_log

    async def applications() -> list[str]:
        groups = await groups_in_log(settings.kafka_options, settings.application)
        return [groups.application, *groups.former]

    return LogLook(log_of(settings.kafka_options, applications))


def _until_told() -> Callable[[float], bool]:
    """Waits for so many seconds; True as soon as SIGTERM or SIGINT comes, which a stage takes later."""
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    return told.wait


SERVICES: dict[str, Callable[[Settings, Telemetry], None]] = {
    "bridge": run_bridge,
    "gateway": run_gateway,
    "background": run_background,
    "detect": run_detect,
    "store": run_store,
    "alerts": run_alerts,
    "desk": run_desk,
}


def run_service(name: str, settings: Settings) -> None:
    """Run one service with its health page until SIGTERM."""
    settings.kafka_options.client()  # says at once what is wrong with its files
    telemetry = Telemetry(name)
    if name in PORTS:
        port = settings.health_port or PORTS[name]
        HealthServer(telemetry, settings.health_host, port).start()
        log.info("health", address=f"http://{settings.health_host}:{port}/healthz")
    SERVICES[name](settings, telemetry)


def _gateway_tls(settings: Settings) -> TlsFiles | None:
    from ingest.listener import TlsFiles

    cert, key, client_ca = settings.gateway_tls_cert, settings.gateway_tls_key, settings.gateway_tls_client_ca
    if cert is None and key is None and client_ca is None:
        return None
    if cert is None or key is None:
        raise SettingsError(
            "DUSTWATCH_GATEWAY_TLS_CERT and DUSTWATCH_GATEWAY_TLS_KEY belong together: set both, "
            "or none of DUSTWATCH_GATEWAY_TLS_..."
        )
    return TlsFiles(cert, key, client_ca)


def _secrets_of_devices(register: Register) -> Secrets:
    """Secrets named in devices.yaml. Raises ConfigError if one is missing or no SM4 key."""
    from alerts.channels.secrets import DEVICE_PREFIX, Secrets  # brings the clients of all channels
    from ingest.access_form import key_of

    secrets = Secrets(named_in="devices.yaml", prefix=DEVICE_PREFIX)
    for device in register.devices.values():
        if device.password_secret is not None:
            secrets(device.password_secret)
        if device.sm4_secret is not None:
            try:
                key_of(secrets(device.sm4_secret))
            except ValueError as error:
                problem = register.problem_of(
                    "device", device.id, f"sm4_secret `{device.sm4_secret}`: {error}"
                )
                raise ConfigError([problem]) from None
    return secrets


def _feed_options(settings: Settings) -> FeedOptions:
    from deploy.county.compile import revision_of_folder

    revision = revision_of_folder(settings.config, received_at=0)
    listens = any(rule["window"] == 0 for rule in revision.body["rules"])
    return FeedOptions(
        kafka=settings.kafka_options,
        partitions=settings.partitions,
        linger_ms=settings.linger_ms if listens else MAX_PARTITION_LINGER_MS,
        revision=revision.id,
    )


def _options(name: str, settings: Settings) -> StageOptions:
    """How a stage runs, as a member of the county's groups. Raises KafkaMissing."""
    from deploy.county.groups import groups_in_log
    from processors.stream.app import PACES, StageOptions

    groups = asyncio.run(groups_in_log(settings.kafka_options, settings.application))
    pace = PACES[name]
    if name == "detect":
        pace = replace(pace, save_s=settings.snapshot_seconds)
    group, *former = groups.of(name)
    return StageOptions(group=group, former=tuple(former), instance=settings.instance, pace=pace)


async def _until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await work(stop)
