"""How a gap began: on a rising slope, under a high background; said on the silence and on its verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.batches import Row
from ingest.records import FeedRecord, Signal
from processors.fold.detector import Detector
from processors.silence.gap_onset import OnsetSettings, gap_onsets
from tests.logs import (
    HOUR,
    MINUTE,
    T0,
    Run,
    background,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    tick,
    ticking,
)

RISING, HIGH = "gap_on_rising_slope", "gap_under_high_background"
NAN = float("nan")
CUT = 80  # minute of the log after which nothing more comes


def rising(until: int = CUT, device: str = "d1") -> list[Row]:
    """Calm until 15 minutes before the cut, then three times as much."""
    level = [300.0 if minute >= until - 15 else 60.0 for minute in range(until)]
    return [row(T0 + minute * MINUTE, pm10, device) for minute, pm10 in enumerate(level)]


def flat(until: int = CUT) -> list[Row]:
    return minutes(T0, T0 + until * MINUTE, 60.0)


def night(value: float) -> FeedRecord:
    """The background of the first hour, known soon after it."""
    return background(T0, value, T0 + HOUR + 5 * MINUTE)


def run(rows: list[Row], *others: FeedRecord, until: int = 240, suspects: bool = False) -> Run:
    configuration = revision(rules=[local_rule()])
    configuration.body["county"]["suspicion"] = suspects
    return Run(configuration, *ticking(rows, T0 + until * MINUTE, others=others))


def silence(found: Run) -> tuple[str, ...]:
    (opened,) = [b for b in found.breaches if b.kind == "offline" and b.event == "opened"]
    return opened.reasons


def undetermined(found: Run) -> dict[int, tuple[str, ...]]:
    """Hour -> how its gap began, of the undetermined verdicts."""
    return {
        hour: tuple(code for code in reasons if code in (RISING, HIGH))
        for hour, answer, reasons in found.answers("local")
        if answer == "undetermined"
    }


def test_the_flags_are_those_of_the_last_half_hour_and_of_the_background():
    found = gap_onsets(
        np.array([2.5, 2.5, 1.9, NAN]),
        np.array([90.0, 70.0, 300.0, 90.0]),
        np.array([100.0, 200.0, 150.0, NAN]),
        OnsetSettings(),
    )
    assert found.rising.tolist() == [True, False, False, False]
    assert found.high_background.tolist() == [False, True, True, False]


@pytest.mark.parametrize("suspects", [False, True], ids=["not suspecting", "suspecting"])
@pytest.mark.parametrize(
    ("rows", "level", "codes"),
    [
        pytest.param(rising(), 50.0, (RISING,), id="rising, background low"),
        pytest.param(flat(), 50.0, (), id="flat, background low"),
        pytest.param(flat(), 180.0, (HIGH,), id="flat, background high"),
        pytest.param(rising(), 180.0, (RISING, HIGH), id="rising, background high"),
    ],
)
def test_silence_and_the_verdicts_of_the_gap_say_how_it_began(rows, level, codes, suspects):
    found = run(rows, night(level), suspects=suspects)
    assert silence(found) == tuple(sorted(("device_silent", *codes)))
    assert undetermined(found) == {1: codes, 2: codes}


def test_without_a_background_nothing_is_said_of_it():
    assert silence(run(rising())) == ("device_silent", RISING)


def test_a_gap_within_one_hour_is_flagged_though_the_device_is_back_before_its_verdict():
    back = minutes(T0 + (CUT + 25) * MINUTE, T0 + 4 * HOUR, 60.0)
    assert undetermined(run([*rising(), *back])) == {1: (RISING,)}


def test_a_short_pause_is_no_gap():
    back = minutes(T0 + (CUT + 12) * MINUTE, T0 + 4 * HOUR, 60.0)
    assert undetermined(run([*rising(), *back])) == {}


def test_a_later_gap_has_a_beginning_of_its_own():
    back = minutes(T0 + (CUT + 30) * MINUTE, T0 + (CUT + 90) * MINUTE, 60.0)
    found = run([*rising(), *back], until=300)
    assert undetermined(found) == {1: (RISING,), 3: ()}


def test_what_is_sent_later_in_time_fills_the_gap():
    rows = rising()
    late = [
        r._replace(received_at=T0 + (CUT + 35) * MINUTE)
        for r in minutes(T0 + CUT * MINUTE, T0 + (CUT + 30) * MINUTE, 300.0)
    ]
    rest = minutes(T0 + (CUT + 30) * MINUTE, T0 + 4 * HOUR, 60.0)
    assert undetermined(run([*rows, *late, *rest])) == {}


def test_a_gap_that_begins_under_maintenance_is_not_flagged():
    order = Signal("m", T0 + 30 * MINUTE, "s1", "maintenance", None, T0 + (CUT - 1) * MINUTE, T0 + 2 * HOUR)
    found = run(rising(), order)
    assert silence(found) == ("announced", "device_silent")
    assert set(undetermined(found).values()) == {()}


def test_a_gap_that_begins_while_we_are_deaf_is_not_flagged():
    ticks = [tick(T0 + m * MINUTE) for m in range(300) if not CUT - 2 < m < CUT + 60]
    timed = sorted(
        [(t.received_at, 0, t) for t in ticks] + [(r.received_at, 1, batch(r)) for r in rising()],
        key=lambda e: e[:2],
    )
    found = Run(revision(rules=[local_rule()]), *[record for _, _, record in timed])
    assert silence(found) == ("device_silent",)
    assert set(undetermined(found).values()) == {()}


def test_a_device_that_the_register_calls_silent_within_minutes_says_how_that_began():
    configuration = revision([{"id": "d1", "offline_after": 180}])
    found = Run(configuration, *ticking(rising(), T0 + 2 * HOUR))
    assert silence(found) == ("device_silent", RISING)


def test_of_a_long_patience_the_beginning_is_still_known_when_it_is_over():
    configuration = revision([{"id": "d1", "offline_after": 86_400}], [local_rule()])
    found = Run(configuration, *ticking(rising(), T0 + 27 * HOUR))
    assert silence(found) == ("device_silent", RISING)


def test_a_silent_site_says_how_the_silence_of_its_devices_began():
    devices = [{"id": "d1", "site": "s1"}, {"id": "d2", "site": "s1"}]
    rows = [*rising(), *minutes(T0, T0 + CUT * MINUTE, 60.0, "d2")]
    found = Run(revision(devices), *ticking(rows, T0 + 2 * HOUR))
    assert next(b for b in found.breaches if not b.device).reasons == (RISING, "site_silent")


def test_a_restart_between_any_two_records_changes_nothing():
    back = minutes(T0 + (CUT + 40) * MINUTE, T0 + 3 * HOUR, 60.0)
    log = [revision(["d1", "d2"], [local_rule()])]
    log += ticking([*rising(), *back, *rising(95, "d2")], T0 + 4 * HOUR, others=[night(180.0)])
    through, restarted = Run(*log), Run()
    for record in log:
        restarted.fold(record)
        restarted.detector = Detector.load(restarted.detector.dump())
    assert restarted.breaches == through.breaches
    assert restarted.verdicts == through.verdicts
    assert restarted.detector.dump() == through.detector.dump()
