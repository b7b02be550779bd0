"""Regional episodes: spans in which the background of an area is above a mark and rose at most stations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers
from processors.records.ids import short_id

REGIONAL = "dust.regional/1"


@dataclass(frozen=True, slots=True)
class RegionalEpisode:
    """An event of an episode: `began`, `amended`, `ended` or `withdrawn`. `id` is the same for all events."""

    id: str
    event: str
    area: str
    pollutant: str
    unit: str
    start: int  # of its first hour
    end: int  # of its last hour that is known
    mean: float  # of that hour
    peak: float
    mark: float
    rising: int  # stations that rose in the first hour
    stations: int  # that were present then
    policy: str  # label | hold | downgrade
    status: str  # how well mark and policy are known: unconfirmed | recalled | reported | read
    citation: str
    revision: int  # 1, and 1 more with each event
    at: int  # instant of the log
    configuration: str

    @property
    def event_id(self) -> str:
        """Unique id of this event."""
        return short_id("regional-event", self.id, self.revision)


def encode_regional(episode: RegionalEpisode) -> tuple[bytes, Headers]:
    """(value, headers) of an event of an episode."""
    body = {**asdict(episode), "event_id": episode.event_id}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS), headers_of(REGIONAL, episode.at)


def regional_of(body: Mapping[str, Any]) -> RegionalEpisode:
    """Builds an event from its JSON data."""
    return RegionalEpisode(**{name: value for name, value in body.items() if name != "event_id"})


def decode_regional(value: bytes) -> RegionalEpisode:
    """The inverse of `encode_regional`."""
    return regional_of(orjson.loads(value))
