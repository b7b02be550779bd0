"""Silence of whole sites: one breach for all of their devices, and nobody is told twice."""

from __future__ import annotations

from pathlib import Path

from deploy.county.compile import revision_of_folder
from ingest.records import Revision
from processors.fold.detector import Detector
from processors.plan.body import make_revision
from tests.counties import device, write_county
from tests.logs import HOUR, MINUTE, T0, Run, batch, minutes, revision, row, tick, ticking

THREE = [{"id": f"d{n}", "site": "s1"} for n in (1, 2, 3)]
SAID = tuple[str, str, float, bool]


def said(run: Run) -> list[SAID]:
    """(event, device or site, minute, told) of all that is about silence."""
    return [
        (b.event, b.device or b.site, (b.at - T0) / MINUTE, b.tell)
        for b in run.breaches
        if b.kind == "offline"
    ]


def reasons(run: Run, name: str) -> list[tuple[str, ...]]:
    return [b.reasons for b in run.breaches if b.kind == "offline" and name == (b.device or b.site)]


def until(last: dict[str, int], end: int, **more: int) -> Run:
    """Devices of one site that speak each minute until some minute of the log; some again from another on."""
    rows = [r for d, m in last.items() for r in minutes(T0, T0 + m * MINUTE, 1, d)]
    rows += [r for d, m in more.items() for r in minutes(T0 + m * MINUTE, T0 + end * MINUTE, 1, d)]
    return Run(revision(THREE), *ticking(rows, T0 + end * MINUTE))


def test_a_site_that_was_never_heard_is_one_breach_of_the_site_and_wakes_people_once():
    run = Run(revision(THREE), *ticking([], T0 + 20 * MINUTE))
    assert said(run) == [
        ("opened", "d1", 15.0, False),
        ("opened", "d2", 15.0, False),
        ("opened", "d3", 15.0, False),
        ("opened", "s1", 15.0, True),
    ]
    assert reasons(run, "d1") == [("never_seen", "site_silent")]
    (site,) = [b for b in run.breaches if not b.device]
    assert (site.rule, site.kind, site.start, site.reasons) == (
        "offline/site",
        "offline",
        T0,
        ("never_seen", "site_silent"),
    )


def test_a_site_without_power_is_told_once_though_its_devices_are_found_silent_one_after_another():
    run = until({"d1": 10, "d2": 11, "d3": 12}, 40)
    assert [one for one in said(run) if one[3]] == [("opened", "s1", (26 * MINUTE + 1000) / MINUTE, True)]
    assert reasons(run, "d1") == [("device_silent", "site_quiet"), ("device_silent", "site_silent")]
    assert reasons(run, "s1") == [("site_silent",)]


def test_a_device_whose_fellows_speak_is_told_at_once():
    run = until({"d1": 10, "d2": 40, "d3": 40}, 40)
    assert said(run) == [("opened", "d1", (24 * MINUTE + 1000) / MINUTE, True)]
    assert reasons(run, "d1") == [("device_silent",)]


def test_a_device_that_waited_for_the_word_on_its_site_is_told_when_the_site_speaks_again():
    rows = [*minutes(T0, T0 + 10 * MINUTE, 1, "d1"), *minutes(T0, T0 + 11 * MINUTE, 1, "d2")]
    rows += [*minutes(T0, T0 + 11 * MINUTE, 1, "d3"), row(T0 + 25 * MINUTE - 1000, 1, "d2")]
    run = Run(revision(THREE), *ticking(rows, T0 + 27 * MINUTE))
    at = (25 * MINUTE + 1000) / MINUTE  # when the site would have been silent
    assert said(run)[0][:2] == ("opened", "d1")
    assert said(run)[-1] == ("amended", "d1", at, True)
    assert reasons(run, "d1")[-1] == ("device_silent",)
    assert len({b.event_id for b in run.breaches}) == len(run.breaches)


def test_the_first_device_that_is_heard_ends_the_silence_of_the_site_and_the_others_have_their_time():
    run = until({"d1": 10, "d2": 10, "d3": 10}, 70, d1=40)
    told = [one for one in said(run) if one[3]]
    back = 40 + 1000 / MINUTE
    assert told == [
        ("opened", "s1", (24 * MINUTE + 1000) / MINUTE, True),
        ("closed", "s1", back, True),
        ("amended", "d2", back + 15, True),
        ("amended", "d3", back + 15, True),
    ]
    assert reasons(run, "s1")[-1] == ("site_returned",)
    closed = [b for b in run.breaches if b.event == "closed"]
    assert {(b.end, b.at) for b in closed} == {(closed[0].at, closed[0].at)}
    assert ("closed", "d1", back, False) in said(run)


def test_devices_that_come_back_soon_after_their_site_were_never_told_of():
    run = until({"d1": 10, "d2": 10, "d3": 10}, 70, d1=40, d2=41, d3=45)
    assert [(e, name) for e, name, _, told in said(run) if told] == [("opened", "s1"), ("closed", "s1")]
    assert not run.detector.breaches.open


