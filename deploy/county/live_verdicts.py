"""Verdicts judged live, from the log and from what was published of it."""

from __future__ import annotations

from deploy.county.apply import revisions_in_log
from deploy.county.revisions import standing
from ingest.codec import decode, received_at_of, schema_of
from ingest.kafka_options import KafkaOptions
from ingest.records import Revision
from ingest.scan import partitions_in_use, plain_consumer, scan
from ingest.topics import BREACHES, FEED, RESULTS
from processors.columns import UNBOUNDED
from processors.records import BREACH, JUDGEMENTS, decode_breach, decode_judgements
from processors.replay import Backtest, JudgedSpan, VerdictKey, by_log, key_of


async def judge_log(backtest: Backtest, kafka: KafkaOptions, revision: Revision) -> dict[VerdictKey, str]:
    """Fold what the log still holds by the other rules; returns verdicts that can't be reproduced, and why.

    `revision`: with the rules in force, used if the log has none. Raises KafkaMissing.
    """
    start = backtest.log_start
    backtest.partitions = await partitions_in_use(kafka)
    before = standing(await revisions_in_log(kafka), start).in_force or revision
    for partition in range(backtest.partitions):
        backtest.fold(Revision(before.id, start, start, before.body), partition)
    async for raw in scan(kafka, FEED, backtest.partitions):
        if start <= received_at_of(raw.headers, raw.timestamp) <= backtest.log_end:
            backtest.fold(decode(raw.value, raw.headers), raw.partition, live=False)
    backtest.finish()
    span = (backtest.start, backtest.end)
    backtest.live, places = await judged_live(kafka, backtest.partitions, *span)
    return by_log(backtest, places, await beginnings_of_log(kafka, backtest.partitions))


async def judged_live(
    kafka: KafkaOptions, partitions: int, start: int, end: int
) -> tuple[JudgedSpan, dict[VerdictKey, int]]:
    """Records published for [start, end], and the partition of each verdict. Raises KafkaMissing.

    A worker that was killed publishes its records again, in the same order: the last revision counts.
    """
    found = JudgedSpan()
    places: dict[VerdictKey, int] = {}
    async for raw in scan(kafka, RESULTS, partitions):
        if schema_of(raw.headers) == JUDGEMENTS:
            _, verdicts = decode_judgements(raw.value)
            found.take(verdicts, (), start, end)
            for one in verdicts:
                places[key_of(one)] = raw.partition
    async for raw in scan(kafka, BREACHES, partitions):
        if schema_of(raw.headers) == BREACH:
            found.take((), [decode_breach(raw.value)], start, end)
    return found, places


async def beginnings_of_log(kafka: KafkaOptions, partitions: int) -> dict[int, int]:
    """Partition -> receipt of its first record, ms, where retention has deleted older ones.

    Raises KafkaMissing.
    """
    from aiokafka import TopicPartition

    begins: dict[int, int] = {}
    async with plain_consumer(kafka) as consumer:
        parts = [TopicPartition(FEED, p) for p in range(partitions)]
        consumer.assign(parts)
        firsts, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        waiting = {part for part in parts if firsts[part] > 0}
        for part in list(waiting):
            if firsts[part] == ends[part]:  # nothing is left of it
                begins[part.partition] = UNBOUNDED
                waiting.discard(part)
        consumer.pause(*(part for part in parts if part not in waiting))
        while waiting:
            for part, records in (await consumer.getmany(timeout_ms=500, max_records=1)).items():
                if part in waiting and records:
                    begins[part.partition] = received_at_of(records[0].headers, records[0].timestamp)
                    waiting.discard(part)
                    consumer.pause(part)
    return begins
