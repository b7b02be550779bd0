"""Early warnings: outlooks on windows that are still open.

`projection` computes, `warning_states` decides what is published and when; `short_windows`, `long_windows`
and `day_allowance` cover windows of up to an hour, rolling and longer windows, and days.
"""

from __future__ import annotations

from processors.outlook.recent_levels import Recent, learn
from processors.outlook.long_windows import DecidedWindows
from processors.outlook.projection import NONE, Bars, Progress, ProjectionSettings, project, prospects
from processors.outlook.short_windows import Moment, OutlookMemory, next_look
from processors.outlook.warning_states import LeadTimes, OutlookSettings, WindowStates, conditions
from processors.outlook.warning_states import lead_times, step
