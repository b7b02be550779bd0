"""A compacted topic in memory, as a producer and a reader see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


@dataclass
class SnapshotTopic:
    """One partition of records (key, value); None: compaction has taken a record away."""

    written: list[tuple[bytes, bytes | None] | None] = field(default_factory=list)
    refuses: str = ""  # a part of the keys that are not taken
    starts: list[int] = field(default_factory=list)  # how far back it was read

    async def send_and_wait(self, topic: str, value: bytes | None, key: bytes = b"", **_: Any) -> Any:
        if self.refuses and self.refuses.encode() in key:
            raise OSError("too large")
        self.written.append((key, value))
        return SimpleNamespace(offset=len(self.written) - 1)

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, len(self.written)

    async def records(self, topic: str, partition: int, start: int, end: int) -> list[Any]:
        self.starts.append(start)
        return [one for at in range(start, end) if (one := self._at(at)) is not None]

    async def record(self, topic: str, partition: int, offset: int) -> Any | None:
        return self._at(offset) if 0 <= offset < len(self.written) else None

    def _at(self, offset: int) -> Any | None:
        held = self.written[offset]
        return None if held is None else SimpleNamespace(offset=offset, key=held[0], value=held[1])

    def compact(self) -> None:
        """Keep the newest of each key, and none under a tombstone."""
        newest = {held[0]: at for at, held in enumerate(self.written) if held is not None}
        for at, held in enumerate(self.written):
            if held is not None and (newest[held[0]] != at or held[1] is None):
                self.written[at] = None

    def live(self) -> set[bytes]:
        """Of what is there."""
        newest = {held[0]: held[1] for held in self.written if held is not None}
        return {key for key, value in newest.items() if value is not None}

    def flip(self, offset: int, bit: int) -> None:
        """Change one bit of a value."""
        held = self.written[offset]
        assert held is not None
        key, value = held
        assert value is not None
        changed = bytearray(value)
        changed[bit // 8 % len(value)] ^= 1 << bit % 8
        self.written[offset] = key, bytes(changed)
