"""History: readings, intervals and verdicts as points in InfluxDB 2 or SQLite, behind one interface.

`measurements` declares what is stored, `columns` turns records into points, `base` is the interface of a
store; `rows` and `context` make records of what a store hands out.
"""

from __future__ import annotations

from processors.history.base import History, HistoryUnusable, LatestReading, WriteOutcome
from processors.history.open import open_history
from processors.history.points import PointBatch, Point

__all__ = [
    "History",
    "HistoryUnusable",
    "LatestReading",
    "Point",
    "PointBatch",
    "WriteOutcome",
    "open_history",
]
