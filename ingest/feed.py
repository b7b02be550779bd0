"""Feed of the bridge and the gateway to Kafka: readings in batches, everything else at once, in order.

Every record has a number; the caller gets it at once when it puts something in, and again (through
`confirmed`) when the broker has the record. A record for every partition has a number in each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import structlog

from ingest.batches import MOST_ROWS, Batches, OpenBatch, Row, readings_of
from ingest.codec import encode, encode_notice, encode_quarantined, headers_of
from ingest.kafka_options import KafkaOptions
from ingest.producer import Outgoing, Producer
from ingest.records import Background, Headers, Noticed, Quarantined, Remark, Signal, Status, Tick
from ingest.remarks import HEARTBEATS, Remarks, remarks_of
from ingest.resolve import Duplicate, Outcome
from ingest.telemetry import Telemetry
from ingest.topics import DEFAULT_PARTITIONS, FEED, QUARANTINE, partition_of

log = structlog.get_logger(__name__)

_MOST_SITES = 100_000
_QUIET_S = 0.05
LARGE_BYTES = 4096  # payloads below this can't fill a record: a batch has at most so many rows
_MOST_BYTES = 8 * 1024 * 1024  # of payloads in open batches; Kafka refuses a record above its limit
_PROBE = "dust.probe/1"
_TO_MEND = {
    "clock": "its clock is wrong; its readings count from receipt, or as its clock policy says",
    "unit_doubtful": "below 1 ug/m3: if it sends mg/m3, say so in its units",
    "modbus_crc": "its firmware computes the Modbus checksum",
}


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Address of Kafka, and how long a reading may wait for others."""

    kafka: KafkaOptions = field(default_factory=KafkaOptions)
    partitions: int = DEFAULT_PARTITIONS
    compression: str | None = "zstd"  # a third of the bytes; gzip costs aiokafka 2 ms for 40 readings
    linger_ms: int = 10  # while an instant rule listens; up to 500 where none does
    flush_rows: int = 500  # in all partitions: half of what the broker leaves unacknowledged
    revision: str = ""


