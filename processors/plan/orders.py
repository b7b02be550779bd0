"""Orders and notices from outside, and which are in force at a site and an instant.

An order counts from the record that brought it: verdicts published before stay as they are, except under
maintenance and calibration, which supersede what they touch within the retention of readings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.records import Signal
from processors.columns import Rowless
from processors.windows import Horizons

ALERT, STAGE, PERMIT, SHUTDOWN, MAINTENANCE = "alert", "stage", "permit", "shutdown", "maintenance"
CALIBRATION = "calibration"
KINDS = (ALERT, STAGE, PERMIT, SHUTDOWN, MAINTENANCE, CALIBRATION)
SERVICE = (MAINTENANCE, CALIBRATION)  # what a monitor says meanwhile is no air
EVERYWHERE = ("county", "*")  # places that every site belongs to
Places = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An order with a time span; `end` None: until further notice."""

    id: str
    received_at: int
    place: str  # site, area or township
    kind: str
    level: str | None
    start: int
    end: int | None
    device: str | None = None  # the monitor that it is for; None: all of the place

    def holds(self, places: Places, instant: int) -> bool:
        """True if it is in force at one of the places."""
        return self.place in places and self.start <= instant and (self.end is None or instant < self.end)


@dataclass(slots=True)
class Orders(Rowless):
    """All orders that may still matter, in the order of the log."""

    held: list[Order] = field(default_factory=list)

    def add(self, record: Signal) -> Order | None:
        """Take in a signal as an order; None if it is of another kind, or a calibration without an end."""
        if record.kind not in KINDS or (record.kind == CALIBRATION and record.end is None):
            return None
        order = Order(
            record.id,
            record.received_at,
            record.place,
            record.kind,
            record.level,
            record.start,
            record.end,
            record.device,
        )
        self.held.append(order)
        return order

    def levels(self, places: Places, instant: int) -> set[str]:
        """Levels of the heavy-pollution alerts in force."""
        return {o.level for o in self.held if o.kind == ALERT and o.level and o.holds(places, instant)}

    def stage(self, places: Places, instant: int) -> str | None:
        """Construction stage named by the newest notice in force; None: as configured."""
        named = [o.level for o in self.held if o.kind == STAGE and o.level and o.holds(places, instant)]
        return named[-1] if named else None

    def in_force(self, places: Places, instant: int) -> set[str]:
        """Kinds of the orders in force."""
        return {o.kind for o in self.held if o.holds(places, instant)}

    def known(self, until: int) -> Orders:
        """The orders as known before an instant of the log."""
        return Orders([order for order in self.held if order.received_at < until])

    def any_of(self, *kinds: str) -> bool:
        """True if any order of these kinds is held."""
        return any(order.kind in kinds for order in self.held)

    def maintenance(self, start: int, end: int) -> list[Order]:
        """Maintenance and calibration windows that touch [start, end)."""
        named = [order for order in self.held if order.kind in SERVICE and order.start < end]
        return [order for order in named if order.end is None or order.end > start]

    def forget(self, until: Horizons) -> None:
        """Forget orders that ended before any window that may still be measured."""
        self.held = [o for o in self.held if o.end is None or o.end > until.late]

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [asdict(order) for order in self.held]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Orders:
        """The inverse of `dump`."""
        return cls([Order(**order) for order in data])
