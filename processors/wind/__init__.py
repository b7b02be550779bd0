"""Wind: its mean in each hour, and the dust that a site added to the air between two of its points.

Readings are gathered as vector sums (`GatheredWind`), from which each hour's mean wind is computed
(`wind_of`). With the positions of a site's points (`Ground`) the wind tells which of them is upwind of
another: the difference is the site's share of an hour (`shares_of`) or of a period (`attribute`). `rose_of`
sums hours and dust by the sector they came from.
"""

from __future__ import annotations

from processors.wind.attribution import UNDETERMINED, Attribution, AttributionSettings, attribute
from processors.wind.gathering import GatheredWind, WindReadings
from processors.wind.ground import PAIRING_SETTINGS, Ground
from processors.wind.pairing import PAIR_REASONS, upwind_of
from processors.wind.rose import SECTOR_NAMES, RoseSettings, Sector, rose_of, sectors_of
from processors.wind.site_hour import LOG_GAP, HourMeans, means_by_row, shares_of, wind_words
from processors.wind.vector import NONE, Wind, WindSettings, WindSums, wind_of
