"""Columns of numbers: the array types, the scale of exact sums, and the numbers that stand for "no value"."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.durations import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS, SECOND_MS
from ingest.records import Int32s, Int64s

__all__ = [
    "ABSENT",
    "DAY_MS",
    "HOUR_MS",
    "MINUTE_MS",
    "NANO",
    "NEVER",
    "QUARTER_MS",
    "SECOND_MS",
    "UNBOUNDED",
    "Array",
    "Bools",
    "Floats",
    "Int8s",
    "Int16s",
    "Int32s",
    "Int64s",
    "Positions",
    "Uint8s",
    "Uint16s",
    "Uint32s",
    "Uint64s",
]

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
Positions = npt.NDArray[np.intp]
Uint8s = npt.NDArray[np.uint8]
Uint16s = npt.NDArray[np.uint16]
Uint32s = npt.NDArray[np.uint32]
Uint64s = npt.NDArray[np.uint64]

NANO = 10**9  # sums are whole 1e-9 of the unit, so that neither order nor batch changes a digit
ABSENT = int(np.iinfo(np.int32).min)  # of thousandths: the reading has no such value
NEVER = int(np.iinfo(np.int64).min)  # of instants: it has not happened
UNBOUNDED = int(np.iinfo(np.int64).max)  # of instants and limits: there is none
