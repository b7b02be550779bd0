"""Connection reports from devices, or from the broker on their behalf: evidence, never a verdict.

A report moves no deadline. A last will is sent whenever the network is cut, and a connection tells nothing
about the sensor behind it; the register expects readings (deploy/docs/adr/silence.md).
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
    """Newest report and its receipt (ms; NEVER: none), one line per device row."""

    word: npt.NDArray[np.int8]
    at: Int64s

    @classmethod
    def of(cls, devices: int) -> Connections:
        """State of devices that have reported nothing."""
        return cls(np.zeros(devices, np.int8), np.full(devices, NEVER, np.int64))

    def take(self, row: int, status: Status, last_seen: int) -> bool:
        """Records a report; False if it adds nothing new. `last_seen`: receipt of the last reading, or NEVER.

        A retained message counts only where nothing is known yet: a bridge that starts receives it again,
        and a device that has been heard since may never have cleared it. A report older than the last reading
        (offline ones only) or than the newest report (re-submitted from quarantine, say) is ignored.
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
        """Reasons that the reports add to a silence since `last_seen`."""
        word = int(self.word[row])
        if word == _OFFLINE and int(self.at[row]) >= last_seen:
            return (LAST_WILL,)
        return (STATUS_ONLINE,) if word == _ONLINE else ()

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        self.word = carried(self.word, change.old_row, _NOTHING)
        self.at = carried(self.at, change.old_row, NEVER)

    def dump(self, pack: Packing) -> list[int]:
        """JSON data of the state; its arrays go to `pack`."""
        return pack.add_all((self.word, self.at))

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> Connections:
        """The inverse of `dump`."""
        return cls(*arrays.all_of(data))
