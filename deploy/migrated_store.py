"""A case store that a service waits for: until somebody migrates it, its tables are too old."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from alerts.store import CaseStore
    from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)
LOOK_S = 2.0
LOG_EVERY = 30  # looks: once a minute


def once_migrated(
    open: Callable[[], CaseStore], telemetry: Telemetry, wait: Callable[[float], bool]
) -> CaseStore | None:
    """The store that `open` gives, as soon as its tables are those that this program needs.

    `wait` waits for so many seconds, and says whether the service was told to stop meanwhile: then there is
    none. Readiness says why it waits. Raises what `open` raises beyond StoreBehind.
    """
    from alerts.store import StoreBehind

    looks, why = 0, ""
    telemetry.ready_when("case_store_start", lambda: why or "still starting")
    while True:
        try:
            store = open()
        except StoreBehind as behind:
            why = str(behind)
            if looks % LOG_EVERY == 0:
                log.warning("waits_for_migration", why=why, looks_every_s=LOOK_S)
            looks += 1
            if wait(LOOK_S):
                return None
            continue
        if looks:
            log.info("store_is_migrated", looks=looks)
        telemetry.started("case_store_start")
        return store
