"""The wind of a site's hour in the fold: vector means, pairs, shares, what is late, what is missing."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import pytest

from ingest.records import Signal
from processors.fold.detector import Detector
from processors.records.winds import decode_winds, encode_winds
from processors.wind.attribution import NOT_SITE, SITE, UNDETERMINED, AttributionSettings, hour_share
from tests.logs import HOUR, MINUTE, T0, Run, batch, minutes, revision, row, tick, ticking
from tests.series import POINTS, STATIONS

# north of the site's location stands n, south of it s, 100 m apart; the vane stands anywhere
DEVICES = ({"id": "n", "bearing": 0.0}, {"id": "s", "bearing": 180.0}, {"id": "vane"})
END = T0 + HOUR


def blowing(direction, speed=3.0, start=T0, end=END, **more):
    """A vane that speaks each minute."""
    at = range(start, end, MINUTE)
    return [row(t, device="vane", wind_speed=speed, wind_direction=direction, **more) for t in at]


def dust(north, south, start=T0, end=END):
    return [*minutes(start, end, north, "n"), *minutes(start, end, south, "s")]


def run(rows, until=END + 3 * MINUTE, devices=DEVICES, others=()):
    return Run(revision(devices), *ticking(rows, until, others=others))


def winds(fold):
    return [wind for out in fold.outputs for wind in out.winds]


def only(fold):
    (found,) = winds(fold)
    return found


def test_wind_from_the_north_makes_the_southern_point_the_downwind_one():
    found = only(run([*blowing(0.0), *dust(50.0, 200.0)]))
    assert (found.direction, found.sector, found.speed, found.steadiness) == (0.0, "N", 3.0, 1.0)
    (share,) = found.shares
    assert (share.upwind, share.downwind) == ("n", "s")
    assert (share.upwind_value, share.downwind_value, share.added) == (50.0, 200.0, 150.0)
    assert (share.answer, share.share) == (SITE, 0.75)
    # two monitors that may differ by 10 % each: 1.96 * 0.1 * sqrt(2) * 50 / 200
    assert share.high - share.share == pytest.approx(0.0693, abs=1e-4)
    assert share.share - share.low == pytest.approx(0.0693, abs=1e-4)


def test_when_the_wind_turns_the_same_values_speak_for_the_site_no_more():
    (share,) = only(run([*blowing(180.0), *dust(50.0, 200.0)])).shares
    assert (share.upwind, share.downwind, share.answer) == ("s", "n", NOT_SITE)


def test_within_what_two_monitors_may_differ_by_nothing_is_attributed():
    (share,) = only(run([*blowing(0.0), *dust(95.0, 100.0)])).shares
    assert (share.answer, share.reasons) == (UNDETERMINED, ("within_uncertainty",))
    assert share.low < 0 < share.high


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (blowing(0.0, speed=0.2), "calm"),
        ([], "no_wind_data"),
        ([*blowing(0.0, end=T0 + HOUR // 2), *blowing(180.0, start=T0 + HOUR // 2)], "variable_wind"),
    ],
)
def test_without_a_direction_the_share_is_undetermined_and_says_why(rows, reason):
    found = only(run([*rows, *dust(50.0, 200.0)]))
    assert (found.reason, found.direction, found.sector) == (reason, None, None)
    assert [(s.answer, s.reasons, s.share) for s in found.shares] == [(UNDETERMINED, (reason,), None)]


def test_a_crosswind_pairs_nobody():
    (share,) = only(run([*blowing(90.0), *dust(50.0, 200.0)])).shares
    assert share.reasons == ("no_upwind_monitor",)


def test_a_point_with_too_little_of_the_hour_takes_part_in_no_pair():
    few = minutes(T0, T0 + 20 * MINUTE, 200.0, "s")
    (share,) = only(run([*blowing(0.0), *minutes(T0, END, 50.0, "n"), *few])).shares
    assert share.reasons == ("no_upwind_monitor",)


def test_of_a_site_with_two_places_and_no_wind_it_is_said_that_there_is_none():
    found = only(run(dust(50.0, 200.0)))
    assert (found.speed, found.resultant, found.steadiness, found.direction, found.sector) == (None,) * 5
    assert (found.readings, found.reason) == (0, "no_wind_data")


def test_a_site_without_wind_and_without_places_has_no_record():
    assert winds(run(minutes(T0, END, 50.0), devices=("d1",))) == []


def test_late_wind_supersedes_the_hour_and_what_changes_nothing_says_nothing():
    late = [one._replace(received_at=END + 10 * MINUTE) for one in blowing(0.0, end=T0 + 50 * MINUTE)]
    calm = blowing(0.0, speed=0.0, start=T0 + 50 * MINUTE)
    first, second = winds(run([*calm, *dust(50.0, 200.0), *late], until=END + 20 * MINUTE))
    assert (first.revision, first.reason, second.revision, second.reason) == (1, "calm", 2, "")
    assert second.shares[0].answer == SITE
    assert first.id != second.id
    again = [row(T0 + 30_000, 50.0, "n", received=END + 10 * MINUTE)]
    assert len(winds(run([*blowing(0.0), *dust(50.0, 200.0), *again], until=END + 20 * MINUTE))) == 1


def test_wind_that_comes_after_its_hour_is_forgotten_changes_nothing():
    late = [one._replace(received_at=END + 5 * HOUR) for one in blowing(180.0)]
    found = winds(run([*blowing(0.0), *dust(50.0, 200.0), *late], until=END + 5 * HOUR + 5 * MINUTE))
    assert [w.direction for w in found if w.start == T0] == [0.0]


def test_instants_and_means_are_not_mixed_and_what_a_device_flags_is_left_out():
    minute_means = [one._replace(period=60_000) for one in blowing(90.0, end=T0 + 40 * MINUTE)]
    assert only(run([*blowing(0.0), *minute_means])).direction == 0.0
    flagged = blowing(90.0, speed=50.0, flags={"wind_direction": "D"})
    found = only(run([*blowing(0.0, end=T0 + 20 * MINUTE), *flagged[20:]]))
    assert (found.direction, found.readings) == (0.0, 20)


def test_an_hour_of_which_the_log_lacks_records_is_attributed_to_nobody():
    gap = Signal("g", END + 10 * MINUTE, "county", "gap", None, T0 + MINUTE, T0 + 5 * MINUTE)
    first, second = winds(run([*blowing(0.0), *dust(50.0, 200.0)], until=END + 12 * MINUTE, others=[gap]))
    assert first.shares[0].answer == SITE
    assert [(s.answer, s.reasons) for s in second.shares] == [(UNDETERMINED, ("log_gap",))]


def test_hours_survive_a_snapshot_and_a_new_configuration():
    rows = [*blowing(0.0), *dust(50.0, 200.0)]
    records = [revision(DEVICES), *ticking(rows, T0 + 30 * MINUTE)]
    plain = Run(*[r for r in ticking(rows, END + 3 * MINUTE) if r.received_at > T0 + 30 * MINUTE])
    assert plain.verdicts == []
    half = Run(*records).detector
    rest = [r for r in ticking(rows, END + 3 * MINUTE) if r.received_at > T0 + 30 * MINUTE]
    whole = only(Run(*records, *rest))
    assert only(Run(*rest, detector=Detector.load(half.dump()))) == whole
    more = revision([{"id": "a", "bearing": 90.0, "site": "s0"}, *DEVICES], at=T0 + 30 * MINUTE)
    moved = [w for w in winds(Run(*records, more, *rest)) if w.site == "s1"]
    assert [replace(w, configuration=whole.configuration) for w in moved] == [whole]


def test_hours_are_the_same_after_the_wire():
    made = winds(run([*blowing(0.0), *dust(50.0, 200.0)]))
    value, headers = encode_winds(made, END)
    assert decode_winds(value) == made
    assert ("schema", b"dust.winds/1") in headers


def test_nothing_downwind_is_nothing_to_share_out():
    assert hour_share(10, 0, AttributionSettings()).reasons == ("no_excess",)


def test_hourly_vector_means_are_those_of_numbers_that_are_not_ours_on_the_recorded_winds_of_stations(
    recordings,
):
    """Each hour of the recording is played as ten minutes: six of them make a clock hour here."""
    rows, expected = [], {}
    for station in STATIONS:
        lines = recordings.station_lines(station)[: 40 * 6]
        for i, line in enumerate(lines):
            if line["wd"] in POINTS and line["WSPM"] not in ("", "NA"):
                degrees, speed = POINTS.index(line["wd"]) * 22.5, float(line["WSPM"])
                rows.append(
                    row(T0 + i * 10 * MINUTE, device=station, wind_speed=speed, wind_direction=degrees)
                )
                expected.setdefault(i // 6, []).append((speed, degrees))
    rows.sort(key=lambda one: one.received_at)
    found = winds(run(rows, until=T0 + 40 * HOUR + 3 * MINUTE, devices=STATIONS))
    assert len(found) == len(expected)
    told = 0
    for hour in found:
        own = expected[(hour.start - T0) // HOUR]
        vector = sum(cmath.rect(s, math.radians(d)) for s, d in own) / len(own)
        assert hour.readings == len(own)
        assert hour.speed == pytest.approx(sum(s for s, _ in own) / len(own), abs=6e-4)
        assert hour.resultant == pytest.approx(abs(vector), abs=6e-4)
        if hour.direction is not None:
            told += 1
            apart = (hour.direction - math.degrees(cmath.phase(vector)) + 180) % 360 - 180
            assert abs(apart) < 0.001
    assert told >= 20


def test_one_batch_over_two_hours_is_gathered_into_both():
    rows = [*blowing(0.0, start=END - MINUTE), *blowing(90.0, start=END, end=END + MINUTE)]
    both = Run(revision(DEVICES), batch(*rows), *ticking([], END + HOUR + 3 * MINUTE, start=END + 2 * MINUTE))
    assert {w.start: w.direction for w in winds(both)} == {T0: 0.0, END: 90.0}


def test_a_tick_alone_tells_no_wind():
    assert winds(Run(revision(DEVICES), tick(T0 + MINUTE))) == []
