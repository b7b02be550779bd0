"""What was judged live, as `dust.results` and `dust.breaches` hold it, and what the log can't judge again."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.codec import received_at_of, schema_of
from ingest.scan import plain_consumer, scan
from ingest.topics import BREACHES, FEED, RESULTS
from processors.records.breaches import BREACH, decode_breach
from processors.records.judgements import decode_judgements
from processors.records.verdicts import JUDGEMENTS
from processors.replay.backtest import Bench, Judged, Key, Said

NEVER, SILENT = "never_seen", "device_silent"


async def judged_live(bootstrap: str, partitions: int, start: int, end: int) -> tuple[Judged, dict[Key, int]]:
    """What was published of [start, end], and the partition of each verdict. Raises KafkaMissing.

    A worker that was killed says again what it had said, in the same order: the last revision counts.
    """
    found, places = Judged(), {}
    async for raw in scan(bootstrap, RESULTS, partitions):
        if schema_of(raw.headers) == JUDGEMENTS:
            _, verdicts = decode_judgements(raw.value)
            found.take(verdicts, (), start, end)
            for one in verdicts:
                places[one.kind, one.rule, one.point, one.start, one.end] = raw.partition
    async for raw in scan(bootstrap, BREACHES, partitions):
        if schema_of(raw.headers) == BREACH:
            found.take((), [decode_breach(raw.value)], start, end)
    return found, places


async def beginnings_of_log(bootstrap: str, partitions: int) -> dict[int, int]:
    """Partition -> receipt of its first record, ms, where retention has deleted older ones.

    Raises KafkaMissing.
    """
    from aiokafka import TopicPartition

    begins: dict[int, int] = {}
    async with plain_consumer(bootstrap) as consumer:
        parts = [TopicPartition(FEED, p) for p in range(partitions)]
        consumer.assign(parts)
        firsts, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        waiting = {part for part in parts if firsts[part] > 0}
        for part in list(waiting):
            if firsts[part] == ends[part]:  # nothing is left of it
                begins[part.partition] = 2**62
                waiting.discard(part)
        consumer.pause(*(part for part in parts if part not in waiting))
        while waiting:
            for part, records in (await consumer.getmany(timeout_ms=500, max_records=1)).items():
                if part in waiting and records:
                    begins[part.partition] = received_at_of(records[0].headers, records[0].timestamp)
                    waiting.discard(part)
                    consumer.pause(part)
    return begins


def unreproducible_by_log(
    bench: Bench, places: Mapping[Key, int], begins: Mapping[int, int], lead_ms: int
) -> dict[Key, str]:
    """Which of the live verdicts the fold can't make again, and why (`rebuild.WHY`).

    `lead_ms`: how long before a window the fold must have begun to judge it.
    """
    found = silent_before(bench)
    for key in bench.live.verdicts:
        begin = begins.get(places.get(key, -1))
        if begin is not None and key[3] - lead_ms < begin:
            found[key] = "log_begins_later"
    return found


def silent_before(bench: Bench) -> dict[Key, str]:
    """The live verdicts of devices that fell silent before the fold began."""
    again = bench.other.verdicts
    return {k: "silent_before" for k, live in bench.live.verdicts.items() if _knew_more(live, again.get(k))}


def _knew_more(live: Said, again: Said | None) -> bool:
    """Did the fold know of a silent device only that it has not been heard since the fold began?"""
    alike = again is not None and again.answer == live.answer and NEVER in again.reasons
    return alike and SILENT in live.reasons and NEVER not in live.reasons