class Feed:
    """Batches and numbers records; lives in one event loop."""

    def __init__(self, options: FeedOptions, telemetry: Telemetry, confirmed: Callable[[int], None]) -> None:
        self.options, self._telemetry, self._tell = options, telemetry, confirmed
        self.producer = Producer(
            options.kafka, options.partitions, self._confirmed, telemetry, options.compression
        )
        self.appended: Callable[[Outgoing, int], None] = lambda record, at_ms: None
        self._batches = Batches()
        self._partition_of: dict[str, int] = {}
        self._last = 0
        self._bytes = 0  # of large payloads since the last flush
        self._rows_put = self._rows_then = 0
        self._timer: asyncio.TimerHandle | None = None
        self._remarks = Remarks()
        self._told: set[tuple[str, str]] = set()  # device and mark: bounded by the register
        self._linger_s = options.linger_ms / 1000
        self._readings_written = telemetry.written.labels("readings")
        self._others_written = telemetry.written.labels("records")

    def use(self, options: FeedOptions) -> None:
        """Name another revision, and wait as it asks, from the next reading on."""
        self.flush()
        self.options = replace(self.options, revision=options.revision, linger_ms=options.linger_ms)
        self._linger_s = options.linger_ms / 1000

    def put(self, outcome: Outcome) -> tuple[int, ...]:
        """Take one outcome; returns the numbers of the records that hold it (none: it was dropped)."""
        if type(outcome) is Row:
            number = self._put_row(outcome)
            if outcome.marks or outcome.unknown or outcome.set_aside:
                self._remark(self._remarks.note(remarks_of(outcome), outcome.received_at))
            return (number,)
        if isinstance(outcome, Noticed | Quarantined) and outcome.device:
            self._remark(self._remarks.note(remarks_of(outcome), outcome.received_at))
        if isinstance(outcome, Quarantined):
            self._telemetry.quarantined.labels(outcome.code).inc(outcome.count)
            value, headers = encode_quarantined(outcome)
            return (self.send(QUARANTINE, self._spread(outcome), value, headers),)
        if isinstance(outcome, Noticed):
            return self._put_notice(outcome)
        if isinstance(outcome, Duplicate):
            self._telemetry.discard(outcome.reason)
            return ()
        if isinstance(outcome, Status):
            return (self._put_status(outcome),)
        assert isinstance(outcome, Background | Signal)
        return tuple(self.everywhere(outcome))

    def expect(self, size: int) -> None:
        """Announce a payload of that many bytes; call it for `LARGE_BYTES` or more.

        The rest of a payload beyond its values stays with its readings: many large ones together would make
        a record that Kafka never accepts, and everything behind it would wait for ever.
        """
        if self._bytes + size > _MOST_BYTES:
            self.flush()
        self._bytes += size

    def everywhere(
        self, record: Background | Signal | Tick, partitions: Iterable[int] | None = None
    ) -> list[int]:
        """Send a record to all (or some) partitions, after everything put in before it."""
        self.flush()
        value, headers = encode(record)
        wanted = range(self.options.partitions) if partitions is None else partitions
        return [self.send(FEED, partition, value, headers) for partition in wanted]

    def turn(self, now_ms: int) -> None:
        """Tell what was gathered of devices in an hour that is over."""
        self._remark(self._remarks.turn(now_ms))

    def _remark(self, remarks: Iterable[Remark]) -> None:
        """Send remarks. Nothing waits for them: after a crash the first of each kind is told again."""
        for one in remarks:
            value, headers = encode(one)
            self._telemetry.records.labels("remark").inc()
            partition = self._partition(one.site)
            self.send(FEED, partition, value, headers)
            self.send(QUARANTINE, partition, value, headers)  # there `status` and the operator find them

    def probe(self) -> int:
        """Write a record without meaning, to learn the broker's time; readers of quarantine skip it."""
        return self.send(QUARANTINE, 0, b"", headers_of(_PROBE, 0))

    def flush(self) -> None:
        """Send all open batches."""
        self._bytes = 0
        for batch in self._batches.close_all():
            self._send_batch(batch)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def close(self, within_s: float) -> bool:
        """Send open batches and wait for the broker; False if the time runs out first."""
        self.flush()
        return await self.producer.drain(within_s)

    @property
    def waiting(self) -> int:
        """Number of readings in open batches plus unconfirmed records."""
        return self._batches.rows + self.producer.outstanding

    def _put_row(self, row: Row) -> int:
        partition = self._partition(row.site)
        batch = self._batches.batch(partition)
        if batch is None:
            self._last += 1
            batch = self._batches.open(self._last, partition, time.monotonic())
            if self._timer is None:
                self._arm(min(self._linger_s, _QUIET_S))
        batch.rows.append(row)
        if row.marks:
            self._note(row)
        for name, one in row.set_aside.items():
            self._telemetry.discard(f"{name}_{one.reason}")
        self._batches.rows += 1
        self._rows_put += 1
        number = batch.record
        if self._batches.rows >= self.options.flush_rows:
            self.flush()
        elif len(batch.rows) >= MOST_ROWS:
            self._batches.close(partition)
            self._send_batch(batch)
        return number

    def _put_notice(self, notice: Noticed) -> tuple[int, ...]:
        """Keep what is no measurement beside what could not be used; a heartbeat is only counted."""
        self._telemetry.notices.labels(notice.kind).inc()
        if notice.kind in HEARTBEATS:
            return ()
        value, headers = encode_notice(notice)
        return (self.send(QUARANTINE, partition_of(notice.topic, self.options.partitions), value, headers),)

    def _put_status(self, status: Status) -> int:
        """Send a status after the readings before it, which tell whether the device has been heard since."""
        partition = self._partition(status.site)
        batch = self._batches.close(partition)
        if batch is not None:
            self._send_batch(batch)
        self._telemetry.records.labels("status").inc()
        value, headers = encode(status)
        return self.send(FEED, partition, value, headers)

    def _partition(self, site: str) -> int:
        partition = self._partition_of.get(site)
        if partition is None:
            if len(self._partition_of) >= _MOST_SITES:
                self._partition_of.clear()
            partition = self._partition_of[site] = partition_of(site, self.options.partitions)
        return partition

    def _note(self, row: Row) -> None:
        """Count oddities of a reading; those that somebody should fix are logged once per device."""
        for mark in row.marks:
            self._telemetry.tolerated.labels(mark).inc()
            if mark in _TO_MEND and (row.device, mark) not in self._told:
                self._told.add((row.device, mark))
                log.warning("device_odd", device=row.device, what=mark, mend=_TO_MEND[mark])

    def _arm(self, delay_s: float) -> None:
        self._rows_then = self._rows_put
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        """Flush when the linger time is over, or when nothing came for a while: waiting then gains nothing.

        Otherwise a broker that allows only few unacknowledged messages would send them once per linger time.
        """
        self._timer = None
        oldest = self._batches.oldest()
        left = 0.0 if oldest is None else oldest + self._linger_s - time.monotonic()
        if left > _QUIET_S / 10 and self._rows_put != self._rows_then:
            self._arm(min(left, _QUIET_S))
        else:
            self.flush()

    def _send_batch(self, batch: OpenBatch) -> None:
        value, headers = encode(readings_of(batch.rows, self.options.revision))
        self._readings_written.inc(len(batch.rows))
        self._queue(batch.record, FEED, batch.partition, value, headers)

    def _spread(self, record: Quarantined) -> int:
        return partition_of(record.topic, self.options.partitions)

    def send(self, topic: str, partition: int, value: bytes, headers: Headers) -> int:
        """Send one record of our own; returns its number."""
        self._last += 1
        self._others_written.inc()
        self._queue(self._last, topic, partition, value, headers)
        return self._last

    def _queue(self, number: int, topic: str, partition: int, value: bytes, headers: Headers) -> None:
        wall_ms = time.time_ns() // 1_000_000
        self.producer.send(Outgoing(number, topic, partition, value, headers, wall_ms))

    def _confirmed(self, record: Outgoing, appended_ms: int) -> None:
        self.appended(record, appended_ms)
        self._tell(record.number)
