"""Codes for the data flags of HJ 212, as a device sends them with its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from processors.columns import Bools, Uint8s

NORMAL, OTHER = 0, 1
ABOVE_RANGE = ord("T")
_SERVICE = (ord("C"), ord("M"))
_KNOWN = {"": NORMAL, "N": NORMAL} | {letter: ord(letter) for letter in "SFMDCTB"}


def codes_of(flags: Mapping[int, str], n: int, names: Sequence[str]) -> Uint8s:
    """Codes (len(names), n) of sparse flags as held in a batch: row -> `pm10=D;tsp=T`. 0 is normal."""
    codes = np.zeros((len(names), n), np.uint8)
    for row, text in flags.items():
        for pair in text.split(";"):
            name, _, flag = pair.partition("=")
            if name in names:
                codes[names.index(name), row] = _KNOWN.get(flag, OTHER)
    return codes


def is_serviced(codes: Uint8s) -> Bools:
    """True where the device was being calibrated or maintained (C, M); of the shape of `codes`."""
    return np.asarray((codes == _SERVICE[0]) | (codes == _SERVICE[1]))
