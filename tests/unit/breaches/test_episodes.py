"""Episodes by themselves: what opens, amends, raises and closes a breach, and what its records say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processors.breaches import (
    OFFLINE,
    OFFLINE_SITE,
    SUSPICION,
    Breaches,
    InARow,
    SilentPlace,
    Suspicion,
    VerdictInContext,
)
from processors.breaches.episodes import REMEMBER_MOST
from processors.plan.rules import Rule
from processors.records.breaches import Breach
from processors.records.ids import short_id
from processors.records.verdicts import Verdict
from tests.logs import HOUR, T0, local_rule
from tests.parts import read_again, until
from tests.saying import assert_says, carried, changes

RULE = local_rule(
    deadline_h=3,
    administrative=True,
    severity=[{"above": 200, "level": "violation"}],
    opens=["interval", "day"],
)
KEY = (RULE.id, "interval", "d1")
OF_ITS_VERDICT = (
    "site", "rule", "rule_revision", "title", "clause", "citation", "status", "pollutant", "unit", "start", "end",
    "value", "background", "subtracted", "limit", "capture", "interval", "revision", "reasons", "configuration",
)  # fmt: skip


def _verdict(hour: int = 0, answer: str = "exceeds", value: float = 150.0, **more: Any) -> Verdict:
    start = T0 + hour * HOUR
    made = Verdict(
        id=f"v{hour}", kind="interval", site="s1", point="d1", rule=RULE.id, rule_revision=RULE.revision,
        title=RULE.titles, clause="1", citation="test", status="read", pollutant="pm10", unit="ug/m3",
        start=start, end=start + HOUR, answer=answer, reasons=(), value=value, background=None, subtracted=None,
        background_ids=(), limit=100.0, capture=0.9, interval=f"i{hour}", revision=1, configuration="c1",
        decided_at=start + HOUR + 5,
    )  # fmt: skip
    return replace(made, **more)


def _judged(
    breaches: Breaches,
    verdict: Verdict,
    rule: Rule = RULE,
    *,
    previous: str | None = None,
    later: Verdict | None = None,
    delayed: bool = False,
    **in_a_row: Any,
) -> list[Breach]:
    return breaches.judged(VerdictInContext(verdict, rule, previous, later, InARow(**in_a_row)), delayed)


def _events(breaches: Breaches, verdict: Verdict, rule: Rule = RULE, **more: Any) -> list[str]:
    return [event.event for event in _judged(breaches, verdict, rule, **more)]


def test_a_breach_says_by_what_and_since_when():
    breaches = Breaches()
    verdict = _verdict(background=20.0, subtracted=10.0, reasons=("x",))
    (found,) = _judged(breaches, verdict, RULE, delayed=True)
    carried(found, verdict, *OF_ITS_VERDICT)
    assert_says(
        found, id=short_id("breach", RULE.id, RULE.revision, "interval", "d1", T0), event="opened", kind="exceedance", level="warning", device="d1", verdict="v0", at=T0 + HOUR + 5,
        opened_at=T0 + HOUR + 5, delayed=True, tell=True, administrative=True, deadline_h=3,
    )  # fmt: skip
    later = _verdict(1, "compliant", 50.0, revision=2, configuration="c2", reasons=("y",), capture=0.8)
    (closed,) = _judged(breaches, later, RULE)
    carried(closed, later, *OF_ITS_VERDICT)
    beside = {name: value for name, value in changes(found, closed).items() if name not in OF_ITS_VERDICT}
    assert beside == {"event": "closed", "at": T0 + 2 * HOUR + 5, "verdict": "v1"}
    assert breaches.open == {}


@pytest.mark.parametrize(
    ("verdict", "level"),
    [
        (_verdict(value=200.0), "warning"),
        (_verdict(value=200.1), "violation"),
        (_verdict(value=205.0, subtracted=5.0), "warning"),
        (_verdict(value=206.0, subtracted=5.0), "violation"),
        (_verdict(kind="day", value=3.0), RULE.day_level),
    ],
)
def test_the_level_is_the_highest_mark_that_what_is_left_is_above(verdict: Verdict, level: str):
    (found,) = _judged(Breaches(), verdict, RULE)
    assert found.level == level


def test_a_mark_in_milligrams_is_compared_in_micrograms():
    rule = local_rule(unit="mg/m3", limit=0.1, severity=[{"above": 0.2, "level": "violation"}])
    assert [_judged(Breaches(), _verdict(value=v), rule)[0].level for v in (200.0, 201.0)] == [
        "warning",
        "violation",
    ]


@pytest.mark.parametrize(("hours", "tell"), [(6, True), (6 + 1e-6, False)])
def test_what_was_found_too_late_is_recorded_and_wakes_nobody(hours: float, tell: bool):
    late = _verdict(decided_at=T0 + HOUR + round(hours * HOUR))
    (found,) = _judged(Breaches(), late, local_rule(tell_within_h=6))
    assert found.tell is tell


def test_an_episode_goes_on_rises_once_and_falls_never():
    breaches = Breaches()
    assert _events(breaches, _verdict()) == ["opened"]
    assert _events(breaches, _verdict(1)) == []
    (risen,) = _judged(breaches, _verdict(2, value=300.0), RULE, delayed=True)
    assert (risen.event, risen.level, risen.tell, risen.delayed, risen.start) == (
        "amended", "violation", True, True, T0 + 2 * HOUR,
    )  # fmt: skip
    assert _events(breaches, _verdict(3, value=400.0)) == []
    assert _events(breaches, _verdict(4, value=150.0)) == []
    assert breaches.open[KEY].last == T0 + 4 * HOUR
    assert breaches.open[KEY].opened.level == "violation"


def test_a_rise_found_too_late_tells_nobody_and_untells_nobody():
    breaches = Breaches()
    _judged(breaches, _verdict(), RULE)
    (risen,) = _judged(breaches, _verdict(1, value=300.0, decided_at=T0 + 99 * HOUR), RULE)
    assert (risen.tell, breaches.open[KEY].opened.tell) == (False, True)


def test_what_was_opened_too_late_to_tell_is_told_once_it_goes_on():
    breaches = Breaches()
    _judged(breaches, _verdict(decided_at=T0 + 99 * HOUR), RULE)
    assert breaches.is_untold(*KEY)
    assert _events(breaches, _verdict(1, decided_at=T0 + 99 * HOUR)) == []
    (told,) = _judged(breaches, _verdict(2), RULE, delayed=True)
    assert (told.event, told.tell, told.delayed, told.start) == ("amended", True, True, T0 + 2 * HOUR)
    assert not breaches.is_untold(*KEY)
    assert _events(breaches, _verdict(3)) == []


@pytest.mark.parametrize(
    ("kind", "opens"), [("interval", ["day"]), ("day", ["interval"]), ("instant", ["day"])]
)
def test_a_kind_that_the_rule_does_not_open_makes_no_breach(kind: str, opens: list[str]):
    rule = RULE.model_copy(update={"opens": opens})
    assert _events(Breaches(), _verdict(kind=kind), rule) == []
    assert _events(Breaches(), _verdict(kind=kind), RULE) == ["opened"]


def test_undetermined_and_what_clears_not_enough_leave_it_open():
    breaches = Breaches()
    _judged(breaches, _verdict(), RULE)
    assert _events(breaches, _verdict(1, "undetermined")) == []
    assert _events(breaches, _verdict(1, "compliant"), clears=False) == []
    assert _events(breaches, _verdict(-1, "compliant")) == []  # from before the exceedance
    assert breaches.is_open(*KEY)
    assert _events(breaches, _verdict(1, "compliant")) == ["closed"]
    assert not breaches.is_open(*KEY)


def test_too_few_in_a_row_open_nothing_and_enough_open_it_at_their_beginning():
    breaches = Breaches()
    assert _events(breaches, _verdict(), enough=False) == []
    (found,) = _judged(breaches, _verdict(1), RULE, run_start=T0)
    assert found.id == short_id("breach", RULE.id, RULE.revision, "interval", "d1", T0)
    assert found.start == T0 + HOUR


def test_an_episode_that_is_known_to_be_over_is_opened_and_closed_at_once():
    breaches = Breaches()
    opened, closed = _judged(breaches, _verdict(), RULE, later=_verdict(1, "compliant", 50.0))
    assert (opened.event, closed.event, closed.at, closed.start) == ("opened", "closed", opened.at, T0 + HOUR)
    assert not breaches.is_open(*KEY)


def test_an_exceedance_found_late_within_an_episode_that_is_over_amends_it_silently():
    breaches = Breaches()
    (opened,) = _judged(breaches, _verdict(), RULE)
    _judged(breaches, _verdict(3, "compliant"), RULE)
    (found,) = _judged(breaches, _verdict(2), RULE, later=_verdict(3, "compliant"))
    assert (found.id, found.event, found.tell, found.start) == (opened.id, "amended", False, T0 + 2 * HOUR)


def test_an_episode_that_is_not_over_after_all_is_told_anew_under_an_id_of_its_own():
    breaches = Breaches()
    (opened,) = _judged(breaches, _verdict(), RULE)
    _judged(breaches, _verdict(1, "compliant"), RULE)
    (again,) = _judged(breaches, _verdict(1, revision=2), RULE, previous="compliant")
    assert again.event == "opened"
    assert again.id == short_id("breach", RULE.id, RULE.revision, "interval", "d1", T0 + HOUR, T0 + HOUR, 2)
    assert again.id != opened.id


def test_an_episode_before_the_open_one_stands_by_itself():
    breaches = Breaches()
    _judged(breaches, _verdict(5), RULE)
    events = _judged(breaches, _verdict(), RULE, later=_verdict(1, "compliant"))
    assert [event.event for event in events] == ["opened", "closed"]
    assert breaches.open[KEY].opened.start == T0 + 5 * HOUR


def test_an_exceedance_found_late_before_the_open_one_with_nothing_compliant_between_is_said_once_and_silently():
    breaches = Breaches()
    (opened,) = _judged(breaches, _verdict(2), RULE)
    late = _verdict(0, value=120.0, revision=2)
    (amended,) = _judged(breaches, late, RULE, previous="undetermined")
    assert (amended.id, amended.event, amended.start, amended.value) == (opened.id, "amended", T0, 120.0)
    assert not amended.tell
    assert _judged(breaches, replace(late, revision=3), RULE, previous="exceeds") == []
    # what lies between is compliant after all: the breach that is open goes on
    assert _events(breaches, _verdict(1, "compliant", 50.0, revision=2), previous="undetermined") == []
    assert breaches.open[KEY].opened == opened
    assert _events(breaches, _verdict(3, "compliant", 50.0)) == ["closed"]


def test_the_verdict_that_opened_it_is_amended_and_closes_it_if_it_stands_alone():
    breaches = Breaches()
    (opened,) = _judged(breaches, _verdict(), RULE)
    amended, closed = _judged(breaches, _verdict(0, "compliant", 90.0, revision=2), RULE, previous="exceeds")
    assert (amended.event, amended.tell, amended.value, amended.revision) == ("amended", False, 90.0, 2)
    assert (closed.event, closed.id) == ("closed", opened.id)
    # found exceeding again: told anew, under another id
    (anew,) = _judged(breaches, _verdict(revision=3), RULE, previous="compliant")
    assert anew.event == "opened"
    assert anew.id == short_id("breach", RULE.id, RULE.revision, "interval", "d1", T0, T0, 3)


def test_the_opening_verdict_of_a_longer_episode_is_only_amended():
    breaches = Breaches()
    _judged(breaches, _verdict(), RULE)
    _judged(breaches, _verdict(1), RULE)
    assert _events(breaches, _verdict(0, "compliant", revision=2), previous="exceeds") == ["amended"]
    assert breaches.is_open(*KEY)
    # the last one taken back closes it, one in between does not
    _judged(breaches, _verdict(2), RULE)
    assert _events(breaches, _verdict(1, "compliant", revision=2), previous="exceeds") == []
    assert _events(breaches, _verdict(2, "undetermined", revision=2), previous="exceeds") == []
    assert _events(breaches, _verdict(2, "compliant", revision=2), previous="exceeds") == ["closed"]
    assert _events(breaches, _verdict(9, "compliant", revision=2), previous="exceeds") == []


def test_a_silent_device_and_a_silent_site_are_breaches_without_a_limit():
    breaches = Breaches()
    more: dict[str, Any] = {"delayed": True, "configuration": "c1"}
    device = breaches.silent(SilentPlace(OFFLINE, "s1", "d1", T0, ("silent",), tell=False), T0 + HOUR, **more)
    assert (device.id, device.kind, device.level) == (short_id("breach", OFFLINE, "d1", T0), OFFLINE, OFFLINE)
    assert (device.site, device.device, device.rule, device.start, device.end) == (
        "s1",
        "d1",
        OFFLINE,
        T0,
        T0 + HOUR,
    )
    assert (device.at, device.opened_at, device.reasons, device.delayed, device.tell) == (
        T0 + HOUR, T0 + HOUR, ("silent",), True, False,
    )  # fmt: skip
    assert (device.limit, device.value, device.pollutant, device.configuration, device.revision) == (
        None, None, None, "c1", 1,
    )  # fmt: skip
    site = breaches.silent(
        SilentPlace(OFFLINE_SITE, "s1", "", T0, ()), T0 + HOUR, delayed=False, configuration=""
    )
    assert (site.id, site.device) == (short_id("breach", OFFLINE_SITE, "s1", T0), "")
    assert set(breaches.open) == {(OFFLINE, OFFLINE, "d1"), (OFFLINE_SITE, OFFLINE, "s1")}
    assert device.title != site.title


def test_what_is_learnt_of_an_open_breach_is_told_only_where_it_is_news():
    breaches, key = Breaches(), (OFFLINE, OFFLINE, "d1")
    assert breaches.learn(key, {"b"}, set(), T0) is None
    breaches.silent(
        SilentPlace(OFFLINE, "s1", "d1", T0, ("a",), tell=False), T0, delayed=False, configuration=""
    )
    assert breaches.learn(key, {"a"}, {"z"}, T0) is None
    more = breaches.learn(key, {"b"}, {"a"}, T0 + 5, delayed=True)
    assert more is not None
    assert (more.event, more.at, more.reasons, more.tell, more.delayed, more.revision) == (
        "amended", T0 + 5, ("b",), False, True, 2,
    )  # fmt: skip
    assert breaches.reasons(key) == ("b",)
    told = breaches.learn(key, set(), set(), T0 + 6, tell=True)
    assert told is not None
    assert (told.tell, told.delayed, told.revision) == (True, False, 3)
    assert breaches.learn(key, set(), set(), T0 + 7, tell=True) is None
    assert breaches.reasons((OFFLINE, OFFLINE, "d9")) == ()


def _suspect(breaches: Breaches, device: str, rule: str = "suspicion/band") -> Breach:
    title = {"en": "t", "zh": "t"}
    found = Suspicion(rule, "s1", device, T0, T0 + HOUR, title, "recalled", {"n": 1})
    return breaches.suspect(found, T0 + 2 * HOUR, delayed=True, configuration="c1")


def test_a_suspicion_carries_its_evidence_once_and_closes_when_it_no_longer_stands():
    breaches = Breaches()
    found = _suspect(breaches, "d1")
    assert (found.id, found.kind, found.level, found.evidence) == (
        short_id("breach", "suspicion/band", "d1", T0, T0 + HOUR), SUSPICION, SUSPICION, {"n": 1},
    )  # fmt: skip
    assert (found.start, found.end, found.at, found.opened_at) == (
        T0,
        T0 + HOUR,
        T0 + 2 * HOUR,
        T0 + 2 * HOUR,
    )
    assert (found.reasons, found.delayed, found.citation, found.configuration, found.tell) == (
        ("suspected",), True, "recalled", "c1", True,
    )  # fmt: skip
    assert breaches.open["suspicion/band", SUSPICION, "d1"].opened.evidence is None
    _suspect(breaches, "d2")
    _suspect(breaches, "d1", "suspicion/cover")
    (over,) = breaches.unsuspect("suspicion/band", {"d2"}, T0 + 9 * HOUR)
    assert (over.device, over.event, over.reasons, over.at, over.end) == (
        "d1", "closed", ("suspicion_over",), T0 + 9 * HOUR, T0 + 9 * HOUR,
    )  # fmt: skip
    assert len(breaches.open) == 2


def test_what_no_verdict_will_close_is_dropped_with_the_reason():
    breaches = Breaches()
    for device, rule in (("d1", RULE), ("d2", RULE), ("d1", local_rule(id="gone"))):
        _judged(breaches, _verdict(point=device), rule)
    _suspect(breaches, "d1")
    for place in (
        (OFFLINE, "s1", "d1"),
        (OFFLINE, "s1", "d2"),
        (OFFLINE_SITE, "s1", ""),
        (OFFLINE_SITE, "s9", ""),
    ):
        breaches.silent(SilentPlace(*place, T0, ()), T0, delayed=False, configuration="")
    events = breaches.drop(["d1"], ["s1"], {RULE.id: {"d1", "d2"}}, T0 + 5)
    assert [(e.rule, e.device or e.site, e.reasons, e.at) for e in events] == [
        ("gone", "d1", ("rule_removed",), T0 + 5),
        (RULE.id, "d2", ("device_removed",), T0 + 5),
        (OFFLINE, "d2", ("device_removed",), T0 + 5),
        (OFFLINE_SITE, "s9", ("site_removed",), T0 + 5),
    ]
    assert len(breaches.open) == 4


def test_a_rule_that_is_suspended_closes_what_it_judges_no_longer():
    breaches = Breaches()
    for device in ("d2", "d1", "d3"):
        _judged(breaches, _verdict(point=device), RULE)
    events = breaches.suspend(RULE.id, {"d3"}, T0 + 5)
    assert [(e.device, e.event, e.reasons) for e in events] == [
        ("d1", "closed", ("rule_suspended",)),
        ("d2", "closed", ("rule_suspended",)),
    ]
    assert breaches.suspend("other", set(), T0 + 5) == []
    assert breaches.close(("other", "interval", "d1"), T0, "x") is None


def test_the_newest_episodes_are_remembered_for_as_long_as_they_may_be_amended_and_survive_a_snapshot():
    breaches = Breaches()
    for nth in range(REMEMBER_MOST + 1):
        _judged(breaches, _verdict(2 * nth), RULE)
        _judged(breaches, _verdict(2 * nth + 1, "compliant"), RULE)
    _judged(breaches, _verdict(999), RULE)
    held = breaches.closed[KEY]
    assert [e.opened.start for e in held] == [T0 + 2 * n * HOUR for n in range(1, REMEMBER_MOST + 1)]
    assert (held[0].closed_at, held[0].until) == (T0 + 4 * HOUR + 5, T0 + 3 * HOUR)
    assert read_again(breaches) == breaches
    breaches.forget(until(T0 + 4 * HOUR + 4))
    assert len(breaches.closed[KEY]) == REMEMBER_MOST
    breaches.forget(until(T0 + 4 * HOUR + 5))
    assert len(breaches.closed[KEY]) == REMEMBER_MOST - 1
    breaches.forget(until(T0 + 9999 * HOUR))
    assert (breaches.closed, set(breaches.open)) == ({}, {KEY})
