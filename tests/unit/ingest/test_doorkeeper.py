"""Who gives way where a listener has no room: never somebody proven, and never everybody else for one."""

from __future__ import annotations

import pytest

from ingest.doorkeeper import DoorDecision, Doorkeeper, Guest, address_of


def test_who_only_connects_gives_way_the_longest_silent_first() -> None:
    door = Doorkeeper(3, 3)
    silent = [Guest("a", at) for at in (1.0, 2.0, 3.0)]
    assert [door.admit(one) for one in silent] == [DoorDecision(True)] * 3
    assert door.admit(Guest("a", 4.0)) == DoorDecision(True, silent[0])
    door.heard(silent[1], 5.0)
    assert door.admit(Guest("a", 6.0)) == DoorDecision(True, silent[2])
    assert len(door) == 3


def test_the_address_with_most_unproven_connections_gives_way_first() -> None:
    door = Doorkeeper(4, 4)
    honest = Guest("device", 1.0)
    crowd = [Guest("crowd", at) for at in (2.0, 3.0, 4.0)]
    for one in (honest, *crowd):
        door.admit(one)
    for at in range(1000):
        assert door.admit(Guest("crowd", 5.0 + at)).evicted is not honest
    assert honest in door.unproven["device"]


def test_proven_connections_stay_and_who_comes_when_all_are_proven_is_refused_and_that_is_said() -> None:
    door = Doorkeeper(2, 2)
    for at in (1.0, 2.0):
        guest = Guest(f"d{at}", at)
        door.admit(guest)
        door.prove(guest, at)
    assert door.is_refusing(2.5) is None
    assert door.admit(Guest("new", 3.0)) == DoorDecision(False)
    assert "1 refused" in str(door.is_refusing(3.5))
    assert door.is_refusing(63.5) is None


def test_who_was_served_gives_way_before_who_has_just_come() -> None:
    """Else a crowd that is served again and again pushes a new client out before it was read."""
    door = Doorkeeper(10, 10)
    crowd = [Guest("a", float(at)) for at in range(9)]
    for one in crowd:
        door.admit(one)
    honest = Guest("a", 20.0)
    door.admit(honest)
    for one in crowd:
        door.prove(one, 21.0)
        door.doubt(one)
    for at in range(9):
        assert door.admit(Guest("a", 22.0 + at)).evicted is not honest


def test_one_address_has_its_own_limit_and_makes_room_by_itself() -> None:
    door = Doorkeeper(10, 2)
    proven, silent, other = Guest("nat", 1.0), Guest("nat", 2.0), Guest("other", 0.0)
    for one in (other, proven, silent):
        door.admit(one)
    door.prove(proven, 2.5)
    assert door.admit(Guest("nat", 3.0)) == DoorDecision(True, silent)
    door.doubt(proven)  # its device speaks over another connection now
    third = Guest("nat", 4.0)
    assert door.admit(third).admitted
    assert len(door) == 3


def test_places_are_free_again_however_a_connection_ends() -> None:
    door = Doorkeeper(2, 2)
    one, other = Guest("a", 1.0), Guest("b", 1.0)
    door.admit(one)
    door.admit(other)
    door.prove(one, 1.5)
    for _ in range(2):  # twice is once
        door.leave(one)
        door.leave(other)
    assert len(door) == 0
    assert not door.unproven
    assert door.admit(Guest("a", 2.0)) == DoorDecision(True)


def test_a_flood_is_told_once_a_minute_with_its_number() -> None:
    door = Doorkeeper(1, 1)
    told = [door.to_tell("refused", at / 10) for at in range(1300)]
    assert [count for count in told if count] == [1, 600, 600]


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("10.1.2.3", 4711), "10.1.2.3"),
        (("::ffff:10.1.2.3", 4711, 0, 0), "10.1.2.3"),
        (("2001:db8:1:2:3:4:5:6", 1, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_as_the_network_behind_one_connection(peer: object, address: str) -> None:
    assert address_of(peer) == address
