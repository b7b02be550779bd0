"""Sending to Kafka: what is refused is sent again, in order, until it is confirmed; nothing is skipped."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

import ingest.producer
from ingest.admin import TopicMismatch
from ingest.kafka_options import KafkaOptions
from ingest.producer import Outgoing, Producer
from ingest.telemetry import Telemetry
from ingest.topics import FEED

pytestmark = pytest.mark.timeout(30)


class Stored(NamedTuple):
    timestamp: int


class FakeKafka:
    """Makes producers; `faults` are met one after the other, then everything is stored."""

    def __init__(self, *faults: Any) -> None:
        self.faults = list(faults)
        self.stored: list[bytes] = []
        self.partitions = 2
        self.made = 0

    def __call__(self, **options: Any) -> FakeProducer:
        assert (options["acks"], options["enable_idempotence"]) == ("all", True)
        self.made += 1
        return FakeProducer(self)


class FakeProducer:
    """As much of AIOKafkaProducer as is used; a failed one confirms nothing more."""

    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka, self._broken = kafka, False

    async def start(self) -> None:
        if self._kafka.faults and isinstance(self._kafka.faults[0], KafkaConnectionError):
            raise self._kafka.faults.pop(0)

    async def stop(self) -> None:
        pass

    async def partitions_for(self, topic: str) -> set[int]:
        assert topic == FEED
        return set(range(self._kafka.partitions))

    async def send(self, topic: str, value: bytes, partition: int, headers: Any) -> asyncio.Future[Stored]:
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        fault = self._kafka.faults.pop(0) if self._kafka.faults else None
        if isinstance(fault, MessageSizeTooLargeError):
            raise fault
        if fault is not None:
            self._broken = True
            future.set_exception(fault)
        elif not self._broken:
            self._kafka.stored.append(value)
            future.set_result(Stored(5))
        return future


class SilentKafka(FakeKafka):
    """Takes records, and confirms none."""

    def __call__(self, **options: Any) -> Any:
        made = super().__call__(**options)

        async def send(*record: Any, **more: Any) -> asyncio.Future[Any]:
            return asyncio.get_running_loop().create_future()

        made.send = send
        return made


async def sent_through(kafka: FakeKafka, count: int) -> list[int]:
    """Send `count` records; returns the numbers in the order they were confirmed."""
    confirmed: list[int] = []
    producer = Producer(
        KafkaOptions("fake"),
        2,
        lambda record, at: confirmed.append(record.number),
        Telemetry("t"),
        connect=kafka,
    )
    for number in range(count):
        producer.send(Outgoing(number, FEED, 0, b"%d" % number, []))
    task = asyncio.create_task(producer.run())
    assert await producer.drain(20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return confirmed


async def test_records_are_stored_and_confirmed_in_order() -> None:
    kafka = FakeKafka()
    assert await sent_through(kafka, 5) == [0, 1, 2, 3, 4]
    assert kafka.stored == [b"0", b"1", b"2", b"3", b"4"]


FAULTS = {
    "a lost sequence": [None, OutOfOrderSequenceNumber()],
    "twice": [OutOfOrderSequenceNumber(), OutOfOrderSequenceNumber()],
    "refused before it is sent": [None, MessageSizeTooLargeError()],
    "no connection at first": [KafkaConnectionError("down")],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_after_a_fault_a_new_producer_sends_all_that_is_not_confirmed_in_order(
    faults: list[Any],
) -> None:
    kafka = FakeKafka(*faults)
    assert await sent_through(kafka, 5) == [0, 1, 2, 3, 4]
    assert kafka.made > 1
    assert list(dict.fromkeys(kafka.stored)) == [b"0", b"1", b"2", b"3", b"4"]


async def test_another_number_of_partitions_is_refused() -> None:
    kafka = FakeKafka()
    kafka.partitions = 3
    producer = Producer(KafkaOptions("fake"), 2, lambda record, at: None, Telemetry("t"), connect=kafka)
    with pytest.raises(TopicMismatch, match="3 partitions"):
        await producer.run()


async def test_why_a_record_waits_is_found_out_where_the_client_only_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest.producer, "_SLOW_S", 0.05)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    producer = Producer(
        KafkaOptions(address), 2, lambda record, at: None, Telemetry("t"), connect=SilentKafka()
    )
    task = asyncio.create_task(producer.run())
    producer.send(Outgoing(1, FEED, 0, b"", [], queued_ms=1))
    async with asyncio.timeout(10):
        while "hangs up" not in (producer.why or ""):
            await asyncio.sleep(0.01)
    assert "has not confirmed a record for" in (producer.why or "")
    assert "DUSTWATCH_KAFKA_TLS" in (producer.why or "")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.close()


async def test_draining_says_when_time_is_over() -> None:
    producer = Producer(KafkaOptions("fake"), 2, lambda record, at: None, Telemetry("t"), connect=FakeKafka())
    producer.send(Outgoing(1, FEED, 0, b"", []))
    assert not await producer.drain(0.01)
