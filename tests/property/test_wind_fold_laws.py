"""Laws of wind in the fold: order, batches and crashes change nothing, and what is late ends where it would have.

Three hours of two monitors and a vane that send every ten minutes; the wind may turn, fall calm or be
missing each hour, and a rule subtracts what stood upwind.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord
from processors.fold.detector import Detector
from processors.records.verdicts import UNDETERMINED, Verdict
from processors.records.winds import SiteHour
from tests.logs import HOUR, MINUTE, T0, local_rule, revision, row, tick

STEP, HOURS = 10 * MINUTE, 3
END = T0 + HOURS * HOUR
DEVICES = [
    {"id": "n", "bearing": 0.0, "interval": 600},
    {"id": "s", "bearing": 180.0, "interval": 600},
    {"id": "vane", "interval": 600, "site": "s1"},
]
RULE = local_rule(id="beside", limit=60, background={"kind": "upwind_device", "cap": 150}, outlook=False)
some = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

winds = st.sampled_from([(3.0, 10.0), (3.0, 170.0), (2.0, 350.0), (0.1, 10.0), (3.0, 90.0), None])
levels = st.sampled_from([40.0, 90.0, 110.0, 300.0])


@st.composite
def measured(draw: st.DrawFn) -> list[Row]:
    """Every reading as it would come at once."""
    rows = []
    for hour in range(HOURS):
        wind, north, south = draw(winds), draw(levels), draw(levels)
        for time in range(T0 + hour * HOUR, T0 + (hour + 1) * HOUR, STEP):
            rows += [row(time, north, "n"), row(time, south, "s")]
            if wind is not None:
                rows.append(row(time, device="vane", wind_speed=wind[0], wind_direction=wind[1]))
    return rows


def told(rows: list[Row], sizes: list[int], crash: bool = False) -> tuple[list[Verdict], list[SiteHour]]:
    """What the fold says of rows in their order, in batches of these sizes between the ticks."""
    until = END + 2 * HOUR
    ticks = [(at, 0, tick(at, 5 * MINUTE)) for at in range(T0, until, 5 * MINUTE)]
    timed = sorted([*ticks, *((r.received_at, 1, r) for r in rows)], key=lambda one: one[:2])
    log: list[FeedRecord] = [revision(DEVICES, [RULE])]
    waiting: list[Row] = []
    for _, _, one in [*timed, (until, 0, tick(until, 5 * MINUTE))]:
        if isinstance(one, Row):
            waiting.append(one)
            if len(waiting) < sizes[len(log) % len(sizes)]:
                continue
        if waiting:
            log.append(readings_of(waiting))
            waiting = []
        if not isinstance(one, Row):
            log.append(one)
    detector, verdicts, hours = Detector.empty(), list[Verdict](), list[SiteHour]()
    for record in log:
        out = detector.fold(record)
        verdicts += out.verdicts
        hours += out.winds
        if crash:
            detector = Detector.load(detector.dump())
    return verdicts, hours


def ends_at(said: tuple[list[Verdict], list[SiteHour]]) -> tuple[dict[object, object], dict[int, SiteHour]]:
    """The last word on each point and hour, without what says how often it was said."""
    verdicts = {
        (v.point, v.start): (v.answer, v.reasons, v.value, v.background, v.subtracted)
        for v in said[0]
        if v.point != "vane" and v.start < END
    }
    hours = {h.start: replace(h, id="", revision=0, decided_at=0) for h in said[1]}
    return verdicts, hours


@some
@given(measured(), st.data())
def test_any_order_within_the_lateness_and_any_batches_say_the_same(
    rows: list[Row], data: st.DataObject
) -> None:
    """Wind, what is upwind and what is judged come in any order, all within two minutes of their hour."""
    delays = data.draw(st.lists(st.integers(0, 100_000), min_size=len(rows), max_size=len(rows)))
    mixed = [
        r._replace(received_at=(r.time // HOUR + 1) * HOUR + delay)
        for r, delay in zip(rows, delays, strict=True)
    ]
    prompt = [r._replace(received_at=(r.time // HOUR + 1) * HOUR) for r in rows]
    first = told(prompt, [1])
    assert told(sorted(mixed, key=lambda r: r.received_at), [3, 50]) == first
    for verdict in (v for v in first[0] if v.point != "vane" and T0 <= v.start < END):
        assert (verdict.background is None) == ("no_background" in verdict.reasons)
        assert verdict.background is not None or verdict.answer == UNDETERMINED


@some
@given(measured(), st.lists(st.integers(0, 53), max_size=20), st.integers(3, 100))
def test_what_comes_late_leads_to_the_same_last_word(rows: list[Row], late: list[int], minutes: int) -> None:
    held_back = [
        r._replace(received_at=r.time + minutes * MINUTE) if i in late else r for i, r in enumerate(rows)
    ]
    held_back.sort(key=lambda r: r.received_at)
    assert ends_at(told(held_back, [7])) == ends_at(told(rows, [7]))


@settings(some, max_examples=3)
@given(measured(), st.lists(st.integers(0, 53), max_size=10))
def test_a_crash_after_every_record_changes_nothing(rows: list[Row], late: list[int]) -> None:
    delayed = [r._replace(received_at=r.time + 80 * MINUTE) if i in late else r for i, r in enumerate(rows)]
    delayed.sort(key=lambda r: r.received_at)
    assert told(delayed, [2], crash=True) == told(delayed, [2])
