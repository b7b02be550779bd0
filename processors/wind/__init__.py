"""Where dust came from: the wind of each hour, and what a site added to the air between two of its points.

Readings are gathered as vector sums (`GatheredWind`), of which each hour's mean wind is made (`wind_of`).
With the places of a site's points (`Ground`) the wind says which of them stands upwind of another: the
difference is the site's share of an hour (`shares_of`) or of a period (`attribute`). `rose_of` counts what
came from which sector.
"""

from __future__ import annotations

from processors.wind.attribution import UNDETERMINED, Attribution, AttributionSettings, attribute
from processors.wind.gathering import GatheredWind, WindReadings
from processors.wind.ground import PAIRING_SETTINGS, Ground
from processors.wind.pairing import PAIR_REASONS, upwind_of
from processors.wind.rose import SECTOR_NAMES, RoseSettings, Sector, rose_of, sectors_of
from processors.wind.site_hour import LOG_GAP, HourMeans, means_by_row, shares_of, wind_words
from processors.wind.vector import NONE, Wind, WindSettings, WindSums, wind_of
