"""Suspected falsification (疑似): hourly search of every device for patterns known from falsified data.

Readings of a clock hour become features (`hour_features`), kept for a week in a ring; each pattern is a
module and an entry in the table in `patterns`, and examines that ring and the device's surroundings. Each
finding is reported once per episode (`Episodes`), with the guards that were checked; a person decides.
"""

from __future__ import annotations

from processors.suspicion.air import air_of
from processors.suspicion.episodes import STATUS, Episodes
from processors.suspicion.evidence_words import evidence_text, suspicion_numbers
from processors.suspicion.feature_history import NOTHING
from processors.suspicion.features import FEATURES, LONG_HOURS, NUMBER, HourReadings, hour_features
from processors.suspicion.finding import Finding
from processors.suspicion.hour_sums import DeviceSums, HourSums, ValueExtras
from processors.suspicion.patterns import NUMBERS, PATTERNS, TITLES
from processors.suspicion.saved import STANDING, Blocks, described, restored, standing_block
from processors.suspicion.settings import SuspicionSettings, never_met, settings_of, without_background
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.wording import GUARDS
