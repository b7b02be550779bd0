"""Which of many states is the newest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from processors.stream.snapshots import (
    Snapshot,
    Snapshots,
    decode_snapshot,
    encode_snapshot,
    key_of,
    state_of,
)


class FakeReader:
    """A topic of (key, value) records; remembers how far back it was read."""

    def __init__(self, records: list[tuple[bytes, bytes | None]]) -> None:
        self._records = records
        self.starts: list[int] = []

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, len(self._records)

    async def records(self, topic: str, partition: int, start: int, end: int) -> list[Any]:
        self.starts.append(start)
        return [SimpleNamespace(key=k, value=v) for k, v in self._records[start:end]]


def state(next_offset: int, stage: str = "detect") -> tuple[bytes, bytes]:
    return key_of(stage, 0), encode_snapshot(Snapshot(next_offset, b"body"))


async def newest(*records: tuple[bytes, bytes | None]) -> int | None:
    fake: Any = FakeReader(list(records))
    found = await Snapshots(None, fake).newest("detect", 0)
    return None if found is None else found.next


def test_a_state_comes_back_as_it_was_written() -> None:
    snapshot = Snapshot(7, b"any\nbytes\x00", "version 3")
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot


def test_a_state_of_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dust\.snapshot/9"):
        decode_snapshot(b'{"next":1,"schema":"dust.snapshot/9"}\nbody')


async def test_no_state_is_none() -> None:
    assert await newest() is None
    assert await newest(state(5, "store")) is None


async def test_the_highest_next_wins_over_the_last_written() -> None:
    assert await newest(state(9), state(4), state(99, "store")) == 9


async def test_what_stands_before_a_tombstone_does_not_count() -> None:
    assert await newest(state(9), (key_of("detect", 0), None)) is None
    assert await newest(state(9), (key_of("detect", 0), None), state(2)) == 2


async def test_a_state_far_back_behind_those_of_other_stages_is_found() -> None:
    fake: Any = FakeReader([state(3), *[state(n, "store") for n in range(3000)]])
    found = await Snapshots(None, fake).newest("detect", 0)
    assert found == Snapshot(3, b"body")
    assert len(fake.starts) == 3


def test_applications_on_one_kafka_keep_their_states_apart() -> None:
    assert state_of("detect", "dustwatch-detect") == "detect"
    assert state_of("detect", "trial-detect") == "trial-detect"
