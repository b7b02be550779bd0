"""Calibration told in the log: a window in which nothing is air, corrections from their instant on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import Readings, Signal
from processors.fold.detector import Detector
from processors.plan.calibrations import Calibrations
from tests.logs import HOUR, MINUTE, T0, Run, background, batch, local_rule, minutes, revision, row, ticking
from tests.parts import read_again, until

RULES = [local_rule()]


def entry(since: int, **more: Any) -> dict[str, Any]:
    return {"from": since, "pollutant": "pm10", "slope": 1.0, "offset": 0.0, "factor": 1.0, **more}


def told(
    *entries: dict[str, Any],
    at: int = T0,
    start: int | None = None,
    end: int | None = None,
    device: str = "d1",
    id: str = "c1",
) -> Signal:
    begin = at if start is None else start
    return Signal(id, at, "s1", "calibration", None, begin, end, device, list(entries) or None)


def hours(*signals: Signal, count: int = 2, devices=("d1",), value: float = 90.0) -> Run:
    rows = [one for d in devices for one in minutes(T0, T0 + count * HOUR, value, d)]
    log = ticking(rows, T0 + count * HOUR + 3 * MINUTE, others=signals)
    return Run(revision(devices, RULES), *log)


def values(run: Run, device: str = "d1") -> list[float | None]:
    return [v.value for v in run.verdicts if v.point == device]


def test_a_correction_holds_from_its_instant_beside_the_raw_value():
    run = hours(told(entry(T0 + HOUR, factor=1.5, offset=5.0)))
    assert values(run) == [90.0, 140.0]
    raw = {n for out in run.outputs if out.readings for n in out.readings.values["pm10"].tolist()}
    assert raw == {90_000}


def test_it_holds_for_its_monitor_alone_and_until_the_next_one():
    signals = told(entry(T0, factor=2.0), entry(T0 + HOUR, factor=1.2)), told(entry(T0, factor=3.0), id="c1")
    run = hours(*signals, devices=("d1", "d2"))
    assert values(run) == [180.0, 108.0]  # the second signal repeats an id
    assert values(run, "d2") == [90.0, 90.0]
    assert [n.kind for out in run.outputs for n in out.notes] == ["repeated_signal"]


def test_of_two_words_for_one_instant_the_later_holds_and_the_log_s_before_the_configuration_s():
    monitor = {"id": "d1", "calibration": [entry(T0, factor=4.0)]}
    signals = told(entry(T0, factor=3.0)), told(entry(T0, factor=2.0), at=T0 + 1, id="c2")
    log = ticking(minutes(T0 + MINUTE, T0 + HOUR, 90.0), T0 + HOUR + 3 * MINUTE, others=signals)
    assert values(Run(revision([monitor], RULES), *log)) == [180.0]


def test_a_reading_that_came_before_the_word_is_not_calibrated_anew():
    run = hours(told(entry(T0), at=T0 + HOUR // 2), told(entry(T0, factor=2.0), at=T0 + HOUR // 2, id="c2"))
    assert values(run) == [135.0, 180.0]


def test_what_a_monitor_says_while_it_is_calibrated_is_no_air():
    run = hours(told(start=T0, end=T0 + HOUR), devices=("d1", "d2"))
    assert [(v.point, v.answer, v.reasons) for v in run.verdicts if v.start == T0] == [
        ("d1", "undetermined", ("low_capture", "no_data", "values_not_admitted")),
        ("d2", "compliant", ()),
    ]
    assert {v.answer for v in run.verdicts if v.start > T0} == {"compliant"}


def test_a_calibration_told_late_supersedes_the_hour_that_it_touches_for_its_monitor_alone():
    late = told(at=T0 + HOUR + 30 * MINUTE, start=T0 + 10 * MINUTE, end=T0 + 50 * MINUTE)
    run = hours(late, devices=("d1", "d2"))
    first = [(v.point, v.revision, v.answer) for v in run.verdicts if v.start == T0]
    assert first == [("d1", 1, "compliant"), ("d2", 1, "compliant"), ("d1", 2, "undetermined")]


def test_a_single_value_while_a_monitor_is_calibrated_opens_nothing():
    rules = [local_rule(id="instant", window=0)]
    window = told(start=T0, end=T0 + HOUR)
    for device, opened in (("d1", 0), ("d2", 1)):
        run = Run(revision(["d1", "d2"], rules), window, batch(row(T0 + MINUTE, 500.0, device)))
        assert len(run.breaches) == opened


def test_a_correction_without_an_end_is_no_window():
    assert [v.answer for v in hours(told(entry(T0 + 5 * HOUR), start=T0)).verdicts] == ["compliant"] * 2


def test_a_correction_stays_with_its_monitor_through_a_new_configuration():
    log = ticking(
        minutes(T0 + MINUTE, T0 + 2 * HOUR, 90.0),
        T0 + 2 * HOUR + 3 * MINUTE,
        others=[told(entry(T0, factor=1.5))],
    )
    change = revision(["a0", "d1"], RULES, at=T0 + HOUR)
    records = sorted([*log, change], key=_received)
    assert values(Run(revision(["d1"], RULES), *records)) == [135.0, 135.0]


def test_a_calibration_told_before_any_configuration_holds_once_there_is_one():
    run = Run(told(entry(T0, factor=1.5)), revision(["d1"], RULES))
    run.fold(*ticking(minutes(T0 + MINUTE, T0 + HOUR, 90.0), T0 + HOUR + 3 * MINUTE))
    assert values(run) == [135.0]


def test_the_sensor_s_maximum_stays_a_raw_value():
    monitor = {"id": "d1", "maximum": {"pm10": 800.0}}
    run = Run(revision([monitor]), told(entry(T0, slope=0.5)), batch(row(T0 + MINUTE, 800.0)))
    assert [f.words["pm10"] for out in run.outputs for f in out.flags] == [("ceiling",)]


def test_what_has_long_been_replaced_is_forgotten_and_what_holds_is_not():
    held = Calibrations()
    for nth, since in enumerate((T0, T0 + HOUR, T0 + 40 * HOUR)):
        assert held.add(told(entry(since), id=f"c{nth}"))
    assert not held.add(told(entry(T0), id="c1"))
    held.forget(until(T0 + 30 * HOUR))
    assert [one.id for one in held.held] == ["c1", "c2"]
    assert read_again(held).held == held.held
    held.forget(until(T0 + 1000 * HOUR))
    assert [one.id for one in held.held] == ["c2"]


LOG = [
    revision(["d1", "d2"], RULES),
    *ticking(
        [*minutes(T0, T0 + 2 * HOUR, 90.0), *minutes(T0, T0 + 2 * HOUR, 70.0, "d2")],
        T0 + 2 * HOUR + 3 * MINUTE,
        others=[
            background(T0, 50.0, T0 + HOUR + 5 * MINUTE),
            told(entry(T0 + 20 * MINUTE, factor=1.5), start=T0 + 10 * MINUTE, end=T0 + 20 * MINUTE),
            told(entry(T0 + 70 * MINUTE, slope=0.8, offset=-1.5), at=T0 + 65 * MINUTE, id="c2"),
        ],
    ),
]
WHOLE = Run(*LOG)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, len(LOG) - 1))
def test_saved_and_restored_at_any_record_calibrations_go_on(place: int):
    before = Run(*LOG[:place])
    after = Run(*LOG[place:], detector=Detector.load(before.detector.dump()))
    assert before.verdicts + after.verdicts == WHOLE.verdicts
    assert after.detector.dump() == WHOLE.detector.dump()


def test_the_size_of_batches_changes_no_calibrated_value():
    rows = [row(T0 + k * MINUTE, 90.0 + k, received=T0 + k * MINUTE + 1000) for k in range(60)]
    found = []
    for size in (1, 7, 60):
        log = [revision(["d1"], RULES), told(entry(T0 + 30 * MINUTE, factor=1.37))]
        log += [batch(*rows[k : k + size]) for k in range(0, 60, size)]
        run = Run(*log, *ticking([], T0 + 2 * HOUR, start=T0 + 60 * MINUTE))
        found.append(values(run)[0])
    assert found[0] == found[1] == found[2]
    raw = sum(range(90, 120)) + 1.37 * sum(range(120, 150))
    assert found[0] == pytest.approx(raw / 60, abs=1e-3)


def _received(record: Any) -> int:
    return int(record.received_at[0]) if isinstance(record, Readings) else int(record.received_at)
