"""Last contact with each device, and detection of long silence: devices by row, instants of receipt only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processors.columns import NEVER, Bools, Int32s, Int64s, Packing, Positions, Unpacked, carried
from processors.plan import PlanChange, StateOfRows
from processors.silence.own_outage import GRACE_MS, Outage
from processors.windows import Bounded

FAR = int(np.iinfo(np.int64).max)
Rests = Sequence[StateOfRows]


@dataclass(slots=True, eq=False)
class Heard(Bounded):
    """Contact of each device, one line per device row; instants in ms."""

    last_seen: Int64s  # NEVER: not heard yet
    since: Int64s  # when the configuration first named the device, or it was excused last
    sent: npt.NDArray[np.uint8]  # bit q: has sent judged pollutant q
    offline: Bools
    bound: int | None = None  # nobody becomes offline before this; None: not known
    excused: bool = True  # may the bound hold somebody's time to speak after an outage? Speaking ends it

    @classmethod
    def of(cls, devices: int, at: int) -> Heard:
        """State of devices of which nothing is known yet."""
        return cls(
            np.full(devices, NEVER, np.int64),
            np.full(devices, at, np.int64),
            np.zeros(devices, np.uint8),
            np.zeros(devices, bool),
        )

    def never(self, rows: Int32s | Positions) -> Bools:
        """True for each of the rows that has never been heard."""
        found: Bools = self.last_seen[rows] == NEVER
        return found

    def has_sent(self, rows: Int32s | Positions, pollutant: int) -> Bools:
        """True for each of the rows that has ever sent this pollutant."""
        found: Bools = (self.sent[rows] >> np.uint8(pollutant)) & 1 == 1
        return found

    def heard(self, rows: Int32s, at: Int64s, sent: npt.NDArray[np.uint8]) -> list[int]:
        """Records readings; returns the position of the first one of each device that was offline."""
        np.maximum.at(self.last_seen, rows, at)
        np.bitwise_or.at(self.sent, rows, sent)
        if self.excused:
            self.bound = None
        if not self.offline.any():
            return []
        back = np.flatnonzero(self.offline[rows])
        if not len(back):
            return []
        _, first = np.unique(rows[back], return_index=True)
        found = sorted(back[first].tolist())
        self.offline[rows[back]] = False
        self.bound = None
        return found

    def heard_until(self, rows: list[int] | Int32s | Int64s) -> int:
        """The last time any of these rows was heard; if never, when the configuration first named them."""
        return int(np.maximum(self.last_seen[rows], self.since[rows]).max())

    def due(self, offline_after: Int64s, interval: Int64s, outage: Outage, rests: Rests = ()) -> Int64s:
        """Instant at which each device becomes offline if it stays silent; FAR if it is offline already.

        `rests`: spans in which nothing is expected of some devices, by start.
        """
        base = np.maximum(self.last_seen, self.since)
        due = base + offline_after
        if outage.gap_end != NEVER:
            # We were deaf: whoever was not heard since must have the time to speak again.
            room = outage.gap_end + np.maximum(GRACE_MS, 2 * interval)
            due = np.where(base < outage.gap_end, np.maximum(due, room), due)
        for rest in rests:
            over = FAR if rest.end == FAR else rest.end + offline_after[rest.rows]
            inside = (rest.start <= due[rest.rows]) & (due[rest.rows] < rest.end)
            due[rest.rows] = np.where(inside, over, due[rest.rows])
        return np.where(self.offline, FAR, due)

    def next_due(
        self, offline_after: Int64s, interval: Int64s, outage: Outage, rests: Rests = ()
    ) -> int | None:
        """Earliest of these instants, or a cached one that readings have since moved; None: nobody is due."""
        if self.bound is None:
            due = self.due(offline_after, interval, outage, rests)
            self.bound = int(due.min()) if len(due) else FAR
            usual = np.maximum(self.last_seen, self.since) + offline_after
            late = ~self.offline & (due > usual)
            for rest in rests:
                late[rest.rows] = False  # speaking ends no rest
            self.excused = bool(late.any())
        return None if self.bound == FAR else self.bound

    def excuse(self, rows: Int32s, at: int) -> None:
        """Takes it back that these are offline: nothing is expected of them from `at` on."""
        self.offline[rows], self.since[rows] = False, at
        self.bound = None

    def fall_silent(
        self, until: int, offline_after: Int64s, interval: Int64s, outage: Outage, rests: Rests = ()
    ) -> list[int]:
        """Marks the devices that become offline at or before `until`; returns their rows."""
        due = self.due(offline_after, interval, outage, rests)
        rows = np.flatnonzero(due <= until)
        self.offline[rows] = True
        self.bound = None
        found: list[int] = rows.tolist()
        return found

    def follow(self, change: PlanChange) -> None:
        """Moves devices to their new rows; a new device counts as silent from the plan's start."""
        old_row = change.old_row
        self.last_seen = carried(self.last_seen, old_row, NEVER)
        self.since = carried(self.since, old_row, change.at)
        self.sent = carried(self.sent, old_row, 0)
        self.offline = carried(self.offline, old_row, False)
        self.bound, self.excused = None, True

    def dump(self, pack: Packing) -> list[int]:
        """JSON data of the state; its arrays go to `pack`."""
        return pack.add_all((self.last_seen, self.since, self.sent, self.offline))

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> Heard:
        """The inverse of `dump`."""
        last_seen, since, sent, offline = arrays.all_of(data)
        return cls(last_seen, since, sent, offline)
