"""The watch over the platform: what is a fault, what is well, and what can't be told yet."""

from __future__ import annotations

from alerts.newest_background import NewestBackground
from alerts.platform_faults import ChannelTrouble, FaultDetector, Sample, StageProgress
from alerts.routing import Watch
from ingest.records import Background
from ingest.register import BackgroundArea

LIMITS = Watch(ticks_stopped=60, stage_stuck=120, quarantine_more_than=100, quarantine_within=600)


def look(watcher: FaultDetector, at: float, **seen):
    return watcher.diagnose(Sample(at, **{"last_tick": at, **seen}))


def reached(**stages: tuple[int, int]):
    return {name: {0: StageProgress(*pair)} for name, pair in stages.items()}


def test_ticks_that_stop_for_a_minute_are_a_fault_and_their_return_ends_it():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 60, last_tick=0.5).faults == {}
    assert look(watcher, 61, last_tick=0.5).faults == {"ticks": {"seconds": 60}}
    found = look(watcher, 62)
    assert (found.faults, "ticks" in found.well) == ({}, True)


def test_ticks_that_never_came_are_counted_from_the_start():
    watcher = FaultDetector(LIMITS, 100)
    found = look(watcher, 130, last_tick=None)
    assert (found.faults, found.well) == ({}, frozenset())
    assert look(watcher, 161, last_tick=None).faults == {"ticks": {"seconds": 61}}


def test_a_stage_that_acknowledges_nothing_while_records_wait_is_stuck():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 0, reached=reached(store=(5, 10))).faults == {}
    assert look(watcher, 120, reached=reached(store=(5, 500))).faults == {}
    (fault,) = look(watcher, 125, reached=reached(store=(5, 500))).faults.items()
    assert fault == ("stage/store", {"stage": "store", "seconds": 125, "lag": 495, "reason": "partition 0"})
    assert "stage/store" in look(watcher, 130, reached=reached(store=(6, 500))).well


def test_a_stage_with_nothing_to_do_is_well_however_long():
    watcher = FaultDetector(LIMITS, 0)
    look(watcher, 0, reached=reached(store=(5, 5)))
    assert "stage/store" in look(watcher, 9999, reached=reached(store=(5, 5))).well
    # the time counts from when something waits, not from the last record
    assert look(watcher, 10_000, reached=reached(store=(5, 6))).faults == {}


def test_one_stuck_partition_is_found_beside_others_that_move():
    watcher = FaultDetector(LIMITS, 0)
    for at in range(0, 140, 10):
        found = look(watcher, at, reached={"detect": {0: StageProgress(at, at + 9), 7: StageProgress(3, 9)}})
    assert found.faults["stage/detect"]["reason"] == "partition 7"


def test_after_a_start_a_stage_that_lags_is_neither_stuck_nor_well():
    found = look(FaultDetector(LIMITS, 0), 1, reached=reached(store=(5, 10)))
    assert "stage/store" not in found.faults
    assert "stage/store" not in found.well


def test_a_look_that_saw_nothing_says_nothing_of_stages_and_quarantine():
    watcher = FaultDetector(LIMITS, 0)
    look(watcher, 0, reached=reached(store=(5, 10)), quarantined=7)
    found = look(watcher, 30)
    assert (found.faults, found.well) == ({}, {"ticks"})


def test_a_quarantine_that_grows_fast_is_a_fault_until_it_slows_down():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 0, quarantined=1000).faults == {}
    assert look(watcher, 300, quarantined=1100).faults == {}
    assert look(watcher, 310, quarantined=1101).faults == {"quarantine": {"count": 101, "seconds": 600}}
    found = look(watcher, 1000, quarantined=1101)
    assert (found.faults, "quarantine" in found.well) == ({}, True)


def test_a_channel_in_trouble_is_a_fault_with_what_it_said():
    trouble = ChannelTrouble("robot", 3, 1, "HTTP 500")
    assert look(FaultDetector(LIMITS, 0), 1, troubles=[trouble]).faults == {
        "delivery/robot": trouble._asdict()
    }


