"""Measuring: turns arriving readings into intervals.

`intake` prepares a batch, `meter` measures a window from readings or clock hours, `interval_groups` makes the
records; `late` and `reopened` find the closed windows to be measured again, `in_time` holds what they had by
then, `stations` holds background.
"""

from __future__ import annotations

from processors.measuring.bundle import Bundle, TickAt, bundles
from processors.measuring.clock_hours import LEAST_PERMYRIAD, Hours
from processors.measuring.intake import Intake, Positions, intake
from processors.measuring.interval_groups import interval_ids
from processors.measuring.in_time import InTimeWindows
from processors.measuring.late import LateReadings
from processors.measuring.meter import Measured, Meter, numbers_of, of_statistic, rows_of
from processors.measuring.reopened import ChangedWindows, LateRowsOf, ReopenedWindows
from processors.measuring.stations import AreaMean, Backgrounds
from processors.measuring.regional_episodes import PATIENCE_MS, POLLUTANT, AreaEpisode, RegionalEpisodes
