"""Breaches: opened once, amended when superseded, closed once; single values; days."""

from __future__ import annotations

from tests.logs import (
    HEBEI,
    HEBEI_RULE,
    HOUR,
    INSTANT,
    MIDNIGHT,
    MINUTE,
    T0,
    WUHAN,
    WUHAN_RULE,
    Run,
    background,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)


def hours_of(*levels):
    """One hour after the other at these levels; None: silent."""
    return [
        r
        for n, level in enumerate(levels)
        if level is not None
        for r in minutes(T0 + n * HOUR, T0 + (n + 1) * HOUR, level)
    ]


def wuhan(*levels):
    until = T0 + len(levels) * HOUR + 2 * MINUTE
    return Run(revision(rules=rules_of(WUHAN)), *ticking(hours_of(*levels), until))


def test_the_first_exceeding_hour_opens_and_the_first_compliant_one_closes():
    run = wuhan(10, 300, 400, 10, 10)
    opened, closed = run.breaches
    assert (opened.event, closed.event, opened.id) == ("opened", "closed", closed.id)
    assert (opened.start, opened.at, opened.value) == (T0 + HOUR, T0 + 2 * HOUR + 2 * MINUTE, 300.0)
    assert (closed.start, closed.at, closed.value) == (T0 + 3 * HOUR, T0 + 4 * HOUR + 2 * MINUTE, 10.0)
    assert opened.opened_at == closed.opened_at == opened.at
    assert opened.event_id != closed.event_id


def test_a_breach_says_what_it_was_judged_by():
    (breach,) = wuhan(300).breaches
    rule = rules_of(WUHAN)[0]
    assert (breach.rule, breach.rule_revision, breach.clause) == (rule.id, rule.revision, rule.clause)
    assert (breach.kind, breach.level, breach.status) == ("exceedance", "violation", "reported")
    assert (breach.administrative, breach.limit, breach.unit, breach.tell) == (True, 150.0, "ug/m3", True)
    assert breach.deadline_h == 4


def test_silence_closes_nothing():
    run = wuhan(300, None, None)
    assert run.events("exceedance") == [("opened", WUHAN_RULE, "violation")]


def test_an_hour_of_low_capture_keeps_the_breach_open():
    rows = minutes(T0, T0 + HOUR, 300) + minutes(T0 + HOUR, T0 + 2 * HOUR, 10)[::2]
    run = Run(revision(rules=rules_of(WUHAN)), *ticking(rows, T0 + 2 * HOUR + 2 * MINUTE))
    assert run.events() == [("opened", WUHAN_RULE, "violation")]


def test_a_second_episode_is_another_breach():
    run = wuhan(300, 10, 300)
    assert [b.event for b in run.breaches] == ["opened", "closed", "opened"]
    assert run.breaches[0].id == run.breaches[1].id != run.breaches[2].id


