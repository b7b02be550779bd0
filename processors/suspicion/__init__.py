"""Suspected falsification (疑似): patterns that are known from falsified data, each hour, of every device.

Readings of a clock hour become features (`hour_features`), which a ring keeps for a week; each pattern is a
module and an entry of the table in `patterns`, and looks at that ring and the device's surroundings. What it
finds is told once an episode (`Episodes`), with the guards that were looked at; a person decides.
"""

from __future__ import annotations

from processors.suspicion.air import air_of
from processors.suspicion.episodes import STATUS, Episodes
from processors.suspicion.evidence_words import UNITS, evidence_text, suspicion_numbers
from processors.suspicion.feature_history import NOTHING
from processors.suspicion.features import FEATURES, LONG_HOURS, NUMBER, HourReadings, hour_features
from processors.suspicion.finding import Finding
from processors.suspicion.hour_sums import DeviceSums, HourSums, ValueExtras
from processors.suspicion.patterns import NUMBERS, PATTERNS, TITLES
from processors.suspicion.saved import STANDING, Blocks, described, restored, standing_block
from processors.suspicion.settings import SuspicionSettings, never_met, settings_of
from processors.suspicion.surroundings import Surroundings, neighbours
from processors.suspicion.wording import GUARDS
