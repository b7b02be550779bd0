"""Feeds of background values that a service asks: each value once in the log, whatever ends or stays away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import ManualClock
from ingest.feed_answers import NoAnswer, answer_of
from ingest.feed_news import FeedNews, decode_news, encode_news, newest_news
from ingest.feed_polling import AGAIN_S, KAFKA_AGAIN_S, FeedPolling
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.records import Background
from ingest.register import load_register
from ingest.strict_yaml import ConfigError
from ingest.telemetry import Telemetry
from tests.air_feed import AirFeed, entry
from tests.counties import device, write_county

NOON = 1_795_406_400_000  # 2026-11-23T12:00 in the county
HOUR = 3_600_000


@dataclass
class KeptLog:
    """A log in memory; while `away`, it takes nothing; after `dies_after` values it ends the service."""

    records: list[Background] = field(default_factory=list)
    news: list[FeedNews] = field(default_factory=list)
    away: bool = False
    forgets_news: bool = False  # killed between the two

    async def recall(self) -> dict[str, FeedNews]:
        return newest_news(self.news)

    async def put(self, records: Sequence[Background], news: FeedNews) -> None:
        if self.away:
            raise KafkaMissing(KafkaOptions("127.0.0.1:1"), "away")
        self.records += records
        if not self.forgets_news:
            self.news.append(decode_news(encode_news(news)[0]))


@dataclass
class Service:
    """A polling service on a log, with a clock that the test moves."""

    folder: Path
    log: KeptLog
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.telemetry = Telemetry("background")
        self.polling = FeedPolling(
            self.log, load_register(self.folder), self.clock, self.telemetry, self._secret,
            monotonic=lambda: self.now_s,
        )  # fmt: skip
        asyncio.run(self.polling.recall())

    def _secret(self, name: str) -> str:
        if name != "AIR":
            raise ConfigError([])
        return "let-me-in"

    def after(self, seconds: float = 0.0) -> None:
        """One round, so many seconds later."""
        self.now_s += seconds
        asyncio.run(self.polling.round())


@pytest.fixture
def feed() -> Iterator[AirFeed]:
    found = AirFeed([row(11, 70), row(12, 90)])
    yield found
    found.close()


def row(hour: int, value: Any, station: str = "S001") -> dict[str, Any]:
    return {"t": f"2026-11-23 {hour:02}:00", "s": station, "v": value}


def county(folder: Path, *feeds: dict[str, Any]) -> Path:
    return write_county(folder, [device("dev-1")], extra={"ingest.yaml": {"background": list(feeds)}})


def hours(log: KeptLog) -> list[tuple[int, int]]:
    return [((one.end - NOON) // HOUR, one.values["pm10"] // 1000) for one in log.records]


def test_each_hour_goes_into_the_log_once_and_a_corrected_one_again(tmp_path: Path, feed: AirFeed) -> None:
    service = Service(county(tmp_path, entry(feed)), KeptLog())
    service.after()
    assert hours(service.log) == [(-1, 70), (0, 90)]
    service.after(10)
    assert len(feed.tokens) == 1, "not due yet"
    service.after(600)
    assert (len(feed.tokens), len(service.log.records), len(service.log.news)) == (2, 2, 1)
    feed.rows = [row(12, 95), row(13, 60)]
    service.clock.advance_to(NOON + HOUR)
    service.after(600)
    assert hours(service.log)[2:] == [(0, 95), (1, 60)]
    assert service.log.news[-1].words() == "air: newest hour until 2026-11-23T05:00+00:00"


def test_a_service_that_was_killed_sends_nothing_again_that_the_log_has(
    tmp_path: Path, feed: AirFeed
) -> None:
    folder, log = county(tmp_path, entry(feed)), KeptLog()
    Service(folder, log).after()
    Service(folder, log).after()
    assert hours(log) == [(-1, 70), (0, 90)]


def test_what_a_kill_between_value_and_news_sends_again_has_the_same_id(
    tmp_path: Path, feed: AirFeed
) -> None:
    folder, log = county(tmp_path, entry(feed)), KeptLog(forgets_news=True)
    Service(folder, log).after()
    Service(folder, log).after()
    assert len(log.records) == 4
    assert len({one.id for one in log.records}) == 2


def test_an_address_that_does_not_answer_is_said_once_and_asked_again_soon(
    tmp_path: Path, feed: AirFeed
) -> None:
    service = Service(county(tmp_path, entry(feed)), KeptLog())
    service.after()
    feed.status = 503
    service.after(600)
    service.after(AGAIN_S)
    assert len(feed.tokens) == 3
    (lost,) = service.log.news[1:]
    assert "NO ANSWER since 2026-11-23T04:00+00:00" in lost.words()
    assert "answers 503" in lost.words()
    feed.status = 200
    service.after(AGAIN_S)
    assert len(service.log.records) == 2, "what was there before is known"
    assert "NO ANSWER" not in service.log.news[-1].words()


def test_a_log_that_takes_nothing_costs_no_value_and_is_told_by_readiness(
    tmp_path: Path, feed: AirFeed
) -> None:
    service = Service(county(tmp_path, entry(feed)), KeptLog(away=True))
    service.after()
    assert "Kafka does not answer" in service.telemetry.unready()["log"]
    service.log.away = False
    service.after(KAFKA_AGAIN_S)
    assert hours(service.log) == [(-1, 70), (0, 90)]
    assert "Kafka" not in str(service.telemetry.unready().get("log"))


def test_rows_that_cannot_be_used_are_said_once_and_cost_no_other(tmp_path: Path, feed: AirFeed) -> None:
    feed.rows.append(row(12, "much"))
    service = Service(county(tmp_path, entry(feed)), KeptLog())
    service.after()
    service.after(600)
    (news,) = service.log.news
    assert (news.values, news.refused) == (2, 1)
    assert "1 rows CAN'T BE USED: row 3: pm10" in news.words()


def test_another_configuration_is_polled_and_what_it_names_no_more_is_left(
    tmp_path: Path, feed: AirFeed
) -> None:
    service = Service(county(tmp_path / "a", entry(feed)), KeptLog())
    service.after()
    county(tmp_path / "b", entry(feed, id="other"))
    service.polling.adopt(load_register(tmp_path / "b"))
    service.after()
    assert [(news.feed, news.gone) for news in service.log.news] == [
        ("air", False), ("air", True), ("other", False),
    ]  # fmt: skip
    assert len({one.id for one in service.log.records}) == 2


def test_the_token_of_a_feed_is_sent_and_one_that_is_not_there_is_refused(
    tmp_path: Path, feed: AirFeed
) -> None:
    Service(county(tmp_path, entry(feed, token_secret="AIR")), KeptLog()).after()
    assert feed.tokens == ["Bearer let-me-in"]
    service = Service(county(tmp_path, entry(feed)), KeptLog())
    county(tmp_path, entry(feed, token_secret="NONE"))
    with pytest.raises(ConfigError):
        service.polling.adopt(load_register(tmp_path))


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("http://127.0.0.1:1/?key=hidden", None, r"\?key=\*\*\* does not answer"),
        ("ftp://air.example/", None, "does not answer"),
        ("http://127.0.0.1:1/", "令牌", "address or token has a sign"),
    ],
)
def test_an_address_that_cannot_be_asked_is_no_answer_and_shows_no_secret(
    url: str, token: str | None, words: str
) -> None:
    with pytest.raises(NoAnswer, match=words) as caught:
        answer_of(url, token)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"every": 5}, "greater than or equal to 10"),
        ({"url": None}, "give `url`"),
        ({"url": "http://u:p@air.example/"}, "an address with a password in it"),
        ({"url": "http://air.example/?key=1"}, "is a secret"),
        ({"stations": {"x": "S002"}}, "did you mean `S001`"),
    ],
)
def test_a_feed_that_cannot_be_meant_is_refused_where_it_stands(
    tmp_path: Path, feed: AirFeed, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=r"ingest.yaml:\d+:\d+: background") as refused:
        load_register(county(tmp_path, entry(feed, **more)))
    assert words in str(refused.value)


def test_two_feeds_of_one_name_are_refused(tmp_path: Path, feed: AirFeed) -> None:
    with pytest.raises(ConfigError, match="feed `air` already stands on line"):
        load_register(county(tmp_path, entry(feed), entry(feed)))
