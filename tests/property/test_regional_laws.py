"""Laws of regional episodes: no verdict depends on them, every partition finds the same, nothing is told twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.records import Background, FeedRecord, Readings, Revision
from ingest.topics import partition_of
from processors.fold.detector import Detector
from processors.measuring import Backgrounds
from processors.measuring.regional_episodes import AreaHour, AreaHours, episodes_of
from processors.plan import Area
from processors.plan.body import make_revision
from processors.records.breaches import Breach
from tests.logs import HOUR, MINUTE, T0, Run, background, local_rule, row, ticking
from tests.logs import revision as configured
from tests.shares import examples

laws = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
HOURS = 5
STATIONS = ("S1", "S2", "S3")
NANO = 10**9
RULES = [
    local_rule(id="above", limit=80, background={"area": "county", "cap": 150}, allowance=1),
    local_rule(id="plain", limit=400, severity=[{"above": 900, "level": "violation"}], opens=["interval"]),
    local_rule(id="single", window=0, limit=1000),
    local_rule(id="quarter", window=900, limit=450),
]
POLICIES = ("off", "label", "hold", "downgrade")
levels = st.sampled_from([60.0, 300.0, 500.0, 520.0, 900.0])
known = st.lists(  # station, hour, value, minutes after the hour's end
    st.tuples(st.sampled_from(STATIONS), st.integers(0, HOURS - 1), levels, st.integers(1, 150)), max_size=15
)
air = st.lists(st.sampled_from([50.0, 300.0, 540.0, 700.0, 1200.0]), min_size=HOURS, max_size=HOURS)
DEVICES = {"d1": "s1", "d2": "s2", "d3": "s3"}


def county(policy: str) -> Revision:
    listed = [{"id": name, "site": site, "interval": 300} for name, site in DEVICES.items()]
    body = configured(listed, RULES, stations=STATIONS).body
    body["county"]["background"][0]["regional"] = {"policy": policy, "mark": 350.0}
    return make_revision(body, T0)


def log_of(said: list[tuple[str, int, float, int]], levels: list[float], policy: str) -> list[FeedRecord]:
    rows = [
        row(T0 + hour * HOUR + minute * MINUTE, level + 20 * number, name, site=site)
        for number, (name, site) in enumerate(DEVICES.items())
        for hour, level in enumerate(levels)
        for minute in range(0, 60, 5)
    ]
    others = [
        background(T0 + hour * HOUR, value, T0 + (hour + 1) * HOUR + late * MINUTE, station, f"b{number}")
        for number, (station, hour, value, late) in enumerate(said)
    ]
    return [county(policy), *ticking(rows, T0 + (HOURS + 3) * HOUR, others=others)]


def lines(run: Run) -> list[Any]:
    return [replace(v, configuration="") for v in run.verdicts]


def without_label(event: Breach) -> Breach:
    """The event as it would be without episodes; what only they add is told apart by `regional`."""
    said = event.regional
    kept = tuple(code for code in event.reasons if not code.startswith("regional"))
    level = event.level if said is None or not said["labelled"] else said["level"]
    return replace(event, reasons=kept, level=level, regional=None, configuration="", tell=False)


@laws
@given(known, air, st.sampled_from(POLICIES[1:]))
def test_no_verdict_depends_on_an_episode_and_no_breach_is_lost_or_made(
    said: list[tuple[str, int, float, int]], levels: list[float], policy: str
) -> None:
    off, on = Run(*log_of(said, levels, "off")), Run(*log_of(said, levels, policy))
    assert lines(off) == lines(on)
    assert not [b for b in off.breaches if b.regional is not None]
    opened = [without_label(b) for b in on.breaches if b.event == "opened"]
    assert opened == [without_label(b) for b in off.breaches if b.event == "opened"]
    closed = [without_label(b) for b in on.breaches if b.event == "closed"]
    assert closed == [without_label(b) for b in off.breaches if b.event == "closed"]


@laws
@given(known, air, st.sampled_from(POLICIES))
def test_nobody_is_told_twice_and_what_is_held_is_told_within_an_hour_unless_it_is_over(
    said: list[tuple[str, int, float, int]], levels: list[float], policy: str
) -> None:
    run = Run(*log_of(said, levels, policy))
    ids = [b.event_id for b in run.breaches]
    assert len(set(ids)) == len(ids)
    for id_ in {b.id for b in run.breaches if b.kind == "exceedance"}:
        events = [b for b in run.breaches if b.id == id_]
        first = events[0]
        held = "regional_held" in first.reasons
        assert first.tell is not held
        assert not held or policy == "hold"
        if held:
            told = next((b for b in events[1:] if b.tell and b.event == "amended"), None)
            over = next((b for b in events if b.event == "closed"), None)
            assert first.regional is not None
            until = first.regional["held_until"]
            assert until - first.end <= HOUR
            if told is None:
                assert over is not None
                assert over.at <= until
            else:
                assert told.at <= until or told.delayed
        raised = [b for b in events[1:] if b.tell and b.event == "amended"]
        if policy in ("off", "label"):
            assert all(b.level != first.level for b in raised)  # a level that rose, as without episodes


@laws
@given(known, air, st.sampled_from(POLICIES), st.integers(1, 30))
def test_a_crash_changes_nothing(
    said: list[tuple[str, int, float, int]], levels: list[float], policy: str, every: int
) -> None:
    log = log_of(said, levels, policy)
    whole = Run(*log)
    found: list[object] = []
    episodes: list[object] = []
    detector = Detector.empty()
    for number, record in enumerate(log):
        out = detector.fold(record)
        found += out.breaches
        episodes += out.regional
        if number % every == 0:
            detector = Detector.load(detector.dump())
    assert found == [b for out in whole.outputs for b in out.breaches]
    assert episodes == [one for out in whole.outputs for one in out.regional]


@laws
@given(known, air, st.sampled_from(POLICIES), st.sampled_from([3, 12]))
def test_every_partition_labels_alike_and_one_of_them_publishes_the_episode(
    said: list[tuple[str, int, float, int]], levels: list[float], policy: str, partitions: int
) -> None:
    log = log_of(said, levels, policy)
    one = Run(*log)
    runs = [
        Run(
            *(r for r in log if _is_of(r, partition, partitions)),
            detector=Detector.empty(partition, partitions),
        )
        for partition in range(partitions)
    ]
    found = [b for run in runs for b in run.breaches]
    assert sorted(found, key=lambda b: b.event_id) == sorted(one.breaches, key=lambda b: b.event_id)
    told = [episode for run in runs for out in run.outputs for episode in out.regional]
    assert told == [episode for out in one.outputs for episode in out.regional]


def _is_of(record: FeedRecord, partition: int, partitions: int) -> bool:
    if not isinstance(record, Readings):
        return True
    return partition_of(record.sites[record.codes[0]], partitions) == partition


@laws
@given(known, st.randoms(use_true_random=False))
def test_the_episodes_of_the_same_hours_are_the_same_in_whatever_order_they_came(
    said: list[tuple[str, int, float, int]], shuffled: Any
) -> None:
    newest = {(station, hour): (station, hour, value, 5) for station, hour, value, _ in said}
    records = [
        Background(f"{s}-{h}", 0, s, T0 + h * HOUR, T0 + (h + 1) * HOUR, {"pm10": round(v * 1000)})
        for s, h, v, _ in newest.values()
    ]
    area = Area("county", STATIONS, 1)

    def found(order: list[Background]) -> object:
        held, hours = Backgrounds(), AreaHours()
        episodes: list[Any] = []
        for record in order:
            held.add(record)
            episodes = episodes_of(hours.known(held, area), 350 * NANO, episodes)
        return episodes

    other = list(records)
    shuffled.shuffle(other)
    assert found(records) == found(other)


@laws
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 3)), min_size=1, max_size=40))
def test_an_episode_is_what_its_definition_says(hours: list[tuple[int, int]]) -> None:
    given_ = [AreaHour(T0 + n * HOUR, mean * NANO, rising, 3) for n, (mean, rising) in enumerate(hours)]
    found = episodes_of(given_, 350 * NANO, [])
    inside = {one.start + n * HOUR for one in found for n in range((one.end - one.start) // HOUR)}
    going = False
    for hour in given_:
        going = hour.mean > 350 * NANO and (going or 2 * hour.rising > 3)
        assert (hour.start in inside) is going
    assert [one.over for one in found[:-1]] == [True] * len(found[:-1])


@pytest.mark.long
@pytest.mark.timeout(1800)
@examples(laws, 150)
@given(known, air, st.sampled_from(POLICIES))
def test_over_many_storms_verdicts_stay_and_nobody_is_told_twice(
    said: list[tuple[str, int, float, int]], levels: list[float], policy: str
) -> None:
    law = test_no_verdict_depends_on_an_episode_and_no_breach_is_lost_or_made
    law.hypothesis.inner_test(said, levels, policy)  # type: ignore[attr-defined]
    law = test_nobody_is_told_twice_and_what_is_held_is_told_within_an_hour_unless_it_is_over
    law.hypothesis.inner_test(said, levels, policy)  # type: ignore[attr-defined]
