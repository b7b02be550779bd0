"""What no standard foresees has a defined answer all the way: from the payload to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.county.compile import revision_of_folder
from ingest.batches import Row, readings_of
from ingest.recording import read_recording
from ingest.register import load_register
from ingest.units import JUDGED
from processors.fold.detector import Detector
from processors.replay.recordings import replay
from processors.replay.result import Replayed
from tests.counties import device, iso, message, reading, write_county, write_recording
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    WUHAN,
    WUHAN_RULE,
    Run,
    local_rule,
    revision,
    row,
    rules_of,
    tick,
)
from tests.parts import size_of

YEAR = 365 * 24 * HOUR
ODD_MINUTE = 30  # one reading of the first hour says something odd


def judged(tmp_path: Path, odd: dict[str, Any], **more: Any) -> Replayed:
    """Two hours of a calm monitor, one message of which is another."""
    folder = write_county(tmp_path / "county", [device("dev-1", **more)], packs=(WUHAN,))
    messages = [
        odd if minute == ODD_MINUTE else reading("dev-1", T0 + minute * MINUTE, pm10=50.0 + minute % 7)
        for minute in range(125)
    ]
    recording = write_recording(tmp_path / "recording.jsonl", messages)
    return replay(load_register(folder), revision_of_folder(folder, T0), [read_recording(recording)])


def odd(value: str, time: int | None = None) -> dict[str, Any]:
    """The odd message; `value` as it stands in its JSON."""
    at = T0 + ODD_MINUTE * MINUTE
    body = f'{{"time": "{iso(at if time is None else time)}", "pm10": {value}}}'
    return message(at + 1000, "dust/v1/dev-1/readings", body)


def hour(found: Replayed) -> tuple[str, float, float]:
    """(answer, value, capture) of the first hour."""
    (first,) = [v for v in found.verdicts if v["start"] == iso(T0) and v["rule"] == WUHAN_RULE]
    return first["answer"], first["value"], first["capture"]


CALM = pytest.approx(53, abs=0.5)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", '"NaN"', '"inf"', "true", "[1]"])
def test_what_is_no_number_is_set_aside_and_lowers_capture_and_no_more(tmp_path: Path, value: str) -> None:
    found = judged(tmp_path, odd(value))
    assert [line["rejected"] for line in found.quarantine] in (["bad_json"], ["bad_value"], ["empty"])
    assert hour(found) == ("compliant", CALM, 59 / 60)


@pytest.mark.parametrize("value", ["-5.1", "-99", "65535", "65.535e3", "99999", "-9999"])
def test_what_no_monitor_measures_is_kept_flagged_and_enters_no_mean(tmp_path: Path, value: str) -> None:
    found = judged(tmp_path, odd(value))
    lines = [line for line in found.readings if line["time"] == iso(T0 + ODD_MINUTE * MINUTE)]
    if lines:
        (said,) = [line["values"]["pm10"] for line in lines]
        assert said["value"] == pytest.approx(float(value))
        assert {"gross_range!", "ceiling!", "above_range!"} & set(said["flags"])
    else:
        assert [line["rejected"] for line in found.quarantine] == ["bad_value"]
    assert hour(found) == ("compliant", CALM, 59 / 60)


def test_a_clock_in_2040_counts_from_receipt_and_says_so(tmp_path: Path) -> None:
    found = judged(tmp_path, odd("54", T0 + 14 * YEAR))
    (line,) = [line for line in found.readings if "clock" in line["marks"]]
    assert line["time"] == line["received_at"]
    assert hour(found) == ("compliant", CALM, 1.0)


def test_a_year_old_reading_is_set_aside_and_waits(tmp_path: Path) -> None:
    found = judged(tmp_path, odd("900", T0 - YEAR))
    assert [line["rejected"] for line in found.quarantine] == ["bad_time"]
    assert hour(found) == ("compliant", CALM, 59 / 60)
    assert not found.breaches


def test_a_year_old_reading_that_a_device_may_send_is_kept_and_judges_nothing(tmp_path: Path) -> None:
    clock = {"ahead": 300, "behind": 604800, "when_behind": "keep"}
    found = judged(tmp_path, odd("900", T0 - YEAR), clock=clock)
    (line,) = [line for line in found.readings if line["time"] == iso(T0 - YEAR)]
    assert "late" in line["marks"]
    assert {v["start"] >= iso(T0 - HOUR) for v in found.verdicts} == {True}
    assert hour(found) == ("compliant", CALM, 59 / 60)
    assert not found.breaches


def test_a_whole_year_that_comes_at_once_changes_nothing_that_was_judged_and_wakes_nobody() -> None:
    old = [row(T0 - YEAR + n * HOUR, 900, received=T0 + 40 * MINUTE) for n in range(365 * 24 - 4)]
    fresh = [row(T0 + n * MINUTE, 50) for n in range(60)]
    run = Run(revision(rules=rules_of(WUHAN)), tick(T0))
    for minute in range(1, 70):
        run.fold(tick(T0 + minute * MINUTE))
        run.fold(
            *[
                readings_of([r])
                for r in fresh
                if T0 + minute * MINUTE - MINUTE <= r.time < T0 + minute * MINUTE
            ]
        )
        if minute == 41:
            run.fold(readings_of(old))
    assert [(v.answer, v.value) for v in run.verdicts if v.kind == "interval"] == [("compliant", 50.0)]
    assert not run.breaches
    assert sum("late" in text for text in run.marks) == len(old)
    assert size_of(run.detector.dump()) < 2_000_000


def test_a_rule_for_a_pollutant_that_nobody_measures_judges_nobody_who_speaks() -> None:
    rules = [local_rule(id="tsp-here", pollutant="tsp"), local_rule()]
    rows = [row(T0 + n * MINUTE, 50) for n in range(120)]
    run = Run(revision(rules=rules), tick(T0))
    for minute in range(125):
        run.fold(tick(T0 + minute * MINUTE))
        run.fold(*[readings_of([r]) for r in rows if r.time == T0 + minute * MINUTE])
    assert {v.rule for v in run.verdicts} == {"local"}
    assert not run.breaches


def test_a_rule_for_a_pollutant_that_nobody_measures_is_undetermined_for_who_never_spoke() -> None:
    run = Run(revision(rules=[local_rule(id="tsp-here", pollutant="tsp")]))
    run.fold(*[tick(T0 + minute * MINUTE) for minute in range(65)])
    (verdict,) = run.verdicts
    assert (verdict.answer, verdict.reasons) == (
        "undetermined",
        ("device_silent", "low_capture", "never_seen", "no_data"),
    )


MANY, A_SITE = 10_000, 5


@pytest.fixture(scope="module")
def many() -> Run:
    """10,000 devices of 2,000 sites that were never heard, with a county rule."""
    devices = [{"id": f"d{n:05}", "site": f"s{n // A_SITE:04}"} for n in range(MANY)]
    return Run(revision(devices, rules_of(HEBEI)), tick(T0))


def test_ten_thousand_devices_that_start_at_once_are_all_heard(many: Run) -> None:
    detector = Detector.load(many.detector.dump())
    at = T0 + MINUTE
    rows = [
        Row(f"d{n:05}", f"s{n // A_SITE:04}", at, 0, at + n % 1000, {"pm10": 50_000}, {}, {})
        for n in range(MANY)
    ]
    out = [detector.fold(readings_of(rows[first : first + 500])) for first in range(0, MANY, 500)]
    out += [detector.fold(tick(T0 + m * MINUTE)) for m in range(2, 15)]
    assert not [b for one in out for b in one.breaches]
    assert not any(one.marks or one.duplicates for one in out)
    assert detector.silence.has_sent(detector.plan.rows_of(detector.plan.devices), JUDGED.index("pm10")).all()


def test_ten_thousand_devices_that_never_start_are_told_as_sites(many: Run) -> None:
    detector = Detector.load(many.detector.dump())
    out = [detector.fold(tick(T0 + m * MINUTE)) for m in range(1, 17)]
    said = [b for one in out for b in one.breaches]
    assert len(said) == MANY + MANY // A_SITE
    assert sum(b.tell for b in said) == MANY // A_SITE
    assert {b.at for b in said} == {T0 + 15 * MINUTE}
    assert len({b.event_id for b in said}) == len(said)
