"""Admission of connections to a listening socket that has a limited number of places. Pure.

A connection is *proven* once it has sent what an honest client sends: to the gateway a frame of a registered
device, to a web page a complete request. Until then it can be evicted. When there is no room for a new
connection, the unproven one that has been silent longest is closed, taken from the address that holds the
most of them. So a client that merely connects cannot lock anyone out; a new connection is refused only when
proven ones hold every place.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

_SAY_EVERY_S = 60.0
_OF_A_HOUSE = 64  # bits: the smallest network that an IPv6 subscriber is given


@dataclass(slots=True, eq=False)
class Guest:
    """Connection as the doorkeeper sees it: its address, and when it last sent something valid."""

    address: str
    heard_at: float  # s of the monotonic clock: the start of the connection, or its last valid message
    proven: bool = False


class DoorDecision(NamedTuple):
    """Decision on a new connection, and the connection to close to make room for it."""

    admitted: bool
    evicted: Guest | None = None


@dataclass(slots=True)
class Doorkeeper:
    """Places of one listener. The owner of the connections closes those that it names."""

    places: int  # connections altogether
    per_address: int  # of which one address may hold so many
    # by address, in the order of eviction: those whose proof is over, then the longest silent
    unproven: dict[str, OrderedDict[Guest, None]] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)  # by address
    _count: int = 0
    _refused: int = 0
    _refused_at: float | None = None
    _told_at: dict[str, float] = field(default_factory=dict)  # kind of event -> when it was last told
    _untold: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return self._count

    def admit(self, guest: Guest) -> DoorDecision:
        """Admit a new connection, evicting another one if need be, or refuse it."""
        one_address_is_full = self._held.get(guest.address, 0) >= self.per_address
        evicted: Guest | None = None
        if one_address_is_full or self._count >= self.places:
            evicted = self.give_way(guest.address if one_address_is_full else None)
            if evicted is None:
                self._refused += 1
                self._refused_at = guest.heard_at
                return DoorDecision(False)
        self._count += 1
        self._held[guest.address] = self._held.get(guest.address, 0) + 1
        self.unproven.setdefault(guest.address, OrderedDict())[guest] = None
        return DoorDecision(True, evicted)

    def give_way(self, address: str | None = None) -> Guest | None:
        """Remove the unproven connection to close for another one; None if all are proven.

        `address`: remove one of this address only.
        """
        if address is None:
            address = max(self.unproven, key=lambda name: len(self.unproven[name]), default="")
        evicted = next(iter(self.unproven.get(address, ())), None)
        if evicted is not None:
            self.leave(evicted)
        return evicted

    def heard(self, guest: Guest, now: float) -> None:
        """Note a valid message that does not prove the connection."""
        guest.heard_at = now
        waiting = self.unproven.get(guest.address)
        if waiting is not None and guest in waiting:
            waiting.move_to_end(guest)

    def prove(self, guest: Guest, now: float) -> None:
        """Note a message that proves the connection: it is not evicted from now on."""
        guest.heard_at = now
        if not guest.proven:
            guest.proven = True
            self._forget_unproven(guest)

    def doubt(self, guest: Guest) -> None:
        """Make a proven connection evictable again: its request is over, or its device uses another one.

        It is evicted before those that have not had their turn yet: closing it costs its client nothing.
        """
        if guest.proven:
            guest.proven = False
            waiting = self.unproven.setdefault(guest.address, OrderedDict())
            waiting[guest] = None
            waiting.move_to_end(guest, last=False)

    def leave(self, guest: Guest) -> None:
        """Free the place of a connection that has ended; does nothing if it holds none."""
        held = self._held.get(guest.address, 0)
        if not held or not (guest.proven or guest in self.unproven.get(guest.address, {})):
            return
        self._forget_unproven(guest)
        guest.proven = False
        self._count -= 1
        if held == 1:
            del self._held[guest.address]
        else:
            self._held[guest.address] = held - 1

    def is_refusing(self, now: float) -> str | None:
        """Message for /readyz if a connection was refused within the last minute."""
        if self._refused_at is None or now - self._refused_at > _SAY_EVERY_S:
            return None
        return (
            f"no room for more connections: {self._count} of {self.places} are held by proven clients "
            f"(at most {self.per_address} from one address); {self._refused} refused so far"
        )

    def to_tell(self, what: str, now: float) -> int:
        """Count an event; returns the number to log, 0 if this kind was logged within the last minute."""
        count = self._untold[what] = self._untold.get(what, 0) + 1
        told_at = self._told_at.get(what)
        if told_at is not None and now - told_at < _SAY_EVERY_S:
            return 0
        self._told_at[what] = now
        self._untold[what] = 0
        return count

    def _forget_unproven(self, guest: Guest) -> None:
        waiting = self.unproven.get(guest.address)
        if waiting is not None:
            waiting.pop(guest, None)
            if not waiting:
                del self.unproven[guest.address]


def host_of(peer: object) -> str:
    """IP address of a peer as given by its socket; the text of any other kind of peer."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else str(peer)
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def address_of(peer: object) -> str:
    """Key for limits per address: the IPv4 address, or the /64 network of an IPv6 address."""
    host = host_of(peer)
    return str(ipaddress.ip_network(f"{host}/{_OF_A_HOUSE}", strict=False)) if ":" in host else host
