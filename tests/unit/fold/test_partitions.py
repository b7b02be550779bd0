"""The number of partitions changes nothing that is said; odd input has a defined answer."""

from __future__ import annotations

import pytest

from ingest.batches import readings_of
from ingest.records import Readings
from ingest.topics import partition_of
from processors.fold.detector import Detector
from tests.logs import (
    HEBEI,
    HOUR,
    INSTANT,
    MINUTE,
    SHANGHAI,
    T0,
    WUHAN,
    Run,
    background,
    batch,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)

SITES = [f"site-{n}" for n in range(7)]


def county_log():
    devices = [{"id": f"d-{s}", "site": s} for s in SITES]
    feed = revision(devices, rules_of(HEBEI, WUHAN, SHANGHAI, INSTANT))
    rows = [
        r
        for n, s in enumerate(SITES[:-1])  # the last never speaks
        for r in minutes(
            T0, T0 + HOUR + n * 9 * MINUTE, 90.0 + 250 * (n % 3), f"d-{s}", site=s, tsp=700.0 * n
        )
    ]
    come = [background(T0, 60, T0 + HOUR + 7 * MINUTE)]
    return [feed, *ticking(rows, T0 + 2 * HOUR + 20 * MINUTE, others=come)]


def part_of(record, partition, partitions):
    """What of a record goes to a partition: its own readings, everything else."""
    if not isinstance(record, Readings):
        return record
    own = [
        i for i, code in enumerate(record.codes) if partition_of(record.sites[code], partitions) == partition
    ]
    return record if own else None


@pytest.mark.parametrize("partitions", [2, 5])
def test_partitions_together_say_what_one_says(partitions):
    log = county_log()
    whole = Run(*log)
    runs = []
    for partition in range(partitions):
        mine = [part_of(record, partition, partitions) for record in log]
        runs.append(Run(*[r for r in mine if r is not None], detector=Detector.empty(partition, partitions)))
    for kind in ("intervals", "verdicts", "breaches"):
        together = sorted(repr(line) for run in runs for line in getattr(run, kind))
        assert together == sorted(repr(line) for line in getattr(whole, kind))
        assert together


def test_a_partition_without_a_single_device_goes_on_ticking():
    run = Run(revision([]), *ticking([], T0 + 26 * HOUR))
    assert not run.intervals + run.verdicts + run.breaches
    assert Detector.load(run.detector.dump()).now == T0 + 26 * HOUR


def test_a_batch_without_readings_is_no_fault():
    empty = readings_of([row(T0, 1)])
    for name in ("codes", "time", "period", "received_at"):
        setattr(empty, name, getattr(empty, name)[:0])
    empty.values = {name: column[:0] for name, column in empty.values.items()}
    assert Run(revision(), empty).duplicates == 0


@pytest.mark.parametrize("value", [0.0, -3.5, 29_999.9, 1_999.9])
def test_any_value_that_ingest_lets_through_has_an_exact_mean(value):
    run = Run(revision(), *ticking(minutes(T0, T0 + HOUR, value), T0 + HOUR + 2 * MINUTE))
    assert [i.value for i in run.hours()] == [value]


@pytest.mark.parametrize("value", [5e9, 99_999.9, -5.1])
def test_a_number_that_no_monitor_measures_is_not_admitted(value):
    run = Run(revision(), *ticking(minutes(T0, T0 + HOUR, value), T0 + HOUR + 2 * MINUTE))
    assert [(i.value, i.capture) for i in run.hours()] == [(None, 0.0)]


def test_many_devices_that_start_at_once_are_all_judged():
    devices = [f"d{n:04d}" for n in range(2000)]
    rows = [row(T0 + m * 5 * MINUTE, 200, d) for m in range(12) for d in devices]
    feed = revision([{"id": d, "interval": 300} for d in devices], rules_of(WUHAN))
    log = ticking([], T0 + HOUR + 2 * MINUTE)
    at = next(n for n, record in enumerate(log) if record.received_at == T0 + 56 * MINUTE)
    together = batch(*[r._replace(received_at=T0 + 56 * MINUTE + 1) for r in rows])
    run = Run(feed, *log[: at + 1], together, *log[at + 1 :])
    assert len(run.verdicts) == 2000
    assert {v.answer for v in run.verdicts} == {"exceeds"}
