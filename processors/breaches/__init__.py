"""Breaches: the events that verdicts, silences and suspicions lead to.

`decisions` is the table of effects that a verdict has on the episode of its rule and point, with reasons;
`episodes` holds the episodes and carries out the steps; `events` builds the published records.
The id of a breach is a hash of the rule, its revision, the point and the start of the episode, so neither a
replay nor a late verdict ever makes a second one.
"""

from __future__ import annotations

from processors.breaches.context import ALONE, InARow, VerdictInContext
from processors.breaches.decisions import decide
from processors.breaches.episodes import Breaches
from processors.breaches.events import (
    FAULT,
    OFFLINE,
    OFFLINE_SITE,
    SUSPICION,
    FaultFound,
    SilentPlace,
    Suspicion,
)
from processors.breaches.regional_labels import RegionalLabel, RegionalLabels, episode_id, label_of
