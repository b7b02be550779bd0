"""When what is to be told leaves, what leaves together, and what holds back what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.kinds import EXCEEDANCE, FAULT, OFFLINE, OUTLOOK, SUSPICION, SYSTEM
from alerts.messages import (
    AT_ONCE,
    FallenAgain,
    GroupTiming,
    OpenMatter,
    TellingBundle,
    TellingPace,
    WaitingTelling,
    decide_groups,
    is_urgent,
    message_id_of,
    message_of,
    suppressor_of,
)
from alerts.records import SEVERAL, CaseContext
from tests.fakes.alerts import HOUR, NIGHT, breach, county, offline, outlook, planner

SECOND, MINUTE = 1000, 60_000
TIMING = GroupTiming()
ALL = TellingBundle()


def due(*sites, urgent=False):
    return [WaitingTelling(f"t-{site}", site, urgent, alone=False) for site in sites]


def paced(*steps):
    """The decisions when tellings become due at (seconds, sites, urgent) one after another."""
    pace, found = TellingPace(), []
    for at, sites, urgent in steps:
        decided = decide_groups(due(*sites, urgent=urgent), pace, TIMING, NIGHT + at * SECOND)
        pace = TellingPace.from_body(decided.pace.as_body())
        found.append(decided)
    return found


def when(decided):
    return sorted({(at - NIGHT) // SECOND for at in decided.later.values()})


def test_the_first_message_of_a_site_leaves_and_the_next_one_waits_for_the_interval():
    first, second, third = paced((0, ["a"], False), (60, ["a"], False), (600, ["a"], False))
    assert first.bundles == [TellingBundle(sites=("a",))]
    assert (second.bundles, when(second)) == ([], [600])
    assert third.bundles == [TellingBundle(sites=("a",))]


def test_the_third_message_takes_all_that_waits_and_then_one_goes_out_each_half_hour():
    one, two, held, all_, later, digest, quiet = paced(
        (0, ["a"], False),
        (1, ["b"], False),
        (2, ["c"], False),
        (32, ["c", "d"], False),
        (900, ["e"], False),
        (32 + 1800, ["e"], False),
        (32 + 3600, ["f"], False),
    )
    assert [len(one.bundles), len(two.bundles), held.bundles] == [1, 1, []]
    assert when(held) == [32]
    assert all_.bundles == [ALL]
    assert (later.bundles, when(later)) == ([], [32 + 1800])
    assert digest.bundles == [ALL]
    assert quiet.bundles == [TellingBundle(sites=("f",))], "nothing had waited: the storm is over"


def test_what_is_urgent_does_not_wait_until_many_sites_concern_one_person():
    a, b, held, all_, later, digest = paced(
        (0, ["a"], True),
        (1, ["b"], True),
        (2, ["c"], True),
        (32, ["c", "d"], True),
        (900, ["e"], True),
        (32 + 1800, ["e", "f"], True),
    )
    assert [found.bundles for found in (a, b)] == [[TellingBundle(sites=(s,))] for s in "ab"]
    assert (held.bundles, when(held)) == ([], [32]), "the last message that is left takes all that waits"
    assert all_.bundles == [ALL]
    assert later.bundles == [TellingBundle(sites=("e",))], "nothing had waited since: it goes at once"
    assert digest.bundles
    again, lesser = paced((0, ["a"], False), (1, ["a"], True))
    assert again.bundles
    assert lesser.bundles, "a lesser matter of the site keeps a violation from nothing"


def test_in_a_storm_what_is_urgent_is_in_the_digests():
    *_, storm, digest = paced(
        (0, ["a"], True),
        (1, ["b"], True),
        (32, ["c"], True),
        (62, ["c"], True),
        (70, ["d"], True),
        (62 + 1800, ["d", "e"], True),
    )
    assert (storm.bundles, when(storm)) == ([], [62 + 1800])
    assert digest.bundles == [ALL]


def test_trouble_of_the_platform_is_told_by_itself_however_much_was_told():
    pace = TellingPace(sent=(NIGHT,) * 9)
    told = [WaitingTelling("t1", "", urgent=True, alone=True), WaitingTelling("t2", "", True, True)]
    assert [b.only for b in decide_groups(told, pace, TIMING, NIGHT).bundles] == ["t1", "t2"]


def test_with_nothing_to_wait_for_each_telling_is_a_message():
    assert [b.only for b in decide_groups(due("a", "a"), TellingPace(), AT_ONCE, NIGHT).bundles] == [
        "t-a"
    ] * 2


@pytest.mark.parametrize(
    ("kind", "level", "step", "urgent"),
    [
        (EXCEEDANCE, "violation", "opened", True),
        (EXCEEDANCE, "violation", "recovered", False),
        (EXCEEDANCE, "warning", "opened", False),
        (SYSTEM, "fault", "recovered", True),
        (OUTLOOK, "certain", "certain", False),
    ],
)
def test_a_violation_and_the_platforms_own_alarm_are_urgent(kind, level, step, urgent):
    assert is_urgent(kind, level, step) == urgent


# ---------------------------------------------------------------- what holds back what


def telling_of(event, language="zh_CN"):
    (change,) = planner().breach(event, CaseContext(), NIGHT)
    if change.case.hold_until is not None:
        (change,) = planner().release([change.case], NIGHT + HOUR)
    return change.tellings[0]


@pytest.mark.parametrize(
    ("by", "event", "held"),
    [
        ((FAULT, "dev-1", "pm10"), offline("dev-1"), True),
        ((FAULT, "dev-2", "pm10"), offline("dev-1"), False),
        ((FAULT, "dev-1", "pm10"), breach(), True),
        ((FAULT, "dev-1", "tsp"), breach(), False),
        ((FAULT, "dev-1", ""), breach(), False),
        ((FAULT, "dev-1", "pm10"), breach(level="violation"), False),
        ((OFFLINE, "", ""), offline("dev-1"), True),
        ((OFFLINE, "dev-1", ""), offline("dev-2"), False),
        ((OFFLINE, "", ""), breach(), False),
        ((SUSPICION, "dev-1", ""), breach(), False),
    ],
)
def test_what_explains_another_matter_holds_it_back_and_nothing_holds_back_a_violation(by, event, held):
    kind, device, pollutant = by
    matter = OpenMatter("c-by", kind, "site-1", device, pollutant, {})
    assert (suppressor_of(telling_of(event), [matter]) == "c-by") == held
    assert suppressor_of(telling_of(event), [matter._replace(site="site-2")]) is None


# ---------------------------------------------------------------- how it reads


def several(*events, language="zh_CN", at=NIGHT + HOUR):
    plan = planner(county(county=county().county.model_copy(update={"language": language})))
    found, known = [], {}
    for event in events:
        context = CaseContext(*known.get(event.id, (None, ())))
        (change,) = plan.breach(event, context, event.at)
        mine = tuple(t for t in change.tellings if t.recipient.line == "site")
        known[event.id] = (change.case, mine or context.told)
        found += mine
    return message_of(found, at)


SECOND_RULE = {
    "id": "b2",
    "rule": "sh",
    "title": {"zh": "另一限值", "en": "another limit"},
    "deadline_h": 4.0,
}


def test_several_of_one_site_are_one_message_with_the_strictest_deadline_once():
    message = several(breach(), breach(**SECOND_RULE), breach(id="b3", device="dev-2"))
    assert message.subject == "请立即停止产尘作业、开启喷淋：一号工地 3 项超标，11月24日 03:00 前整改"
    assert message.text.count("期限：") == 1
    assert (message.step, message.kind) == ("opened", EXCEEDANCE)
    assert len(message.covers) == 3
    assert all(name in message.text for name in ("1 号点", "2 号点", "另一限值", message.id))
    english = several(breach(), breach(**SECOND_RULE), language="en")
    assert english.subject.startswith("Stop dusty work and start the sprinklers now: 2 matters above")


def test_a_recovery_beside_another_limit_that_is_still_exceeded_says_both():
    over = replace(breach("closed"), id="b1")
    message = several(breach(), breach(**SECOND_RULE), over, at=NIGHT + 3 * HOUR)
    assert message.subject.startswith("请立即停止产尘作业、开启喷淋：一号工地 1 项超标，1 项已结束")
    assert "起超标，现已结束" in message.text
    assert message.step == SEVERAL


def test_what_is_over_asks_nobody_to_stop_work():
    message = several(breach(), replace(breach("closed"), at=NIGHT + HOUR), breach(**SECOND_RULE),
                      replace(breach("closed"), **SECOND_RULE))  # fmt: skip
    assert message.subject == "已结束，请保持降尘措施并签收：一号工地 2 项"
    assert "立即" not in message.text
    alone = telling_of(breach())
    ended = replace(alone, step="recovered", template="recovered")
    still = OpenMatter(
        "c2", EXCEEDANCE, "site-1", "dev-1", "pm10", {"title": SECOND_RULE["title"], "limit": 50.0}
    )
    said = message_of([ended], NIGHT, [still])
    assert said.subject.startswith("该项已达标，但同一监测点仍有 1 项超标")
    assert "仍超标：另一限值（限值 50）" in said.text
    assert "该项" not in message_of([ended], NIGHT, [still._replace(device="dev-2")]).text


FALLEN = FallenAgain("site-1", "dev-1", "pm10", NIGHT + 47 * MINUTE, 133.0, "ug/m3")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_of_an_hour_that_has_ended_nobody_has_to_stop_work_when_the_level_has_fallen_again(language):
    plan = planner(county(county=county().county.model_copy(update={"language": language})))
    (change,) = plan.breach(breach(), CaseContext(), NIGHT)
    stop, keep, now = {
        "zh_CN": ("立即", "请保持降尘措施并查明原因：一号工地 PM10 上一时段超标，目前已回落", "已回落至 133"),
        "en": (
            "Stop dusty",
            "Keep the dust down and find the cause: PM10 was above the limit",
            "fallen to 133",
        ),
    }[language]
    (own,) = (t for t in change.tellings if t.recipient.line == "site")
    said = message_of([own], NIGHT + HOUR, fallen=[FALLEN])
    assert said.subject.startswith(keep)
    assert now in said.text
    assert stop not in said.text
    for other in (
        FALLEN._replace(device="dev-2"),
        FALLEN._replace(pollutant="tsp"),
        FALLEN._replace(at=NIGHT),
    ):
        assert stop in message_of([own], NIGHT + HOUR, fallen=[other]).subject
    second = replace(
        own, case="c2", device="dev-2", data={"matter": {**own.data["matter"], "device": "dev-2"}}
    )
    both = message_of([own, second], NIGHT + HOUR, fallen=[FALLEN])
    assert stop in both.subject, "the other monitor has not fallen"
    assert now in both.text
    all_of_it = message_of([own, second], NIGHT + HOUR, fallen=[FALLEN, FALLEN._replace(device="dev-2")])
    assert stop not in all_of_it.text


def test_what_several_sites_share_is_told_as_of_several_and_of_one_as_of_that():
    found = [planner().breach(offline(f"dev-{n}"), CaseContext(), NIGHT)[0].case for n in range(1, 9)]
    (group, *_) = planner().release(found, NIGHT + HOUR)
    warned = planner().breach(breach(), CaseContext(), NIGHT)[0].tellings
    town = [t for t in (*group.tellings, *warned) if t.recipient.id.startswith("department:town")]
    message = message_of(town, NIGHT + HOUR)
    assert "· 多个工地：1 项其他事项" in message.text
    assert "· 一号工地：1 项超标" in message.text
    site = message_of(
        [t for t in group.tellings if t.recipient.line == "site"][:1] + list(warned[-1:]), NIGHT + HOUR
    )
    assert "· 一号工地：" in site.text


def test_of_many_sites_a_digest_lists_each_once():
    message = several(
        breach(), breach(id="b2", site="site-2", device="dev-9"), breach(id="b3", device="dev-3")
    )
    assert message.subject == "请逐个工地督促处理：2 个工地，3 项超标"
    assert message.text.count("一号工地：2 项超标") == 1
    assert "http://desk.example:8400/cases" in message.text


def test_a_forecast_gives_way_to_what_it_foretold_and_one_whose_time_is_past_is_no_call():
    foretold = planner().outlook(outlook(), CaseContext(), outlook().at)[0].tellings[0]
    found = next(
        t for t in planner().breach(breach(), CaseContext(), NIGHT)[0].tellings if t.recipient.line == "site"
    )
    both = message_of([foretold, found], NIGHT + MINUTE)
    assert "趋势" not in both.text
    elsewhere = replace(found, device="dev-2", data={"matter": {**found.data["matter"], "device": "dev-2"}})
    assert "1 项趋势提示的时段已过" in message_of([foretold, elsewhere], NIGHT + MINUTE).text
    assert "预计超标" in message_of([foretold, elsewhere], NIGHT - MINUTE).text


def test_forecasts_that_read_alike_are_one_line_with_their_number():
    foretold = [
        planner().outlook(outlook(point=point, id=point), CaseContext(), outlook().at)[0].tellings[0]
        for point in ("dev-1", "dev-2", "dev-3")
    ]
    lines = message_of(foretold, NIGHT - MINUTE).text.splitlines()
    alike = [line for line in lines if line.startswith("·")]
    assert len(alike) == 1
    assert alike[0].endswith("（3 项）")
    assert "3 项预计超标" in lines[0]
    assert lines[lines.index(alike[0]) + 1] != ""


def test_forecasts_of_which_some_are_settled_ask_to_stop_work_at_once():
    settled = {"state": "certain", "minute": 50, "required": None, "probability": 1.0}
    foretold = [
        planner().outlook(outlook(point=point, id=point, **more), CaseContext(), outlook().at)[0].tellings[0]
        for point, more in (("dev-1", settled), ("dev-2", settled), ("dev-3", {}))
    ]
    head = message_of(foretold, NIGHT - MINUTE).text.splitlines()[0]
    assert head == "请立即停止产尘作业、开启喷淋：一号工地 2 项本时段已确定超标，另有 1 项预计超标"


def test_the_id_is_the_hash_of_way_and_tellings_in_whatever_order():
    tellings = planner().breach(breach(), CaseContext(), NIGHT)[0].tellings
    one, other = tellings[0], replace(tellings[0], step="reminder")
    assert message_id_of([one, other]) == message_id_of([other, one]) != message_id_of([one])
    assert replace(one, number=2).id != one.id != replace(one, round=2).id
    way = replace(one, recipient=one.recipient._replace(channel="other"))
    assert way.id != one.id
