"""Quality flags: the flag values of QARTOD, and one check's findings over many values.

QARTOD: US IOOS, Manual for the Use of Real-Time Oceanographic Data Quality Control Flags; ioos_qc uses
the same numbers. The bits of the checks by name are in `checks`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.columns import Bools, Uint8s

PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING_VALUE = 1, 2, 3, 4, 9


class Found(NamedTuple):
    """Findings of one check, by value; a value that was not evaluated is in neither."""

    fail: Bools
    suspect: Bools


def flags_of(found: Found, present: Bools, evaluated: Bools | None = None) -> Uint8s:
    """Findings as flags; fail overrides suspect, not evaluated overrides fail, missing overrides all."""
    flags = np.full(present.shape, PASS, np.uint8)
    flags[found.suspect] = SUSPECT
    flags[found.fail] = FAIL
    if evaluated is not None:
        flags[~evaluated] = NOT_EVALUATED
    flags[~present] = MISSING_VALUE
    return flags
