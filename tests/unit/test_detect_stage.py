"""The detect stage without a server: what it sends, and what it does with a record that is not ours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ingest.codec import decode_quarantined, encode
from ingest.records import FeedRecord
from ingest.telemetry import Telemetry
from ingest.topics import BREACHES, QUARANTINE, RESULTS
from processors.detect_stage import DetectStage, SnapshotUnreadable, detect_stages
from processors.stage import Outlet, RawRecord, Stage
from tests.logs import HOUR, MINUTE, T0, local_rule, minutes, revision, ticking


class FakeProducer:
    """Keeps what is sent; confirms when told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.confirmations: list[asyncio.Future[None]] = []

    async def send(self, topic: str, value: bytes, **_: Any) -> asyncio.Future[None]:
        self.sent.append((topic, value))
        self.confirmations.append(asyncio.get_running_loop().create_future())
        return self.confirmations[-1]

    def topics(self) -> set[str]:
        return {topic for topic, _ in self.sent}


def raw(offset: int, record: FeedRecord) -> RawRecord:
    value, headers = encode(record)
    return RawRecord(0, offset, headers, value, T0)


def made() -> tuple[Stage, FakeProducer, Telemetry]:
    producer, telemetry = FakeProducer(), Telemetry("detect")
    stage = detect_stages(telemetry)(Outlet(0, producer))
    stage.restore(None)
    return stage, producer, telemetry


def dusty_hour() -> list[FeedRecord]:
    rows = minutes(T0, T0 + HOUR, 500)
    return [revision(rules=[local_rule()]), *ticking(rows, T0 + HOUR + 5 * MINUTE)]


async def test_outputs_leave_before_they_are_confirmed_and_settle_waits_for_all_of_them() -> None:
    stage, producer, _ = made()
    for offset, record in enumerate(dusty_hour()):
        stage.fold(raw(offset, record))
        await stage.deliver()
    assert producer.topics() == {RESULTS, BREACHES}
    settling = asyncio.create_task(stage.settle())
    for confirmation in producer.confirmations[:-1]:
        confirmation.set_result(None)
    await asyncio.sleep(0)
    assert not settling.done()
    producer.confirmations[-1].set_result(None)
    await settling


async def test_an_output_that_the_broker_refuses_fails_the_settling() -> None:
    stage, producer, _ = made()
    for offset, record in enumerate(dusty_hour()[:3]):
        stage.fold(raw(offset, record))
    await stage.deliver()
    producer.confirmations[0].set_exception(OSError("refused"))
    with pytest.raises(OSError, match="refused"):
        await stage.settle()


async def test_a_record_that_is_not_ours_goes_to_quarantine_as_it_is() -> None:
    stage, producer, telemetry = made()
    for value, headers in (
        (b"not Arrow", [("schema", b"dust.readings/1")]),
        (b"{}", [("schema", b"dust.tick/1")]),
        (b"[]", [("schema", b"dust.tick/1")]),
        (b"what", [("schema", b"dust.unheard/9")]),
        (b"", []),
    ):
        stage.fold(RawRecord(0, 7, headers, value, T0))
    await stage.deliver()
    assert producer.topics() == {QUARANTINE}
    assert [decode_quarantined(value).raw for _, value in producer.sent][:2] == [b"not Arrow", b"{}"]
    assert len(producer.sent) == 5
    assert telemetry.registry.get_sample_value("dustwatch_quarantined_total", {"reason": "bad_syntax"}) == 5


async def test_a_stage_restored_from_a_snapshot_says_the_same_as_the_one_that_made_it() -> None:
    log = dusty_hour()
    first, through, _ = made()
    second, rest, _ = made()
    for offset, record in enumerate(log):
        if offset == 40:
            second.restore(first.snapshot())
            await first.deliver()
            through.sent.clear()
        first.fold(raw(offset, record))
        if offset >= 40:
            second.fold(raw(offset, record))
    await first.deliver()
    await second.deliver()
    assert through.sent == rest.sent
    assert len(rest.sent) > 20


def test_a_snapshot_of_another_version_is_a_named_error() -> None:
    stage = DetectStage(Outlet(3, None), Telemetry("detect"), RESULTS, BREACHES)
    with pytest.raises(SnapshotUnreadable, match="detect/3"):
        stage.restore(b"dustwatch-detect\x63whatever")