def test_a_site_of_one_device_has_the_breach_of_that_device_and_no_other():
    run = Run(revision(), *ticking([], T0 + 20 * MINUTE))
    assert said(run) == [("opened", "d1", 15.0, True)]


def test_devices_of_other_sites_are_another_matter():
    devices = [*THREE, {"id": "e1", "site": "s2"}, {"id": "e2", "site": "s2"}]
    rows = [r for d in ("d1", "d2", "d3", "e1") for r in minutes(T0, T0 + 30 * MINUTE, 1, d)]
    run = Run(revision(devices), *ticking(rows, T0 + 30 * MINUTE))
    assert said(run) == [("opened", "e2", 15.0, True)]


def test_the_slowest_device_says_when_the_site_is_silent():
    devices = [{"id": "d1", "site": "s1"}, {"id": "d2", "site": "s1", "interval": 1200}]
    run = Run(revision(devices), *ticking([], T0 + 2 * HOUR))
    assert said(run) == [
        ("opened", "d1", 15.0, True),
        ("opened", "d2", 60.0, False),
        ("amended", "d1", 60.0, False),
        ("opened", "s1", 60.0, True),
    ]


def test_a_configuration_that_takes_the_last_speaking_device_away_leaves_a_silent_site():
    rows = minutes(T0, T0 + 30 * MINUTE, 1, "d3")
    run = Run(revision(THREE), *ticking(rows, T0 + 30 * MINUTE))
    assert [name for _, name, _, _ in said(run)] == ["d1", "d2"]
    run.fold(revision(THREE[:2], at=T0 + 30 * MINUTE))
    assert said(run)[-1] == ("opened", "s1", 30.0, True)


def test_a_site_that_the_configuration_names_no_longer_closes_as_removed_and_not_as_returned():
    run = Run(revision(THREE), *ticking([], T0 + 20 * MINUTE))
    run.fold(revision([{"id": "x", "site": "s9"}], at=T0 + 20 * MINUTE))
    closed = {b.device or b.site: b.reasons for b in run.breaches if b.event == "closed"}
    assert closed["s1"] == ("site_removed",)
    assert closed["d1"] == ("device_removed",)


def test_our_own_outage_makes_no_site_silent_and_moves_the_word_on_one_that_was_waited_for():
    times = [t for t in range(0, 151) if not 24 < t < 120]
    records = [revision(THREE)]
    for minute in times:
        records.append(tick(T0 + minute * MINUTE))
        for number, last in ((1, 10), (2, 12), (3, 12)):
            if minute < last or (number == 3 and minute >= 125):
                records.append(batch(row(T0 + minute * MINUTE, 1, f"d{number}")))
    run = Run(*records)
    assert said(run)[0] == ("opened", "d1", (24 * MINUTE + 1000) / MINUTE, False)
    assert [one[:3] for one in said(run) if one[3]] == [("amended", "d1", 130.0), ("opened", "d2", 130.0)]


def test_a_restart_between_any_two_records_changes_nothing():
    rows = [r for d, m in (("d1", 10), ("d2", 11), ("d3", 12)) for r in minutes(T0, T0 + m * MINUTE, 1, d)]
    rows += minutes(T0 + 40 * MINUTE, T0 + 60 * MINUTE, 1, "d2")
    log = [revision(THREE), *ticking(rows, T0 + 60 * MINUTE)]
    through = Run(*log)
    restarted = Run()
    for record in log:
        restarted.fold(record)
        restarted.detector = Detector.load(restarted.detector.dump())
    assert restarted.breaches == through.breaches
    assert restarted.detector.dump() == through.detector.dump()


def test_how_close_together_a_site_must_fall_silent_is_what_routing_says():
    def told(window: float) -> list[SAID]:
        plain = revision(THREE)
        body = {**plain.body, "offline": {"window": window}}
        rows = [
            r for d, m in (("d1", 10), ("d2", 11), ("d3", 12)) for r in minutes(T0, T0 + m * MINUTE, 1, d)
        ]
        run = Run(make_revision(body, plain.received_at), *ticking(rows, T0 + 40 * MINUTE))
        return [one for one in said(run) if one[0] == "opened" and one[3]]

    assert [name for _, name, _, _ in told(300)] == ["s1"]
    assert [name for _, name, _, _ in told(60)] == ["d1", "s1"]  # the other two within a minute


def test_a_folder_that_says_nothing_of_it_or_the_default_keeps_the_id_that_it_had(tmp_path: Path):
    def made(name: str, **routing: object) -> Revision:
        extra = {"routing.yaml": {"offline": routing}} if routing else {}
        return revision_of_folder(write_county(tmp_path / name, [device("d1")], extra=extra), T0)

    assert made("a").id == made("b", window=300).id
    assert made("c", window=120).body["offline"] == {"window": 120}
