"""Laws of the fold: batches, order of arrival, crashes and repetitions change nothing that is published."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest import codec
from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Readings, Revision, Status
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.fold.parts import SavedPart
from processors.measuring.bundle import Bundle, bundles
from tests.logs import (
    HEBEI,
    HOUR,
    INSTANT,
    MINUTE,
    SHANGHAI,
    T0,
    WUHAN,
    background,
    local_rule,
    revision,
    row,
    rules_of,
    tick,
)

DEVICES = ("d1", "d2", "d3")
# around the site's location, so that what the wind does makes one the background of another
BEARINGS = {"d0": 270.0, "d1": 0.0, "d2": 180.0, "d3": 90.0}
BESIDE = local_rule(id="beside", limit=60, background={"kind": "upwind_device", "cap": 150}, allowance=1)
RULES = [*rules_of(HEBEI, SHANGHAI, WUHAN, INSTANT), BESIDE]
SPAN = 150  # minutes of a log
# no shrinking: a log is long, and its seed says enough
few = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@dataclass
class Published:
    """Everything that a fold said, in its order; marks by the row's place in the whole log."""

    lines: list[object]
    marks: dict[int, str]
    duplicates: int

    def take(self, out: Outputs, row_number: int) -> None:
        """Add what a fold said of rows that are numbered from `row_number` on."""
        self.lines += [*out.intervals, *out.verdicts, *out.breaches, *out.outlooks, *out.flags, *out.winds]
        self.duplicates += out.duplicates
        self.marks |= {row_number + place: text for place, text in out.marks.items()}


def fold_together(records: list[FeedRecord]) -> Published:
    """What `fold` says, of neighbouring readings and ticks at once: that these are the same is a law of its own."""
    detector, said, row_number = Detector.empty(), Published([], {}, 0), 0
    for part in bundles(records):
        out = detector.fold_bundle(part) if isinstance(part, Bundle) else detector.fold(part)
        said.take(out, row_number)
        row_number += len(out.readings or ())
    return said


def fold(records: list[FeedRecord], crash_every: int = 0) -> tuple[Published, Detector]:
    detector = Detector.empty()
    said = Published([], {}, 0)
    row_number = 0
    for number, record in enumerate(records, 1):
        said.take(detector.fold(record), row_number)
        row_number += len(record) if isinstance(record, Readings) else 0
        if crash_every and number % crash_every == 0:
            detector = Detector.load(detector.dump())
    return said, detector


KINDS = ("Interval", "Verdict", "Breach", "Outlook", "Flagged", "SiteHour")


def by_kind(said: Published) -> list[list[object]]:
    """Intervals, verdicts and so on, each in the order in which they were published."""
    kinds: dict[str, list[object]] = {}
    for line in said.lines:
        kinds.setdefault(type(line).__name__, []).append(line)
    return [kinds.get(name, []) for name in KINDS]


# ------------------------------------------------------------------------------------------ strategies

levels = st.sampled_from([20.0, 120.0, 300.0, 1200.0, 2500.0])
words = st.lists(
    st.tuples(
        st.sampled_from(DEVICES),
        st.integers(0, SPAN),
        st.sampled_from(["online", "offline", ""]),
        st.booleans(),
    ),
    max_size=6,
)
winds = st.sampled_from([{}, *({"wind_speed": 3.0, "wind_direction": at} for at in (10.0, 190.0, 280.0))])
flags = st.sampled_from([{}, {}, {}, {"pm10": "D"}, {"tsp": "T"}])


@st.composite
def rows_of(draw: st.DrawFn) -> list[Row]:
    """Readings of three devices over two and a half hours, with gaps, delays, repetitions, conflicts."""
    rows: list[Row] = []
    for device in DEVICES:
        start = draw(st.integers(0, 70))
        end = draw(st.integers(start, SPAN))
        step = draw(st.sampled_from([1, 1, 2, 7]))
        change = draw(st.integers(start, end))
        low, high = draw(levels), draw(levels)
        period = draw(st.sampled_from([0, 0, MINUTE, 5 * MINUTE]))
        flag, early, late = draw(flags), draw(winds), draw(winds)
        for minute in range(start, end, step):
            level = low if minute < change else high
            time = T0 + minute * MINUTE
            delay = draw(st.sampled_from([500, 900, 40_000, 110_000, 300_000])) if minute % 13 == 0 else 700
            values = {"tsp": 2 * level, **(early if minute < change else late)}
            rows.append(row(time, level, device, received=time + delay, period=period, flags=flag, **values))
    for again in draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else []:
        rows.append(again._replace(received_at=again.received_at + draw(st.integers(0, 400_000))))
    for twisted in draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []:
        rows.append(twisted._replace(values={"pm10": 777_000}, received_at=twisted.received_at + 5))
    return sorted(rows, key=lambda r: r.received_at)


