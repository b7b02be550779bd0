"""Waiting of a service, at its start, for a store that it can't use yet: busy, or not migrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

if TYPE_CHECKING:
    from alerts.store import CaseStore
    from ingest.telemetry import Telemetry
    from processors.history import History, HistoryBusy

log = structlog.get_logger(__name__)
LOOK_S = 2.0  # between two looks at a store that is to be migrated
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 5.0  # between two questions to a busy store
Wait = Callable[[float], bool]
S = TypeVar("S")
F = TypeVar("F", bound=Exception)


@dataclass(frozen=True, slots=True)
class Awaited(Generic[F]):
    """How a store is waited for: `fault` says not yet, `pause_s` how long to the next try.

    `pause_s` is told the fault and the number of tries; `waits` and `goes_on` name the lines of the log, the
    first at every `say_every`th try.
    """

    part: str  # of readiness
    fault: type[F]
    pause_s: Callable[[F, int], float]
    waits: str
    goes_on: str
    say_every: int


def once_usable(open: Callable[[], S], how: Awaited[F], telemetry: Telemetry, wait: Wait) -> S | None:
    """What `open` gives, as soon as it raises `how.fault` no more. Raises what else it raises.

    `wait` waits for so many seconds, and says whether the service was told to stop meanwhile: then there is
    none. Readiness says why it waits.
    """
    tries, why = 0, ""
    telemetry.ready_when(how.part, lambda: why or "still starting")
    while True:
        try:
            opened = open()
        except how.fault as fault:
            why, tries = str(fault), tries + 1
            pause_s = how.pause_s(fault, tries)
            if (tries - 1) % how.say_every == 0:
                log.warning(how.waits, why=why, tries=tries, again_s=pause_s)
            if wait(pause_s):
                return None
            continue
        if tries:
            log.info(how.goes_on, tries=tries)
        telemetry.started(how.part)
        return opened


def once_migrated(open: Callable[[], CaseStore], telemetry: Telemetry, wait: Wait) -> CaseStore | None:
    """The case store, as soon as its tables are those that this program needs; None: told to stop."""
    from alerts.store import StoreBehind

    how = Awaited(
        "case_store_start",
        StoreBehind,
        lambda behind, tries: LOOK_S,
        "waits_for_migration",
        "store_is_migrated",
        say_every=30,  # once a minute
    )
    return once_usable(open, how, telemetry, wait)


def until_it_takes(history: History, telemetry: Telemetry, wait: Wait) -> bool:
    """Wait while the store's server is there but busy (starting, overloaded); False: `wait` said to stop.

    Raises HistoryUnusable for what waiting doesn't mend.
    """
    from processors.history import HistoryBusy

    def pause_s(busy: HistoryBusy, tries: int) -> float:
        grown = min(_FIRST_WAIT_S * float(2 ** min(tries - 1, 10)), _LONGEST_WAIT_S)
        return max(grown, busy.wait_s or 0.0)

    def checked() -> History:
        history.check()
        return history

    how = Awaited("history_start", HistoryBusy, pause_s, "history_busy", "history_takes", say_every=12)
    if once_usable(checked, how, telemetry, wait) is None:
        history.close()
        return False
    return True
