"""Values of one reading, each taken by itself: one that can't be used does not cost the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.codes import Code
from ingest.records import ValueAside
from ingest.units import ONE, Refused, measured

_LONGEST_RAW = 200  # characters of a value that is no number
_SCALARS = (int, float, bool, type(None))


@dataclass(slots=True)
class Values:
    """The values of one reading as they are read."""

    of: dict[str, int] = field(default_factory=dict)  # quantity -> thousandths
    set_aside: dict[str, ValueAside] = field(default_factory=dict)
    tolerated: dict[str, None] = field(default_factory=dict)
    _why: list[Refused] = field(default_factory=list)

    def take(self, code: Code, key: str, sent: object, unit: str | None = None) -> None:
        """Take one value that was sent under `key`, in `unit` or the code's own; or set it aside."""
        name = code.quantity
        try:
            found = measured(name, sent, unit or code.unit, code.factor or ONE)
        except Refused as refused:
            self.put_aside(name, key, sent, refused)
            return
        self.of[name] = found.thousandths
        if found.tolerated:
            self.tolerated[found.tolerated] = None

    def put_aside(self, quantity: str, key: str, sent: object, why: Refused) -> None:
        """Set a value aside for a reason."""
        self._why.append(why)
        self.set_aside[quantity] = ValueAside(_kept(sent), why.code, "" if key == quantity else key)

    def refuse_if_useless(self, flags: Mapping[str, str]) -> None:
        """Raises Refused if values were named of which none can be used, and no flag says why.

        A device that flags its value says what is wrong with it: it is heard, though it measured nothing.
        """
        if self.of or not self._why or any(flags.get(name, "N") != "N" for name in self.set_aside):
            return
        first = self._why[0]
        more = f" (and {len(self._why) - 1} more)" if len(self._why) > 1 else ""
        raise Refused(first.code, first.detail + more)


def _kept(sent: object) -> Any:
    """The value as JSON can keep it, at a bounded length."""
    if isinstance(sent, str):
        return sent[:_LONGEST_RAW]
    if isinstance(sent, _SCALARS):
        return sent if not isinstance(sent, int) or abs(sent) < 2**53 else str(sent)[:_LONGEST_RAW]
    return orjson.dumps(sent, option=orjson.OPT_NON_STR_KEYS).decode()[:_LONGEST_RAW]


def unit_of(key: str, code: Code, units: Mapping[str, str], sent: str | None = None) -> str | None:
    """Unit of a value: that sent with it, the device's for its key or quantity, the code's own."""
    return sent or units.get(key) or units.get(code.quantity) or code.unit
