"""Time windows and the means over them.

`calendar` defines which windows exist; `row_log` keeps the readings of open windows and recognises
duplicates; `means` turns readings into slots, capture and statistics, in exact integers.
"""

from __future__ import annotations

from processors.windows.calendar import BASE, BEYOND_LATE_MS, HOUR, LATE_FOR_MS, LATENESS_MS
from processors.windows.calendar import QUARTER, RETAIN_MS, Track, day_of, midnight
from processors.windows.horizons import Bounded, Horizons
from processors.windows.means import MEAN, Means, Statistic, means_by, means_of_hours, slots_in, slots_of
from processors.windows.row_log import BUCKET_MS, DRY, GREATEST, LONGEST_MS, REFUSED, Bucket, Columns
from processors.windows.row_log import LateRows, RowLog, content_of, digest_of, key_of, row_key
