"""A worker process for the shell's tests: a stage that numbers and sums what it folds.

Each record holds one number. For each the stage publishes `number count sum`: a lost record leaves a
number out, a state that was restored wrongly gives another count or sum for the same number.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from ingest.kafka_options import KafkaOptions
from ingest.telemetry import Telemetry
from processors.stream.app import StageOptions, run_stage
from processors.stream.shell import Outlet, RawRecord
from processors.stream.stage import Pace, Parts, SavedPart


class NumberedStage:
    def __init__(self, outlet: Outlet, settings: argparse.Namespace) -> None:
        self.outlet, self.settings = outlet, settings
        self.count = self.sum = 0
        self.lines: list[bytes] = []
        self.sent: list[asyncio.Future[object]] = []

    def restore(self, parts: Parts | None) -> None:
        state = json.loads(parts["sums"].data) if parts else {"count": 0, "sum": 0}
        self.count, self.sum = state["count"], state["sum"]

    def fold(self, record: RawRecord) -> None:
        number = int(record.value)
        if number == self.settings.raise_at:
            raise ValueError(f"told to raise at {number}")
        self.count += 1
        self.sum += number
        self.lines.append(f"{number} {self.count} {self.sum}".encode())

    async def deliver(self) -> None:
        while self.settings.dead_while and Path(self.settings.dead_while).exists():
            await asyncio.sleep(0.2)
        for line in self.lines:
            self.sent.append(
                await self.outlet.producer.send(
                    self.settings.out,
                    line,
                    key=self.settings.instance.encode(),
                    partition=self.outlet.partition,
                )
            )
        self.lines = []

    async def settle(self) -> None:
        await asyncio.gather(*self.sent)
        self.sent = []

    def snapshot(self) -> Parts:
        padding = b"%d" % self.count + b" " * self.settings.padding
        sums = json.dumps({"count": self.count, "sum": self.sum}).encode()
        return {"sums": SavedPart(1, sums), "padding": SavedPart(1, padding)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--snapshots", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--former", default="")
    parser.add_argument("--instance", default="one")
    parser.add_argument("--save-s", type=float, default=0.5)
    parser.add_argument("--raise-at", type=int, default=-1)
    parser.add_argument("--dead-while", default="")
    parser.add_argument("--padding", type=int, default=0)
    parser.add_argument("--max-poll-interval-s", type=float, default=300.0)
    settings = parser.parse_args()
    options = StageOptions(
        group=settings.group,
        former=tuple(filter(None, settings.former.split(","))),
        instance=settings.instance,
        snapshots=settings.snapshots,
        pace=Pace(save_s=settings.save_s),
        max_poll_interval_s=settings.max_poll_interval_s,
    )
    sys.exit(
        run_stage(
            "numbered",
            KafkaOptions(settings.bootstrap),
            settings.topic,
            lambda outlet: NumberedStage(outlet, settings),
            Telemetry("numbered"),
            options,
        )
    )


if __name__ == "__main__":
    main()
