"""A stage whose target is dead for longer than Faust's poll interval neither loses nor wedges."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from .conftest import Numbers

# 10 and 40 reproduce the measurement of ADR 0003; the short ones say the same in less time.
INTERVAL_S = float(os.environ.get("DUSTWATCH_TEST_POLL_INTERVAL_S", "3"))
DEAD_S = float(os.environ.get("DUSTWATCH_TEST_DEAD_S", "8"))


@pytest.mark.long
async def test_a_target_dead_beyond_the_poll_interval_loses_and_wedges_nothing(
    numbers: Numbers, tmp_path: Path
) -> None:
    dead = tmp_path / "dead"
    await numbers.publish(300)
    worker = numbers.worker(dead_while=dead, max_poll_interval_s=INTERVAL_S)
    await numbers.all_out()
    dead.touch()
    await numbers.publish(2500)  # more than the buffers hold: Faust stops polling
    since = time.monotonic()
    while time.monotonic() < since + DEAD_S:
        await numbers.publish(3)
        await asyncio.sleep(0.5)
    assert worker.popen.poll() is None
    assert len(numbers.numbers) <= 303
    dead.unlink()
    await numbers.all_out()
    await numbers.saved()
    assert worker.popen.poll() is None
    assert worker.stop() == 0


async def test_sigterm_ends_within_ten_seconds_while_the_target_is_dead(
    numbers: Numbers, tmp_path: Path
) -> None:
    dead = tmp_path / "dead"
    dead.touch()
    await numbers.publish(30)
    worker = numbers.worker(dead_while=dead)
    while "starts_from_nothing" not in worker.said():
        await asyncio.sleep(0.05)
    assert worker.stop(within_s=10) == 0
    dead.unlink()
    numbers.worker(dead_while=dead)
    await numbers.all_out()
