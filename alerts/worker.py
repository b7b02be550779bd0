"""What the parts of one alerts worker share: the store, who decides, the clock, threads, and whom to wake."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from alerts.store import CaseStore, Planner
from ingest.clock import Clock
from ingest.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class CaseWork:
    """All that is needed to decide about cases and to write what was decided."""

    store: CaseStore
    planner: Planner
    clock: Clock
    telemetry: Telemetry
    threads: Executor  # the store blocks
    notify: Callable[[], None]  # called when messages were written
