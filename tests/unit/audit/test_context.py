"""What verdicts depended on: written as rows of history and read back as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ingest import codec
from ingest.records import Background, Remark, Revision, Signal, Tick
from processors.history.context import (
    EPISODE,
    Context,
    ContextRow,
    background_of,
    batches_of_context,
    context_row,
    decode_context,
    encode_context,
    remark_of,
    signal_of,
)
from processors.records.breaches import BREACH, Breach, encode_breach
from processors.records.regional import REGIONAL, RegionalEpisode, encode_regional, regional_of
from tests.logs import HOUR, T0, WUHAN, Run, minutes, revision, rules_of, ticking
from tests.stored_revisions import revision_of

BACKGROUND = Background("bg-1", T0 + 9, "S1", T0, T0 + HOUR, {"pm10": 5, "tsp": 7})
ALERT = Signal("al-1", T0 + 9, "site-1", "alert", "orange", T0, None)
CALIBRATION = Signal(
    "ca-1",
    T0,
    "site-1",
    "calibration",
    None,
    T0,
    T0 + 1,
    "d1",
    [{"from": T0, "pollutant": "pm10", "slope": 1.1, "offset": 0.0, "factor": 1.0}],
)
REVISION = revision(["d2", "d1"], rules_of(WUHAN))
REMARK = Remark(T0 + 9, "d1", "site-1", "unknown_key", {"PM4": [3, T0, T0 + 8]})


def _rows(*records: Context) -> list[ContextRow]:
    """As a store hands them out."""
    return [
        context_row(
            {
                "kind": "",
                "name": "",
                "salt": "",
                "end": None,
                **point.tags,
                **point.fields,
                "time": point.time,
            }
        )
        for batch in batches_of_context(records)
        for point in batch.points()
    ]


def test_nothing_is_no_batch():
    assert batches_of_context([]) == []


def test_a_background_comes_back():
    (row,) = _rows(BACKGROUND)
    assert (row.kind, row.name, row.salt, row.time) == ("background", "S1", "bg-1", T0)
    assert background_of(row) == BACKGROUND


@pytest.mark.parametrize("signal", [ALERT, CALIBRATION])
def test_a_signal_comes_back_with_its_monitor_and_corrections(signal: Signal):
    (row,) = _rows(signal)
    assert (row.kind, row.name, row.salt) == ("signal", "site-1", signal.id)
    assert signal_of(row) == signal


def test_a_configuration_comes_back_from_its_pieces_in_any_order():
    whole, *pieces = _rows(REVISION)
    assert (whole.kind, whole.name, whole.time) == ("configuration", "", REVISION.effective)
    assert whole.body["counts"] == {"sites": 1, "devices": 2, "rules": len(REVISION.body["rules"])}
    assert [(p.kind, p.name) for p in pieces[:3]] == [
        ("site", "s1"),
        ("device", "d2"),
        ("device", "d1"),
    ]
    found = revision_of(whole, reversed(pieces))
    body = {**REVISION.body, "devices": sorted(REVISION.body["devices"], key=lambda d: d["id"])}
    assert found == Revision(REVISION.id, REVISION.received_at, REVISION.effective, body, REVISION.applied)


def test_of_a_configuration_only_the_pieces_of_interest_come_back():
    whole, *pieces = _rows(REVISION)
    found = revision_of(whole, [p for p in pieces if p.name == "d1"])
    assert ([d["id"] for d in found.body["devices"]], found.body["sites"], found.body["rules"]) == (
        ["d1"],
        [],
        [],
    )
    assert found.body["county"] == REVISION.body["county"]


@pytest.fixture(scope="module")
def breach() -> Breach:
    rows = minutes(T0, T0 + HOUR, 300)
    return Run(revision(["d1"], rules_of(WUHAN)), *ticking(rows, T0 + HOUR + 200_000)).breaches[0]


def test_an_event_of_a_breach_is_found_by_its_device_and_when(breach: Breach):
    (row,) = _rows(breach)
    assert (row.kind, row.name, row.time, row.received_at) == (
        "breach",
        "d1",
        breach.at,
        breach.at,
    )
    assert (row.salt, row.body["event_id"], row.id) == (
        breach.event_id[:4],
        breach.event_id,
        breach.id,
    )
    assert row.body["value"] == breach.value


@pytest.mark.parametrize("record", [BACKGROUND, ALERT, CALIBRATION, REVISION, REMARK])
def test_a_record_of_the_feed_is_kept_under_its_own_schema(record: Any):
    value, headers = codec.encode(record)
    schema = codec.schema_of(headers)
    kept, more = encode_context(value, schema, T0 + 1)
    assert codec.schema_of(more) == "dust.context/1"
    assert codec.received_at_of(more, 0) == T0 + 1
    assert decode_context(kept, more) == record


def test_remarks_of_one_instant_are_kept_apart_and_come_back_whole():
    other = replace(REMARK, kind="tolerance")
    rows = _rows(REMARK, other)
    assert [remark_of(row) for row in rows] == [REMARK, other]
    assert len({(row.name, row.salt, row.time) for row in rows}) == 2


def test_an_event_of_a_breach_is_kept_too(breach: Breach):
    assert decode_context(*encode_context(encode_breach(breach)[1], BREACH, T0)) == breach


def test_what_is_no_context_of_verdicts_is_refused_by_name():
    value, headers = codec.encode(Tick(T0, 1000, "b"))
    schema = codec.schema_of(headers)
    with pytest.raises(ValueError, match=f"header of: '{schema}' is no context of verdicts"):
        decode_context(*encode_context(value, schema, T0))


def test_an_event_of_a_regional_episode_comes_back_as_it_was_published() -> None:
    told = RegionalEpisode(
        "e1", "began", "county", "pm10", "ug/m3", 1000, 3_601_000, 500.0, 500.0, 350.0, 2, 3,
        "downgrade", "unconfirmed", "county policy, not confirmed by a source", 1, 4_000_000, "c1",
    )  # fmt: skip
    value, _ = encode_regional(told)
    assert decode_context(*encode_context(value, REGIONAL, told.at)) == told
    (row,) = _rows(told)
    assert (row.kind, row.name, row.time, row.end) == (EPISODE, "county", told.start, told.end)
    assert regional_of(row.body) == told


def test_each_version_of_an_order_that_people_change_is_kept() -> None:
    first = Signal("o1", 5, "site-1", "power", None, 10, 20, author="li", reason="line", document="7")
    changed = replace(first, received_at=15, end=12)
    rows = [_rows(one)[0] for one in (first, changed)]
    assert len({(row.name, row.salt, row.time) for row in rows}) == 2
    assert [signal_of(row) for row in rows] == [first, changed]
