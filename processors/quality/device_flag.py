"""Device flags of HJ 212: what the instrument itself says of its value.

HJ 212-2017, data flags: N normal; S set by hand, F stopped, M maintenance, D fault, C calibrating,
B no link: no measurement, fail. T above range: in no mean either, but kept as suspected exceedance under
a check of its own (`above_range`), so that a rule may admit it. A flag that no standard knows is a fail:
only what the device calls normal, or says nothing of, is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from processors.columns import Bools
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach

REACH = Reach()
Codes = npt.NDArray[np.uint8]

NORMAL, OTHER = 0, 1
ABOVE_RANGE = ord("T")
_SERVICE = (ord("C"), ord("M"))
_KNOWN = {"": NORMAL, "N": NORMAL} | {letter: ord(letter) for letter in "SFMDCTB"}


def codes_of(flags: Mapping[int, str], n: int, names: Sequence[str]) -> Codes:
    """Codes (len(names), n) of sparse flags as a batch has them: row -> `pm10=D;tsp=T`. 0 is normal."""
    codes = np.zeros((len(names), n), np.uint8)
    for row, text in flags.items():
        for pair in text.split(";"):
            name, _, flag = pair.partition("=")
            if name in names:
                codes[names.index(name), row] = _KNOWN.get(flag, OTHER)
    return codes


def check(codes: Codes) -> Flags:
    """Flags, of the shape of `codes`: fail for all but N and T."""
    fail = no_measurement(codes)
    return flags_of(Found(fail, fail), np.ones(codes.shape, np.bool_))


def check_above_range(codes: Codes) -> Flags:
    """Flags, of the shape of `codes`: fail for T."""
    fail = np.asarray(codes == ABOVE_RANGE)
    return flags_of(Found(fail, fail), np.ones(codes.shape, np.bool_))


def no_measurement(codes: Codes) -> Bools:
    """What the device calls neither normal nor above range."""
    return np.asarray((codes != NORMAL) & (codes != ABOVE_RANGE))


def is_serviced(codes: Codes) -> Bools:
    """What the device sent while it was being calibrated or maintained (C, M)."""
    return np.asarray((codes == _SERVICE[0]) | (codes == _SERVICE[1]))
