"""Time windows and the means over them.

`calendar` defines which windows exist; `row_log` keeps the readings of open windows and recognises
duplicates; `means` turns readings into slots, capture and statistics, in exact integers.
"""

from __future__ import annotations

from processors.windows.calendar import BASE, HOUR, LATENESS_MS, QUARTER, RETAIN_MS, SUPERSEDE_MS, Track
from processors.windows.calendar import day_of, midnight
from processors.windows.horizons import Bounded, Horizons
from processors.windows.means import MEAN, Means, Statistic, means_by, means_of_hours, slots_in, slots_of
from processors.windows.row_log import BUCKET_MS, DRY, GREATEST, REFUSED, Bucket, Columns, RowLog, content_of
from processors.windows.row_log import key_of, row_key
