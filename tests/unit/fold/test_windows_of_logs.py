"""Windows in event time: slots, capture, weights, flags, conflicts, late values."""

from __future__ import annotations

import pytest

from tests.logs import HOUR, MINUTE, T0, Run, batch, local_rule, minutes, revision, row, tick, ticking


def judged(rows, until=T0 + HOUR + 3 * MINUTE, devices=("d1",)):
    return Run(revision(devices), *ticking(rows, until))


def test_an_hour_with_a_value_in_every_slot_has_their_mean_and_full_capture():
    rows = minutes(T0, T0 + HOUR // 2, 100) + minutes(T0 + HOUR // 2, T0 + HOUR, 200)
    (hour,) = judged(rows).hours()
    assert (hour.start, hour.end, hour.value, hour.capture, hour.count) == (T0, T0 + HOUR, 150.0, 1.0, 60)


def test_quarters_of_an_hour_are_windows_too():
    run = judged(minutes(T0, T0 + HOUR, 100))
    quarters = [i for i in run.intervals if i.end - i.start == HOUR // 4]
    assert [(i.start - T0) // (HOUR // 4) for i in quarters] == [0, 1, 2, 3]
    assert {i.value for i in quarters} == {100.0}


def test_a_slot_with_many_values_weighs_as_much_as_a_slot_with_one():
    rows = [row(T0 + s * 1000, 400) for s in range(60)] + [row(T0 + MINUTE, 100)]
    (hour,) = judged(rows).hours()
    assert hour.value == 250.0
    assert hour.capture == 2 / 60


def test_a_value_with_a_period_covers_every_slot_that_it_touches():
    (hour,) = judged([row(T0, 100, period=15 * MINUTE)]).hours()
    assert (hour.value, hour.capture, hour.count) == (100.0, 0.25, 1)


def test_values_with_a_period_weigh_by_their_overlap_with_the_slot():
    rows = [row(T0, 100, period=45_000), row(T0 + 45_000, 200, period=15_000)]
    (hour,) = judged(rows).hours()
    assert hour.value == 125.0


def test_a_period_across_the_end_of_the_window_counts_on_both_sides():
    rows = [row(T0 + HOUR - MINUTE, 100, period=2 * MINUTE)]
    first, second = judged(rows, T0 + 2 * HOUR + 3 * MINUTE).hours()
    assert (first.value, first.capture) == (second.value, second.capture) == (100.0, 1 / 60)


def test_an_hour_value_enters_the_hour_and_no_shorter_window():
    run = judged([row(T0, 100, period=HOUR, received=T0 + HOUR + 1000)])
    assert [(i.end - i.start, i.capture) for i in run.intervals] == [(HOUR, 1.0)]


def test_what_means_over_more_than_an_hour_enters_nothing():
    assert not judged([row(T0, 100, period=2 * HOUR)]).intervals


def test_capture_counts_slots_of_the_device_s_own_interval():
    rows = [row(T0 + n * 5 * MINUTE, 100) for n in range(9)]
    run = judged(rows, devices=[{"id": "d1", "interval": 300}])
    assert [i.capture for i in run.hours()] == [0.75]


def test_an_interval_that_does_not_divide_a_quarter_has_hours_only():
    run = judged([row(T0, 100)], devices=[{"id": "d1", "interval": 1200}])
    assert [(i.end - i.start, i.capture) for i in run.intervals] == [(HOUR, 1 / 3)]


def test_a_flagged_value_lowers_capture_and_never_enters_the_mean():
    rows = minutes(T0, T0 + HOUR // 2, 100) + minutes(T0 + HOUR // 2, T0 + HOUR, 0, flags={"pm10": "D"})
    (hour,) = judged(rows).hours()
    assert (hour.value, hour.capture, hour.count) == (100.0, 0.5, 30)


def test_an_hour_of_flagged_values_is_an_interval_without_a_value():
    (hour,) = judged(minutes(T0, T0 + HOUR, 7, flags={"pm10": "T"})).hours()
    assert (hour.value, hour.capture, hour.count) == (None, 0.0, 0)


def test_a_flag_of_another_pollutant_changes_nothing():
    (hour,) = judged(minutes(T0, T0 + HOUR, 7, flags={"tsp": "D"}, tsp=9)).hours()
    assert (hour.value, hour.capture) == (7.0, 1.0)


def test_pollutants_are_kept_apart():
    run = judged(minutes(T0, T0 + HOUR, 30, tsp=300, pm2_5=3))
    assert [run.hours(pollutant=p)[0].value for p in ("pm2_5", "pm10", "tsp")] == [3.0, 30.0, 300.0]


def test_the_same_reading_again_counts_once():
    rows = minutes(T0, T0 + HOUR, 100)
    run = judged([*rows, *(r._replace(received_at=r.received_at + 30_000) for r in rows)])
    (hour,) = run.hours()
    assert (hour.count, run.duplicates, run.marks.count("duplicate")) == (60, 60, 60)


def test_the_same_reading_twice_in_one_batch_counts_once():
    run = Run(revision(), batch(row(T0, 100), row(T0, 100)))
    assert (run.duplicates, run.marks) == (1, ["duplicate"])


def test_a_duplicate_is_still_known_after_its_window_has_closed():
    rows = minutes(T0, T0 + HOUR, 100)
    run = judged(rows).fold(tick(T0 + 2 * HOUR), batch(rows[5]._replace(received_at=T0 + 2 * HOUR)))
    assert run.marks == ["duplicate"]


def test_of_two_different_contents_for_one_instant_one_counts_and_the_later_is_marked():
    there, back = [row(T0, 100), row(T0, 900)], [row(T0, 900), row(T0, 100)]
    runs = [judged([*order, row(T0 + MINUTE, 50)]) for order in (there, back)]
    assert runs[0].hours() == runs[1].hours()
    assert runs[0].hours()[0].value in (75.0, 475.0)
    assert runs[0].hours()[0].count == 2
    assert [run.marks for run in runs] == [["conflict"]] * 2


def test_two_packets_of_one_instant_with_different_pollutants_are_no_conflict():
    run = judged([row(T0, 100), row(T0, None, tsp=300)])
    assert not run.marks
    assert (run.hours()[0].value, run.hours(pollutant="tsp")[0].value) == (100.0, 300.0)


def test_an_instant_and_a_minute_mean_of_one_time_are_no_conflict_of_windows():
    (hour,) = judged([row(T0, 100), row(T0, 100, period=MINUTE)]).hours()
    assert (hour.value, hour.count, hour.capture) == (100.0, 2, 1 / 60)


def test_an_hour_value_beside_minute_values_fills_only_the_slots_that_have_none():
    rows = [*minutes(T0, T0 + 30 * MINUTE, 100, period=MINUTE), row(T0, 160, period=HOUR, received=T0 + HOUR)]
    (hour,) = judged(rows).hours()
    assert (hour.value, hour.count, hour.capture) == (130.0, 31, 1.0)


def test_what_comes_within_the_lateness_is_in_time():
    last = row(T0 + HOUR - MINUTE, 160, received=T0 + HOUR + 119_000)
    (hour,) = judged([*minutes(T0, T0 + HOUR - MINUTE, 100), last]).hours()
    assert (hour.count, hour.value) == (60, 101.0)


def test_what_comes_after_the_lateness_supersedes_its_windows():
    late = row(T0 + HOUR - MINUTE, 160, received=T0 + HOUR + 121_000)
    run = judged([*minutes(T0, T0 + HOUR - MINUTE, 100), late], T0 + HOUR + 5 * MINUTE)
    assert [(hour.revision, hour.count, hour.value) for hour in run.hours()] == [
        (1, 59, 100.0),
        (2, 60, 101.0),
    ]
    assert run.marks == ["amends"]


@pytest.mark.parametrize(
    ("after", "hours", "mark"),
    [(71 * HOUR, [(1, 1), (2, 2)], "amends"), (73 * HOUR, [(1, 1)], "late")],
)
def test_what_comes_later_than_late_for_is_marked_and_enters_no_mean(after, hours, mark):
    late = row(T0 + MINUTE, 160, received=T0 + after)
    run = judged([row(T0, 100), late], T0 + after + HOUR)
    assert [(hour.revision, hour.count) for hour in run.hours()] == hours
    assert run.marks == [mark]


def test_what_misses_its_quarter_may_still_enter_its_hour():
    slow = row(T0 + MINUTE, 160, received=T0 + 30 * MINUTE)
    run = judged([row(T0, 100), slow])
    assert run.marks == ["amends"]
    assert [(i.revision, i.count) for i in run.intervals if i.end == T0 + 15 * MINUTE] == [(1, 1), (2, 2)]
    assert run.hours()[0].count == 2


def test_a_rule_may_wait_longer_for_its_quarters_than_any_does_for_its_hours():
    rule = local_rule(window=900, lateness_s=3600)
    late = row(T0 + 20 * MINUTE, 300, received=T0 + HOUR + 10 * MINUTE)
    rows = [r for r in minutes(T0, T0 + HOUR, 100) if r.time != late.time]
    run = Run(revision(rules=[rule]), *ticking([*rows, late], T0 + 2 * HOUR))
    assert [(v.answer, v.value) for v in run.verdicts] == [
        ("compliant", 100.0),
        ("exceeds", 100 + 200 / 15),
        ("compliant", 100.0),
        ("compliant", 100.0),
    ]
    assert [(h.revision, h.value) for h in run.hours()] == [(1, 100.0), (2, 100 + 200 / 60)]
    assert run.marks == ["amends"]


def test_a_duplicate_of_a_quarter_that_is_still_waited_for_counts_once():
    rule = local_rule(window=900, lateness_s=3600)
    rows = minutes(T0, T0 + HOUR, 100)
    again = row(T0 + 20 * MINUTE, 100, received=T0 + HOUR + 10 * MINUTE)
    run = Run(revision(rules=[rule]), *ticking([*rows, again], T0 + 2 * HOUR))
    assert (run.duplicates, run.marks) == (1, ["duplicate"])


def test_an_hour_value_has_no_quarter_to_miss():
    assert not judged([row(T0, 100, period=HOUR, received=T0 + HOUR + 1000)]).marks


def test_a_mean_across_the_end_of_a_closed_hour_is_not_late_for_the_next_one():
    across = row(T0 + HOUR - 5 * MINUTE, 160, period=10 * MINUTE, received=T0 + HOUR + 5 * MINUTE)
    run = judged([row(T0, 100), across], T0 + 2 * HOUR + 3 * MINUTE)
    assert run.marks == ["amends"]
    assert [(hour.start, hour.revision, hour.value, hour.capture) for hour in run.hours()] == [
        (T0, 1, 100.0, 1 / 60),
        (T0, 2, 150.0, 6 / 60),
        (T0 + HOUR, 1, 160.0, 5 / 60),
    ]


def test_windows_follow_the_clock_of_a_zone_with_half_hours():
    feed = revision()
    feed.body["county"]["zone"] = "Asia/Kolkata"
    run = Run(feed, *ticking(minutes(T0, T0 + 2 * HOUR, 100), T0 + 2 * HOUR))
    assert {i.start % HOUR for i in run.intervals if i.end - i.start == HOUR} == {HOUR // 2}


def test_the_first_reading_may_belong_to_a_window_that_began_before_the_configuration():
    rows = [row(T0 - MINUTE, 100, received=T0 + 10_000)]
    (hour,) = judged(rows).hours()
    assert (hour.start, hour.count) == (T0 - HOUR, 1)


def test_a_value_from_far_ahead_is_kept_but_not_judged():
    run = judged([row(T0 + 10 * HOUR, 100, received=T0 + 1000)], T0 + 12 * HOUR)
    assert run.marks == ["future"]
    assert not run.intervals


@pytest.mark.parametrize("old", [3 * HOUR, 366 * 24 * HOUR])
def test_an_old_backlog_is_late_and_judges_nothing(old):
    run = judged([row(T0 - old, 100, received=T0 + 1000)])
    assert [text.split(",")[0] for text in run.marks] == ["late"]
    assert not run.intervals


def test_a_device_that_the_configuration_does_not_name_is_marked_and_not_judged():
    run = judged([row(T0, 100, device="stranger"), row(T0, 100)])
    assert run.marks == ["unknown_device"]
    assert {i.device for i in run.intervals} == {"d1"}


def test_readings_before_any_configuration_pass_through_unjudged():
    run = Run(batch(row(T0, 100)))
    assert (run.marks, run.detector.ready, len(run.outputs[0].notes)) == (["unjudged"], False, 1)
