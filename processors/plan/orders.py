"""Orders and notices from outside, and which are in force at a site and an instant.

An order counts from the record that brought it: verdicts published before stay as they are, except under
maintenance and calibration, which supersede what they touch within the retention of readings. An order that
comes again under its id with other content replaces the one before, from its own record on.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ingest.records import Signal
from processors.columns import Rowless
from processors.windows import Horizons

ALERT, STAGE, PERMIT, SHUTDOWN, MAINTENANCE = "alert", "stage", "permit", "shutdown", "maintenance"
CALIBRATION, POWER = "calibration", "power"
KINDS = (ALERT, STAGE, PERMIT, SHUTDOWN, MAINTENANCE, CALIBRATION, POWER)
# orders under which a monitor may stand without power: such a silence was announced
CUTS = (POWER, SHUTDOWN, MAINTENANCE)
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
    replaced_at: int | None = None  # when another of the same id took its place

    def holds(self, places: Places, instant: int) -> bool:
        """True if it is in force at one of the places."""
        return self.place in places and self.start <= instant and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What a signal does to the orders: the one that holds from now on, and the one that it replaces."""

    order: Order
    before: Order | None

    @property
    def both(self) -> tuple[Order, ...]:
        """The orders whose spans it touches."""
        return (self.order,) if self.before is None else (self.before, self.order)


@dataclass(slots=True)
class Orders(Rowless):
    """All orders that may still matter, in the order of the log.

    `held`: those that hold; `former`: those that were replaced, for windows that closed while they held.
    """

    held: list[Order] = field(default_factory=list)
    former: list[Order] = field(default_factory=list)

    def add(self, record: Signal) -> OrderChange | None:
        """Take in a signal as an order; None if it is of another kind, or a calibration without an end.

        One of a known id replaces the order before. If it says nothing of its beginning (it then begins with
        its receipt), that stays as it was: `until` alone shortens, prolongs or withdraws an order.
        """
        if record.kind not in KINDS or (record.kind == CALIBRATION and record.end is None):
            return None
        before = next((o for o in self.held if o.id == record.id), None)
        start = record.start
        if before is not None:
            start = before.start if says_no_start(record) else start
            self.held.remove(before)
            self.former.append(replace(before, replaced_at=record.received_at))
        order = Order(
            record.id,
            record.received_at,
            record.place,
            record.kind,
            record.level,
            start,
            record.end,
            record.device,
        )
        self.held.append(order)
        return OrderChange(order, before)

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
        then = [o for o in self.held if o.received_at < until]
        then += [o for o in self.former if o.received_at < until <= (o.replaced_at or until)]
        return Orders(sorted(then, key=lambda order: order.received_at) if self.former else then)

    def any_of(self, *kinds: str) -> bool:
        """True if any order of these kinds is held."""
        return any(order.kind in kinds for order in self.held)

    def maintenance(self, start: int, end: int) -> list[Order]:
        """Maintenance and calibration windows that touch [start, end)."""
        return self.touching(SERVICE, start, end)

    def touching(self, kinds: Container[str], start: int, end: int) -> list[Order]:
        """Orders of these kinds that touch [start, end)."""
        named = [order for order in self.held if order.kind in kinds and order.start < end]
        return [order for order in named if order.end is None or order.end > max(start, order.start)]

    def cuts(self, start: int, end: int, known_by: int) -> list[Order]:
        """Orders over [start, end) under which a monitor may stand without power, as known by an instant.

        Maintenance as it is known now.
        """
        if not self.held and not self.former:
            return []
        known = self.known(known_by).touching((POWER, SHUTDOWN), start, end)
        return [*known, *self.touching((MAINTENANCE,), start, end)]

    def forget(self, until: Horizons) -> None:
        """Forget orders that ended before any window that may still be measured."""
        self.held = [o for o in self.held if o.end is None or o.end > until.late]
        self.former = [o for o in self.former if (o.replaced_at or 0) > until.late]

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [asdict(order) for order in (*self.former, *self.held)]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Orders:
        """The inverse of `dump`."""
        orders = [Order(**order) for order in data]
        now = [order for order in orders if order.replaced_at is None]
        return cls(now, [order for order in orders if order.replaced_at is not None])


def current_orders(signals: Iterable[Signal]) -> list[Signal]:
    """The signals that hold, by receipt: of each id the newest, with the beginning that it kept."""
    newest: dict[str, Signal] = {}
    for one in sorted(signals, key=lambda signal: signal.received_at):
        before = newest.pop(one.id, None)
        kept = before is not None and says_no_start(one)
        newest[one.id] = replace(one, start=before.start) if before is not None and kept else one
    return list(newest.values())


def says_no_start(record: Signal) -> bool:
    """True if a signal names no beginning of its own: whoever reads it sets its receipt instead."""
    return record.start == record.received_at
