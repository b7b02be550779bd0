"""The detect stage without a server: what it sends, and what it does with a record that is not ours."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pyarrow as pa
import pytest

from ingest.codec import READINGS, decode_quarantined, encode, headers_of, schema_of
from ingest.records import FeedRecord, Headers, Remark
from ingest.telemetry import Telemetry
from ingest.topics import BREACHES, QUARANTINE, RESULTS, partition_of
from processors.history.context import CONTEXT
from processors.records.outlooks import OUTLOOK, OUTLOOKS, decode_outlook, decode_outlooks
from processors.records.regional import decode_regional
from processors.records.winds import WINDS, decode_winds
from processors.stream.detect import DetectStage, detect_stages
from processors.stream.stage import Outlet, PartUnreadable, RawRecord, Stage
from tests.logs import HOUR, MINUTE, T0, background, local_rule, minutes, revision, row, ticking


class FakeProducer:
    """Keeps what is sent; confirms when told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.schemas: list[str | None] = []
        self.confirmations: list[asyncio.Future[None]] = []

    async def send(self, topic: str, value: bytes, headers: Headers = (), **_: Any) -> asyncio.Future[None]:
        self.sent.append((topic, value))
        self.schemas.append(schema_of(headers))
        self.confirmations.append(asyncio.get_running_loop().create_future())
        return self.confirmations[-1]

    def of(self, topic: str, schema: str) -> list[bytes]:
        """Values of a topic and schema, in order."""
        return [v for (t, v), s in zip(self.sent, self.schemas, strict=True) if (t, s) == (topic, schema)]

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


@pytest.mark.parametrize(("opens", "told"), [(["interval"], True), (["day"], False), ([], False)])
async def test_an_outlook_goes_to_the_alerts_where_its_rule_opens_cases_and_always_to_the_results(
    opens: list[str], told: bool
) -> None:
    stage, producer, _ = made()
    for offset, record in enumerate([revision(rules=[local_rule(opens=opens)]), *dusty_hour()[1:]]):
        stage.fold(raw(offset, record))
    await stage.deliver()
    kept = [one for value in producer.of(RESULTS, OUTLOOKS) for one in decode_outlooks(value)]
    assert [one.event for one in kept][:1] == ["rose"]
    assert [decode_outlook(value) for value in producer.of(BREACHES, OUTLOOK)] == (kept if told else [])


async def test_the_wind_of_an_hour_goes_to_the_results() -> None:
    stage, producer, _ = made()
    rows = [row(t, 50.0, wind_speed=3.0, wind_direction=90.0) for t in range(T0, T0 + HOUR, MINUTE)]
    for offset, record in enumerate([revision(), *ticking(rows, T0 + HOUR + 5 * MINUTE)]):
        stage.fold(raw(offset, record))
    await stage.deliver()
    (hour,) = [one for value in producer.of(RESULTS, WINDS) for one in decode_winds(value)]
    assert (hour.site, hour.start, hour.direction, hour.sector) == ("s1", T0, 90.0, "E")


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


def arrow(**columns: Any) -> tuple[bytes, Headers]:
    """A batch of two readings as another program may write it; columns replaced by the caller's."""
    ms = pa.timestamp("ms", "UTC")
    named = {
        "device": pa.array(["d1", "d1"]),
        "site": pa.array(["s1", "s1"]),
        "time": pa.array([T0, T0 + 1], ms),
        "period": pa.array([0, 0]),
        "received_at": pa.array([T0, T0 + 1], ms),
        "pm10": pa.array([1000, 1000]),
    } | columns
    batch = pa.RecordBatch.from_arrays(list(named.values()), names=list(named))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes(), headers_of(READINGS, T0)


def typed(schema: str, **body: Any) -> tuple[bytes, Headers]:
    return orjson.dumps(body), headers_of(schema, T0)


