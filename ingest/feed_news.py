"""News of the feeds of background values that are asked by a service: what came, or why nothing did. Pure.

A record of `dust.quarantine`, written when something has changed, after what came is in the log. It names
what the answer held, so that a service that starts again sends none of it twice; `dustwatch status` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson

from ingest.codec import headers_of
from ingest.plain_text import one_line
from ingest.records import Headers

SCHEMA = "dust.fed/1"


@dataclass(frozen=True, slots=True)
class FeedNews:
    """One change of a feed; instants ms by the clock of the log."""

    feed: str
    at: int
    newest: int | None  # end of its newest hour that is in the log
    values: int = 0  # that came with this
    refused: int = 0  # rows of the answer that can't be used
    why: str = ""  # nothing could be read of it, or a row of it could not
    answered: bool = True
    ids: tuple[str, ...] = ()  # of the values of the last answer, all in the log
    gone: bool = False  # the configuration does not name it any more

    def words(self) -> str:
        """One line for the operator."""
        newest = "no value yet" if self.newest is None else f"newest hour until {_instant(self.newest)}"
        if not self.answered:
            return f"{self.feed}: NO ANSWER since {_instant(self.at)}: {one_line(self.why)}; {newest}"
        refused = f"; {self.refused} rows CAN'T BE USED: {one_line(self.why)}" if self.refused else ""
        return f"{self.feed}: {newest}{refused}"


def encode_news(news: FeedNews) -> tuple[bytes, Headers]:
    """(value, headers) of the Kafka record."""
    return orjson.dumps(asdict(news), option=orjson.OPT_SORT_KEYS), headers_of(SCHEMA, news.at)


def decode_news(value: bytes) -> FeedNews:
    """The inverse of `encode_news`. Raises ValueError, TypeError, KeyError."""
    body = orjson.loads(value)
    return FeedNews(**{**body, "ids": tuple(body["ids"])})


def newest_news(news: Iterable[FeedNews]) -> dict[str, FeedNews]:
    """The newest of each feed, by its name; `news` in the order of the log."""
    found = {one.feed: one for one in news}
    return {name: found[name] for name in sorted(found)}


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="minutes")
