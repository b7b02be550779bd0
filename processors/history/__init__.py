"""History: readings, intervals and verdicts as points in InfluxDB 2 or SQLite, behind one interface.

`measurements` declares what is stored, `columns` turns records into points, `base` is the interface of a
store; `rows` and `context` turn stored rows back into records. `open_history` loads the driver of one store:
InfluxDB's brings pandas, which no other process should pay for.
"""

from __future__ import annotations

from processors.history.base import History, HistoryBusy, HistoryDamaged, HistoryUnusable, LatestReading
from processors.history.base import WriteOutcome
from processors.history.columns import batches_of, batches_of_readings
from processors.history.context import (
    BACKGROUND,
    BREACH_EVENT,
    CONFIGURATION,
    CONTEXT,
    DEVICE,
    EPISODE,
    REMARK,
    RULE,
)
from processors.history.context import SIGNAL, SITE, WIND, Context, ContextRow, background_of, breach_of
from processors.history.context import (
    context_row,
    decode_context,
    encode_context,
    remark_of,
    signal_of,
    wind_of,
)
from processors.history.measurements import MEASUREMENTS
from processors.history.open import open_history
from processors.history.points import Point, PointBatch, Refusal, point_to_json
from processors.history.rows import MeasuringRow, OutlookRow, QualityRow, ReadingRow, RulingRow, interval_of
from processors.history.rows import measuring_row, outlook_row, quality_row, reading_row, ruling_row
from processors.history.summaries import FlaggedReading, StepAnswer, StepCapture, Steps
