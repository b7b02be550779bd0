"""The fold of one partition: feed records in, judgements, breaches and warnings out.

`detector` folds a record into `memory`, which is saved as a `snapshot`; it uses no clock and no random
numbers, so that a replay gives the same bytes.
"""

from __future__ import annotations

from processors.fold.detector import Detector, LogFold
from processors.fold.outputs import DUPLICATE, Outputs
from processors.fold.parts import PartUnreadable, Parts, SavedPart, data_of
from processors.fold.suspicion import Suspicions
