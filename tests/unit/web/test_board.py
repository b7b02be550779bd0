"""The board: what it says of a site, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.web.board import Board, by_rule, compose, group_cases, open_outlooks, present_verdicts
from ingest.clock import ManualClock
from ingest.register import SiteState
from processors.history.base import LatestReading
from tests.fakes.desk import (
    BLIND,
    DEAD,
    DUSTY,
    HOUR,
    MINUTE,
    NOW,
    SILENT_DEVICE,
    SMOKY,
    WATCHED,
    FakeCases,
    FakeHistory,
    example_register,
    floor_hour,
    outlook_said,
)

REGISTER = example_register()


def board_at(now: int = NOW) -> Board:
    history = FakeHistory(REGISTER, ManualClock(now))
    verdicts = history.verdicts(start_ms=now - 4 * HOUR, end_ms=now + 1, limit=10_000)
    return compose(REGISTER, history.latest(), verdicts, FakeCases(REGISTER).cases(), now)


def verdict(**more: Any) -> dict[str, Any]:
    base = {
        "site": DUSTY, "device": "dev-001", "kind": "interval", "rule": "r", "start": NOW - HOUR, "end": NOW,
        "answer": "compliant", "reasons": [], "value": 90.0, "background": None, "limit": 150.0, "revision": 1,
    }  # fmt: skip
    return {**base, **more}


def test_sites_that_exceed_come_first_and_compliant_ones_last() -> None:
    board = board_at()
    assert [s.site.id for s in board.sites][:2] == [DUSTY, SMOKY]
    states = [s.state for s in board.sites if not s.cases]
    assert states == sorted(states, key=["exceeds", "silent", "undetermined", "compliant"].index)


def test_a_site_without_a_speaking_device_is_silent_and_never_compliant() -> None:
    site = board_at().site(DEAD)
    assert site is not None
    assert (site.state, site.reasons) == ("silent", ("device_silent",))
    assert site.silent_devices == len(site.devices)


def test_one_silent_device_of_several_is_counted_and_its_level_left_out() -> None:
    site = board_at().site(BLIND)
    assert site is not None
    assert site.state == "undetermined"
    assert [d.device.id for d in site.devices if d.silent] == [SILENT_DEVICE]
    assert site.level == max(d.values["pm10"] for d in site.devices if not d.silent)


def test_a_county_of_which_nothing_is_known_is_undetermined_everywhere_not_green() -> None:
    board = compose(REGISTER, [], [], [], NOW)
    assert {s.state for s in board.sites} == {"silent"}
    assert board.stale
    assert board.count("compliant") == 0


def test_a_site_that_reports_but_was_not_judged_is_undetermined() -> None:
    reading = LatestReading("dev-001", DUSTY, NOW - MINUTE, NOW, 0, {"pm10": 20.0})
    site = compose(REGISTER, [reading], [], [], NOW).site(DUSTY)
    assert site is not None
    assert (site.state, site.reasons) == ("undetermined", ("not_judged_yet",))


@pytest.mark.parametrize(
    ("age", "state"), [(0, "compliant"), (3 * HOUR, "compliant"), (3 * HOUR + 1, "undetermined")]
)
def test_an_old_verdict_says_nothing_of_the_present(age: int, state: str) -> None:
    reading = LatestReading("dev-001", DUSTY, NOW, NOW, 0, {"pm10": 20.0})
    old = verdict(start=NOW - age - HOUR, end=NOW - age)
    site = compose(REGISTER, [reading], [old], [], NOW).site(DUSTY)
    assert site is not None
    assert site.state == state


def test_the_newest_revision_of_the_newest_interval_counts_and_days_do_not() -> None:
    found = present_verdicts(
        [
            verdict(answer="undetermined", revision=1),
            verdict(answer="exceeds", revision=2),
            verdict(answer="compliant", start=NOW - 2 * HOUR, end=NOW - HOUR, revision=9),
            verdict(answer="exceeds", kind="day", rule="d", start=NOW - 24 * HOUR),
        ],
        NOW,
    )
    assert [v["answer"] for v in found] == ["exceeds"]


def test_an_exceeding_instant_stands_until_its_rule_says_otherwise() -> None:
    above = verdict(answer="exceeds", rule="i", start=NOW - HOUR, end=NOW - HOUR, kind="instant")
    assert present_verdicts([above], NOW) == [above]
    clear = verdict(rule="i", start=NOW - 30 * MINUTE, end=NOW - 15 * MINUTE, kind="instant")
    assert present_verdicts([above, clear], NOW) == [clear]


def test_open_cases_that_nobody_signed_come_first() -> None:
    board = board_at()
    assert [c.state for c in board.cases] == ["open", "open", "recovered", "acknowledged"]
    watched = board.site(WATCHED)
    assert watched is not None
    assert (watched.state, watched.unsigned) == ("compliant", 1)


def test_cases_of_one_site_and_rule_are_one_matter() -> None:
    cases = FakeCases(REGISTER)
    one = cases.cases(site=DUSTY)[0]
    from dataclasses import replace

    groups = group_cases([one, replace(one, id="x", device="dev-001"), *cases.cases(site=SMOKY)])
    assert [[c.device for c in group] for group in groups] == [["dev-001", "dev-003"], ["dev-013"]]


def test_verdicts_are_gathered_by_rule_with_the_worst_point_in_front() -> None:
    records = by_rule(
        [
            verdict(rule="hour"),
            verdict(rule="hour", device="dev-002", answer="undetermined", value=None),
            verdict(rule="hour", device="dev-002", start=NOW - 2 * HOUR, end=NOW - HOUR),
            verdict(rule="short", start=NOW - 15 * MINUTE, answer="exceeds"),
            verdict(rule="hour", kind="day", start=NOW - 24 * HOUR, answer="exceeds"),
        ]
    )
    assert [(r.newest["rule"], r.newest["kind"], len(r.intervals)) for r in records] == [
        ("short", "interval", 1),
        ("hour", "interval", 2),
        ("hour", "day", 1),
    ]
    assert records[1].intervals[0].worst["answer"] == "undetermined"
    assert [p["device"] for p in records[1].intervals[0].points] == ["dev-001", "dev-002"]


def test_the_word_before_a_breach_counts_until_its_windows_end_and_not_at_it() -> None:
    end = floor_hour(NOW) + HOUR
    said = [outlook_said()]
    assert open_outlooks(said, end - 1) == said
    assert open_outlooks(said, end) == []


def test_of_each_point_and_rule_the_newest_word_counts_and_what_was_taken_back_is_gone() -> None:
    worse = outlook_said(at=NOW + MINUTE, state="certain")
    other = outlook_said(device="dev-010")
    back = outlook_said(device="dev-010", at=NOW + MINUTE, state="quiet", event="cleared")
    assert open_outlooks([outlook_said(), worse, other], NOW + MINUTE) == [worse, other]
    assert open_outlooks([back, worse, other, outlook_said()], NOW + MINUTE) == [worse]


def test_a_site_that_is_about_to_exceed_comes_before_its_equals() -> None:
    quiet = board_at()
    last = quiet.sites[-1]
    assert not last.cases
    history = FakeHistory(REGISTER, ManualClock(NOW))
    verdicts = history.verdicts(start_ms=NOW - 4 * HOUR, end_ms=NOW + 1, limit=10_000)
    said = [outlook_said(site=last.site.id, device=last.devices[0].device.id)]
    board = compose(REGISTER, history.latest(), verdicts, FakeCases(REGISTER).cases(), NOW, said)
    equals = [s.site.id for s in board.sites if s.state == last.state and not s.cases]
    assert equals[0] == last.site.id
    assert [s.outlooks for s in board.sites if s.site.id == last.site.id] == [tuple(said)]


@pytest.mark.parametrize(("state", "rank"), [("planned", -1), ("finished", -1)])
def test_a_site_that_is_planned_or_finished_is_named_so_and_stands_at_the_end(state: str, rank: int) -> None:
    here = REGISTER.sites[DEAD].model_copy(update={"states": (SiteState(state=state),)})
    register = replace(REGISTER, sites={**REGISTER.sites, DEAD: here})
    board = compose(register, [], [], [], NOW)
    site = board.sites[rank]
    assert (site.site.id, site.state, site.reasons) == (DEAD, state, ("site_at_rest",))
    assert (site.silent_devices, board.site(DEAD)) == (0, site)  # its page stays


def test_a_stopped_site_that_is_silent_says_why_nobody_is_told() -> None:
    here = REGISTER.sites[DEAD].model_copy(update={"states": (SiteState(state="stopped"),)})
    site = compose(replace(REGISTER, sites={**REGISTER.sites, DEAD: here}), [], [], [], NOW).site(DEAD)
    assert site is not None
    assert (site.state, site.reasons) == ("silent", ("never_seen", "site_stopped"))