@st.composite
def logs(draw: st.DrawFn) -> list[FeedRecord | Row]:
    """A log whose readings are still single rows, nearly in order of receipt."""
    gap = draw(st.sampled_from([None, None, (30, 55)]))
    timed: list[tuple[int, int, FeedRecord | Row]] = [(r.received_at, 2, r) for r in draw(rows_of())]
    for minute in range(SPAN + 15):
        if gap is None or not gap[0] < minute < gap[1]:
            timed.append((T0 + minute * MINUTE, 1, tick(T0 + minute * MINUTE)))
    for hour in range(2):
        wait = draw(st.integers(1, 80))
        came = T0 + (hour + 1) * HOUR + wait * MINUTE
        timed.append((came, 3, background(T0 + hour * HOUR, draw(levels), came)))
    for device, minute, state, kept in draw(words):
        at = T0 + minute * MINUTE
        timed.append((at, 4, Status(at, device, "s1", state, kept)))
    if draw(st.booleans()):
        minute = draw(st.integers(1, SPAN))
        timed.append((T0 + minute * MINUTE, 0, configuration(("d0", "d1", "d2"), T0 + minute * MINUTE)))
    timed.sort(key=lambda entry: entry[:2])
    log = [record for _, _, record in timed]
    # two bridges: what one has received first may stand in the log behind what the other received later
    for place, behind in draw(
        st.lists(st.tuples(st.integers(0, len(log) - 1), st.integers(1, 40)), max_size=6)
    ):
        log.insert(place + behind, log.pop(place))
    return [configuration(DEVICES, T0), *log]


def configuration(devices: tuple[str, ...], at: int) -> Revision:
    return revision([{"id": name, "bearing": BEARINGS[name]} for name in devices], RULES, at=at)


def batches(log: list[FeedRecord | Row], sizes: list[int]) -> list[FeedRecord]:
    """The log with neighbouring rows in batches of these sizes, over and over."""
    made: list[FeedRecord] = []
    waiting: list[Row] = []
    turn = 0
    for record in log:
        if isinstance(record, Row):
            waiting.append(record)
            if len(waiting) >= sizes[turn % len(sizes)]:
                made.append(readings_of(waiting))
                waiting, turn = [], turn + 1
            continue
        if waiting:
            made.append(readings_of(waiting))
            waiting, turn = [], turn + 1
        made.append(record)
    made += [readings_of(waiting)] if waiting else []
    return [codec.decode(*codec.encode(sent)) for sent in made]  # over the wire, as it would be


# ------------------------------------------------------------------------------------------------ laws


@dataclass(frozen=True)
class Folded:
    """A log, and what the fold says of it record by record: what every other way must say as well."""

    log: list[FeedRecord | Row]
    records: list[FeedRecord]
    said: Published
    state: dict[str, SavedPart]
    number: int  # any: of records in a row, between crashes


@pytest.fixture(scope="module")
def folded() -> list[Folded]:
    """Logs of this run: folding one is what costs, so the laws share them."""
    made: list[Folded] = []

    @few
    @given(logs(), st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(2, 300))
    def draw(log: list[FeedRecord | Row], sizes: list[int], number: int) -> None:
        records = batches(log, sizes)
        said, detector = fold(records)
        made.append(Folded(log, records, said, detector.dump(), number))

    draw()
    return made


def test_the_size_of_batches_changes_nothing(folded: list[Folded]) -> None:
    for one in folded:
        said, detector = fold(batches(one.log, [1]))
        assert by_kind(said) == by_kind(one.said)
        assert said.marks == one.said.marks
        assert detector.dump() == one.state


@few
@given(rows_of(), st.integers(1, 400))
def test_one_batch_over_hours_is_judged_as_its_rows_one_by_one(rows: list[Row], size: int) -> None:
    """No tick between the rows: everything that falls due does so inside a batch."""
    start: list[FeedRecord | Row] = [configuration(DEVICES, T0), tick(T0, 24 * HOUR)]
    one_by_one, first = fold(batches([*start, *rows], [1]))
    together, second = fold(batches([*start, *rows], [size]))
    assert by_kind(together) == by_kind(one_by_one)
    assert together.marks == one_by_one.marks
    assert second.dump() == first.dump()


