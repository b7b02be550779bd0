"""Quality flags for every value, kept beside the raw value, which never changes.

Each check is a module and an entry in the table in `checks`: a pure function of columns sorted by row, time
and content, with flags named as in QARTOD. `first_flags` flags values on arrival; `final_flags` flags a
quarter of an hour once the values that follow it are known. `calibration` corrects values before they are
judged.
"""

from __future__ import annotations

from processors.quality.calibration import UNIT, Corrections, LinearCorrection, calibrated, entries
from processors.quality.calibration import uncalibrated
from processors.quality.checks import CHECKS, LOOKS_AHEAD, REFUSED_CHECKS, bits_of, names_of
from processors.quality.device_codes import codes_of
from processors.quality.final import AheadFlags, SortedReadings, ahead_flags, final_flags, newest_after
from processors.quality.first import NewReadings, first_flags
from processors.quality.folder import QUALITY, load_quality
from processors.quality.limits import Limits
from processors.quality.monitors import Monitors
from processors.quality.newest import NewestValues
from processors.quality.pointwise import by_raw, by_reading, corrected_bits, is_corrected, is_serviced
from processors.quality.settings import QualitySettings
from processors.quality.spike import NEXT_WITHIN
from processors.quality.subjects import Arrivals, RawValues
