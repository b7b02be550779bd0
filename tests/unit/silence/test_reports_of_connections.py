"""Connection reports by themselves: what is kept of each device, and what it adds to a silence."""

from __future__ import annotations

from ingest.records import Status
from processors.columns import NEVER
from processors.silence.connections import LAST_WILL, STATUS_ONLINE, Connections
from tests.logs import T0


def test_devices_that_have_reported_nothing_are_known_of_and_add_no_reason():
    held = Connections.of(2)
    assert held.at.tolist() == [NEVER, NEVER]
    assert held.evidence(1, NEVER) == ()
    assert held.take(1, Status(T0, "d2", "s1", "online", False), NEVER)
    assert (held.evidence(0, NEVER), held.evidence(1, NEVER)) == ((), (STATUS_ONLINE,))


def test_a_last_will_counts_from_the_instant_of_the_last_reading_on():
    held = Connections.of(1)
    assert held.take(0, Status(T0, "d1", "s1", "offline", False), T0)
    assert held.evidence(0, T0) == (LAST_WILL,)
    assert held.evidence(0, T0 + 1) == ()
