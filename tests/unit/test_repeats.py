"""Repeated log lines: the first is written at once, the others are one line with their number."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.repeats import FoldingHandler, key_of


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def rig() -> Iterator[tuple[logging.Logger, io.StringIO, Clock, FoldingHandler]]:
    clock, said = Clock(), io.StringIO()
    handler = FoldingHandler(said, window_s=60.0, now=clock)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.repeats")
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel("DEBUG")
    yield logger, said, clock, handler
    handler.close()
    logger.handlers[:] = []


def test_thirty_five_thousand_lines_in_two_minutes_are_three(rig: Any) -> None:
    logger, said, clock, handler = rig
    for number in range(35_000):
        clock.at = number * 120 / 35_000
        logger.error("Unable connect to node with id %s: [Errno 111] at 0x%x", number % 3, number)
    handler.close()
    lines = said.getvalue().splitlines()
    assert lines[0] == "ERROR Unable connect to node with id 0: [Errno 111] at 0x0"
    counts = [int(line.partition(" repeated ")[2].partition(" ")[0]) for line in lines[1:]]
    assert 1 + sum(counts) == 35_000
    assert "in 60 s" in lines[1]
    assert len(lines) == 3


def test_other_texts_levels_and_loggers_are_other_events(rig: Any) -> None:
    logger, said, _, _ = rig
    for _ in range(5):
        logger.error("one")
        logger.warning("one")
        logger.error("other")
        logger.getChild("below").error("one")
        logger.debug("every one of these")
    lines = said.getvalue().splitlines()
    assert len(lines) == 4 + 5


def test_an_event_that_ended_is_told_with_its_number_and_begins_anew_later(rig: Any) -> None:
    logger, said, clock, _ = rig
    for _ in range(3):
        logger.error("gone")
    clock.at = 61.0
    logger.error("another")
    assert said.getvalue().splitlines() == [
        "ERROR gone",
        "ERROR gone ... repeated 2 times in 61 s",
        "ERROR another",
    ]
    clock.at = 200.0
    logger.error("gone")
    assert said.getvalue().splitlines()[3:] == ["ERROR gone"]


def test_a_number_that_nothing_follows_is_told_by_itself(rig: Any) -> None:
    logger, said, clock, handler = rig
    logger.error("gone")
    logger.error("gone")
    clock.at = 60.0
    handler.tell()
    assert said.getvalue().splitlines()[1:] == ["ERROR gone ... repeated 1 times in 60 s"]


def test_invented_events_do_not_fill_the_memory(rig: Any) -> None:
    logger, _, _, handler = rig
    for number in range(5000):
        logger.error("%s", "x" * (number + 1))
    assert len(handler._repeats) <= 1000


def test_events_of_structlog_differ_by_their_texts_but_not_by_their_numbers() -> None:
    def record(**fields: Any) -> logging.LogRecord:
        body: Any = {"event": "device_odd", "level": "warning", **fields}
        return logging.LogRecord("x", logging.WARNING, "x.py", 1, body, None, None)

    assert key_of(record(device="d1", times=3)) == key_of(record(device="d1", times=4, timestamp="now"))
    assert key_of(record(device="d1")) != key_of(record(device="d2"))


def test_a_service_says_once_what_its_libraries_and_it_say_again_and_again() -> None:
    program = """
import logging, structlog
from deploy.logs import configure_logging
configure_logging("gateway")
for number in range(1000):
    structlog.get_logger("ours").warning("gateway_connections", times=number, what="refused")
    logging.getLogger("aiokafka").error("Unable connect to node %d", number)
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("broken")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"].partition(" in ")[0] for line in lines] == [
        "gateway_connections",
        "Unable connect to node 0",
        "broken",
        "gateway_connections ... repeated 999 times",
        "Unable connect to node 0 ... repeated 999 times",
        "broken ... repeated 999 times",
    ]
    assert all(line["service"] == "gateway" and line["timestamp"] for line in lines)
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert lines[3]["repeated"] == 999
