"""Announced cuts and the states of sites in logs: what is recorded, what is told, what is judged."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.records import FeedRecord, Revision, Signal
from processors.fold.detector import Detector
from processors.plan.body import make_revision
from tests.logs import HOUR, MINUTE, T0, Run, local_rule, minutes, revision, ticking

AFTER = 15 * MINUTE
CUT, BACK = T0 + 30 * MINUTE, T0 + 3 * HOUR


def order(
    end: int | None = BACK, at: int = T0 + 10 * MINUTE, start: int = CUT, kind: str = "power", id_: str = "p",
    place: str = "s1", **more: Any,
) -> Signal:  # fmt: skip
    return Signal(id_, at, place, kind, None, start, end, **more)


def fold(
    *orders: FeedRecord, speaks: tuple[tuple[int, int], ...] = ((T0, CUT),), until: int = T0 + 5 * HOUR
) -> Run:
    rows = [one for start, end in speaks for one in minutes(start, end, 300.0)]
    return Run(revision(rules=[local_rule()], stations=()), *ticking(rows, until, others=orders))


def silences(run: Run) -> list[tuple[str, int, bool, tuple[str, ...]]]:
    """(event, minutes after the cut, told, reasons) of the silences."""
    return [(b.event, (b.at - CUT) // MINUTE, b.tell, b.reasons) for b in run.breaches if b.kind == "offline"]


def test_an_announced_silence_is_recorded_and_told_only_if_it_outlasts_order_and_patience() -> None:
    run = fold(order())
    assert silences(run) == [
        ("opened", 14, False, ("announced", "device_silent")),
        ("amended", 165, True, ("announced_over", "device_silent")),
    ]


def test_a_device_that_is_back_in_time_is_never_told_of() -> None:
    back = BACK + AFTER - 2 * MINUTE
    run = fold(order(), speaks=((T0, CUT), (back, T0 + 5 * HOUR)))
    assert [tell for event, _, tell, _ in silences(run) if event != "closed"] == [False]
    assert silences(run)[-1][0] == "closed"


def test_an_order_that_comes_after_the_word_takes_nothing_back_and_is_noted() -> None:
    run = fold(order(at=CUT + 40 * MINUTE))
    assert silences(run) == [
        ("opened", 14, True, ("device_silent",)),
        ("amended", 40, False, ("announced", "device_silent")),
    ]


def test_an_order_that_begins_later_holds_back_nothing_that_fell_silent_before() -> None:
    assert silences(fold(order(start=CUT + HOUR)))[0] == ("opened", 14, True, ("device_silent",))


def test_orders_that_follow_one_another_hold_together() -> None:
    second = order(BACK + HOUR, start=BACK + 10 * MINUTE, id_="q")  # within the first one's patience
    told = [at for _, at, tell, _ in silences(fold(order(), second)) if tell]
    assert told == [(BACK + HOUR + AFTER - CUT) // MINUTE]


def test_an_open_order_holds_until_it_is_ended_under_its_id() -> None:
    ended = order(end=T0 + 2 * HOUR, at=T0 + 2 * HOUR + 30_000, start=T0 + 2 * HOUR + 30_000)
    opened = order(end=None)
    assert [tell for _, _, tell, _ in silences(fold(opened))] == [False]
    told = [at for _, at, tell, _ in silences(fold(opened, ended)) if tell]
    assert told == [(T0 + 2 * HOUR + AFTER - CUT) // MINUTE]


@pytest.mark.parametrize(("until", "told"), [(BACK + HOUR, 225), (T0 + HOUR, 60)])
def test_an_order_may_be_prolonged_or_shortened_under_its_id(until: int, told: int) -> None:
    changed = order(until, at=T0 + 90 * MINUTE)
    assert [at for _, at, tell, _ in silences(fold(order(), changed)) if tell] == [told]


def test_a_version_that_is_delivered_again_after_its_change_undoes_nothing() -> None:
    first, changed = order(), order(T0 + HOUR, at=T0 + 90 * MINUTE)
    again = order(at=T0 + 95 * MINUTE)
    run = fold(first, changed, again)
    assert [at for _, at, tell, _ in silences(run) if tell] == [60]
    assert [note.kind for out in run.outputs for note in out.notes].count("repeated_signal") == 1


def test_a_signal_without_a_beginning_is_the_same_whenever_it_is_delivered() -> None:
    said = order(start=T0 + 20 * MINUTE, at=T0 + 20 * MINUTE)  # a resolver sets its receipt
    again = order(start=T0 + 80 * MINUTE, at=T0 + 80 * MINUTE)
    assert silences(fold(said, again)) == silences(fold(said))


def test_a_maintenance_that_is_withdrawn_gives_its_values_back() -> None:
    kept = order(T0 + 2 * HOUR, kind="maintenance", start=T0)
    gone = order(T0 + 20 * MINUTE, kind="maintenance", start=T0, at=T0 + 70 * MINUTE)
    whole = ((T0, T0 + 2 * HOUR),)
    assert fold(kept, speaks=whole).answers("local")[0][1] == "undetermined"
    answers = [answer for hour, answer, _ in fold(kept, gone, speaks=whole).answers("local") if hour == 0]
    assert answers == ["undetermined", "undetermined"]  # forty minutes of sixty: not enough
    gone = order(T0 + 5 * MINUTE, kind="maintenance", start=T0, at=T0 + 70 * MINUTE)
    answers = [answer for hour, answer, _ in fold(kept, gone, speaks=whole).answers("local") if hour == 0]
    assert answers == ["undetermined", "exceeds"]


def test_capture_and_answer_stay_and_the_window_bears_the_announcement() -> None:
    short = order(T0 + 35 * MINUTE)  # five minutes of the hour
    run = fold(short, speaks=((T0, CUT), (T0 + 35 * MINUTE, T0 + 2 * HOUR)), until=T0 + 2 * HOUR + 5 * MINUTE)
    assert run.answers("local") == [(0, "exceeds", ("announced",)), (1, "exceeds", ())]
    assert [v.capture for v in run.verdicts] == [55 / 60, 1.0]


# ------------------------------------------------------------------------------------------ states of sites


def stated(*states: tuple[str, int | None], at: int = T0, **more: Any) -> Revision:
    made = revision(rules=[local_rule()], stations=(), at=at, **more)
    made.body["sites"][0]["states"] = [{"state": state, "from": since} for state, since in states]
    return make_revision(made.body, at)


def at_work(
    *states: tuple[str, int | None], speaks: tuple[tuple[int, int], ...] = (), until: int = T0 + 6 * HOUR
) -> Run:
    rows = [one for start, end in speaks for one in minutes(start, end, 300.0)]
    return Run(stated(*states), *ticking(rows, until))


@pytest.mark.parametrize("states", [[("planned", None)], [("finished", None)], [("working", T0 + 9 * HOUR)]])
def test_a_planned_or_finished_site_is_neither_expected_nor_judged(
    states: list[tuple[str, int | None]],
) -> None:
    silent = at_work(*states)
    assert (silent.breaches, silent.verdicts) == ([], [])
    loud = at_work(*states, speaks=((T0, T0 + 6 * HOUR),))
    assert (loud.breaches, loud.verdicts) == ([], [])
    assert len(loud.hours()) == 5  # what it measures is kept


def test_work_that_begins_is_expected_and_judged_from_then_on() -> None:
    run = at_work(("planned", None), ("working", T0 + 2 * HOUR))
    assert silences(run) == [("opened", 90 + 15, True, ("never_seen",))]
    assert run.answers("local")[0][0] == 2


def test_a_stopped_site_is_judged_and_its_silence_is_recorded_until_it_works_again() -> None:
    run = at_work(("stopped", None), ("working", T0 + 4 * HOUR), speaks=((T0, T0 + HOUR),))
    assert run.answers("local")[0] == (0, "exceeds", ())
    assert [(event, tell, why) for event, _, tell, why in silences(run)] == [
        ("opened", False, ("device_silent", "site_stopped")),
        ("amended", True, ("announced_over", "device_silent")),
    ]
    assert silences(run)[-1][1] == (T0 + 4 * HOUR + AFTER - CUT) // MINUTE


def test_what_is_open_when_a_site_is_finished_closes_with_that_reason() -> None:
    run = at_work(("working", None), ("finished", T0 + 3 * HOUR), speaks=((T0, T0 + HOUR + 10 * MINUTE),))
    closed = [(b.kind, b.reasons) for b in run.breaches if b.event == "closed"]
    assert sorted(closed) == [("exceedance", ("site_at_rest",)), ("offline", ("site_at_rest",))]
    assert max(hour for hour, _, _ in run.answers("local")) == 2


def test_states_survive_a_restart() -> None:
    log = ticking(minutes(T0, T0 + HOUR, 300.0), T0 + 6 * HOUR)
    first = stated(("stopped", None), ("working", T0 + 3 * HOUR))
    whole = Run(first, *log)
    detector = Detector.empty()
    said = list(detector.fold(first).breaches)
    for record in log:
        said += detector.fold(record).breaches
        detector = Detector.load(detector.dump())
    assert said == [b for out in whole.outputs for b in out.breaches]
