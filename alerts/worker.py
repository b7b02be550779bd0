"""Shared state of an alerts worker: the store, the planner, the clock, threads, and whom to wake."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from alerts.store import CaseStore, Planner
from ingest.clock import Clock
from ingest.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class CaseWork:
    """Everything needed to decide on cases and to write the decisions."""

    store: CaseStore
    planner: Planner
    clock: Clock
    telemetry: Telemetry
    threads: Executor  # the store blocks
    notify: Callable[[], None]  # called when messages were written
