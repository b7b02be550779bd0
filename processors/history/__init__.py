"""History: readings, intervals and verdicts as points in InfluxDB 2 or SQLite, behind one interface."""

from __future__ import annotations

from processors.history.base import History, HistoryUnusable, LatestReading, WriteOutcome
from processors.history.open import open_history
from processors.history.points import Batch, Point

__all__ = ["Batch", "History", "HistoryUnusable", "LatestReading", "Point", "WriteOutcome", "open_history"]
