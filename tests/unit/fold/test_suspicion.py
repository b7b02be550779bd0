"""Suspected falsification in the fold: opened once an episode with its evidence, closed, saved, moved."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import orjson
import pytest

from ingest.records import FeedRecord, Readings, Signal
from processors.breaches import SUSPICION
from processors.columns import Packing
from processors.fold.detector import Detector
from processors.fold.suspicion import Suspicions, evidence_of, rule_of
from processors.plan.plan import Plan
from processors.records.breaches import decode_breach, encode_breach
from processors.suspicion import episodes
from processors.suspicion.features import NUMBER
from processors.suspicion.finding import EvidenceNumber, Finding, Guard
from processors.suspicion.patterns import NUMBERS, PATTERNS
from processors.suspicion.wording import GUARDS
from tests.logs import HOUR, MINUTE, T0, Run, background, batch, revision, row, tick, ticking
from tests.parts import read_again

STUCK = rule_of("stuck")


def fives(start: int, end: int, value=None, device="d1", **more):
    """A reading every five minutes; honest values where none is given."""
    return [
        row(t, 90.0 + (t // MINUTE * 37 % 61) if value is None else value, device, **more)
        for t in range(start, end, 5 * MINUTE)
    ]


def listed(*devices: str, at: int = T0):
    return revision([{"id": d, "interval": 300} for d in devices], at=at)


def log_of(rows, until: int, others=()) -> list[FeedRecord]:
    return ticking(rows, until, others=others)


def stuck_log(hours: int = 32) -> list[FeedRecord]:
    """Stuck from the third hour to the sixth, honest before and after."""
    rows = fives(T0, T0 + 2 * HOUR)
    rows += fives(T0 + 2 * HOUR, T0 + 6 * HOUR, 88.0)
    rows += fives(T0 + 6 * HOUR, T0 + hours * HOUR)
    return log_of(rows, T0 + hours * HOUR + 3 * MINUTE)


def stuck(run: Run):
    """Without what else an even test log looks like."""
    return [b for b in run.suspicions if b.rule == STUCK]


def test_a_stuck_monitor_opens_one_suspicion_with_its_evidence_an_hour_after_it_shows():
    run = Run(listed("d1"), *stuck_log(8))
    (opened,) = run.suspicions
    assert (opened.event, opened.kind, opened.level, opened.rule) == ("opened", SUSPICION, SUSPICION, STUCK)
    assert (opened.start, opened.end) == (T0 + 2 * HOUR, T0 + 4 * HOUR)
    assert opened.at == T0 + 5 * HOUR + 2 * MINUTE
    assert (opened.tell, opened.limit, opened.pollutant) == (True, None, None)
    assert opened.title["zh"].startswith("疑似")
    assert opened.title["en"].startswith("Suspected")
    assert opened.evidence is not None
    assert opened.evidence["numbers"]["value"] == {"value": 88.0, "unit": "ug/m3"}
    assert opened.evidence["plot"]["series"]["mean"]["values"][-2:] == [88.0, 88.0]
    assert {guard["name"] for guard in opened.evidence["guards"]} <= set(GUARDS)


def test_it_closes_once_the_pattern_has_not_been_seen_for_a_day():
    run = Run(listed("d1"), *stuck_log(33))
    opened, closed = stuck(run)
    assert (closed.event, closed.id, closed.reasons) == ("closed", opened.id, ("suspicion_over",))
    assert closed.at == T0 + 32 * HOUR + 2 * MINUTE
    assert closed.evidence is None
    assert opened.event_id != closed.event_id


def test_found_again_after_its_end_it_is_another_breach():
    rows = fives(T0, T0 + 2 * HOUR) + fives(T0 + 2 * HOUR, T0 + 5 * HOUR, 88.0)
    rows += fives(T0 + 5 * HOUR, T0 + 33 * HOUR) + fives(T0 + 33 * HOUR, T0 + 37 * HOUR, 99.0)
    run = Run(listed("d1"), *log_of(rows, T0 + 37 * HOUR + 3 * MINUTE))
    assert [b.event for b in stuck(run)] == ["opened", "closed", "opened"]
    assert len({b.id for b in stuck(run)}) == 2


def test_what_a_guard_explains_is_a_note_and_no_breach():
    rows = fives(T0, T0 + 2 * HOUR) + fives(T0 + 2 * HOUR, T0 + 5 * HOUR, 12.0)
    run = Run(listed("d1"), *log_of(rows, T0 + 6 * HOUR + 3 * MINUTE))
    assert run.suspicions == []
    notes = [n for out in run.outputs for n in out.notes if n.kind == "suspicion_explained"]
    assert [n.words for n in notes] == ["d1: stuck, explained by night_rest"]


@pytest.mark.parametrize("letter", ["C", "M"])
def test_what_a_device_sends_while_it_is_serviced_is_excused(letter):
    rows = fives(T0, T0 + 2 * HOUR)
    rows += fives(T0 + 2 * HOUR, T0 + 5 * HOUR, 88.0, flags={"pm10": letter})
    assert Run(listed("d1"), *log_of(rows, T0 + 6 * HOUR + 3 * MINUTE)).suspicions == []


def test_a_fault_that_the_device_itself_tells_of_excuses_nothing():
    rows = fives(T0, T0 + 2 * HOUR) + fives(T0 + 2 * HOUR, T0 + 5 * HOUR, 88.0, flags={"pm10": "D"})
    run = Run(listed("d1"), *log_of(rows, T0 + 6 * HOUR + 3 * MINUTE))
    assert [b.rule for b in run.suspicions] == [STUCK]


def test_a_maintenance_order_excuses_the_hours_that_it_touches():
    order = Signal("m1", T0 + HOUR, "s1", "maintenance", None, T0 + 2 * HOUR, T0 + 6 * HOUR)
    rows = fives(T0, T0 + 2 * HOUR) + fives(T0 + 2 * HOUR, T0 + 6 * HOUR, 88.0)
    run = Run(listed("d1"), *log_of(rows, T0 + 7 * HOUR + 3 * MINUTE, [order]))
    assert run.suspicions == []


def test_the_clock_of_a_device_is_known_from_the_time_of_receipt():
    rows = [
        row(t + 10 * MINUTE, 90.0 + t // MINUTE * 37 % 61, received=t)
        for t in range(T0, T0 + 4 * HOUR, 5 * MINUTE)
    ]
    run = Run(listed("d1"), *log_of(rows, T0 + 5 * HOUR + 3 * MINUTE))
    (opened,) = run.suspicions
    assert opened.rule == rule_of("clock")
    assert opened.evidence["numbers"]["lag"] == {"value": -600.0, "unit": "s"}


def test_readings_from_the_future_are_counted_as_evidence_of_their_clock():
    rows = [row(t + 5 * HOUR, 90.0, received=t) for t in range(T0, T0 + 4 * HOUR, 5 * MINUTE)]
    run = Run(listed("d1"), *log_of(rows, T0 + 5 * HOUR + 3 * MINUTE))
    (opened,) = run.suspicions
    assert (opened.rule, opened.start, opened.end) == (rule_of("clock"), T0, T0 + 2 * HOUR)
    assert opened.evidence["numbers"]["astray_day"] == {"value": 24.0, "unit": "1"}
    history = run.detector.suspicions.episodes.history
    assert history.last("last_minute", 1)[0, 0] == 59.0  # it is no silence


def test_readings_that_ingestion_placed_by_their_receipt_are_counted_where_they_are_most():
    def placed(share: int):
        marks = [("clock",) if n % 10 < share else () for n in range(48)]
        times = range(T0, T0 + 4 * HOUR, 5 * MINUTE)
        rows = [
            row(t, 90.0 + n * 37 % 61, marks=m) for n, (t, m) in enumerate(zip(times, marks, strict=True))
        ]
        return Run(listed("d1"), *log_of(rows, T0 + 5 * HOUR + 3 * MINUTE)).suspicions

    assert [b.rule for b in placed(8)] == [rule_of("clock")]
    assert placed(2) == []


def ranged(t: int, width: float, received: int | None = None):
    value = 90.0 + t // MINUTE * 37 % 61
    one = row(t, value, period=5 * MINUTE, received=received or t + 5 * MINUTE + 1000)
    whole = round(value * 1000)
    return one._replace(beside={"pm10_min": whole - round(width * 1000), "pm10_max": whole})


def test_means_without_a_range_are_suspected_and_those_with_one_are_not():
    for width, rules in ((0.0, [rule_of("flat_means")]), (2.0, [])):
        rows = [ranged(t, width) for t in range(T0, T0 + 7 * HOUR, 5 * MINUTE)]
        run = Run(listed("d1"), *log_of(rows, T0 + 9 * HOUR))
        assert [b.rule for b in run.suspicions] == rules, width


def counted(t: int, factor: float):
    one = row(t, 90.0 + t // MINUTE * 37 % 61)
    return one._replace(beside={"pm10_count": round(one.values["pm10"] / factor)})


def test_a_mass_factor_that_was_lowered_is_seen_by_the_raw_count():
    rows = [counted(t, 2.0 if t < T0 + 7 * HOUR else 1.8) for t in range(T0, T0 + 10 * HOUR, 5 * MINUTE)]
    run = Run(listed("d1"), *log_of(rows, T0 + 11 * HOUR + 3 * MINUTE))
    (opened,) = run.suspicions
    assert opened.rule == rule_of("mass_factor")
    numbers = opened.evidence["numbers"]
    assert (numbers["k_before"]["value"], numbers["k_after"]["value"]) == (2.0, 1.8)


def test_what_is_beside_does_not_depend_on_batches_nor_on_a_restart():
    rows = [ranged(t, 0.0, T0 + 6 * HOUR) for t in range(T0 + 5 * HOUR, T0 + 6 * HOUR, 5 * MINUTE)]
    sums = []
    for size in (1, 5, 12):
        run = Run(listed("d1"), tick(T0 + 5 * HOUR))
        for k in range(0, 12, size):
            run.fold(batch(*rows[k : k + size]))
            run.detector = Detector.load(run.detector.dump())
        (held,) = run.detector.suspicions.hour_sums.hours.values()
        sums.append((held.ranged.tolist(), held.flat.tolist()))
    assert sums == [([12], [12])] * 3


def test_a_calibration_is_no_step_of_what_a_device_sends():
    change = {"from": T0 + 3 * HOUR, "pollutant": "pm10", "slope": 0.37, "offset": 5.0, "factor": 1.5}
    told = Signal("c1", T0, "s1", "calibration", None, T0, None, "d1", [change])
    rows = fives(T0, T0 + 6 * HOUR)
    plain = Run(listed("d1"), *log_of(rows, T0 + 8 * HOUR)).detector.suspicions.episodes.history
    run = Run(listed("d1"), *log_of(rows, T0 + 8 * HOUR, [told]))
    calibrated = run.detector.suspicions.episodes.history
    assert run.hours()[-1].value == pytest.approx(run.hours()[0].value * 0.555 + 5, rel=0.05)
    for name in ("mean", "least", "greatest", "deviation", "autocorrelation", "run_share"):
        np.testing.assert_allclose(calibrated.last(name, 6), plain.last(name, 6), rtol=2e-3)


def test_a_value_that_came_before_its_calibration_was_told_is_taken_as_it_is():
    change = {"from": T0, "pollutant": "pm10", "slope": 3.0, "offset": 0.0, "factor": 1.0}
    told = Signal("c1", T0 + 30 * MINUTE, "s1", "calibration", None, T0, None, "d1", [change])
    rows = fives(T0, T0 + HOUR, 50.0)
    run = Run(listed("d1"), *log_of(rows, T0 + 2 * HOUR + 3 * MINUTE, [told]))
    assert run.detector.suspicions.episodes.history.last("greatest", 1)[0, 0] == 50.0


def reference_of(run: Run):
    return run.detector.suspicions.episodes.history.last("reference", 1)[0].tolist()


def test_where_no_station_is_known_other_monitors_are_no_background():
    rows = [one for k in range(5) for one in fives(T0, T0 + HOUR, 40.0, f"d{k}")]
    run = Run(listed(*(f"d{k}" for k in range(5))), *log_of(rows, T0 + 2 * HOUR + 3 * MINUTE))
    assert np.isnan(reference_of(run)).all()


def test_what_changes_at_one_station_moves_the_background_of_an_area_little():
    for values, known in (((70.0, 72.0, 500.0), 72.0), ((70.0, 500.0), 70.0), ((70.0,), np.nan)):
        stations = [f"S{n}" for n in range(3)]
        told = [background(T0, value, T0 + HOUR, f"S{n}") for n, value in enumerate(values)]
        start = revision([{"id": "d1", "interval": 300}], stations=stations, least=2)
        run = Run(start, *log_of(fives(T0, T0 + HOUR), T0 + 2 * HOUR + 3 * MINUTE, told))
        np.testing.assert_array_equal(reference_of(run), [known])


def test_who_comes_to_a_partition_without_devices_is_where_it_would_be_among_others():
    """Silent no more in the hours for which it sends what it kept, whoever was there before."""
    kept = [row(T0 + n * 5 * MINUTE, 70.0, "d2", T0 + 3 * HOUR + 20 * MINUTE) for n in range(12)]
    joined = listed("d1", "d2", at=T0 + 3 * HOUR + 10 * MINUTE)
    silent = []
    for first in (listed("d1"), listed()):
        run = Run(first, *log_of(kept, T0 + 3 * HOUR + 30 * MINUTE, [joined]))
        run = Run(detector=Detector.load(run.detector.dump()))
        silent.append(run.detector.suspicions.episodes.history.last("last_minute", 3)[:, 1].tolist())
    np.testing.assert_array_equal(silent, [[np.nan, 55.0, np.nan]] * 2)


def test_humidity_and_background_of_an_hour_reach_its_features():
    rows = fives(T0, T0 + HOUR, humidity=62.4)
    known = background(T0, 71.0, T0 + HOUR + 40 * MINUTE)  # after the hour has closed
    run = Run(listed("d1"), *log_of(rows, T0 + 2 * HOUR + 3 * MINUTE, [known]))
    history = run.detector.suspicions.episodes.history
    assert history.newest == T0
    assert history.last("humidity", 1)[0, 0] == 62.0
    assert history.last("reference", 1)[0, 0] == 71.0


def test_of_values_and_means_of_one_device_those_that_it_sends_most_make_the_hour():
    rows = fives(T0, T0 + HOUR, 50.0)
    rows += [row(T0, 500.0, period=HOUR, received=T0 + HOUR + 1000)]
    run = Run(listed("d1"), *log_of(rows, T0 + 2 * HOUR + 3 * MINUTE))
    history = run.detector.suspicions.episodes.history
    assert history.last("count", 1)[0, 0] == 12
    assert history.last("greatest", 1)[0, 0] == 50.0


def test_of_two_contents_at_one_time_one_counts_whatever_came_first():
    pair = [row(T0, 50.0), row(T0, 90.0)]
    found = []
    for rows in (pair, pair[::-1]):
        run = Run(listed("d1"), *log_of([*rows, row(T0 + 5 * MINUTE, 70.0)], T0 + 2 * HOUR + 3 * MINUTE))
        history = run.detector.suspicions.episodes.history
        assert history.last("count", 1)[0, 0] == 2
        found.append(float(history.last("mean", 1)[0, 0]))
    assert found[0] == found[1]


def test_a_reading_after_its_hour_was_looked_at_says_that_its_device_was_not_silent():
    rows = [row(T0 + 30 * MINUTE, 70.0, received=T0 + 2 * HOUR + 10 * MINUTE)]
    run = Run(listed("d1"), *log_of([], T0 + 2 * HOUR + 5 * MINUTE))
    history = run.detector.suspicions.episodes.history
    assert np.isnan(history.last("last_minute", 1)[0, 0])
    run.fold(batch(*rows))
    assert history.last("last_minute", 1)[0, 0] == 30


def test_saved_and_restored_at_any_hour_the_fold_says_the_same():
    log = [listed("d1", "d2"), *stuck_log(33)]
    whole = Run(*log)
    detector, said = Detector.empty(), []
    for number, record in enumerate(log):
        said += [b for b in detector.fold(record).breaches if b.kind == SUSPICION]
        if number % 97 == 0:
            detector = Detector.load(detector.dump())
    assert said == whole.suspicions
    assert detector.dump() == whole.detector.dump()


def test_a_new_configuration_moves_what_stands_and_a_removed_device_ends_it():
    log = stuck_log(8)
    more = listed("a0", "d1", at=T0 + 6 * HOUR + 30 * MINUTE)
    less = listed("a0", at=T0 + 7 * HOUR + 30 * MINUTE)
    records = sorted([*log, more, less], key=_received)
    run = Run(listed("d1"), *records)
    opened, closed = run.suspicions
    assert opened.device == closed.device == "d1"
    assert closed.reasons == ("device_removed",)
    assert closed.at == T0 + 7 * HOUR + 30 * MINUTE


def test_a_breach_without_evidence_is_read_as_it_was_written_before():
    (opened,) = Run(listed("d1"), *stuck_log(8)).suspicions
    _, value, _ = encode_breach(opened)
    assert decode_breach(value) == opened
    older = {name: field for name, field in orjson.loads(value).items() if name != "evidence"}
    assert decode_breach(orjson.dumps(older)).evidence is None


def test_nothing_known_is_no_block():
    pack = Packing()
    assert Suspicions(3).dump(pack) == [None, []]
    assert not pack.blocks
    plan = Plan.of(revision(["d1", "d2", "d3"]))
    assert read_again(Suspicions(3), plan).episodes.history.devices == 3


def test_every_number_of_every_pattern_has_a_name_in_both_languages():
    folder = Path(episodes.__file__).parent
    names = set()
    for path in folder.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "PatternFindings":
                names |= {key.value for key in call.args[4].keys}
                for word in call.keywords:
                    if word.arg == "plot":
                        names |= {item.value for item in word.value.elts}
    assert len(names) > 40
    assert names <= set(NUMBERS)
    assert {"mean", "reference"} <= set(NUMBERS) & set(NUMBER)
    assert len(PATTERNS) == 11


def _received(record: FeedRecord) -> int:
    return int(record.received_at[0]) if isinstance(record, Readings) else record.received_at


def test_evidence_names_devices_and_puts_numbers_with_their_units_and_guards_as_they_are():
    plan = Plan.of(revision(["d1", "d2"]))
    numbers = {
        "other": EvidenceNumber(1.0, "row"),
        "share": EvidenceNumber(0.5, ""),
        "none": EvidenceNumber(None, "row"),
    }
    guards = (Guard("fog", 95.0, True),)
    finding = Finding(0, "twins", T0, T0 + HOUR, 0.8, numbers, guards, {"humidity": (1.0, None)})
    found = evidence_of(finding, plan)
    assert found["pattern"] == "twins"
    assert found["confidence"] == 0.8
    assert found["numbers"] == {
        "other": {"value": "d2", "unit": "device"},
        "share": {"value": 0.5, "unit": ""},
        "none": {"value": None, "unit": "row"},
    }
    assert found["guards"] == [Guard("fog", 95.0, True)._asdict()]
    assert found["plot"] == {
        "step_s": 3600,
        "series": {"humidity": {"unit": "%", "values": [1.0, None]}},
    }
