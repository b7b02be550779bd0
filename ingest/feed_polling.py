"""Polling of the feeds of background values that ingest.yaml names, for ever.

New values go to all partitions of the feed; then what the answer held is noted in the log (`feed_news`), and
a service that starts again begins from there. What a kill between the two sends again has the same id, and
the fold counts it once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from aiokafka.errors import KafkaError

from ingest.admin import TopicMismatch
from ingest.background_import import RefusedRow, backgrounds_of, rows_of
from ingest.clock import Clock
from ingest.everywhere import put_beside, put_everywhere
from ingest.feed import FeedOptions
from ingest.feed_answers import NoAnswer, answer_of
from ingest.feed_form import PolledFeed
from ingest.feed_news import FeedNews, encode_news, newest_news
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.quarantine import Beside, read_quarantine
from ingest.records import Background
from ingest.register import Register
from ingest.telemetry import Telemetry
from ingest.topics import QUARANTINE
from ingest.units import Refused

T = TypeVar("T")
_log = structlog.get_logger(__name__)

AGAIN_S = 60.0  # after no answer, if the feed is not asked sooner anyhow
KAFKA_AGAIN_S = 5.0
_LONGEST_ROUND_S = 300.0  # far more than the time that an answer is waited for
_KAFKA_AWAY = (KafkaMissing, TopicMismatch, KafkaError, OSError)
Follow = Callable[["FeedPolling"], Callable[[], Awaitable[None]]]


@dataclass(slots=True)
class _Polled:
    """A feed and where it stands; `due`: when it is asked next, monotonic s."""

    form: PolledFeed | None  # None: not looked up in the configuration yet
    news: FeedNews
    due: float = 0.0


class FeedLog(Protocol):
    """Where values and news go; both raise one of `_KAFKA_AWAY` while it takes nothing."""

    async def recall(self) -> dict[str, FeedNews]:
        """The newest news of each feed."""

    async def put(self, records: Sequence[Background], news: FeedNews) -> None:
        """Put values into the log, then the news of them; returns when both are confirmed."""


@dataclass(frozen=True, slots=True)
class KafkaFeedLog:
    """The log on Kafka: values in all partitions of `dust.feed`, news in `dust.quarantine`."""

    kafka: KafkaOptions

    async def recall(self) -> dict[str, FeedNews]:
        """The newest news of each feed. Raises KafkaMissing, KafkaError."""
        beside = Beside()
        await read_quarantine(self.kafka, beside)
        return newest_news(beside.feeds)

    async def put(self, records: Sequence[Background], news: FeedNews) -> None:
        """Put values into the log, then the news of them. Raises KafkaMissing, TopicMismatch, KafkaError."""
        if records:
            await put_everywhere(self.kafka, records)
        await put_beside(self.kafka, QUARANTINE, *encode_news(news))


@dataclass(slots=True, eq=False)
class FeedPolling:
    """`secret` gives a secret by its name; `ask` the answer of (address, token), from a thread of its own;
    `monotonic` the seconds by which a feed is due."""

    log: FeedLog
    register: Register
    clock: Clock
    telemetry: Telemetry
    secret: Callable[[str], str]
    ask: Callable[[str, str | None], bytes] = answer_of
    monotonic: Callable[[], float] = time.monotonic
    _feeds: dict[str, _Polled] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _away: str = "still starting"  # why nothing can be put into the log
    _began: float | None = None  # when the round that is under way began

    def __post_init__(self) -> None:
        self.telemetry.ready_when("log", lambda: self._away or None)
        self.telemetry.alive_when("polling", self._stuck)

    async def run(self, stop: asyncio.Event, follow: Follow | None = None) -> None:
        """Ask each feed when it is due, until told to stop. Raises ConfigError for a missing secret."""
        for feed in self.register.ingest.background:
            self._address(feed)  # says at once which secret is not there
        beside = [] if follow is None else [asyncio.ensure_future(follow(self)())]
        try:
            await self._until(stop, self.recall)
            while not stop.is_set():
                self._changed.clear()
                await _unless(stop, self.round())
                due = min((one.due for one in self._feeds.values()), default=None)
                await self._wait(stop, None if due is None else due - self.monotonic())
                for task in beside:
                    if task.done():
                        task.result()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    def adopt(self, register: Register, feed: FeedOptions | None = None) -> None:
        """Poll the feeds of another configuration from now on. Raises ConfigError for a missing secret."""
        for one in register.ingest.background:
            self._address(one)
        self.register = register
        self._changed.set()

    async def recall(self) -> None:
        """Take up the feeds where the log has them. Raises what the log raises."""
        for name, news in (await self.log.recall()).items():
            if not news.gone and name not in self._feeds:
                self._feeds[name] = _Polled(None, news)

    async def round(self) -> None:
        """Ask all feeds that are due, and leave those that the configuration names no more."""
        self._began = self.monotonic()
        try:
            wanted = {one.id: one for one in self.register.ingest.background}
            for name in [name for name in self._feeds if name not in wanted]:
                await self._leave(name)
            for name, form in wanted.items():
                held = self._feeds.setdefault(name, _Polled(form, FeedNews(name, 0, None)))
                if held.form != form:
                    held.form, held.due = form, 0.0
            now = self.monotonic()
            due = [(form, self._feeds[name]) for name, form in wanted.items() if self._feeds[name].due <= now]
            await asyncio.gather(*(self._poll(form, held) for form, held in due))
        finally:
            self._began = None

    async def _poll(self, form: PolledFeed, one: _Polled) -> None:
        at = self.clock.now_ms()
        try:
            url, token = self._address(form)
            found = await _in_thread(partial(self._values, form, url, token, at))
        except (NoAnswer, Refused) as error:
            why = error.detail if isinstance(error, Refused) else str(error)
            self.telemetry.faults.labels("feed").inc()
            one.due = self.monotonic() + min(AGAIN_S, float(form.every))
            if one.news.answered:
                _log.warning("feed_without_answer", feed=form.id, why=why)
                lost = FeedNews(form.id, at, one.news.newest, why=why, answered=False, ids=one.news.ids)
                await self._put(one, [], lost)
            return
        records = [row for row in found if isinstance(row, Background)]
        refused = [row for row in found if isinstance(row, RefusedRow)]
        known = set(one.news.ids)
        new = list({row.id: row for row in records if row.id not in known}.values())
        why = f"row {refused[0].number}: {refused[0].why}" if refused else ""
        newest = max((row.end for row in records), default=0)
        news = FeedNews(
            form.id,
            at,
            max(newest, one.news.newest or 0) or None,
            values=len(new),
            refused=len(refused),
            why=why,
            ids=tuple(sorted({row.id for row in records})),
        )
        one.due = self.monotonic() + form.every
        was = one.news
        if new or not was.answered or (news.refused, news.why) != (was.refused, was.why):
            await self._put(one, new, news)

    def _values(
        self, form: PolledFeed, url: str, token: str | None, at: int
    ) -> list[Background | RefusedRow]:
        return list(backgrounds_of(rows_of(self.ask(url, token), form), form, self.register, at))

    async def _put(self, one: _Polled, records: list[Background], news: FeedNews) -> None:
        """Put values into the log, then the news of them; what the log does not take is asked for again."""
        try:
            await self.log.put(sorted(records, key=lambda row: (row.end, row.id)), news)
        except _KAFKA_AWAY as error:
            self._is_away(error)
            one.due = self.monotonic() + KAFKA_AGAIN_S
            return
        self._away = ""
        if records:
            self.telemetry.records.labels("background").inc(len(records))
            _log.info("background_in_log", feed=news.feed, values=len(records), newest=news.newest)
        if news.refused:
            self.telemetry.discard("background_row", news.refused)
            _log.warning("rows_not_used", feed=news.feed, rows=news.refused, why=news.why)
        one.news = news

    async def _leave(self, name: str) -> None:
        gone = self._feeds.pop(name)
        _log.info("feed_left", feed=name)
        await self._put(gone, [], FeedNews(name, self.clock.now_ms(), gone.news.newest, gone=True))

    def _address(self, form: PolledFeed) -> tuple[str, str | None]:
        token = None if form.token_secret is None else self.secret(form.token_secret)
        return form.url or self.secret(str(form.url_secret)), token

    async def _until(self, stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` as soon as Kafka lets us, unless told to stop before."""
        while not stop.is_set():
            try:
                await work()
            except _KAFKA_AWAY as error:
                self._is_away(error)
                await self._wait(stop, KAFKA_AGAIN_S)
                continue
            self._away = ""
            return

    def _is_away(self, error: Exception) -> None:
        if self._away != str(error):
            _log.warning("log_takes_nothing", why=str(error), again_s=KAFKA_AGAIN_S)
        self._away = str(error) or type(error).__name__
        self.telemetry.faults.labels("kafka").inc()

    async def _wait(self, stop: asyncio.Event, seconds: float | None) -> None:
        """Wait so long (None: for ever), or until told to stop or to poll others."""
        told = [asyncio.create_task(stop.wait()), asyncio.create_task(self._changed.wait())]
        within = None if seconds is None else max(seconds, 0.0)
        await asyncio.wait(told, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        for task in told:
            task.cancel()
        await asyncio.gather(*told, return_exceptions=True)

    def _stuck(self) -> str | None:
        began = self._began
        if began is None or self.monotonic() - began < _LONGEST_ROUND_S:
            return None
        return f"a round of questions lasts {self.monotonic() - began:.0f} s"


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, and leave it where it is when told to stop: what it has not told, it asks for again."""
    doing, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait([doing, told], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not doing.done():
        doing.cancel()
    await asyncio.gather(doing, told, return_exceptions=True)
    if not doing.cancelled():
        doing.result()


async def _in_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises, from a thread that a stop does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[], None]) -> None:
        if not done.done():
            set_it()

    def run() -> None:
        try:
            found = work()
        except Exception as error:
            told: Callable[[], None] = partial(done.set_exception, error)
        else:
            told = partial(done.set_result, found)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, told)

    threading.Thread(target=run, name="feed", daemon=True).start()
    return await done
