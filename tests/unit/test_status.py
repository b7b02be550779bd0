"""What `dustwatch status` says and whether it is content, for given views of the log."""

from __future__ import annotations

from collections import Counter

from deploy.commands.status import lines_of
from deploy.overview import STUCK_AFTER_S, TICKS_STOPPED_S, Overview, StageState

WELL = {"last_tick": 1_763_856_000_000, "tick_age_s": 0.8}


def test_a_county_that_runs_is_well_and_tells_quarantine_by_reason() -> None:
    view = Overview(**WELL, quarantined=Counter(bad_json=2, unknown_device=1), outbox={"cases": 3})  # type: ignore[arg-type]
    assert view.well
    lines = lines_of(view)
    assert "quarantine    3: bad_json 2, unknown_device 1 (`dustwatch quarantine list`)" in lines
    assert "cases         3" in lines


def test_ticks_that_stopped_are_not_well_though_no_stage_is_behind() -> None:
    view = Overview(
        last_tick=1_763_856_000_000, tick_age_s=TICKS_STOPPED_S + 240, stages=[StageState("detect")]
    )
    assert not view.well
    assert "TICKS STOPPED 300 s ago: see the log of `dustwatch run bridge`" in lines_of(view)[0]


def test_a_log_without_a_tick_is_not_well() -> None:
    assert not Overview().well
    assert "is a bridge running?" in lines_of(Overview())[0]


def test_a_stage_with_an_old_record_before_it_is_stuck_and_its_log_is_named() -> None:
    view = Overview(**WELL, stages=[StageState("store", 7, STUCK_AFTER_S + 1)])  # type: ignore[arg-type]
    assert not view.well
    assert any("store         7 records behind" in line and "STUCK" in line for line in lines_of(view))


def test_a_reading_that_was_not_found_is_not_said_to_have_never_come() -> None:
    found = Overview(**WELL, looked_back=10_000)  # type: ignore[arg-type]
    assert lines_of(found)[1] == "last reading  none in the last 10000 records of each partition"
    assert lines_of(Overview(**WELL))[1] == "last reading  never"  # type: ignore[arg-type]
