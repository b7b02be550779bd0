"""The shared reader of a worker: what it reads is read once, and nothing goes on behind it."""

from __future__ import annotations

from .conftest import PARTITIONS, Numbers


async def test_the_reader_asks_for_no_more_than_it_was_asked_for(numbers: Numbers) -> None:
    await numbers.publish(300)
    reader = numbers.reader
    for partition in range(PARTITIONS):
        begin, end = await reader.bounds(numbers.topic, partition)
        found = await reader.records(numbers.topic, partition, begin, end)
        assert [int(record.value) for record in found] == list(range(partition, 300, PARTITIONS))
        # a fetch that went on would keep every later request of the connection waiting for the broker's poll
        assert reader._consumer.assignment() == set()
        last = await reader.record(numbers.topic, partition, end - 1)
        assert last is not None
        assert reader._single.assignment() == set()
    assert await reader.ends(numbers.topic, [0]) == {0: 100}
