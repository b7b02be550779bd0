"""What a snapshot keeps: every part of the state, of every kind of rule, comes back as it was."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from ingest.records import Tick
from processors.fold.detector import Detector
from processors.fold.parts import Parts
from processors.plan.plan import Plan
from processors.windows.row_log import Bucket
from tests.full_state import log
from tests.logs import MINUTE, T0

# computed again where they are needed
MADE_AGAIN = {"blocks", "_standing", "_shared", "next_due", "changed", "bound", "excused"}
MADE_AGAIN |= {"_packed", "_packed_open", "_packed_closed", "_hours", "_forgotten"}


def parts(one: Any) -> Any:
    """All that it is made of, as plain data that can be compared."""
    if isinstance(one, np.ndarray):
        # floats by their bytes: what is not known is not equal to itself
        return one.dtype.str, one.shape, one.tobytes() if one.dtype.kind == "f" else one.tolist()
    if isinstance(one, Plan):
        return one.id, one.devices, one.former
    if isinstance(one, Bucket):
        return parts(one.filled()), one.known.pairs
    if isinstance(one, dict):
        return {key: parts(value) for key, value in one.items()}
    if isinstance(one, list | tuple):
        return [parts(value) for value in one]
    if isinstance(one, set | frozenset):
        return set(one)
    if isinstance(one, str | int | float | bytes | bool | None):
        return one
    names = [field.name for field in fields(one)] if is_dataclass(one) else list(vars(one))
    return {name: parts(getattr(one, name)) for name in names if name not in MADE_AGAIN}


@pytest.fixture(scope="module")
def snapshots() -> list[tuple[Any, Parts]]:
    """(state, its bytes) after each half hour of five hours, from the second hour on."""
    detector, made = Detector.empty(), []
    for record in log(5):
        detector.fold(record)
        if isinstance(record, Tick) and (record.received_at - 4000 - T0) // MINUTE in range(75, 300, 30):
            made.append((parts(detector), detector.dump()))
    return made


def test_every_part_of_the_state_comes_back_as_it_was(snapshots: list[tuple[Any, Parts]]):
    assert len(snapshots) == 8
    for state, data in snapshots:
        loaded = Detector.load(data)
        assert parts(loaded) == state
        assert loaded.dump() == data


def test_the_log_of_these_tests_fills_every_part_of_the_state(snapshots: list[tuple[Any, Parts]]):
    filled = {name for state, _ in snapshots for name, part in state.items() if part not in ({}, [], None, 0)}
    assert filled >= {
        "configuration", "backgrounds", "breaches", "signals", "orders", "calibrations", "gaps", "closed",
        "hours", "reopened", "open_windows", "newest", "flagging", "suspicions", "winds", "silence", "connections", "untold_silences",
        "device_gaps", "log", "judge", "days", "single_values",
    }  # fmt: skip
    last = snapshots[-1][0]
    assert {"recent", "watches", "quarters", "long_windows", "days"} <= {
        k for k, v in last["open_windows"].items() if v
    }
    assert last["hours"]["held"]
    assert last["judge"]["pending"]
    assert any(state["log"]["straggled"] for state, _ in snapshots)
    assert any(one["source"] is not None for one in last["judge"]["answers"]["beside"].values())


def test_an_empty_state_keeps_its_place():
    assert Detector.load(Detector.empty(2, 5).dump()).partition == 2
