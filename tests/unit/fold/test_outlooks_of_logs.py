"""The word before the breach in the fold: rolling and long windows, and what is left of a day's allowance."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Readings
from processors.fold.detector import Detector
from processors.records.outlooks import Outlook
from tests.logs import (
    HEBEI,
    HEBEI_RULE,
    HOUR,
    MIDNIGHT,
    MINUTE,
    Run,
    background,
    local_rule,
    revision,
    row,
    rules_of,
    tick,
)

QUARTER = 15 * MINUTE
RULES = [
    local_rule(id="eight", window=28_800, alignment="rolling", step=3600),
    local_rule(id="eight-by-the-clock", window=28_800, least_capture=0.5),
    local_rule(id="day", window=86_400, least_capture=0.8333),
    local_rule(id="rolling-day", window=86_400, alignment="rolling", strict=False),
    local_rule(id="rolling-hour", alignment="rolling", step=900),
    local_rule(id="counted", allowance=2),
    local_rule(id="fussy", refuses=[], refuses_suspect=[], allowance=0),
    local_rule(id="quarters", window=900, allowance=3),
]
BEGIN = MIDNIGHT
DEVICE = {"id": "d1", "interval": 300}


def log(
    levels: list[float | None], rules: list = RULES, device: dict = DEVICE, more: int = 1
) -> list[FeedRecord]:
    """A day from midnight with a level an hour (None: nothing is sent), and some time after it."""
    step = device["interval"] * 1000
    records: list[FeedRecord] = [revision([device], rules, at=BEGIN, stations=())]
    for hour in range(len(levels) + more):
        level = levels[hour] if hour < len(levels) else None
        for begin in range(BEGIN + hour * HOUR, BEGIN + (hour + 1) * HOUR, 5 * MINUTE):
            records.append(tick(begin, 5 * MINUTE))
            rows: list[Row] = []
            if level is not None:
                rows = [row(t, level) for t in range(begin, begin + 5 * MINUTE, step)]
            if rows:
                records.append(readings_of(rows))
    return records


def _received(record: FeedRecord) -> int:
    return int(record.received_at[0]) if isinstance(record, Readings) else record.received_at


def outlooks(run: Run) -> list[Outlook]:
    return [one for out in run.outputs for one in out.outlooks]


def verdict_of(run: Run, outlook: Outlook) -> str | None:
    """What the window became, by its first revision."""
    kind = "day" if outlook.kind == "day" else "interval"
    return next(
        (
            v.answer
            for v in run.verdicts
            if (v.rule, v.point, v.start, v.end, v.kind)
            == (outlook.rule, outlook.point, outlook.start, outlook.end, kind)
        ),
        None,
    )


few = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
levels = st.lists(st.sampled_from([None, 20.0, 90.0, 130.0, 400.0]), min_size=24, max_size=24)


@pytest.mark.long
@given(levels)
@few
def test_no_certain_of_rolling_long_and_day_windows_ends_otherwise(hours: list[float | None]) -> None:
    run = Run(*log(hours))
    certain = [one for one in outlooks(run) if one.state == "certain"]
    for one in certain:
        assert verdict_of(run, one) in ("exceeds", None), one
        if one.end <= BEGIN + 24 * HOUR:
            assert verdict_of(run, one) == "exceeds", one


def test_every_kind_of_window_is_said_to_be_certain_before_its_end() -> None:
    run = Run(*log([400.0] * 24))
    certain: dict[str, list[Outlook]] = {}
    for one in outlooks(run):
        if one.state == "certain":
            certain.setdefault(f"{one.rule}/{one.kind}", []).append(one)
    assert set(certain) >= {
        "eight/interval",
        "eight-by-the-clock/interval",
        "day/interval",
        "rolling-hour/interval",
        "counted/day",
        "fussy/day",
        "quarters/day",
    }
    first = certain["day/interval"][0]
    # at 400 under 100: six hours are lost with zeros, but 20 of 24 must be captured before it is certain
    assert [first.at - BEGIN, first.minutes_left] == [19 * HOUR + 50 * MINUTE, 250.0]
    assert (first.covered, first.settled, first.slots, first.required) == (19, 19, 24, None)
    lost = next(o for o in outlooks(run) if o.rule == "day" and o.state == "exceeds_if_measuring_goes_on")
    assert lost.at - BEGIN == 6 * HOUR + 10 * MINUTE  # six hours come to the limit, one slot more exceeds it
    warned = next(o for o in outlooks(run) if o.rule == "day" and o.state == "warning")
    assert warned.at < lost.at
    assert warned.projected == 400.0


def test_the_required_average_of_a_day_is_told_as_long_as_there_is_one() -> None:
    run = Run(*log([120.0] * 24))
    said = next(o for o in outlooks(run) if o.rule == "day" and o.state == "warning")
    measured = said.settled + (said.at - BEGIN - said.settled * HOUR - 5 * MINUTE) / HOUR
    assert said.required == pytest.approx((24 * 100 - 120 * measured) / (24 - measured), rel=0.02)


def test_the_day_is_certain_from_the_third_exceeding_hour_on_or_before_its_end() -> None:
    run = Run(*log([20.0, 400.0, 20.0, 400.0, 20.0, 400.0, 20.0, 20.0], more=17))
    said = [o for o in outlooks(run) if o.rule == "counted" and o.kind == "day"]
    # the level of an hour that exceeded makes the next one likely at first
    states = [o.state for o in said]
    assert states[-2:] == ["exceeds_if_measuring_goes_on", "certain"]
    assert set(states[:-2]) <= {"warning", "quiet"}
    last = said[-1]
    assert (last.limit, last.covered, last.unit) == (2.0, 2, "intervals")
    # of the hour from 5 on 45 minutes must be captured, and two minutes are granted to what is late
    assert last.at == BEGIN + 5 * HOUR + 50 * MINUTE
    assert last.end - last.start == 24 * HOUR
    assert verdict_of(run, last) == "exceeds"
    assert not [o for o in said if o.event == "withdrawn"]


def test_with_a_background_that_is_not_known_the_day_is_not_certain_before_the_verdict() -> None:
    hours = [400.0] * 4
    records = log(hours, rules_of(HEBEI), {"id": "d1", "interval": 60})
    records[0] = revision([{"id": "d1"}], rules_of(HEBEI), at=BEGIN, stations=("S1",))
    came = [background(BEGIN + k * HOUR, 50.0, BEGIN + (k + 1) * HOUR + 20 * MINUTE) for k in range(4)]
    records = sorted([*records, *came], key=_received)
    run = Run(*records)
    said = [o for o in outlooks(run) if o.kind == "day"]
    assert {o.rule for o in said} == {HEBEI_RULE}
    certain = next(o for o in said if o.state == "certain")
    third = next(v for v in run.verdicts if v.kind == "interval" and v.start == BEGIN + 2 * HOUR)
    assert third.answer == "exceeds"
    assert third.decided_at <= certain.at <= third.decided_at + 5 * MINUTE


def test_people_are_told_of_a_rolling_window_only_where_it_gets_worse() -> None:
    run = Run(*log([20.0] * 4 + [400.0] * 8, more=12))
    said = [o for o in outlooks(run) if o.rule == "eight" and o.event == "rose"]
    assert len({o.end for o in said}) > 4
    told = [o for o in said if o.tell]
    assert 1 <= len(told) < len(said)
    assert told[0].at == said[0].at


def test_the_word_of_long_windows_survives_a_crash_at_any_record() -> None:
    records = log([20.0, 400.0, None, 400.0, 90.0, 400.0, 400.0, 20.0, 400.0, 400.0], more=2)
    whole = outlooks(Run(*records))
    detector, made = Detector.empty(), []
    for record in records:
        made += detector.fold(record).outlooks
        detector = Detector.load(detector.dump())
    assert made == whole
    assert {o.rule for o in whole} >= {"eight", "eight-by-the-clock", "counted", "rolling-hour"}


def test_a_rule_that_wants_no_word_and_statistics_without_one_say_nothing() -> None:
    rules = [
        local_rule(id="quiet", window=28_800, outlook=False),
        local_rule(id="none", outlook=False, allowance=0),
        local_rule(id="greatest", window=28_800, statistic="max"),
        local_rule(id="minutes", window=300),
        local_rule(id="single", window=0),
    ]
    assert outlooks(Run(*log([400.0] * 9, rules))) == []


def test_eight_hours_are_lost_within_the_hour_that_decides_and_not_only_when_it_has_closed() -> None:
    rule = local_rule(id="eight", window=28_800, least_capture=0.75)
    run = Run(*log([300.0] * 8, [rule]))
    said = [(o.state, o.at - BEGIN, o.covered) for o in outlooks(run) if o.start == BEGIN]
    # 300 under 100: two hours and two thirds come to the limit, one slot more exceeds it with zeros; six of
    # eight hours must be captured, and the sixth is as soon as 45 of its minutes are
    assert said[-2:] == [
        ("exceeds_if_measuring_goes_on", 2 * HOUR + 50 * MINUTE, 2),
        ("certain", 5 * HOUR + 50 * MINUTE, 5),
    ]