def test_messages_from_who_may_not_send_them_are_told_once_until_an_hour_without():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 10).faults == {}
    said = ["dust/v1/d1/readings: the payload names d2", "dust/v1/d3/readings: no"]
    assert look(watcher, 20, refused=said).faults == {"refused": {"count": 2, "reason": said[-1]}}
    assert look(watcher, 25).faults == {"refused": {"count": 2, "reason": said[-1]}}
    assert look(watcher, 3000, refused=said[:1]).faults["refused"] == {"count": 3, "reason": said[0]}
    assert "refused" in look(watcher, 6599).faults
    found = look(watcher, 6600)
    assert (found.faults, "refused" in found.well) == ({}, True)


def test_after_a_start_nobody_knows_for_an_hour_whether_somebody_is_refused():
    watcher = FaultDetector(LIMITS, 100)
    assert "refused" not in look(watcher, 3699).well
    assert "refused" in look(watcher, 3700).well


def test_an_hour_without_background_is_a_fault_of_its_area_until_one_comes():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 1, backgrounds={"county": (7200.0, True)}).faults == {}
    found = look(watcher, 2, backgrounds={"county": (7201.0, True), "east": (60.0, True)})
    assert found.faults == {"background/county": {"area": "county", "seconds": 7201}}
    assert "background/east" in found.well
    assert "background/county" in look(watcher, 3, backgrounds={"county": (3900.0, True)}).well


def test_after_a_start_an_area_is_neither_without_background_nor_well_and_zero_watches_none():
    found = look(FaultDetector(LIMITS, 0), 1, backgrounds={"county": (60.0, False)})
    assert (found.faults, "background/county" in found.well) == ({}, False)
    unwatched = FaultDetector(LIMITS.model_copy(update={"background_missing": 0}), 0)
    assert look(unwatched, 1, backgrounds={"county": (90_000.0, False)}).faults == {}


def test_the_newest_hour_of_an_area_is_one_that_enough_of_its_stations_have_sent():
    hour = 3_600_000
    area = BackgroundArea(area="county", stations=("S1", "S2"), min_stations=2)
    seen = NewestBackground(started=10 * hour)

    def came(station: str, end: int, length: int = hour) -> None:
        seen.take(Background(f"{station}-{end}", end, station, end - length, end, {"pm10": 1}))

    assert seen.ages([area], 11 * hour) == {"county": (3600.0, False)}
    came("S1", 11 * hour)
    came("S1", 12 * hour, 24 * hour)  # a day's mean is no hour
    assert seen.ages([area], 12 * hour) == {"county": (7200.0, False)}
    came("S2", 11 * hour)
    came("S2", 10 * hour)  # late
    assert seen.ages([area], 12 * hour) == {"county": (3600.0, True)}


def test_keys_that_nobody_has_explained_are_told_once_and_end_after_a_day_without():
    detector = FaultDetector(Watch(), 0.0)
    hour = 3600.0
    said = ("unknown_key", "dev-1", "PM10X")
    assert "unknown_key" not in detector.diagnose(Sample(1.0)).faults
    assert detector.diagnose(Sample(2.0, remarks=[said, ("tolerance", "dev-1", "x")])).faults == {
        "unknown_key": {"count": 1, "reason": "dev-1: PM10X"}
    }
    more = detector.diagnose(Sample(hour, remarks=[("unknown_key", "dev-2", "fw")]))
    assert more.faults["unknown_key"] == {"count": 2, "reason": "dev-1: PM10X; dev-2: fw"}
    assert "unknown_key" in detector.diagnose(Sample(20 * hour)).faults
    over = detector.diagnose(Sample(27 * hour))
    assert "unknown_key" not in over.faults
    assert "unknown_key" in over.well


def test_what_was_due_a_minute_ago_and_still_is_is_a_fault_until_it_is_dealt_with():
    watcher = FaultDetector(LIMITS, 0)
    assert look(watcher, 5).faults == {}
    found = look(watcher, 65, untold=(2, 1, "t1, t2, No. 7"))
    assert found.faults == {"untold": {"tellings": 2, "cases": 1, "reason": "t1, t2, No. 7"}}
    assert "untold" not in look(watcher, 70, untold=None).well, "not known is not well"
    assert "untold" in look(watcher, 125, untold=(0, 0, "")).well
