"""Acknowledgements: in order of arrival, each when its record and all before it are confirmed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.acknowledge import Acknowledgements

# steps -> what is due in the end; "a1" message 1 arrives, "h7" it is held by record 7, "c7" confirmed
TABLE = {
    "a message that no record holds is due at once": ("a1", [1]),
    "a held message waits": ("a1 h7", []),
    "a confirmed record frees its message": ("a1 h7 c7", [1]),
    "a message waits for those before it": ("a1 h7 a2 h8 c8", []),
    "those before it confirmed later free both, in order": ("a1 h7 a2 h8 c8 c7", [1, 2]),
    "one record may hold several messages": ("a1 h7 a2 h7 a3 h7 c7", [1, 2, 3]),
    "a message in two records waits for both": ("a1 h7 h8 c7", []),
    "a message in two records is due when both are confirmed": ("a1 h7 h8 c8 c7", [1]),
    "a dropped message waits for those before it": ("a1 h7 a2", []),
    "a dropped message goes out behind those before it": ("a1 h7 a2 c7", [1, 2]),
    "a record filled over several messages holds from the first on": ("a1 h7 a2 h8 a3 h7 c8", []),
    "messages before an open record are due": ("a1 h7 a2 h8 c7", [1]),
    "a message at QoS 0 has nothing to acknowledge": ("a0 h7 a2 h7 c7", [2]),
    "an unknown record frees nothing": ("a1 h7 c9", []),
}


def play(acks: Acknowledgements[int], steps: str) -> None:
    for step in steps.split():
        number = int(step[1:])
        if step[0] == "a":
            acks.arrived(number or None)
        elif step[0] == "h":
            acks.hold(number)
        else:
            acks.confirmed(number)


@pytest.mark.parametrize(("steps", "due"), TABLE.values(), ids=TABLE)
def test_due_follows_the_table(steps: str, due: list[int]) -> None:
    acks: Acknowledgements[int] = Acknowledgements()
    play(acks, steps)
    assert acks.due() == due


def test_each_is_due_once() -> None:
    acks: Acknowledgements[int] = Acknowledgements()
    play(acks, "a1 h7 c7")
    assert acks.due() == [1]
    assert acks.due() == []


def test_the_next_connection_waits_for_records_of_the_one_before() -> None:
    before: Acknowledgements[int] = Acknowledgements()
    play(before, "a1 h7 a2 h8")
    acks: Acknowledgements[int] = Acknowledgements(before.open_records)
    play(acks, "a1")  # redelivered, and taken for a duplicate
    assert acks.due() == []
    play(acks, "c7 c8")
    assert acks.due() == [1]


@given(st.data())
def test_nothing_is_due_before_its_records_and_never_out_of_order(data: st.DataObject) -> None:
    acks: Acknowledgements[int] = Acknowledgements()
    held: dict[int, set[int]] = {}
    closed: set[int] = set()
    handed: list[int] = []
    for name in range(1, data.draw(st.integers(1, 30)) + 1):
        acks.arrived(name)
        held[name] = data.draw(st.sets(st.integers(1, 12), max_size=3)) - closed
        for record in held[name]:
            acks.hold(record)
        for record in data.draw(st.sets(st.integers(1, 12), max_size=2)):
            if any(record in records for records in held.values()):
                acks.confirmed(record)
                closed.add(record)
        due = acks.due()
        assert all(held[one] <= closed for one in due)
        handed += due
        assert handed == list(range(1, len(handed) + 1))
    for record in range(1, 13):
        acks.confirmed(record)
    assert handed + acks.due() == list(held)
