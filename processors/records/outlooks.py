"""Outlooks: the early warnings published for open windows, and their form on Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers
from processors.records.ids import short_id

OUTLOOKS = "dust.outlooks/1"
OUTLOOK = "dust.outlook/1"

QUIET, WARNING, IF_MEASURED, CERTAIN, UNDETERMINABLE = range(5)
STATES: tuple[str, ...] = ("quiet", "warning", "exceeds_if_measuring_goes_on", "certain", "undeterminable")
TITLES: dict[str, dict[str, str]] = {
    "quiet": {"zh": "无预警", "en": "No warning"},
    "warning": {"zh": "可能超标", "en": "Likely to exceed"},
    "exceeds_if_measuring_goes_on": {
        "zh": "本时段已确定超标（以有效数据为准）",
        "en": "Exceeds if measuring goes on",
    },
    "certain": {"zh": "本时段已确定超标", "en": "Can't comply any more"},
    "undeterminable": {"zh": "有效数据不足，无法判定", "en": "Least capture is out of reach"},
}
EVENTS: tuple[str, ...] = ("", "rose", "cleared", "withdrawn", "lost")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a window that is still open; instants ms UTC, values in the unit."""

    id: str  # of rule, rule revision, point, window, state, turn
    event: str  # rose | cleared | withdrawn (readings or background changed) | lost (capture out of reach)
    state: str  # one of STATES
    at: int  # instant of the log
    site: str
    point: str
    rule: str
    rule_revision: str
    title: dict[str, str]
    clause: str
    citation: str
    status: str  # read | reported | recalled: how well the limit is known
    pollutant: str
    unit: str
    start: int
    end: int
    limit: float
    subtracted: float | None  # what the projection takes for the background; None: it has none to go by
    background_known: bool  # False: `certain` is by the most that may be subtracted
    projected: float | None
    low: float | None
    high: float | None
    probability: float | None  # to exceed, 0..1
    covered: int
    settled: int
    slots: int
    required: float | None  # mean of all open slots that would still comply; None: none would
    minutes_left: float
    configuration: str
    tell: bool = True  # its rule's intervals open cases, so that people are told
    # `day`: of a day's allowance (`limit`); `covered` of its intervals exceeded, `settled` are decided
    kind: str = "interval"
    # its window lies in a regional episode: its id, area, first instant, mean, mark; policy and its status
    regional: dict[str, Any] | None = None

    @property
    def window_id(self) -> str:
        """Id of rule, point and window, shared by all outlooks for them."""
        return short_id("outlook-window", self.rule, self.point, self.start, self.end)

    @property
    def body(self) -> dict[str, Any]:
        """JSON data of the outlook; `regional` only where there is something to say."""
        made = {name: getattr(self, name) for name in self.__slots__}
        if self.regional is None:
            del made["regional"]
        return made

    @property
    def event_id(self) -> str:
        """Unique id of this outlook; finding the same outlook again gives the same id."""
        return short_id("outlook-event", self.id)


def encode_outlooks(found: Sequence[Outlook], received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of the outlooks that one feed record led to, for `dust.results`."""
    body = {"outlooks": [outlook.body for outlook in found]}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS), headers_of(OUTLOOKS, received_at)


def decode_outlooks(value: bytes) -> list[Outlook]:
    """The inverse of `encode_outlooks`."""
    return [Outlook(**outlook) for outlook in orjson.loads(value)["outlooks"]]


def encode_outlook(outlook: Outlook) -> tuple[bytes, bytes, Headers]:
    """(key, value, headers) of one outlook that people are told of, for `dust.breaches`."""
    value = orjson.dumps(outlook.body, option=orjson.OPT_SORT_KEYS)
    mark = ("event_id", outlook.event_id.encode())
    return outlook.window_id.encode(), value, headers_of(OUTLOOK, outlook.at, mark)


def decode_outlook(value: bytes) -> Outlook:
    """The inverse of `encode_outlook`."""
    return Outlook(**orjson.loads(value))
