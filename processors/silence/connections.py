"""What devices, or the broker in their name, say of their connections: evidence, never a verdict.

A word moves no deadline. A last will is sent at every cut of a network, a word of a connection says
nothing of the sensor behind it; what the register expects are readings (deploy/docs/adr/silence.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.records import Status
from processors.columns import NEVER, Int64s, Packing, Renumbering, Unpacked, carried
from processors.windows import Bounded

LAST_WILL, STATUS_ONLINE = "last_will", "status_online"
_NOTHING, _ONLINE, _OFFLINE = range(3)
_WORDS = {"": _NOTHING, "online": _ONLINE, "offline": _OFFLINE}


@dataclass(slots=True, eq=False)
class Connections(Bounded):
    """A line a device row: the newest word and its receipt (ms; NEVER: there was none)."""

    word: npt.NDArray[np.int8]
    at: Int64s

    @classmethod
    def of(cls, devices: int) -> Connections:
        """Devices that have said nothing."""
        return cls(np.zeros(devices, np.int8), np.full(devices, NEVER, np.int64))

    def take(self, row: int, status: Status, last_seen: int) -> bool:
        """Take in a word; False: it says nothing new. `last_seen`: receipt of the last reading, or NEVER.

        What the broker had kept counts only where nothing is known yet: a bridge that starts gets it again,
        and a device that spoke since may never have taken it back. A word from before the last reading, or
        before the newest word (put through again from quarantine, say), is old.
        """
        word, known = _WORDS[status.state], int(self.at[row])
        if status.retained and (known != NEVER or last_seen != NEVER):
            return False
        if status.received_at < known or (word == _OFFLINE and status.received_at < last_seen):
            return False
        if word == int(self.word[row]) and (word != _OFFLINE or known >= last_seen):
            return False
        self.word[row], self.at[row] = word, status.received_at
        return True

    def evidence(self, row: int, last_seen: int) -> tuple[str, ...]:
        """Reasons that the words add to a silence since `last_seen`."""
        word = int(self.word[row])
        if word == _OFFLINE and int(self.at[row]) >= last_seen:
            return (LAST_WILL,)
        return (STATUS_ONLINE,) if word == _ONLINE else ()

    def follow(self, change: Renumbering) -> None:
        """Devices have new rows."""
        self.word = carried(self.word, change.old_row, _NOTHING)
        self.at = carried(self.at, change.old_row, NEVER)

    def dump(self, pack: Packing) -> list[int]:
        """As JSON data."""
        return pack.add_all((self.word, self.at))

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> Connections:
        """The inverse of `dump`."""
        return cls(*arrays.all_of(data))