MS = pa.timestamp("ms")
WORDS = pa.array(["d1", None]).dictionary_encode()
ODD: dict[str, tuple[bytes | None, Headers]] = {
    "cut short": (arrow()[0][:-200], arrow()[1]),
    "no device": arrow(device=WORDS, site=WORDS),
    "no instant": arrow(time=pa.array([None, T0], MS)),
    "instants in seconds": arrow(time=pa.array([T0 // 1000] * 2, pa.timestamp("s"))),
    "an instant beyond all calendars": arrow(received_at=pa.array([2**62, T0], MS)),
    "values as text": arrow(pm10=pa.array(["x", "y"])),
    "a short column": arrow(period=pa.array([0, 0], pa.int32())),
    "no value at all": (None, headers_of(READINGS, T0)),
    "a schema that is no text": (b"{}", [("schema", b"\xff")]),
    "a tick at no instant": typed("dust.tick/1", received_at="now", every=1000, bridge="b"),
    "a background of nothing": typed(
        "dust.background/1", id="i", received_at=T0, station="S1", start=T0, end=T0, values=None
    ),
    "a signal without a name": typed(
        "dust.signal/1", id=None, received_at=T0, place="s1", kind="gap", level=None, start=T0, end=None
    ),
    "a configuration that is none": typed(
        "dust.revision/1", id="r", received_at=T0, effective=T0, body={"county": {}}
    ),
    "a configuration of no zone": typed(
        "dust.revision/1", id="r", received_at=T0, effective=T0,
        body={"county": {"zone": "Mars/Base"}, "sites": [], "devices": [], "rules": []},
    ),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_a_record_that_would_stop_the_fold_is_set_aside_and_the_next_is_folded(
    odd: tuple[Any, Headers],
) -> None:
    stage, producer, _ = made()
    log = dusty_hour()
    stage.fold(raw(0, log[0]))
    stage.fold(RawRecord(0, 1, odd[1], odd[0], T0))
    for offset, record in enumerate(log[1:], 2):
        stage.fold(raw(offset, record))
    await stage.deliver()
    topics = [topic for topic, _ in producer.sent]
    assert topics.count(QUARANTINE) == 1
    assert BREACHES in topics


def test_a_header_that_names_no_instant_stops_nothing() -> None:
    stage, _, _ = made()
    value, headers = arrow()
    for text in (b"soon", b"", b"-", b"9" * 40):
        stage.fold(RawRecord(0, 1, [headers[0], ("received_at", text)], value, T0))


async def test_a_stage_restored_from_a_snapshot_says_the_same_as_the_one_that_made_it() -> None:
    log = dusty_hour()
    first, through, _ = made()
    second, rest, _ = made()
    for offset, record in enumerate(log):
        if offset == 40:
            await first.deliver()
            second.restore(first.snapshot())
            through.sent.clear()
        first.fold(raw(offset, record))
        if offset >= 40:
            second.fold(raw(offset, record))
    await first.deliver()
    await second.deliver()
    assert through.sent == rest.sent
    assert len(rest.sent) > 20


def test_a_part_of_another_version_is_named() -> None:
    stage = DetectStage(Outlet(3, None), Telemetry("detect"), RESULTS, BREACHES)
    stage.restore(None)
    saved = dict(stage.snapshot())
    saved["hours"] = saved["hours"]._replace(version=99)
    with pytest.raises(PartUnreadable, match="part hours: of version 99; this program reads version 1"):
        stage.restore(saved)


@pytest.mark.parametrize("partitions", [1, 3])
async def test_the_partition_of_an_area_sends_its_episodes_to_history_and_no_other_does(
    partitions: int,
) -> None:
    storm = [revision(rules=[local_rule()]), background(T0, 500.0, T0 + HOUR + MINUTE)]
    sent: list[int] = []
    for partition in range(partitions):
        producer = FakeProducer()
        stage = detect_stages(Telemetry("detect"))(Outlet(partition, producer, partitions))
        stage.restore(None)
        for offset, record in enumerate(storm):
            stage.fold(RawRecord(partition, offset, encode(record)[1], encode(record)[0], T0))
        await stage.deliver()
        values = producer.of(RESULTS, CONTEXT)
        episodes = [value for value in values if b'"mark"' in value]
        sent += [partition] * len(episodes)
        assert [decode_regional(value).event for value in episodes] in ([], ["began"])
    assert sent == [partition_of("county", partitions)]


@pytest.mark.parametrize("partition", [0, 2])
async def test_a_remark_goes_to_history_from_the_partition_of_its_site(partition: int) -> None:
    producer = FakeProducer()
    stage = detect_stages(Telemetry("detect"))(Outlet(partition, producer, 3))
    stage.restore(None)
    said = Remark(T0, "d1", "site-1", "unknown_key", {"PM4": [3, T0, T0]})
    value, headers = encode(said)
    stage.fold(RawRecord(partition, 0, headers, value, T0))
    await stage.deliver()
    assert producer.of(RESULTS, CONTEXT) == [value]
