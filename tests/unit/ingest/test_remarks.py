"""Remarks: the first of a device and kind at once, the rest with the next hour, by bounded names."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batches import Row
from ingest.codec import decode, encode
from ingest.durations import HOUR_MS
from ingest.records import Noticed, Quarantined, Remark, ValueAside
from ingest.remarks import MOST_NAMES, OTHERS, Named, Remarks, remarks_of, summed

T0 = 1_795_392_000_000


def named(name: str, device: str = "d1", kind: str = "unknown_key") -> Named:
    return Named(device, "s1", kind, name)


def test_the_first_is_told_at_once_and_the_others_with_the_next_hour() -> None:
    remarks = Remarks()
    assert remarks.turn(T0) == []
    (first,) = remarks.note([named("a")], T0)
    assert first == Remark(T0, "d1", "s1", "unknown_key", {"a": [1, T0, T0]})
    assert remarks.note([named("a"), named("b")], T0 + 5) == []
    assert remarks.note([named("a")], T0 + 9) == []
    assert remarks.turn(T0 + HOUR_MS - 1) == []
    (rest,) = remarks.turn(T0 + HOUR_MS)
    assert rest.names == {"a": [2, T0 + 5, T0 + 9], "b": [1, T0 + 5, T0 + 5]}
    assert remarks.turn(T0 + 2 * HOUR_MS) == []


@given(
    seen=st.lists(
        st.tuples(st.integers(0, 6 * HOUR_MS), st.integers(0, 50), st.sampled_from(["d1", "d2"])),
        max_size=150,
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_and_never_two_of_an_hour_are_told(seen: list[tuple[int, int, str]]) -> None:
    remarks, told = Remarks(), []
    for at, number, device in sorted(seen):
        told += remarks.turn(T0 + at)
        told += remarks.note([named(f"k{number}", device)], T0 + at)
    told += remarks.turn(T0 + 8 * HOUR_MS)
    hours = [(one.device, one.kind, one.received_at // HOUR_MS) for one in told]
    assert len(hours) == len(set(hours))
    assert sum(count for one in told for count, _, _ in one.names.values()) == len(seen)
    for device in ("d1", "d2"):
        names = {name for one in told if one.device == device for name in one.names}
        assert len(names - {OTHERS}) <= MOST_NAMES


def test_a_row_is_remarked_upon_by_its_keys_marks_and_what_was_set_aside() -> None:
    row = Row(
        "d1", "s1", T0, 0, T0, {"pm10": 1}, {}, {}, ("clock_half_day", "label", "short_checksum", "retained"),
        {}, {"temperature": ValueAside(-127, "bad_value")}, ("PM10X",),
    )  # fmt: skip
    assert [(one.kind, one.name) for one in remarks_of(row)] == [
        ("unknown_key", "PM10X"),
        ("clock", "half_day"),
        ("label", "end"),
        ("tolerance", "short_checksum"),
        ("set_aside", "temperature/bad_value"),
    ]


def test_notices_refused_clocks_and_refused_identities_are_remarked_upon_of_known_devices_alone() -> None:
    notice = Noticed(T0, "bridge", "t", "hj212_2081", "d1", b"", "s1")
    assert list(remarks_of(notice)) == [named("hj212_2081", kind="notice")]
    assert list(remarks_of(notice._replace(device=None))) == []
    refused = Quarantined(T0, "bridge", "t", "not_allowed", "", b"", device="d1", site="s1")
    assert list(remarks_of(refused)) == [named("not_allowed", kind="identity")]
    assert (
        list(remarks_of(Quarantined(T0, "bridge", "t", "bad_value", "", b"", device="d1", site="s1"))) == []
    )


def test_a_remark_comes_back_from_the_log_as_it_went_in() -> None:
    remark = Remark(T0, "d1", "s1", "clock", {"half_day": [3, T0, T0 + 1]})
    assert decode(*encode(remark)) == remark


def test_what_was_seen_in_a_day_is_summed_by_kind_device_and_name() -> None:
    old = Remark(T0 - 1, "d1", "s1", "clock", {"zone": [9, T0 - 9, T0 - 1]})
    remarks = [
        old,
        Remark(T0, "d1", "s1", "clock", {"zone": [2, T0, T0]}),
        Remark(T0 + HOUR_MS, "d1", "s1", "clock", {"zone": [1, T0, T0], "year": [4, T0, T0]}),
    ]
    assert summed(remarks, T0) == {"clock": {"d1": {"zone": 3, "year": 4}}}
