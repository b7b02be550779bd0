"""Background values and signals: windows, ids, places, refusals."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingest.decoders.notices import BackgroundNotice, SignalNotice, decode_background, decode_signal
from ingest.records import Rejected

EIGHT = 1_795_392_000_000  # 2026-11-23T08:00+08:00
HOUR = 3_600_000
TEN = "2026-11-23T10:00:00+08:00"
STATION = "dust/v1/background/S001"
SITE = "dust/v1/signals/site-1"


def background(**fields: Any) -> BackgroundNotice | Rejected:
    sent = {"time": "2026-11-23T08:00:00+08:00", "label": "start", "period": 3600, "pm10": 80.5} | fields
    return decode_background(orjson.dumps({k: v for k, v in sent.items() if v != "absent"}), STATION)


def signal(**fields: Any) -> SignalNotice | Rejected:
    sent = {"id": "a-1", "kind": "alert", "level": "orange", "from": "2026-11-23T08:00:00+08:00"} | fields
    return decode_signal(orjson.dumps({k: v for k, v in sent.items() if v != "absent"}), SITE)


def test_an_hour_labelled_by_its_start_begins_there() -> None:
    notice = background()
    assert isinstance(notice, BackgroundNotice)
    assert (notice.station, notice.start, notice.end) == ("S001", EIGHT, EIGHT + HOUR)
    assert notice.values == {"pm10": 80_500}


def test_an_hour_labelled_by_its_end_is_the_hour_before() -> None:
    notice = background(label="end")
    assert isinstance(notice, BackgroundNotice)
    assert (notice.start, notice.end) == (EIGHT - HOUR, EIGHT)


def test_both_labels_of_one_hour_have_one_id() -> None:
    by_start, by_end = background(), background(label="end", time="2026-11-23T09:00:00+08:00")
    assert isinstance(by_start, BackgroundNotice)
    assert by_start == by_end


def test_another_value_of_the_same_hour_has_another_id() -> None:
    first, second = background(), background(pm10=81)
    assert isinstance(first, BackgroundNotice)
    assert isinstance(second, BackgroundNotice)
    assert first.id != second.id


def test_without_label_and_period_it_is_the_hour_that_begins_then() -> None:
    assert background(label="absent", period="absent") == background()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"label": "middle"}, "bad_value", id="neither start nor end"),
        pytest.param({"time": "absent"}, "bad_time", id="no time"),
        pytest.param({"time": "8 o'clock"}, "bad_time", id="a time in words"),
        pytest.param({"period": 0}, "bad_value", id="a period of none"),
        pytest.param({"period": True}, "bad_value", id="a truth value for a period"),
        pytest.param({"period": "an hour"}, "bad_value", id="a period in words"),
        pytest.param({"pm10": "absent"}, "no_known_key", id="no pollutant"),
        pytest.param({"pm10": -1}, "bad_value", id="negative"),
        pytest.param({"units": {"pm10": "kg/m3"}}, "bad_unit", id="a unit of no concentration"),
        pytest.param({"id": ""}, "bad_value", id="an empty id"),
    ],
)
def test_a_background_value_that_cannot_be_used_is_refused(fields: dict[str, Any], code: str) -> None:
    notice = background(**fields)
    assert isinstance(notice, Rejected)
    assert notice.code == code


@pytest.mark.parametrize("topic", ["dust/v1/background/", "dust/v1/background/a/b", "dust/v1/dev/readings"])
def test_a_background_topic_names_one_station(topic: str) -> None:
    notice = decode_background(b'{"time":0,"pm10":1}', topic)
    assert isinstance(notice, Rejected)
    assert notice.code == "unknown_station"


def test_a_signal_has_place_kind_level_and_times() -> None:
    notice = signal(until="2026-11-23T10:00:00+08:00")
    assert notice == SignalNotice("a-1", "site-1", "alert", "orange", EIGHT, EIGHT + 2 * HOUR)


def test_a_signal_without_times_begins_at_receipt_and_stays() -> None:
    notice = signal(**{"from": "absent"})
    assert isinstance(notice, SignalNotice)
    assert (notice.start, notice.end) == (None, None)


def test_a_signal_without_id_has_one_of_its_content() -> None:
    first, again, other = signal(id="absent"), signal(id="absent"), signal(id="absent", level="red")
    assert isinstance(first, SignalNotice)
    assert isinstance(other, SignalNotice)
    assert first == again
    assert first.id != other.id


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "gap"}, "bad_value"),  # only the log's keeper writes gaps
        ({"kind": None}, "bad_value"),
        ({"kind": []}, "bad_value"),
        ({"level": [1]}, "bad_value"),
        ({"from": "now"}, "bad_time"),
        ({"until": "2026-11-23T08:00:00+08:00"}, "bad_time"),
        ({"id": 1.5}, "bad_value"),
    ],
)
def test_a_signal_that_cannot_be_used_is_refused(fields: dict[str, Any], code: str) -> None:
    notice = signal(**fields)
    assert isinstance(notice, Rejected)
    assert notice.code == code


def calibration(**fields: Any) -> SignalNotice | Rejected:
    return signal(kind="calibration", **{"until": TEN, "level": "absent", "device": "dev-1", **fields})


def test_a_calibration_names_its_monitor_its_window_and_what_holds_from_when_on() -> None:
    notice = calibration(
        calibration=[{"pollutant": "pm10", "factor": 1.1}, {"from": EIGHT, "pollutant": "tsp", "offset": -3}]
    )
    assert isinstance(notice, SignalNotice)
    plain = {"slope": 1.0, "offset": 0.0, "factor": 1.0}
    assert notice.device == "dev-1"
    assert notice.calibration == (
        {"from": notice.end, **plain, "pollutant": "pm10", "factor": 1.1},
        {"from": EIGHT, **plain, "pollutant": "tsp", "offset": -3.0},
    )


def test_a_calibration_s_own_id_and_the_one_made_of_its_content_differ_by_the_factor() -> None:
    one, other = (
        calibration(id="absent", calibration=[{"pollutant": "pm10", "factor": f}]) for f in (1.1, 1.2)
    )
    assert isinstance(one, SignalNotice)
    assert isinstance(other, SignalNotice)
    assert one.id != other.id


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"device": "absent"}, "that of one monitor", id="no monitor"),
        pytest.param({"device": 7}, "no id of a monitor", id="a number for a monitor"),
        pytest.param({"until": "absent"}, "neither until", id="no end"),
        pytest.param({"calibration": {"pollutant": "pm10"}}, "expected a list", id="an object for a list"),
        pytest.param({"calibration": [3]}, "not an object", id="a number in the list"),
        pytest.param({"calibration": [{"pollutant": "pm10", "factor": 0}]}, "factor", id="a factor of 0"),
        pytest.param(
            {"calibration": [{"pollutant": "pm10", "factor": 11}]}, "outside (0, 10]", id="a factor above 10"
        ),
        pytest.param({"calibration": [{"pollutant": "noise"}]}, "pollutant", id="noise"),
        pytest.param({"calibration": [{"pollutant": "pm10", "k": 2}]}, "k: ", id="an unknown key"),
        pytest.param(
            {"calibration": [{"pollutant": "pm10"}, {"pollutant": "pm10"}]},
            "two of one pollutant",
            id="a pollutant twice",
        ),
    ],
)
def test_a_calibration_that_says_nothing_clear_is_refused(fields: dict[str, Any], words: str) -> None:
    refused = calibration(**fields)
    assert isinstance(refused, Rejected)
    assert refused.code == "bad_value"
    assert words in refused.detail


@pytest.mark.parametrize("kind", ["power", "shutdown", "maintenance"])
def test_a_cut_may_be_that_of_one_monitor_and_says_who_ordered_it_why_and_by_which_document(
    kind: str,
) -> None:
    body = {
        "kind": kind,
        "device": "dev-1",
        "author": "王\n敏",
        "reason": "线路检修",
        "document": "〔2026〕12号",
    }
    found = decode_signal(orjson.dumps(body), "dust/v1/signals/site-1")
    assert isinstance(found, SignalNotice)
    said = (found.device, found.author, found.reason, found.document)
    assert said == ("dev-1", "王 敏", "线路检修", "〔2026〕12号")


def test_who_ordered_it_is_part_of_what_an_order_is_and_an_order_without_keeps_its_id() -> None:
    def id_of(**more: object) -> str:
        found = decode_signal(orjson.dumps({"kind": "permit", **more}), "dust/v1/signals/site-1")
        assert isinstance(found, SignalNotice)
        return found.id

    assert id_of() == id_of(author="", reason=" ") != id_of(author="li") != id_of(author="wang")


@pytest.mark.parametrize("key", ["author", "reason", "document"])
def test_words_of_an_order_that_are_no_text_are_refused(key: str) -> None:
    for wrong in (7, ["a"], "x" * 501):
        found = decode_signal(orjson.dumps({"kind": "power", key: wrong}), "dust/v1/signals/site-1")
        assert isinstance(found, Rejected)
        assert (found.code, found.detail.split(":")[0]) == ("bad_value", key)
