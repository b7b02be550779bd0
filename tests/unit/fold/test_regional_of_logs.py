"""Regional episodes in logs: the label of a breach, the county's policy, what becomes known later."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.records import FeedRecord, Revision
from ingest.regional_form import NO_SOURCE
from processors.plan.body import make_revision
from tests.logs import HOUR, MINUTE, T0, Run, background, local_rule, minutes, ticking
from tests.logs import revision as configured

COUNTY = {"area": "county", "cap": 150}


def county(rules: list[Any], policy: str | None, **more: Any) -> Revision:
    body = configured(rules=rules, **more).body
    if policy is not None:
        body["county"]["background"][0]["regional"] = {"policy": policy}
    return make_revision(body, T0)


def storm(*levels: float, late: int = 5) -> list[FeedRecord]:
    """The county's mean hour by hour, each so many minutes after its hour."""
    return [
        background(T0 + n * HOUR, level, T0 + (n + 1) * HOUR + late * MINUTE)
        for n, level in enumerate(levels)
    ]


def fold(
    known: list[FeedRecord], air: list[float], policy: str | None = None, rules: list[Any] | None = None, **more: Any
) -> Run:  # fmt: skip
    rows = [one for n, level in enumerate(air) for one in minutes(T0 + n * HOUR, T0 + (n + 1) * HOUR, level)]
    wanted = rules if rules is not None else [local_rule(limit=80, background=COUNTY)]
    until = T0 + len(air) * HOUR + 10 * MINUTE
    return Run(county(wanted, policy, **more), *ticking(rows, until, others=known))


def said(run: Run) -> list[tuple[str, int, str, bool, bool | None]]:
    """(event, minutes after T0, level, told, labelled) of the exceedances."""
    return [
        (
            b.event,
            (b.at - T0) // MINUTE,
            b.level,
            b.tell,
            None if b.regional is None else b.regional["labelled"],
        )
        for b in run.breaches
        if b.kind == "exceedance"
    ]


def test_a_breach_in_a_storm_is_labelled_and_by_default_downgraded_and_says_who_confirms_it() -> None:
    run = fold(storm(500, 500, 500), [540, 540, 540])
    assert said(run) == [("opened", 65, "notice", True, True)]
    (opened,) = run.breaches
    assert opened.reasons == ("regional", "regional_downgraded")
    assert opened.regional is not None
    kept = {
        key: opened.regional[key] for key in ("area", "mean", "mark", "level", "policy", "status", "citation")
    }
    assert kept == {
        "area": "county",
        "mean": 500.0,
        "mark": 350.0,
        "level": "warning",
        "policy": "downgrade",
        "status": "unconfirmed",
        "citation": NO_SOURCE,
    }
    assert [(v.answer, v.reasons) for v in run.verdicts] == [("exceeds", ())] * 3


