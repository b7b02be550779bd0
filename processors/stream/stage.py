"""Stage, as run by the shell: folds the records of one partition and makes its outputs durable.

The shell owns offsets, snapshots and acknowledgements; a stage knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ingest.records import Headers
from processors.fold import Parts, PartUnreadable, SavedPart, data_of

__all__ = [
    "ALERTS_PACE",
    "DETECT_PACE",
    "STORE_PACE",
    "Outlet",
    "Pace",
    "PartUnreadable",
    "Parts",
    "RawRecord",
    "SavedPart",
    "Stage",
    "StageFactory",
    "Weighed",
    "data_of",
]


class RawRecord(NamedTuple):
    """One Kafka record as read; `appended_at` is the broker's append time in ms."""

    partition: int
    offset: int
    headers: Headers
    value: bytes
    appended_at: int


class Stage(Protocol):
    """Work on one partition. The shell calls it from one coroutine at a time, in offset order.

    An exception from any method ends the process: problems with the data must be handled inside.
    """

    def restore(self, parts: Parts | None) -> None:
        """Starts from what `snapshot` returned earlier; None: from nothing.

        Raises PartUnreadable for a part that is missing or can't be read; then it is called again.
        """

    def fold(self, record: RawRecord) -> None:
        """Folds one record; outputs are collected in the stage itself."""

    async def deliver(self) -> None:
        """Sends what was collected. May wait for a dead target as long as it takes, retrying on the real
        clock; the shell keeps its membership meanwhile, and cancels it when the partition moves away.
        """

    async def settle(self) -> None:
        """Returns when everything delivered is durable; raises if it can't be."""

    def snapshot(self) -> Parts:
        """State after the last folded record, in parts with any names; called when all has settled."""


@runtime_checkable
class Weighed(Protocol):
    """A stage that reports how much it has collected (readings, points); for others records are counted."""

    def weight(self) -> int:
        """Amount waiting for `deliver`."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals at which a stage delivers and saves; seconds of the real clock."""

    deliver_s: float = 0.0  # 0: after each record
    backlog_s: float = 0.0  # instead, for records that have been in the log for `OLD_S`: more will follow
    deliver_weight: int = 1
    save_s: float = 5.0
    save_records: int = 5000

    def patience_s(self, appended_at: int, now_ms: float) -> float:
        """Time that a record may wait for others, s; `appended_at`: the broker's append time, ms."""
        return max(self.deliver_s, self.backlog_s) if now_ms - appended_at > OLD_S * 1000 else self.deliver_s


OLD_S = 1.0
# long enough to find together what waits together, too short to be felt in a breach
DETECT_PACE = Pace(deliver_s=0.002, backlog_s=0.05, deliver_weight=10_000)
STORE_PACE = Pace(deliver_s=0.2, deliver_weight=5000, save_s=0.5, save_records=2000)
ALERTS_PACE = Pace(save_s=0.5, save_records=500)


class Outlet(NamedTuple):
    """Inputs of a stage factory: its partition and the running confirmed producer of the process."""

    partition: int
    producer: Any  # a started aiokafka.AIOKafkaProducer, acks=all
    partitions: int = 1  # of the topic that the stage reads


StageFactory = Callable[[Outlet], Stage]
