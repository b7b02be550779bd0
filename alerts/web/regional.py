"""Regional episodes that last now, for the board, from the events of history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ingest.register import BackgroundArea
from processors.history import context_row
from processors.measuring import PATIENCE_MS
from processors.records import RegionalEpisode, regional_of

LOOK_BACK = 14 * 24 * 3_600_000  # ms; an episode that began earlier is not looked for
_OVER = ("ended", "withdrawn")


def are_looked_for(areas: Iterable[BackgroundArea]) -> bool:
    """True if any area may have an episode."""
    return any(area.regional.policy != "off" for area in areas)


def lasting(rows: Iterable[Mapping[str, Any]], now: int) -> tuple[RegionalEpisode, ...]:
    """The episodes of rows of `context` that last at `now`, each as its newest event has it, by area.

    One whose feed fell silent lasts as long as its last hour speaks for those after it.
    """
    newest: dict[str, RegionalEpisode] = {}
    for row in rows:
        event = regional_of(context_row(row).body)
        if event.id not in newest or newest[event.id].revision < event.revision:
            newest[event.id] = event
    found = [one for one in newest.values() if one.event not in _OVER and now < one.end + PATIENCE_MS]
    return tuple(sorted(found, key=lambda one: (one.area, one.start)))
