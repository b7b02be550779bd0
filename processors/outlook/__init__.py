"""The early warning: what a window that is still open will come to.

`projection` computes, `warning_states` decides what is said and when; `short_windows`, `long_windows` and
`day_allowance` look at the windows of an hour and less, of hours, and of a day.
"""

from __future__ import annotations

from processors.outlook.recent_levels import Recent, learn
from processors.outlook.long_windows import DecidedWindows
from processors.outlook.projection import NONE, Bars, Progress, ProjectionSettings, project, prospects
from processors.outlook.short_windows import Moment, OutlookMemory, next_look
from processors.outlook.warning_states import LeadTimes, OutlookSettings, WindowStates, conditions
from processors.outlook.warning_states import lead_times, step
