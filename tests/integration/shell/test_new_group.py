"""A stage whose group got another name goes on from the states of the one before, and reads no log anew."""

from __future__ import annotations

from .conftest import PARTITIONS, Numbers


async def test_a_group_of_another_name_goes_on_where_the_one_before_ended(numbers: Numbers) -> None:
    await numbers.publish(300)
    worker = numbers.worker()
    await numbers.all_out()
    await numbers.saved()
    assert worker.stop() == 0
    former, numbers.group = numbers.group, f"{numbers.group}-county"
    await numbers.publish(90)
    again = numbers.worker(former=f"none-before,{former}")
    await numbers.all_out()  # with the right counts and sums
    await numbers.saved()
    assert again.stop() == 0
    assert numbers.repeats == 0, "nothing was folded twice"
    assert "group_begins" in again.said()
    assert "starts_from_nothing" not in again.said()
    assert "state_folded_anew" not in again.said()
    assert await numbers.reader.committed(former, numbers.topic) == dict.fromkeys(range(PARTITIONS), 100)

    await numbers.publish(30)
    third = numbers.worker(former=former)
    await numbers.all_out()
    await numbers.saved()
    assert third.stop() == 0
    assert numbers.repeats == 0
    assert "group_begins" not in third.said(), "it has its own states by now"


async def test_a_group_before_which_there_was_none_begins_with_the_log(numbers: Numbers) -> None:
    await numbers.publish(30)
    worker = numbers.worker(former="none-before")
    await numbers.all_out()
    await numbers.saved()
    assert worker.stop() == 0
    assert worker.said().count("starts_from_nothing") == PARTITIONS