def test_two_monitors_of_a_site_have_breaches_of_their_own():
    rows = minutes(T0, T0 + HOUR, 300) + minutes(T0, T0 + HOUR, 300, "d2")
    run = Run(revision(["d1", "d2"], rules_of(WUHAN)), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert sorted(b.device for b in run.breaches) == ["d1", "d2"]
    assert len({b.id for b in run.breaches}) == 2


def test_a_rule_that_opens_nothing_has_verdicts_only():
    run = Run(
        revision(rules=[local_rule(opens=[])]), *ticking(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 2 * MINUTE)
    )
    assert run.verdicts[0].answer == "exceeds"
    assert not run.breaches


def test_an_exceeding_day_is_a_violation_and_closes_with_the_next_compliant_day():
    day = 24 * HOUR
    rows = minutes(MIDNIGHT, MIDNIGHT + 3 * HOUR, 500) + minutes(MIDNIGHT + 3 * HOUR, MIDNIGHT + 2 * day, 20)
    come = [background(MIDNIGHT + h * HOUR, 50, MIDNIGHT + (h + 1) * HOUR + MINUTE) for h in range(48)]
    log = ticking(rows, MIDNIGHT + 2 * day + 3 * MINUTE, MIDNIGHT, come)
    run = Run(revision(rules=rules_of(HEBEI), at=MIDNIGHT), *log)
    assert run.events("exceedance") == [
        ("opened", HEBEI_RULE, "warning"),
        ("closed", HEBEI_RULE, "warning"),
        ("opened", HEBEI_RULE, "violation"),
        ("closed", HEBEI_RULE, "violation"),
    ]
    assert [b for b in run.breaches if b.kind == "exceedance"][-1].end == MIDNIGHT + 2 * day


# -------------------------------------------------------------------------------------- superseding


def superseded(hours, come, until):
    return Run(revision(rules=rules_of(HEBEI)), *ticking(hours_of(*hours), until, others=come))


def test_background_that_comes_within_six_hours_opens_and_tells():
    run = superseded((300, 300), [background(T0, 50, T0 + 3 * HOUR)], T0 + 3 * HOUR)
    (breach,) = [b for b in run.breaches if b.kind == "exceedance"]
    assert (breach.event, breach.tell, breach.revision) == ("opened", True, 2)


def test_background_that_comes_later_is_recorded_and_wakes_nobody():
    run = superseded((300, 300), [background(T0, 50, T0 + 8 * HOUR)], T0 + 8 * HOUR)
    (breach,) = [b for b in run.breaches if b.kind == "exceedance"]
    assert (breach.event, breach.tell) == ("opened", False)


def test_an_exceedance_that_goes_on_is_told_once_an_hour_of_it_is_found_in_time():
    """Eight hours exceed, and the county's background comes for all of them at once."""
    until = T0 + 9 * HOUR + 5 * MINUTE
    come = [background(T0 + h * HOUR, 50, T0 + 8 * HOUR + (5 + h) * MINUTE) for h in range(8)]
    come.append(background(T0 + 8 * HOUR, 50, T0 + 9 * HOUR + 4 * MINUTE))
    run = superseded((300,) * 9, come, until)
    found = [b for b in run.breaches if b.kind == "exceedance"]
    # 01:00-02:00 ended 7 h before; 03:00-04:00 is the first that ended no more than 6 h before
    assert [(b.event, (b.start - T0) // HOUR, b.tell) for b in found] == [
        ("opened", 0, False),
        ("amended", 2, True),
    ]
    assert len({b.id for b in found}) == 1


def test_an_hour_found_out_of_order_opens_and_closes_at_the_compliant_hour_that_is_known():
    come = [
        background(T0 + HOUR, 50, T0 + 2 * HOUR + 3 * MINUTE),
        background(T0, 50, T0 + 2 * HOUR + 9 * MINUTE),
    ]
    run = superseded((300, 60), come, T0 + 2 * HOUR + 9 * MINUTE)
    assert [(b.event, (b.start - T0) // HOUR) for b in run.breaches] == [("opened", 0), ("closed", 1)]


def test_a_second_station_that_clears_the_hour_amends_and_closes():
    come = [
        background(T0, 10, T0 + HOUR + 3 * MINUTE, "S1"),
        background(T0, 290, T0 + HOUR + 30 * MINUTE, "S2"),
    ]
    feed = revision(rules=rules_of(HEBEI), stations=("S1", "S2"))
    run = Run(feed, *ticking(hours_of(200, 200), T0 + 2 * HOUR, others=come))
    assert [(b.event, b.background, b.tell, b.revision) for b in run.breaches] == [
        ("opened", 10.0, True, 1),
        ("amended", 150.0, False, 2),
        ("closed", 150.0, True, 2),
    ]


def test_a_correction_that_still_exceeds_amends_only():
    come = [background(T0, 10, T0 + HOUR + 3 * MINUTE), background(T0, 20, T0 + HOUR + 30 * MINUTE)]
    run = superseded((300, 300), come, T0 + 2 * HOUR)
    assert [(b.event, b.background) for b in run.breaches] == [("opened", 10.0), ("amended", 20.0)]


def test_a_correction_amends_a_breach_that_has_closed_and_opens_no_second():
    come = [
        background(T0, 10, T0 + HOUR + 3 * MINUTE),
        background(T0 + HOUR, 10, T0 + 2 * HOUR + 3 * MINUTE),
        background(T0, 20, T0 + 2 * HOUR + 9 * MINUTE),
    ]
    run = superseded((300, 20), come, T0 + 2 * HOUR + 9 * MINUTE)
    assert [b.event for b in run.breaches] == ["opened", "closed", "amended"]
    assert len({b.id for b in run.breaches}) == 1


def test_a_correction_that_clears_the_last_exceeding_hour_closes():
    come = [
        background(T0, 10, T0 + HOUR + 3 * MINUTE),
        background(T0 + HOUR, 10, T0 + 2 * HOUR + 3 * MINUTE),
        background(T0 + HOUR, 150, T0 + 2 * HOUR + 9 * MINUTE),
    ]
    run = superseded((300, 200), come, T0 + 2 * HOUR + 9 * MINUTE)
    assert [(b.event, (b.start - T0) // HOUR) for b in run.breaches] == [("opened", 0), ("closed", 1)]
    assert run.breaches[-1].at == T0 + 2 * HOUR + 9 * MINUTE


def test_corrections_that_clear_one_hour_after_the_other_close_with_the_last():
    come = [
        background(T0, 10, T0 + HOUR + 3 * MINUTE),
        background(T0 + HOUR, 10, T0 + 2 * HOUR + 3 * MINUTE),
        background(T0, 150, T0 + 2 * HOUR + 7 * MINUTE),
        background(T0 + HOUR, 150, T0 + 2 * HOUR + 9 * MINUTE),
    ]
    run = superseded((200, 200), come, T0 + 2 * HOUR + 9 * MINUTE)
    assert [b.event for b in run.breaches] == ["opened", "amended", "closed"]


def test_a_correction_that_clears_an_hour_inside_an_episode_closes_nothing():
    come = [
        *(background(T0 + h * HOUR, 10, T0 + (h + 1) * HOUR + 3 * MINUTE) for h in range(3)),
        background(T0 + HOUR, 150, T0 + 3 * HOUR + 9 * MINUTE),
    ]
    run = superseded((300, 200, 300), come, T0 + 3 * HOUR + 9 * MINUTE)
    assert [b.event for b in run.breaches] == ["opened"]


def test_an_hour_that_was_cleared_and_exceeds_again_opens_under_another_id():
    come = [background(T0, v, T0 + HOUR + n * MINUTE, id=str(n)) for n, v in ((3, 10), (5, 150), (7, 10))]
    run = superseded((200,), come, T0 + HOUR + 7 * MINUTE)
    assert [b.event for b in run.breaches] == ["opened", "amended", "closed", "opened"]
    assert run.breaches[0].id != run.breaches[-1].id


# ------------------------------------------------------------------------------------ single values


def instant(rows, until):
    return Run(revision(rules=rules_of(INSTANT)), *ticking(rows, until))


def test_one_value_above_opens_at_its_receipt():
    run = instant([row(T0, 1000.1)], T0 + MINUTE)
    (breach,) = run.breaches
    assert (breach.event, breach.at, breach.start, breach.value) == ("opened", T0 + 1000, T0, 1000.1)
    assert [(v.kind, v.answer, v.reasons) for v in run.verdicts] == [
        ("instant", "exceeds", ("instant_above",))
    ]


def test_the_limit_itself_and_flagged_values_open_nothing():
    assert not instant([row(T0, 1000), row(T0 + MINUTE, 5000, flags={"pm10": "C"})], T0 + 2 * MINUTE).breaches


def test_more_values_above_belong_to_the_same_breach():
    run = instant(minutes(T0, T0 + 10 * MINUTE, 1200), T0 + 10 * MINUTE)
    assert len(run.breaches) == 1


def test_more_values_above_in_one_batch_open_once():
    run = Run(revision(rules=rules_of(INSTANT)), batch(row(T0, 1200), row(T0 + 1, 1300), row(T0 + 2, 1400)))
    assert [b.value for b in run.breaches] == [1200.0]


def test_a_whole_quarter_without_a_value_above_closes():
    rows = [row(T0, 1200), *minutes(T0 + MINUTE, T0 + HOUR, 900)]
    run = instant(rows, T0 + HOUR)
    opened, closed = run.breaches
    assert (closed.event, closed.id, closed.start) == ("closed", opened.id, T0 + HOUR // 4)
    assert (closed.at, closed.value) == (T0 + HOUR // 2 + 2 * MINUTE, 900.0)


def test_a_quarter_with_too_few_values_closes_no_single_value_breach():
    rows = [row(T0, 1200), *minutes(T0 + MINUTE, T0 + HOUR // 2, 900)[:16]]
    assert [
        b.event for b in instant(rows, T0 + HOUR // 2 + 3 * MINUTE).breaches if b.kind == "exceedance"
    ] == ["opened"]


def test_an_old_value_from_a_backlog_is_recorded_and_wakes_nobody():
    run = instant([row(T0 - 10 * HOUR, 1200, received=T0 + 1000)], T0 + MINUTE)
    assert [b.tell for b in run.breaches] == [False]


def test_a_reading_that_comes_again_hours_later_opens_no_second_breach_and_hides_none():
    calm = minutes(T0 + MINUTE, T0 + 6 * HOUR, 100)
    again = row(T0, 1200, received=T0 + 5 * HOUR + 500)
    higher = row(T0 + 5 * HOUR + 30_000, 1300)
    run = instant([row(T0, 1200), *calm, again, higher], T0 + 5 * HOUR + MINUTE)
    assert [(b.event, b.value) for b in run.breaches if b.kind == "exceedance"] == [
        ("opened", 1200.0),
        ("closed", 100.0),
        ("opened", 1300.0),
    ]


def test_a_backlog_of_high_values_is_told_by_the_first_that_is_found_in_time():
    old = [row(T0 - h * HOUR, 1200, received=T0 + 1000) for h in (10, 9, 8)]
    new = [row(T0, 1300), row(T0 + MINUTE, 1400)]
    for parts in ([[*old, *new]], [[one] for one in (*old, *new)]):
        run = Run(revision(rules=rules_of(INSTANT)), *[batch(*part) for part in parts])
        assert [(b.event, b.value, b.tell) for b in run.breaches] == [
            ("opened", 1200.0, False),
            ("amended", 1300.0, True),
        ]


def test_a_device_that_speaks_rarely_closes_with_an_hour():
    devices = [{"id": "d1", "interval": 1200}]
    rows = [row(T0, 1200), *[row(T0 + n * 20 * MINUTE, 10) for n in range(1, 6)]]
    run = Run(revision(devices, rules_of(INSTANT)), *ticking(rows, T0 + 2 * HOUR + 2 * MINUTE))
    assert [(b.event, b.start) for b in run.breaches] == [("opened", T0), ("closed", T0 + HOUR)]
