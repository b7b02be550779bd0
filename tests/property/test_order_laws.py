"""Laws of orders: what they hold back, whenever they come, change and end; in any partition, over any crash."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ingest.records import FeedRecord, Readings, Revision, Signal
from ingest.topics import partition_of
from processors.fold.detector import Detector
from processors.records.breaches import Breach
from processors.silence.offline import SITE_SILENT
from tests.logs import HOUR, MINUTE, T0, Run, local_rule, revision, row, ticking
from tests.shares import examples

laws = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
SPAN = 240  # minutes of a log
AFTER = 15  # minutes after which a device is silent
END = T0 + SPAN * MINUTE
PLACES = ("county", "town", "s1", "s2")


class Version(NamedTuple):
    """An order as one record says it; minutes after T0."""

    id: str
    kind: str
    place: str
    device: str | None
    start: int
    end: int | None
    received: int

    @property
    def record(self) -> Signal:
        end = None if self.end is None else T0 + self.end * MINUTE
        at = T0 + self.received * MINUTE + 30_000
        start = T0 + self.start * MINUTE
        return Signal(f"o{self.id}", at, self.place, self.kind, None, start, end, self.device)

    def holds(self, device: str, site: str, instant: int) -> bool:
        """The definition, in words of its own."""
        names_a_source = self.device is not None or self.place in ("s1", "s2")
        if self.kind != "power" and not (self.kind in ("maintenance", "shutdown") and names_a_source):
            return False
        mine = self.place in (site, "town", "county") and self.device in (None, device)
        start = T0 + self.start * MINUTE
        until = None if self.end is None else T0 + self.end * MINUTE
        if until is not None and until <= start:
            return False
        return mine and start <= instant and (until is None or instant < until + AFTER * MINUTE)


@st.composite
def orders_of(draw: st.DrawFn) -> list[Version]:
    """Orders of any kind and place; some are changed later under their id."""
    made = []
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["power", "maintenance", "shutdown", "permit"]))
        place = draw(st.sampled_from(PLACES))
        device = draw(st.sampled_from([None, "a", "b"])) if place == "s1" else None
        received = draw(st.integers(0, SPAN))
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, SPAN))
            end = draw(st.one_of(st.none(), st.integers(start, SPAN)))
            made.append(Version(str(number), kind, place, device, start, end, received))
            received += draw(st.integers(1, 60))
    return made


silences = st.fixed_dictionaries({name: st.integers(0, SPAN - 1) for name in ("a", "b", "c")})
DEVICES = {"a": "s1", "b": "s1", "c": "s2"}


def county(rules: bool = False) -> Revision:
    listed = [{"id": name, "site": site} for name, site in DEVICES.items()]
    return revision(listed, [local_rule()] if rules else (), township="town", stations=())


def log_of(last: dict[str, int], orders: list[Version], rules: bool = False) -> list[FeedRecord]:
    """Each device speaks every minute until its last; some come back after an hour and a half of silence."""
    rows = [
        row(T0 + minute * MINUTE, 50.0, name, site=DEVICES[name])
        for name, end in last.items()
        for minute in range(SPAN)
        if minute <= end or minute > end + 90
    ]
    return [county(rules), *ticking(rows, END + HOUR, others=[one.record for one in orders])]


def known_at(orders: list[Version], instant: int) -> list[Version]:
    """The newest version of each order by then."""
    newest: dict[str, Version] = {}
    for one in sorted(orders, key=lambda version: version.received):
        if one.record.received_at <= instant:
            newest[one.id] = one
    return list(newest.values())


def told_at(device: str, last: int, orders: list[Version]) -> int | None:
    """When a silence is told, looked for at every instant at which that may change; None: it never is."""
    due = T0 + last * MINUTE + 1000 + AFTER * MINUTE
    ends = [T0 + (one.end + AFTER) * MINUTE for one in orders if one.end is not None]
    back = back_at(last)
    for instant in sorted({due, *ends, *(one.record.received_at for one in orders)}):
        if due <= instant < back and instant <= END + HOUR:
            now = known_at(orders, instant)
            if not any(one.holds(device, DEVICES[device], instant) for one in now):
                return instant
    return None


def back_at(last: int) -> int:
    """When a device is heard again that was last heard at a minute; beyond the log: never."""
    return T0 + (last + 91) * MINUTE + 1000 if last + 91 < SPAN else END + 2 * HOUR


def told(run: Run, device: str) -> list[int]:
    return [b.at for b in run.breaches if b.kind == "offline" and b.device == device and b.tell]


@example({"a": 205, "b": 185, "c": 150}, [Version("0", "maintenance", "s2", None, 176, 229, 82)])
@laws
@given(silences, orders_of())
def test_a_silence_is_told_at_the_first_instant_at_which_no_order_holds_it(
    last: dict[str, int], orders: list[Version]
) -> None:
    run = Run(*log_of(last, orders))
    told_now = [at for at in told(run, "c") if at < back_at(last["c"])]
    expected = told_at("c", last["c"], orders)
    opened = [b for b in run.breaches if b.device == "c" and b.event == "opened"]
    assert [b.at for b in opened][:1] == [
        T0 + last["c"] * MINUTE + 1000 + AFTER * MINUTE
    ]  # recorded in any case
    assert told_now == ([] if expected is None else [expected])


@laws
@given(silences, orders_of())
def test_the_silence_of_a_site_is_told_once_and_not_while_all_of_its_devices_are_held(
    last: dict[str, int], orders: list[Version]
) -> None:
    run = Run(*log_of(last, orders))
    for event in run.breaches:
        if event.kind != "offline" or not event.tell or event.event == "closed":
            continue
        now = known_at(orders, event.at - 1) if event.event == "opened" else known_at(orders, event.at)
        held = [any(o.holds(name, "s1", event.at) for o in now) for name in ("a", "b")]
        if event.site == "s1" and event.device:
            assert not held["ab".index(event.device)], event
        elif event.site == "s1":
            assert not all(held), event
    for key in {(b.id, b.device) for b in run.breaches if b.kind == "offline"}:
        said = [b.tell for b in run.breaches if (b.id, b.device) == key and b.event != "closed"]
        assert sum(said) <= 1
    ids = [b.event_id for b in run.breaches]
    assert len(set(ids)) == len(ids)
    assert all(one.at <= two.at for one, two in pairwise(run.breaches))


@laws
@given(silences, orders_of(), st.integers(1, 40))
def test_a_crash_a_repeated_record_and_the_number_of_ticks_change_nothing(
    last: dict[str, int], orders: list[Version], every: int
) -> None:
    log = log_of(last, orders, rules=True)
    whole = Run(*log)
    crashed: list[object] = []
    detector = Detector.empty()
    for number, record in enumerate(log):
        crashed += detector.fold(record).breaches
        if isinstance(record, Signal):  # delivered again, by another bridge a little later
            crashed += detector.fold(replace(record, received_at=record.received_at + 1)).breaches
        if number % every == 0:
            detector = Detector.load(detector.dump())
    assert crashed == [b for out in whole.outputs for b in out.breaches]


@laws
@given(silences, orders_of(), st.sampled_from([3, 12]))
def test_orders_give_the_same_events_and_verdicts_in_any_number_of_partitions(
    last: dict[str, int], orders: list[Version], partitions: int
) -> None:
    log = log_of(last, orders, rules=True)
    one = Run(*log)
    found: list[Breach] = []
    answers: list[object] = []
    for partition in range(partitions):
        mine = [record for record in log if _is_of(record, partition, partitions)]
        run = Run(*mine, detector=Detector.empty(partition, partitions))
        found += run.breaches
        answers += [(v.id, v.answer, v.reasons) for v in run.verdicts]
    assert sorted(found, key=lambda b: b.event_id) == sorted(one.breaches, key=lambda b: b.event_id)
    assert sorted(answers) == sorted((v.id, v.answer, v.reasons) for v in one.verdicts)  # type: ignore[type-var]


def _is_of(record: FeedRecord, partition: int, partitions: int) -> bool:
    if not isinstance(record, Readings):
        return True
    return partition_of(record.sites[record.codes[0]], partitions) == partition


@laws
@given(silences, orders_of())
def test_a_window_bears_the_announcement_where_a_cut_touches_it_and_something_is_missing(
    last: dict[str, int], orders: list[Version]
) -> None:
    run = Run(*log_of(last, orders, rules=True))
    for verdict in run.verdicts:
        if verdict.kind != "interval":
            continue
        site = DEVICES[verdict.point]
        kept = [
            one
            for one in known_at(orders, verdict.decided_at - 1)
            if one.start * MINUTE + T0 < verdict.end
            and (one.end is None or one.end > one.start)
            and (one.end is None or one.end * MINUTE + T0 > verdict.start)
            and any(one.holds(verdict.point, site, at) for at in (verdict.start, T0 + one.start * MINUTE))
        ]
        if "announced" in verdict.reasons:
            assert kept or verdict.revision > 1, verdict
        elif kept and "no_data" in verdict.reasons and "values_not_admitted" not in verdict.reasons:
            raise AssertionError(verdict)


@pytest.mark.parametrize("kind", ["power", "maintenance", "shutdown"])
@pytest.mark.parametrize(
    ("place", "device", "held"),
    [("s1", None, True), ("s1", "a", True), ("s1", "b", False), ("town", None, None), ("county", None, None)],
)
def test_power_holds_anywhere_and_the_others_where_they_name_a_source(
    kind: str, place: str, device: str | None, held: bool | None
) -> None:
    order = Version("1", kind, place, device, 20, 200, 10)
    run = Run(*log_of({"a": 30, "b": SPAN, "c": SPAN}, [order]))
    opened = next(b for b in run.breaches if b.device == "a" and b.event == "opened")
    assert opened.tell is not (kind == "power" if held is None else held)
    assert ("announced" in opened.reasons) is not opened.tell
    assert SITE_SILENT not in opened.reasons


@pytest.mark.long
@pytest.mark.timeout(1800)
@examples(laws, 500)
@given(silences, orders_of())
def test_over_many_orders_a_silence_is_told_when_nothing_holds_it(
    last: dict[str, int], orders: list[Version]
) -> None:
    test_a_silence_is_told_at_the_first_instant_at_which_no_order_holds_it.hypothesis.inner_test(last, orders)  # type: ignore[attr-defined]
    law = test_the_silence_of_a_site_is_told_once_and_not_while_all_of_its_devices_are_held
    law.hypothesis.inner_test(last, orders)  # type: ignore[attr-defined]
