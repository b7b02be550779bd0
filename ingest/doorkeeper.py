"""Who may hold a connection to a listening socket when there are more than it has room for. Pure.

A connection is *proven* once it has said what an honest client says: for the gateway a frame of a registered
device, for a web page a whole request. Until then it gives way: where there is no room for a new one, the
unproven connection that has been silent longest is let go, that of the address which holds most of them
first. So nobody who only connects can lock anybody else out; refused is only who comes when every place is
held by somebody proven.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import NamedTuple

_SAY_EVERY_S = 60.0
_OF_A_HOUSE = 64  # bits; behind an IPv6 connection is at least a network of this size


@dataclass(slots=True, eq=False)
class Guest:
    """One connection, known by where it comes from and when it last said something of worth."""

    address: str
    heard_at: float  # s of the monotonic clock: its beginning, or the last of what proves it
    proven: bool = False


class DoorDecision(NamedTuple):
    """Whether a connection may stay, and which other has to go for it."""

    admitted: bool
    evicted: Guest | None = None


@dataclass(slots=True)
class Doorkeeper:
    """Keeps the places of one listener; whoever owns the connections closes what it names."""

    places: int  # connections altogether
    per_address: int  # of which one address may hold so many
    unproven: dict[str, dict[Guest, None]] = field(default_factory=dict)  # each longest silent first
    _held: dict[str, int] = field(default_factory=dict)  # by address
    _count: int = 0
    _refused: int = 0
    _refused_at: float | None = None
    _told_at: dict[str, float] = field(default_factory=dict)  # kind of event -> when it was last told
    _untold: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return self._count

    def admit(self, guest: Guest) -> DoorDecision:
        """Take a new connection in, let another go for it, or refuse it."""
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
        self.unproven.setdefault(guest.address, {})[guest] = None
        return DoorDecision(True, evicted)

    def give_way(self, address: str | None = None) -> Guest | None:
        """The unproven connection to let go for another; None: every one is proven.

        `address`: where only one of this address makes room.
        """
        if address is None:
            address = max(self.unproven, key=lambda name: len(self.unproven[name]), default="")
        evicted = next(iter(self.unproven.get(address, ())), None)
        if evicted is not None:
            self.leave(evicted)
        return evicted

    def heard(self, guest: Guest, now: float) -> None:
        """It said something of worth, without proving itself."""
        guest.heard_at = now
        waiting = self.unproven.get(guest.address, {})
        if guest in waiting:
            del waiting[guest]
            waiting[guest] = None

    def prove(self, guest: Guest, now: float) -> None:
        """It is somebody; from now on it gives way to nobody."""
        guest.heard_at = now
        if not guest.proven:
            guest.proven = True
            self._forget_unproven(guest)

    def doubt(self, guest: Guest) -> None:
        """What proved it is over, or holds for another connection now: it may give way again."""
        if guest.proven:
            guest.proven = False
            self.unproven.setdefault(guest.address, {})[guest] = None

    def leave(self, guest: Guest) -> None:
        """The connection has ended; one that is not held is passed over."""
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
        """In words, that somebody was refused within the last minute."""
        if self._refused_at is None or now - self._refused_at > _SAY_EVERY_S:
            return None
        return (
            f"no room for more connections: {self._count} of {self.places} are held by proven clients "
            f"(at most {self.per_address} from one address); {self._refused} refused so far"
        )

    def to_tell(self, what: str, now: float) -> int:
        """Count an event; how many of its kind are to be told of now, 0 while the last word is fresh."""
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
    """The address of IP of a socket's other end, as the socket names it; another kind of end as its text."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else str(peer)
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def address_of(peer: object) -> str:
    """What limits by address count by: an IPv4 address, or the /64 network of an IPv6 one."""
    host = host_of(peer)
    return str(ipaddress.ip_network(f"{host}/{_OF_A_HOUSE}", strict=False)) if ":" in host else host