def test_the_record_of_the_area_tells_how_the_episode_went() -> None:
    run = fold(storm(80, 500, 600, 90), [50, 50, 50, 50])
    told = [
        (e.event, (e.start - T0) // HOUR, (e.end - T0) // HOUR, e.peak)
        for out in run.outputs
        for e in out.regional
    ]
    assert told == [("began", 1, 2, 500.0), ("amended", 1, 3, 600.0), ("ended", 1, 3, 600.0)]
    assert len({e.event_id for out in run.outputs for e in out.regional}) == 3


@pytest.mark.parametrize(
    ("levels", "labelled"),
    [
        ((500,), True),  # what came before is not known
        ((350,), False),  # the mark itself is not above it
        ((351,), True),
        ((100, 500), True),
        ((400, 500), True),
        ((600, 500), True),  # it began in the hour before, and goes on
    ],
)
def test_an_episode_begins_above_the_mark_where_the_background_rises(
    levels: tuple[float, ...], labelled: bool
) -> None:
    known = [
        background(T0 - (len(levels) - 1 - n) * HOUR, level, T0 + HOUR + (5 + n) * MINUTE)
        for n, level in enumerate(levels)
    ]
    assert [one[4] for one in said(fold(known, [540.0]))] == [True if labelled else None]


def test_most_stations_must_rise_and_the_mean_be_above_the_mark() -> None:
    def hour(n: int, **values: float) -> list[FeedRecord]:
        at = T0 + (n + 1) * HOUR + 5 * MINUTE
        return [background(T0 + n * HOUR, value, at, station) for station, value in values.items()]

    stations = ("S1", "S2", "S3")
    before = hour(-1, S1=200, S2=300, S3=300)
    one = fold([*before, *hour(0, S1=1500, S2=290, S3=290)], [990], stations=stations)
    assert [found[4] for found in said(one)] == [None]  # dust at one station
    most = fold([*before, *hour(0, S1=900, S2=600, S3=290)], [990], stations=stations)
    assert [found[4] for found in said(most)] == [True]


def test_a_site_that_exceeded_before_the_storm_has_dust_of_its_own() -> None:
    run = fold(storm(80, 500, 500), [300, 540, 540])
    assert said(run) == [("opened", 65, "warning", True, None)]


def test_a_site_that_exceeds_still_after_the_storm_has_its_own_level_again_and_is_told_once() -> None:
    run = fold(storm(500, 500, 90), [540, 540, 540])
    assert said(run) == [("opened", 65, "notice", True, True), ("amended", 185, "warning", False, False)]


def test_by_policy_a_breach_is_held_for_as_long_as_a_rule_waits_for_background() -> None:
    run = fold(storm(500, 500, 500), [540, 540, 540], "hold")
    assert said(run) == [("opened", 65, "warning", False, True), ("amended", 120, "warning", True, True)]
    assert run.breaches[0].reasons == ("regional", "regional_held")
    assert run.breaches[1].reasons == ("regional",)


def test_what_is_over_before_its_hold_ends_is_never_told() -> None:
    quarter = [local_rule(limit=400, window=900)]
    rows = [*minutes(T0, T0 + 75 * MINUTE, 540), *minutes(T0 + 75 * MINUTE, T0 + 2 * HOUR, 50)]
    early = [background(T0 - HOUR, 500, T0 + MINUTE)]
    run = Run(county(quarter, "hold"), *ticking(rows, T0 + 3 * HOUR, others=early))
    events = [(b.event, b.tell) for b in run.breaches if b.kind == "exceedance"]
    assert events[0] == ("opened", False)
    told = [b for b in run.breaches if b.kind == "exceedance" and b.event == "amended" and b.tell]
    assert [(b.at - T0) // MINUTE for b in told] == [75]  # sixty minutes after the first quarter's end
    short = [*minutes(T0, T0 + 15 * MINUTE, 540), *minutes(T0 + 15 * MINUTE, T0 + 2 * HOUR, 50)]
    run = Run(county(quarter, "hold"), *ticking(short, T0 + 3 * HOUR, others=early))
    assert [(b.event, b.tell) for b in run.breaches if b.kind == "exceedance"][:1] == [("opened", False)]
    assert not [b for b in run.breaches if b.kind == "exceedance" and b.event == "amended"]


def test_a_rule_without_background_is_labelled_once_its_hour_is_known_and_its_message_stays() -> None:
    run = fold(storm(500), [540], rules=[local_rule(limit=400)])
    assert said(run) == [("opened", 62, "warning", True, None), ("amended", 65, "notice", False, True)]


def test_the_newest_background_speaks_for_the_hours_after_it_and_not_for_ever() -> None:
    rules = [local_rule(limit=400)]
    soon = fold(storm(500), [50, 50, 540], rules=rules)
    assert [one[4] for one in said(soon)] == [True]
    late = fold(storm(500), [50, 50, 50, 50, 540], rules=rules)
    assert [one[4] for one in said(late)] == [None]


def test_a_correction_of_the_background_takes_the_label_back_and_tells_what_was_held() -> None:
    corrected = background(T0, 90, T0 + 80 * MINUTE, id="corrected")
    run = fold([*storm(500), corrected], [540, 540], "hold")
    assert said(run)[0] == ("opened", 65, "warning", False, True)
    told = [one for one in said(run) if one[3]]
    assert told == [("amended", 80, "warning", True, False)]


def test_a_day_is_labelled_where_without_the_storm_it_would_have_kept_its_allowance() -> None:
    rules = [local_rule(limit=80, background=COUNTY, allowance=1)]
    day = 23  # T0 is one o'clock
    own = [300.0, 300.0] + [50.0] * (day - 2)
    calm = fold(storm(*[80.0] * day), own, rules=rules)
    blown = fold(storm(*[500.0] * 3, *[80.0] * (day - 3)), [540.0] * 3 + [50.0] * (day - 3), rules=rules)
    for run, labelled in ((calm, None), (blown, True)):
        days = [
            b
            for b in run.breaches
            if b.kind == "exceedance" and b.end - b.start > HOUR and b.event == "opened"
        ]
        assert [None if b.regional is None else b.regional["labelled"] for b in days] == [labelled]


def test_with_the_policy_off_nothing_is_labelled_and_no_episode_is_kept() -> None:
    run = fold(storm(500, 500), [540, 540], "off")
    assert said(run) == [("opened", 65, "warning", True, None)]
    assert not [e for out in run.outputs for e in out.regional]


def foreseen(run: Run) -> list[tuple[str, str, int, tuple[str, int] | None]]:
    """(kind, state, hour of the window, policy and the hour that its episode began) of each outlook."""
    return [
        (
            o.kind,
            o.state,
            (o.start - T0) // HOUR,
            None if o.regional is None else (o.regional["policy"], (o.regional["start"] - T0) // HOUR),
        )
        for out in run.outputs
        for o in out.outlooks
        if o.event == "rose"
    ]


def test_an_outlook_bears_the_episode_that_its_window_lies_in_and_says_who_confirms_it() -> None:
    run = fold(storm(80, 500, 500), [60, 60, 540])
    likely = [one for one in foreseen(run) if one[2] == 2]
    assert [one[1] for one in likely] == ["warning", "exceeds_if_measuring_goes_on", "certain"]
    assert {one[3] for one in likely} == {("downgrade", 1)}
    (first, *_) = [o for out in run.outputs for o in out.outlooks if o.event == "rose"]
    assert first.regional is not None
    assert {key: first.regional[key] for key in ("area", "mean", "mark", "unit", "status", "citation")} == {
        "area": "county", "mean": 500.0, "mark": 350.0, "unit": "ug/m3", "status": "unconfirmed", "citation": NO_SOURCE,
    }  # fmt: skip
    assert first.tell, "what policy makes of it is decided where people are told"


@pytest.mark.parametrize(("levels", "policy"), [((80, 100, 120), None), ((80, 500, 500), "off")])
def test_an_outlook_without_an_episode_says_nothing_of_one(
    levels: tuple[float, ...], policy: str | None
) -> None:
    run = fold(storm(*levels), [60, 60, 540], policy)
    assert {one[3] for one in foreseen(run)} == {None}
    assert all("regional" not in o.body for out in run.outputs for o in out.outlooks)


def test_labels_change_nothing_else_of_an_outlook() -> None:
    def without(run: Run) -> list[dict[str, Any]]:
        told = [o.body for out in run.outputs for o in out.outlooks]
        return [
            {k: v for k, v in one.items() if k not in ("regional", "configuration", "rule_revision", "id")}
            for one in told
        ]

    air, known = [60, 300, 540, 540], storm(80, 500, 600, 90)
    assert without(fold(known, air)) == without(fold(known, air, "off"))


def test_a_day_is_foretold_as_regional_only_if_it_would_keep_its_allowance_without_the_storm() -> None:
    def rules(allowance: int) -> list[Any]:
        return [local_rule(limit=80, background=COUNTY, allowance=allowance)]

    storming = fold(storm(80, 500, 500, 500), [60, 540, 540, 540], rules=rules(1))
    own = fold(storm(80, 90, 90, 500), [300, 300, 60, 540], rules=rules(1))
    (before_it_is_known, *known) = [one[3] for one in foreseen(storming) if one[0] == "day"]
    assert before_it_is_known is None
    assert set(known) == {("downgrade", 1)}
    assert {one[3] for one in foreseen(own) if one[0] == "day"} == {None}