def test_records_folded_together_say_what_each_would_have_said(folded: list[Folded]) -> None:
    """Over ticks and the gaps between them, and whatever falls due among the records."""
    for one in folded:
        detector, said, row_number = Detector.empty(), Published([], {}, 0), 0
        for begin in range(0, len(one.records), one.number):
            for part in bundles(one.records[begin : begin + one.number]):
                out = detector.fold_bundle(part) if isinstance(part, Bundle) else detector.fold(part)
                said.take(out, row_number)
                row_number += len(out.readings or ())
        assert by_kind(said) == by_kind(one.said)
        assert (said.marks, said.duplicates) == (one.said.marks, one.said.duplicates)
        assert detector.dump() == one.state


def test_a_log_taken_in_from_decision_to_decision_says_what_each_record_would_have_said(
    folded: list[Folded],
) -> None:
    for one in folded:
        detector, said = Detector.empty(), Published([], {}, 0)
        row_number, parts = 0, 0
        for out in detector.fold_log(one.records):
            said.take(out, row_number)
            row_number += len(out.readings or ())
            parts += 1
        assert by_kind(said) == by_kind(one.said)
        assert (said.marks, said.duplicates) == (one.said.marks, one.said.duplicates)
        assert detector.dump() == one.state
        assert parts < len(one.records)


def test_a_crash_after_every_nth_record_changes_nothing(folded: list[Folded]) -> None:
    for one in folded:
        said, detector = fold(one.records, 1 + one.number % 60)
        assert said == one.said
        assert detector.dump() == one.state


def test_the_same_log_twice_gives_the_same(folded: list[Folded]) -> None:
    for one in folded:
        assert fold(one.records)[0] == one.said


@few
@given(rows_of(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_within_the_lateness_gives_the_same_windows(
    rows: list[Row], random: object
) -> None:
    """All rows of a quarter of an hour come in any order between its end and the lateness."""
    quarter = 15 * MINUTE
    prompt = [
        r._replace(received_at=r.time // quarter * quarter + quarter + 30_000, period=0)
        for r in rows
        if r.time >= T0
    ]
    shuffled = list(prompt)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = []
    for order in (prompt, shuffled):
        arrived: list[FeedRecord | Row] = sorted(
            order, key=lambda r: r.received_at
        )  # stable: keeps the shuffle
        timed = [(r.received_at, 1, r) for r in arrived if isinstance(r, Row)]
        ticks = [(T0 + m * MINUTE, 0, tick(T0 + m * MINUTE)) for m in range(SPAN + 20)]
        log = [r for _, _, r in sorted([*timed, *ticks], key=lambda e: e[:2])]
        said = fold_together(batches([configuration(DEVICES, T0), *log], [50]))
        intervals, verdicts, breaches = by_kind(said)[:3]
        windows = [v for v in verdicts if v.kind != "instant"]  # type: ignore[attr-defined]
        episodes = sorted((b.id, b.event, b.at) for b in breaches if b.rule != INSTANT)  # type: ignore[attr-defined]
        found.append((intervals, windows, episodes, by_kind(said)[-1], said.duplicates))
    assert found[0] == found[1]


@few
@given(rows_of())
def test_everything_twice_counts_once(rows: list[Row]) -> None:
    def of(rows: list[Row]) -> Published:
        timed = [(r.received_at, 1, r) for r in rows]
        ticks = [(T0 + m * MINUTE, 0, tick(T0 + m * MINUTE)) for m in range(SPAN + 20)]
        log = [r for _, _, r in sorted([*timed, *ticks], key=lambda e: e[:2])]
        return fold_together(batches([configuration(DEVICES, T0), *log], [30]))

    once = of(rows)
    twice = of([r for one in rows for r in (one, one)])
    assert by_kind(twice) == by_kind(once)
    assert twice.duplicates == once.duplicates + len(rows)


@few
@given(rows_of(), st.sampled_from([2, 5]))
def test_the_number_of_ticks_changes_no_verdict(rows: list[Row], every: int) -> None:
    said = []
    for step in (1, every):
        ticks = [tick(T0 + m * MINUTE, step * MINUTE) for m in range(0, SPAN + 20, step)]
        timed = [*((r.received_at, 1, r) for r in rows), *((t.received_at, 0, t) for t in ticks)]
        log = [r for _, _, r in sorted(timed, key=lambda e: e[:2]) if instant_of(r) <= T0 + SPAN * MINUTE]
        said.append(by_kind(fold_together(batches([configuration(DEVICES, T0), *log], [9]))))
    assert said[0] == said[1]


def instant_of(record: FeedRecord | Row) -> int:
    return int(record.received_at) if not isinstance(record, Readings) else int(record.received_at.max())
