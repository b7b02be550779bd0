"""What every history store must do, whichever it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.records import MISSING, Background, Readings, Revision, Signal
from processors.history import FlaggedReading, History, LatestReading, Point, StepAnswer, StepCapture, Steps
from processors.history.columns import (
    batches_of_intervals,
    batches_of_measurings,
    batches_of_outlooks,
    batches_of_readings,
    batches_of_rulings,
    batches_of_verdicts,
)
from processors.history.context import (
    Context,
    background_of,
    batches_of_context,
    context_row,
    signal_of,
)
from processors.history.measurements import FLOAT, INT, MEASUREMENTS, TEXT
from processors.records.outlooks import Outlook
from processors.records.verdicts import Interval, Verdict
from tests.stored_revisions import revision_of

T0 = 1_763_856_000_000  # 2025-11-23T00:00:00Z
HOUR = 3_600_000
DEV_2 = {"device": "dev-2", "period": "60", "site": "site-1"}
ODD_TEXTS = [
    "城东一号",
    "a b",
    "a,b",
    "a=b",
    'quo"te',
    "back\\slash",
    "back\\,comma",
    "\\start",
    "emoji 🌫",
    "#no comment",
    "x" * 300,
]


def reading(device: str, minute: int, site: str = "site-1", **values: float) -> Point:
    time = T0 + minute * 60_000
    return Point(
        "readings",
        {"device": device, "period": "60", "site": site},
        {**values, "received_at": time + 500},
        time,
    )


def readings(n: int, device: str = "dev-1") -> Readings:
    minutes = T0 + np.arange(n, dtype=np.int64) * 60_000
    return Readings(
        devices=(device,),
        sites=("site-1",),
        codes=np.zeros(n, np.int32),
        time=minutes,
        period=np.full(n, 60_000, np.int64),
        received_at=minutes + 500,
        values={
            "pm10": np.arange(n, dtype=np.int64) * 100 + 1,
            "temperature": np.full(n, MISSING, np.int64),
        },
        revision="r1",
    )


INTERVAL = Interval("i1", "site-1", "dev-1", "pm10", "mean", T0, T0 + HOUR, 81.5, 0.95, 57, 1)
VERDICT = Verdict(
    id="v1",
    kind="interval",
    site="site-1",
    point="dev-1",
    rule="hebei-pm10-hour",
    rule_revision="1",
    title={"zh_CN": "PM10 小时", "en": "PM10 hour"},
    clause="4.1",
    citation="DB13/2934-2019",
    status="read",
    pollutant="pm10",
    unit="ug/m3",
    start=T0,
    end=T0 + HOUR,
    answer="undetermined",
    reasons=("low_capture", "no_background"),
    value=81.5,
    background=None,
    subtracted=None,
    background_ids=(),
    limit=80.0,
    capture=0.5,
    interval="i1",
    revision=1,
    configuration="c1",
    decided_at=T0 + HOUR,
)


def test_points_are_accepted_and_read_back_in_order_of_time(history: History) -> None:
    outcome = history.write([reading("dev-1", 2, pm10=3.5), reading("dev-1", 1, pm10=2.25)])
    assert (outcome.accepted, outcome.rejected, outcome.kept) == (2, [], [])
    assert history.readings("dev-1", "pm10", T0, T0 + HOUR) == [(T0 + 60_000, 2.25), (T0 + 120_000, 3.5)]


def test_a_range_is_half_open_and_a_limit_keeps_the_newest(history: History) -> None:
    history.write([reading("dev-1", minute, pm10=float(minute)) for minute in range(5)])
    assert [v for _, v in history.readings("dev-1", "pm10", T0, T0 + 4 * 60_000)] == [0.0, 1.0, 2.0, 3.0]
    assert [v for _, v in history.readings("dev-1", "pm10", T0, T0 + HOUR, limit=2)] == [3.0, 4.0]


def test_what_was_never_written_is_empty_and_no_error(history: History) -> None:
    assert history.latest() == []
    assert history.readings("dev-1", "pm10", T0, T0 + HOUR) == []
    assert history.readings("dev-1", "no such quantity", T0, T0 + HOUR) == []
    assert history.intervals(pollutant="pm10", start_ms=T0, end_ms=T0 + HOUR) == []
    assert history.verdicts(start_ms=T0, end_ms=T0 + HOUR) == []
    assert history.outlooks(start_ms=T0, end_ms=T0 + HOUR) == []
    assert history.count("readings") == 0


def test_the_same_point_written_again_is_one_point_with_the_newer_fields(history: History) -> None:
    history.write([reading("dev-1", 1, pm10=1.0, tsp=7.0)])
    history.write([reading("dev-1", 1, pm10=2.0)])
    assert history.count("readings") == 1
    assert history.readings("dev-1", "pm10", T0, T0 + HOUR) == [(T0 + 60_000, 2.0)]
    assert history.readings("dev-1", "tsp", T0, T0 + HOUR) == [(T0 + 60_000, 7.0)]


def test_of_two_equal_points_in_one_write_the_later_counts(history: History) -> None:
    history.write([reading("dev-1", 1, pm10=1.0), reading("dev-1", 1, pm10=2.0)])
    assert history.readings("dev-1", "pm10", T0, T0 + HOUR) == [(T0 + 60_000, 2.0)]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_printable_text_survives_in_tags_and_fields(history: History, text: str) -> None:
    point = reading(text, 1, pm10=1.0)
    interval = replace(INTERVAL, id=text, site=text)
    assert history.write([point]).rejected == []
    assert history.write_batches(batches_of_intervals([interval])).accepted == 1
    assert [(r.device, r.site) for r in history.latest()] == [(text, "site-1")]
    assert history.readings(text, "pm10", T0, T0 + HOUR) == [(T0 + 60_000, 1.0)]
    (found,) = history.intervals(pollutant="pm10", site=text, start_ms=T0, end_ms=T0 + HOUR)
    assert (found["id"], found["site"]) == (text, text)


def test_a_line_break_in_a_text_field_survives(history: History) -> None:
    history.write_batches(batches_of_verdicts([replace(VERDICT, clause='two\nlines "quoted" \\ end\\')]))
    (found,) = history.verdicts(start_ms=T0, end_ms=T0 + 1)
    assert found["clause"] == 'two\nlines "quoted" \\ end\\'


@pytest.mark.parametrize(
    ("point", "word"),
    [
        pytest.param(Point("weather", {}, {"pm10": 1.0}, T0), "weather", id="an unknown measurement"),
        pytest.param(Point("readings", {"device": "d"}, {}, T0), "field", id="no field at all"),
        pytest.param(Point("readings", {"colour": "d"}, {"pm10": 1.0}, T0), "colour", id="an unknown tag"),
        pytest.param(Point("readings", {"device": "d"}, {"smell": 1.0}, T0), "smell", id="an unknown field"),
        pytest.param(
            Point("readings", {"device": "d"}, {"pm10": "much"}, T0), "much", id="a text for a number"
        ),
        pytest.param(
            Point("readings", {"device": "d"}, {"pm10": True}, T0), "True", id="a truth value for a number"
        ),
        pytest.param(
            Point("readings", {"device": "d"}, {"pm10": float("nan")}, T0), "nan", id="no number (NaN)"
        ),
        pytest.param(
            Point("readings", {"device": "d"}, {"received_at": 2**63}, T0), "64 bits", id="more than 64 bits"
        ),
        pytest.param(
            Point("readings", {"device": "d\n"}, {"pm10": 1.0}, T0),
            "control character",
            id="a control character in a tag",
        ),
        pytest.param(
            Point("readings", {"device": "d\\"}, {"pm10": 1.0}, T0),
            "backslash",
            id="a backslash at a tag's end",
        ),
    ],
)
def test_a_bad_point_is_rejected_with_a_reason_and_holds_up_nobody(
    history: History, point: Point, word: str
) -> None:
    outcome = history.write([reading("dev-1", 1, pm10=1.0), point, reading("dev-1", 2, pm10=2.0)])
    assert (outcome.accepted, outcome.kept) == (2, [])
    ((refused, reason),) = outcome.rejected
    assert repr(refused) == repr(point)
    assert word in reason
    assert history.count("readings") == 2


def test_latest_is_the_newest_reading_of_each_device_whatever_came_last(history: History) -> None:
    history.write([reading("dev-2", 9, "site-2", pm10=9.0, humidity=40.0), reading("dev-1", 5, tsp=5.0)])
    history.write([reading("dev-2", 3, "site-2", pm10=3.0, noise=60.0)])
    assert history.latest() == [
        LatestReading("dev-1", "site-1", T0 + 300_000, T0 + 300_500, 60_000, {"tsp": 5.0}),
        LatestReading("dev-2", "site-2", T0 + 540_000, T0 + 540_500, 60_000, {"pm10": 9.0, "humidity": 40.0}),
    ]


def test_latest_asked_again_and_again_follows_what_is_written(history: History) -> None:
    for minute, device in ((1, "dev-1"), (2, "dev-2"), (3, "dev-1"), (2, "dev-1"), (9, "dev-3")):
        history.write([reading(device, minute, pm10=float(minute))])
        history.write([reading("dev-1", 1, noise=50.0 + minute)])
        found = {r.device: (r.time - T0) // 60_000 for r in history.latest()}
        assert found[device] == max(minute, found[device])
    assert found == {"dev-1": 3, "dev-2": 2, "dev-3": 9}
    history.write([Point("readings", DEV_2, {"tsp": 7.0, "received_at": T0 + 1}, T0 + 120_000)])
    (changed,) = [r for r in history.latest() if r.device == "dev-2"]
    assert (changed.received_at, changed.values) == (T0 + 1, {"pm10": 2.0, "tsp": 7.0})


def test_an_instant_and_a_mean_of_the_same_time_are_two_points_and_the_instant_is_the_latest(
    history: History,
) -> None:
    batch = readings(2)
    batch.time[:] = T0
    batch.period[:] = (HOUR, 0)
    assert history.write_batches(batches_of_readings([batch])).accepted == history.count("readings") == 2
    (found,) = history.latest()
    assert (found.period, found.values) == (0, {"pm10": 0.101})
    assert sorted(v for _, v in history.readings("dev-1", "pm10", T0, T0 + 1)) == [0.001, 0.101]


def test_a_batch_of_readings_is_stored_to_the_thousandth_and_holes_stay_holes(history: History) -> None:
    outcome = history.write_batches(batches_of_readings([readings(700), readings(3, "dev-2")]))
    assert outcome.accepted == history.count("readings") == 703
    stored = history.readings("dev-1", "pm10", T0, T0 + 100 * HOUR)
    assert [v for _, v in stored] == [(i * 100 + 1) / 1000 for i in range(700)]
    assert history.readings("dev-1", "temperature", T0, T0 + 100 * HOUR) == []


def test_duplicates_are_not_stored_and_a_contradiction_is_kept_beside_its_rival(history: History) -> None:
    batch = readings(4)
    batch.time[:] = T0
    batch.marks = {1: "duplicate", 2: "clock,conflict", 3: "late"}
    batch.values["pm10"][3] = batch.values["pm10"][0]
    outcome = history.write_batches(batches_of_readings([batch]))
    assert (outcome.accepted, history.count("readings"), history.count("conflicts")) == (3, 1, 1)
    assert history.readings("dev-1", "pm10", T0, T0 + 1) == [(T0, 0.001)]


def test_intervals_are_found_by_pollutant_site_device_and_window(history: History) -> None:
    others = [
        replace(INTERVAL, id="i2", device="dev-2", site="site-2", value=None, capture=0.0, count=0),
        replace(INTERVAL, id="i3", end=T0 + HOUR // 4),
        replace(INTERVAL, id="i4", pollutant="tsp"),
        replace(INTERVAL, id="i5", start=T0 + HOUR, end=T0 + 2 * HOUR),
    ]
    assert history.write_batches(batches_of_intervals([INTERVAL, *others])).accepted == 5

    def found(**asked: str) -> list[str]:
        rows = history.intervals(start_ms=T0, end_ms=T0 + HOUR, **{"pollutant": "pm10", **asked})
        return sorted(row["id"] for row in rows)

    assert found() == ["i1", "i2", "i3"]
    assert found(site="site-1", window="1h") == ["i1"]
    assert found(device="dev-2") == ["i2"]
    assert found(pollutant="tsp") == ["i4"]
    (row,) = history.intervals(pollutant="pm10", window="15m", start_ms=T0, end_ms=T0 + HOUR)
    assert row == {
        "id": "i3",
        "site": "site-1",
        "device": "dev-1",
        "pollutant": "pm10",
        "statistic": "mean",
        "window": "15m",
        "start": T0,
        "end": T0 + HOUR // 4,
        "value": 81.5,
        "capture": 0.95,
        "count": 57,
        "revision": 1,
    }
    (hole,) = history.intervals(pollutant="pm10", device="dev-2", start_ms=T0, end_ms=T0 + HOUR)
    assert hole["value"] is None


def test_a_superseded_interval_is_overwritten(history: History) -> None:
    history.write_batches(batches_of_intervals([INTERVAL]))
    history.write_batches(batches_of_intervals([replace(INTERVAL, value=90.0, revision=2)]))
    (row,) = history.intervals(pollutant="pm10", start_ms=T0, end_ms=T0 + HOUR)
    assert (row["value"], row["revision"]) == (90.0, 2)


def test_verdicts_come_newest_first_with_all_they_say(history: History) -> None:
    later = replace(VERDICT, id="v2", start=T0 + HOUR, end=T0 + 2 * HOUR, answer="exceeds", reasons=())
    elsewhere = replace(VERDICT, id="v3", site="site-2", point="dev-9", answer="compliant", background=70.0)
    day = replace(VERDICT, id="v4", kind="day", end=T0 + 24 * HOUR)
    assert history.write_batches(batches_of_verdicts([VERDICT, later, elsewhere, day])).accepted == 4
    asked = {"start_ms": T0, "end_ms": T0 + 24 * HOUR}
    assert history.verdicts(**asked)[0]["id"] == "v2"
    assert {row["id"] for row in history.verdicts(**asked, site="site-1")} == {"v1", "v2", "v4"}
    assert [row["id"] for row in history.verdicts(**asked, limit=1)] == ["v2"]
    (row,) = history.verdicts(**asked, site="site-2")
    assert row == {
        "id": "v3",
        "kind": "interval",
        "site": "site-2",
        "device": "dev-9",
        "rule": "hebei-pm10-hour",
        "pollutant": "pm10",
        "unit": "ug/m3",
        "start": T0,
        "end": T0 + HOUR,
        "answer": "compliant",
        "answer_code": 0,
        "value": 81.5,
        "background": 70.0,
        "subtracted": None,
        "limit": 80.0,
        "capture": 0.5,
        "reasons": ["low_capture", "no_background"],
        "clause": "4.1",
        "title": {"zh_CN": "PM10 小时", "en": "PM10 hour"},
        "rule_revision": "1",
        "revision": 1,
        "configuration": "c1",
        "interval": "i1",
        "decided_at": T0 + HOUR,
    }


OUTLOOK = Outlook(
    id="o1", event="rose", state="warning", at=T0 + 1_200_000, site="site-1", point="dev-1",
    rule="hebei-pm10-hour", rule_revision="1", title={"en": "PM10 hour"}, clause="4.1",
    citation="DB13/2934-2019", status="reported", pollutant="pm10", unit="ug/m3", start=T0, end=T0 + HOUR,
    limit=80.0, subtracted=92.5, background_known=False, projected=212.125, low=190.0, high=240.5,
    probability=0.93, covered=18, settled=20, slots=60, required=163.999, minutes_left=40.0,
    configuration="c1",
)  # fmt: skip


def test_outlooks_come_in_the_order_in_which_they_were_said_with_all_they_say(history: History) -> None:
    later = replace(OUTLOOK, at=T0 + 1_500_000, state="certain", required=None, probability=None, id="o2")
    beside = replace(OUTLOOK, site="site-2", point="dev-0", subtracted=None, background_known=True, id="o3")
    outcome = history.write_batches(batches_of_outlooks([later, OUTLOOK, beside]))
    assert (outcome.accepted, outcome.rejected) == (3, [])
    found = history.outlooks(start_ms=T0, end_ms=T0 + HOUR)
    assert [row["id"] for row in found] == ["o3", "o1", "o2"]
    said = dict(found[1])
    assert said.pop("device") == "dev-1"
    assert said == {name: getattr(OUTLOOK, name) for name in said}
    assert {"at", "start", "end", "state", "projected", "required", "background_known"} <= said.keys()
    assert (found[0]["subtracted"], found[0]["background_known"]) == (None, True)
    assert (found[2]["required"], found[2]["probability"]) == (None, None)


def test_an_outlook_keeps_the_regional_episode_that_its_window_lies_in(history: History) -> None:
    episode = {"area": "县", "episode": "e1", "mark": 350.0, "mean": 480.5, "policy": "hold", "start": T0}
    labelled = replace(OUTLOOK, id="o2", state="certain", at=OUTLOOK.at + 1, regional=episode)
    history.write_batches(batches_of_outlooks([OUTLOOK, labelled]))
    history.write_batches(batches_of_outlooks([replace(OUTLOOK, id="o3", at=OUTLOOK.at + 2)]))
    found = history.outlooks(start_ms=T0, end_ms=T0 + HOUR)
    assert [row["regional"] for row in found] == [None, episode, None]


def test_outlooks_are_found_by_site_and_by_when_they_were_said_in_a_half_open_range(history: History) -> None:
    beside = replace(OUTLOOK, site="site-2", point="dev-0")
    history.write_batches(batches_of_outlooks([OUTLOOK, beside]))
    at = OUTLOOK.at
    assert [r["device"] for r in history.outlooks(start_ms=at, end_ms=at + 1, site="site-1")] == ["dev-1"]
    assert len(history.outlooks(start_ms=at, end_ms=at + 1)) == 2
    assert history.outlooks(start_ms=at - HOUR, end_ms=at) == []
    assert history.outlooks(start_ms=at + 1, end_ms=at + HOUR) == []
    assert history.count("outlooks") == 2


def test_of_one_instant_a_window_and_its_day_are_two_outlooks(history: History) -> None:
    day = replace(OUTLOOK, id="o9", kind="day", end=T0 + 24 * HOUR)
    history.write_batches(batches_of_outlooks([OUTLOOK, day]))
    found = history.outlooks(start_ms=OUTLOOK.at, end_ms=OUTLOOK.at + 1)
    assert {(row["id"], row["kind"]) for row in found} == {("o1", "interval"), ("o9", "day")}


def test_a_reachable_store_passes_its_check(history: History) -> None:
    history.check()


def test_instants_long_ago_and_far_ahead_are_kept(history: History) -> None:
    instants = [-86_400_000, 0, 4_102_444_800_000]
    points = [Point("readings", {"device": "d", "site": "s"}, {"pm10": 1.0}, t) for t in instants]
    assert history.write(points).accepted == 3
    assert [t for t, _ in history.readings("d", "pm10", instants[0], instants[2] + 1)] == instants


def _context(history: History, *records: Context) -> None:
    outcome = history.write_batches(batches_of_context(records))
    assert (outcome.rejected, outcome.kept) == ([], [])


def test_every_revision_of_a_verdict_stays_while_verdicts_keep_the_latest(history: History) -> None:
    again = replace(VERDICT, id="v2", revision=2, answer="exceeds", reasons=(), background=60.0)
    for verdict in (VERDICT, again):
        history.write_batches([*batches_of_verdicts([verdict]), *batches_of_rulings([verdict])])
    assert [row["id"] for row in history.verdicts(start_ms=T0, end_ms=T0 + 1)] == ["v2"]
    rulings = history.rows("rulings", {"device": "dev-1", "rule": "hebei-pm10-hour"}, T0, T0 + 1)
    assert [(row["id"], row["revision"], row["answer"]) for row in rulings] == [
        ("v1", "1", "undetermined"),
        ("v2", "2", "exceeds"),
    ]


def test_every_revision_of_an_interval_stays_while_intervals_keep_the_latest(history: History) -> None:
    again = replace(INTERVAL, id="i2", revision=2, value=90.0)
    outcome = None
    for interval in (INTERVAL, again, INTERVAL, again):  # written twice it is there once
        outcome = history.write_batches(
            [*batches_of_intervals([interval]), *batches_of_measurings([interval])]
        )
        assert (outcome.rejected, outcome.kept) == ([], [])
    latest = history.intervals(pollutant="pm10", start_ms=T0, end_ms=T0 + 1)
    assert [(row["id"], row["revision"], row["value"]) for row in latest] == [("i2", 2, 90.0)]
    kept = history.rows("measurings", {"device": "dev-1", "pollutant": "pm10"}, T0, T0 + 1)
    assert [(row["id"], row["revision"], row["value"]) for row in kept] == [
        ("i1", "1", 81.5),
        ("i2", "2", 90.0),
    ]
    assert [row["window"] for row in history.rows("measurings", {"id": "i1"})] == ["1h"]
    assert history.count("measurings") == 2


def test_a_verdict_is_found_by_its_id_alone(history: History) -> None:
    history.write_batches(batches_of_rulings([VERDICT, replace(VERDICT, id="v9", point="dev-2")]))
    (row,) = history.rows("rulings", {"id": "v9"})
    assert (row["device"], row["time"], row["limit"], row["citation"]) == (
        "dev-2",
        T0,
        80.0,
        "DB13/2934-2019",
    )
    assert history.rows("rulings", {"id": "nobody"}) == []


def test_rows_are_of_a_half_open_range_in_order_of_time_with_every_column(history: History) -> None:
    history.write([reading("dev-1", minute, pm10=float(minute)) for minute in (3, 1, 2)])
    rows = history.rows("readings", {"device": "dev-1"}, T0 + 60_000, T0 + 3 * 60_000)
    assert [row["pm10"] for row in rows] == [1.0, 2.0]
    assert rows[0]["tsp"] is None
    assert rows[0]["period"] == "60"
    assert rows[0]["received_at"] == T0 + 60_500


def test_a_background_and_its_correction_are_both_kept(history: History) -> None:
    first = Background("b1", T0 + HOUR, "S001", T0, T0 + HOUR, {"pm10": 120_000})
    _context(history, first, replace(first, id="c2", received_at=T0 + HOUR + 5, values={"pm10": 90_000}))
    rows = history.rows("context", {"kind": "background", "name": "S001"}, T0, T0 + HOUR)
    assert [background_of(context_row(row)).values["pm10"] for row in rows] == [120_000, 90_000]
    assert background_of(context_row(rows[0])) == first


def test_a_configuration_comes_back_from_its_pieces_as_it_was(history: History) -> None:
    body = {
        "county": {"name": "示范县", "zone": "Asia/Shanghai", "language": "zh_CN", "background": []},
        "sites": [{"id": "site-1", "name": '一号"工地\\'}],
        "devices": [{"id": "dev-1", "site": "site-1", "interval": 60}],
        "rules": [{"id": "r", "limit": 80.0}],
    }
    revision = Revision("abcdef", T0, T0 + 5, body, {"by": "li", "reason": "雨季"})
    _context(history, revision)
    rows = [context_row(row) for row in history.rows("context", {"id": "abcdef"})]
    whole = next(row for row in rows if row.kind == "configuration")
    assert revision_of(whole, [row for row in rows if row is not whole]) == revision


def test_a_signal_comes_back_as_it_was(history: History) -> None:
    signal = Signal("s1", T0, "site-1", "alert", "orange", T0, None)
    _context(history, signal)
    (row,) = history.rows("context", {"kind": "signal"})
    assert signal_of(context_row(row)) == signal


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_that_is_declared_is_stored_counted_and_read_back(
    name: str, history: History
) -> None:
    spec = MEASUREMENTS[name]
    values = {FLOAT: 1.5, INT: 7, TEXT: "text"}
    fields = {field: values[kind] for field, kind in spec.fields.items()}
    tags = {tag: f"a {tag}" for tag in spec.tags}
    outcome = history.write([Point(name, tags, fields, T0)])
    assert (outcome.accepted, outcome.rejected, outcome.kept) == (1, [], [])
    assert history.count(name) == 1
    assert history.rows(name, {}) == [{**tags, **fields, "time": T0}]
    for column in spec.indexes:
        if spec.fields.get(column) == TEXT:
            assert len(history.rows(name, {column: "text"})) == 1


def test_a_month_is_summed_up_by_the_worst_answer_of_each_rule_and_hour(history: History) -> None:
    """Other sites, other devices and verdicts on days are left out; hours are counted from the start."""
    half = T0 + HOUR // 2
    found = [
        replace(VERDICT, id="a", start=half, end=half + HOUR, answer="compliant", reasons=()),
        replace(VERDICT, id="b", start=half, end=half + HOUR, point="dev-2", answer="exceeds", reasons=()),
        replace(VERDICT, id="c", start=half + HOUR, end=half + 2 * HOUR),
        replace(VERDICT, id="d", start=half, end=half + 24 * HOUR, rule="day-mean"),
        replace(VERDICT, id="e", start=half, end=half + 24 * HOUR, kind="day", answer="exceeds"),
        replace(VERDICT, id="f", start=half, end=half + HOUR, site="site-2", rule="elsewhere"),
        replace(VERDICT, id="g", start=half, end=half + HOUR, point="dev-9", rule="not-asked"),
    ]
    history.write_batches(batches_of_verdicts(found))
    asked = Steps("site-1", ("dev-1", "dev-2"), half, half + 3 * HOUR, HOUR)
    assert history.answers(asked) == [
        StepAnswer(half, "day-mean", 1, half + 24 * HOUR),
        StepAnswer(half, "hebei-pm10-hour", 2, half + HOUR),
        StepAnswer(half + HOUR, "hebei-pm10-hour", 1, half + 2 * HOUR),
    ]
    assert history.answers(replace(asked, devices=())) == []


def test_captures_are_summed_up_by_day_device_and_length_of_window(history: History) -> None:
    found = [
        replace(INTERVAL, id="a", capture=1.0),
        replace(INTERVAL, id="b", start=T0 + HOUR, end=T0 + 2 * HOUR, capture=0.5),
        replace(INTERVAL, id="c", end=T0 + HOUR // 4, capture=0.25),
        replace(INTERVAL, id="d", start=T0 + 24 * HOUR, end=T0 + 25 * HOUR, capture=0.75),
        replace(INTERVAL, id="e", device="dev-9"),
    ]
    history.write_batches(batches_of_intervals(found))
    days = history.captures(Steps("site-1", ("dev-1",), T0, T0 + 48 * HOUR, 24 * HOUR))
    assert days == [
        StepCapture(T0, "dev-1", "pm10", "15m", 0.25, T0 + HOUR // 4),
        StepCapture(T0, "dev-1", "pm10", "1h", 1.5, T0 + 2 * HOUR),
        StepCapture(T0 + 24 * HOUR, "dev-1", "pm10", "1h", 0.75, T0 + 25 * HOUR),
    ]
    assert [day.length_ms for day in days] == [HOUR // 4, HOUR, HOUR]


def test_of_flagged_readings_the_newest_come_and_none_that_was_cleared(history: History) -> None:
    def point(device: str, minute: int, words: str) -> Point:
        tags = {"device": device, "period": "60", "site": "site-1"}
        return Point("quality", tags, {"words": words, "final": 0}, T0 + minute * 60_000)

    history.write(
        [point("dev-1", 1, "pm10=spike"), point("dev-1", 2, "pm10=flat_line!"), point("dev-2", 3, "")]
    )
    asked = Steps("site-1", ("dev-1", "dev-2"), T0, T0 + HOUR, HOUR)
    newest = FlaggedReading("dev-1", "pm10=flat_line!")
    assert history.flagged(asked, 10) == [newest, FlaggedReading("dev-1", "pm10=spike")]
    assert history.flagged(asked, 1) == [newest]
