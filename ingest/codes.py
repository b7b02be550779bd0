"""Codes as data: which key of a payload means what, in which unit and with which factor.

A format's own table is its vendor's dialect (`formats`); a county adds to it, or takes back, by `codes:` of a
device or of an ingest filter. A key that no table names is kept, and remarked upon by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ingest.units import QUANTITIES

COUNT = "count"  # particles counted: never a concentration
OTHER = "other"  # known, and nothing that is measured here


class Code(NamedTuple):
    """Meaning of a key: a quantity of `units`, COUNT or OTHER; None: normal unit, factor 1.

    Beside one of the keys `counts_beside` it is a raw count: firmware that gives both the same name.
    """

    quantity: str
    unit: str | None = None
    factor: Decimal | None = None
    counts_beside: tuple[str, ...] = ()

    @property
    def measures(self) -> bool:
        """True for a quantity."""
        return self.quantity in QUANTITIES


Codes = Mapping[str, Code]  # key -> meaning; of two keys for one quantity the earlier is used


def named(keys: Mapping[str, str]) -> dict[str, Code]:
    """Codes of keys whose values come in the normal unit: key -> quantity."""
    return {key: Code(quantity) for key, quantity in keys.items()}


def others(*keys: str) -> dict[str, Code]:
    """Codes of keys that are known and measure nothing here."""
    return {key: Code(OTHER) for key in keys}


def with_own(codes: Codes, own: Codes) -> Codes:
    """The codes with a county's own before them: its word counts first."""
    if not own:
        return codes
    return {**own, **{key: code for key, code in codes.items() if key not in own}}
