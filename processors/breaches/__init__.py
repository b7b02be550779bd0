"""Breaches: which event a verdict, a silence or a suspicion leads to.

`decisions` is the table that says what a verdict does to the episode of its rule and point, and why;
`episodes` holds the episodes and carries the steps out; `events` words what is published of them.
The id of a breach is a hash of the rule, its revision, the point and the start of the episode, so neither a
replay nor a late verdict ever makes a second one.
"""

from __future__ import annotations

from processors.breaches.context import ALONE, InARow, VerdictInContext
from processors.breaches.decisions import decide
from processors.breaches.episodes import Breaches
from processors.breaches.events import OFFLINE, OFFLINE_SITE, SUSPICION, SilentPlace, Suspicion
