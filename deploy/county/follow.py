"""Follower of the configuration folder while a service runs: adopts it once it is checked and applied.

A folder that is being edited, that `dustwatch check` refuses, or that is not in the log (or not in force yet)
changes nothing: the service keeps what it has, and its own log says so once. Parts that verdicts do not
depend on (people, routes, channels) leave the revision unchanged, so that they count as applied as soon as
the folder passes the check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from deploy.county.check import FILES, check_folder
from deploy.county.compile import revision_of_folder
from ingest.clock import Clock
from ingest.kafka_options import KafkaOptions
from ingest.strict_yaml import ConfigError
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)

LOOK_S = 2.0  # of the real clock
ASK_EVERY = 15  # looks between two questions to the log while a folder waits to be applied
Signature = tuple[tuple[str, int, int], ...]
Adopt = Callable[[], Awaitable[None]]

SAME, EDITED, BROKEN, NOT_APPLIED, WAITS, LOG_AWAY, TAKEN = (
    "same",
    "being_edited",
    "broken",
    "not_applied",
    "waits",
    "log_away",
    "taken",
)


class Newest(NamedTuple):
    """Newest revision in the log, and from when it is in force, ms UTC."""

    id: str
    effective: int


@dataclass(slots=True, eq=False)
class Follower:
    """`newest` asks the log; `adopt` reads the folder and adopts it, or raises and changes nothing."""

    folder: Path
    newest: Callable[[], Awaitable[Newest | None]]
    adopt: Adopt
    clock: Clock
    telemetry: Telemetry
    look_s: float = LOOK_S
    held: Signature = ()
    seen: Signature = ()
    _said: tuple[str, Signature] | None = None
    _wait: int = 0

    def __post_init__(self) -> None:
        self.held = self.seen = signature_of(self.folder)

    async def run(self) -> None:
        """Look again and again, for ever."""
        while True:
            await asyncio.sleep(self.look_s)
            await self.look()

    async def look(self) -> str:
        """Adopt the folder if it is ready; returns the outcome for its present state."""
        before, self.seen = self.seen, signature_of(self.folder)
        if self.seen == self.held:
            return SAME
        if self.seen != before:
            self._wait = 0
            return EDITED  # a copy may be under way: it must be the same for one look
        if self._wait:
            self._wait -= 1
            return self._said[0] if self._said else EDITED
        came, words = await self._try()
        if came == TAKEN:
            self.held, self._said = self.seen, None
            log.info("configuration_taken", folder=str(self.folder), revision=words)
            return came
        self._wait = ASK_EVERY
        if self._said != (came, self.seen):
            self._said = (came, self.seen)
            self.telemetry.faults.labels("configuration").inc()
            log.warning(
                "configuration_left", why=came, message=f"{words}; what was read before stays in force"
            )
        return came

    async def _try(self) -> tuple[str, str]:
        loop = asyncio.get_running_loop()
        problems, _ = await loop.run_in_executor(None, check_folder, self.folder)
        if problems:
            return BROKEN, f"{problems[0]}" + (f" and {len(problems) - 1} more" if problems[1:] else "")
        try:
            revision = await loop.run_in_executor(None, revision_of_folder, self.folder, 0)
            newest = await self.newest()
        except ConfigError as error:
            return BROKEN, str(error.problems[0])
        except Exception as error:  # of whatever client: the next look asks again
            return LOG_AWAY, f"the log can't be asked which revision is applied: {error}"
        if newest is None or newest.id != revision.id:
            there = "none" if newest is None else newest.id
            return (
                NOT_APPLIED,
                f"revision {revision.id} is not in the log ({there} is): run `dustwatch apply`",
            )
        if newest.effective > self.clock.now_ms():
            return WAITS, f"revision {revision.id} is not in force yet"
        try:
            await self.adopt()
        except Exception as error:  # a missing secret, say: the old one goes on
            return BROKEN, f"{type(error).__name__}: {error}"
        if signature_of(self.folder) != self.seen:
            log.info("configuration_changed_again", folder=str(self.folder))
        return TAKEN, revision.id


def signature_of(folder: Path) -> Signature:
    """Names, sizes and times of the files that are read; empty if the folder doesn't exist."""
    found = []
    for name in FILES:
        try:
            stat = (folder / name).stat()
        except OSError:
            continue
        found.append((name, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


async def newest_in_log(kafka: KafkaOptions) -> Newest | None:
    """Newest revision in partition 0 of the log. Raises KafkaMissing, KafkaError."""
    from deploy.county.apply import applied_revisions

    notes = await applied_revisions(kafka, 1)
    return Newest(notes[0].revision, notes[0].effective) if notes else None
