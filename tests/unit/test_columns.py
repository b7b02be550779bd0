"""Helpers of numeric columns."""

from __future__ import annotations

import numpy as np
import pytest

from processors.columns import among


@pytest.mark.parametrize("known", [[], [3], [0, 3, 9], [9]])
@pytest.mark.parametrize("numbers", [[], [3], [0, 1, 3, 3, 10]])
def test_numbers_among_others_are_those_that_numpy_finds(numbers: list[int], known: list[int]) -> None:
    some, others = np.array(numbers, np.int32), np.array(known, np.int32)
    found = among(some, others)
    assert found.dtype == np.bool_
    assert found.tolist() == np.isin(some, others).tolist()
