"""What people read: golden files, one a situation and language; written anew with DUSTWATCH_WRITE_GOLDEN=1."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.records import CaseContext, Message
from ingest.register import County
from tests.fakes.alerts import (
    HOUR,
    NIGHT,
    breach,
    county,
    device_fault,
    messages_of,
    offline,
    outlook,
    planner,
    suspicion,
)

GOLDEN = Path(__file__).parents[2] / "cases" / "messages"
DAY = 24 * HOUR
MIDNIGHT = NIGHT + HOUR


def opened(plan, **changes) -> tuple[Message, ...]:
    return messages_of(plan.breach(breach(**changes), CaseContext(), NIGHT)[0])


def closed(plan, event) -> tuple[Message, ...]:
    (first,) = plan.breach(breach(), CaseContext(), NIGHT)
    return messages_of(plan.breach(event, CaseContext(first.case, first.tellings), event.at)[0])


def silent(plan, *devices, **changes):
    held = [plan.breach(offline(d, **changes), CaseContext(), NIGHT)[0].case for d in devices]
    return plan.release(held, NIGHT + 30_000)


WHOLE = {
    "rule": "offline/site",
    "title": {"zh": "工地监测全部离线", "en": "Whole site offline"},
    "reasons": ("site_silent", "status_online"),
}


def site_silent(plan):
    case = plan.breach(replace(offline("dev-1", **WHOLE), device=""), CaseContext(), NIGHT)[0].case
    return plan.release([case], NIGHT + 30_000)


def site_returned(plan):
    (told,) = site_silent(plan)
    known = CaseContext(told.case, told.tellings)
    changes = {**WHOLE, "reasons": ("site_returned",)}
    back = replace(offline("dev-1", "closed", NIGHT + HOUR, **changes), device="")
    return messages_of(plan.breach(back, known, NIGHT + HOUR)[0])


def returned(plan):
    changes = silent(plan, *(f"dev-{n}" for n in range(1, 9)))
    parent, members = changes[0], [c.case for c in changes[1:]]
    last = next(m for m in members if m.device == "dev-8")
    known = CaseContext(last, (), parent.case, parent.tellings)
    back = plan.breach(offline("dev-8", "closed", NIGHT + 3 * HOUR), known, NIGHT + 3 * HOUR)
    return messages_of(back[1])


def suspected(plan, **changes) -> tuple[Message, ...]:
    return messages_of(plan.breach(suspicion(**changes), CaseContext(), NIGHT + HOUR)[0])


def suspected_no_more(plan) -> tuple[Message, ...]:
    first = plan.breach(suspicion(), CaseContext(), NIGHT + HOUR)[0]
    known = CaseContext(first.case, first.tellings)
    return messages_of(plan.breach(suspicion("closed"), known, NIGHT + 30 * HOUR)[0])


def faulty(plan, what="absent", **changes) -> tuple[Message, ...]:
    return messages_of(plan.breach(device_fault(what=what, **changes), CaseContext(), NIGHT)[0])


def faulty_no_more(plan, reason) -> tuple[Message, ...]:
    first = plan.breach(device_fault(), CaseContext(), NIGHT)[0]
    known = CaseContext(first.case, first.tellings)
    return messages_of(plan.breach(device_fault("closed", reasons=(reason,)), known, NIGHT + 3 * HOUR)[0])


def fault(plan, name, **facts):
    return messages_of(plan.fault_began(name, facts, NIGHT))


def fault_ended(plan):
    began = plan.fault_began("ticks", {"seconds": 61}, NIGHT)
    return messages_of(plan.fault_ended(began.case, began.tellings, NIGHT + 2 * HOUR))


def foretold(plan, *events):
    case, told = None, ()
    for event in events:
        (change,) = plan.outlook(event, CaseContext(case, told), event.at)
        case, told = change.case, (*told, *change.tellings)
    return messages_of(change)


CERTAIN = {"state": "certain", "minute": 50, "required": None, "probability": 1.0, "background_known": True}

HOPELESS = CERTAIN | {"state": "exceeds_if_measuring_goes_on", "minute": 40}

OF_A_DAY = {
    "kind": "day", "unit": "intervals", "limit": 2.0, "covered": 2, "settled": 21, "slots": 24, "subtracted": None,
    "projected": None, "low": None, "high": None, "probability": None, "required": None, "background_known": True,
    "start": NIGHT - 23 * HOUR, "end": NIGHT + HOUR,
}  # fmt: skip

REGIONAL = {
    "episode": "e1", "area": "county", "mean": 500.0, "mark": 350.0, "unit": "ug/m3", "policy": "downgrade", "status": "unconfirmed",
    "citation": "county policy, not confirmed by a source", "labelled": True, "level": "warning", "held_until": None, "change": 1,
}  # fmt: skip
STORM = {"value": 540.0, "background": 500.0, "subtracted": 150.0}

# name -> (messages, line of the reader)
SITUATIONS: dict[str, tuple[Callable, str]] = {
    "opened-hour-for-the-site": (opened, "site"),
    "opened-hour-for-the-department": (opened, "sector"),
    "opened-limit-from-memory": (lambda p: opened(p, status="recalled", background=None, subtracted=None), "site"),
    "opened-day": (
        lambda p: opened(
            p, level="violation", start=MIDNIGHT - DAY, end=MIDNIGHT, value=3.0, background=None, subtracted=None, capture=None,
            unit="intervals", limit=2.0,
        ),
        "territorial",
    ),
    "opened-mean-of-a-day": (
        lambda p: opened(p, start=MIDNIGHT - DAY, end=MIDNIGHT, value=181.3, limit=150.0, background=None, subtracted=None),
        "site",
    ),
    "opened-rolling-day": (
        lambda p: opened(
            p, start=MIDNIGHT - 11 * HOUR, end=MIDNIGHT + 13 * HOUR, value=181.3, limit=150.0, background=None, subtracted=None
        ),
        "site",
    ),
    "opened-instant": (
        lambda p: opened(
            p, start=NIGHT - 1500, end=NIGHT - 1500, value=1523.0, limit=1000.0, background=None, subtracted=None,
            capture=None, status="recalled", administrative=True, citation="本地管理要求，无标准依据",
            clause="PM10 瞬时值超过 1000 ug/m3", deadline_h=1.0,
        ),
        "site",
    ),
    "opened-notice": (lambda p: opened(p, level="notice", administrative=True, background=None, subtracted=None), "sector"),
    "opened-barely": (lambda p: opened(p, value=182.04), "site"),
    "opened-capped-background": (lambda p: opened(p, value=260.0, background=176.5, subtracted=150.0), "site"),
    "opened-delayed": (lambda p: opened(p, delayed=True), "site"),
    "opened-told-late": (lambda p: messages_of(p.breach(breach(), CaseContext(), NIGHT + 5 * HOUR)[0]), "site"),
    "opened-site-not-in-the-register": (lambda p: opened(p, site="site-gone", device="dev-gone"), "platform"),
    "opened-regional-downgraded": (
        lambda p: opened(p, **STORM, level="notice", reasons=("regional", "regional_downgraded"), regional=REGIONAL), "sector"
    ),
    "opened-regional-after-its-hold": (
        lambda p: opened(
            p, **STORM, reasons=("regional",),
            regional=REGIONAL | {"policy": "hold", "status": "reported", "citation": "示范县沙尘应对办法"},
        ),
        "site",
    ),
    "opened-regional-no-more": (lambda p: opened(p, **STORM, regional=REGIONAL | {"labelled": False, "change": 2}), "sector"),
    "recovered-for-the-site": (lambda p: closed(p, breach("closed")), "site"),
    "recovered-for-the-department": (lambda p: closed(p, breach("closed")), "sector"),
    "offline-for-the-site": (lambda p: messages_of(silent(p, "dev-1")[0]), "site"),
    "offline-never-heard": (lambda p: messages_of(silent(p, "dev-1", reasons=("never_seen",))[0]), "sector"),
    "offline-site-for-the-site": (lambda p: messages_of(site_silent(p)[0]), "site"),
    "offline-site-for-the-department": (lambda p: messages_of(site_silent(p)[0]), "sector"),
    "offline-begun-high": (lambda p: messages_of(silent(p, "dev-1", reasons=("device_silent", "gap_on_rising_slope", "gap_under_high_background", "last_will"))[0]), "sector"),
    "offline-announced-over": (lambda p: messages_of(silent(p, "dev-1", reasons=("announced_over", "device_silent"))[0]), "site"),
    "withdrawn-site-at-rest": (lambda p: closed(p, breach("closed", reasons=("site_at_rest",))), "sector"),
    "offline-site-returned": (site_returned, "site"),
    "suspicion-for-the-department": (suspected, "sector"),
    "suspicion-for-the-site": (suspected, "site"),
    "suspicion-delayed": (lambda p: suspected(p, delayed=True), "territorial"),
    "suspicion-site-not-in-the-register": (lambda p: suspected(p, site="site-gone", device="dev-gone"), "platform"),
    "suspicion-over": (suspected_no_more, "sector"),
    "corrected": (lambda p: closed(p, breach(at=NIGHT + HOUR, event="closed", start=NIGHT - HOUR, end=NIGHT, value=170.0, revision=2)), "site"),
    "withdrawn-rule": (lambda p: closed(p, breach("closed", reasons=("rule_removed",))), "site"),
    "withdrawn-device": (lambda p: closed(p, breach("closed", reasons=("device_removed",))), "sector"),
    "many-silent": (lambda p: messages_of(silent(p, *(f"dev-{n}" for n in range(1, 9)))[0]), "territorial"),
    "many-returned": (returned, "territorial"),
    "outlook-likely-for-the-site": (lambda p: foretold(p, outlook()), "site"),
    "outlook-likely-without-background": (lambda p: foretold(p, outlook(subtracted=None, required=50.2, projected=88.25, status="read")), "site"),
    "outlook-inside-a-regional-episode": (lambda p: foretold(
        p, outlook(subtracted=150.0, projected=263.0, required=204.9, background_known=True, regional=REGIONAL | {"start": NIGHT - 4 * HOUR})
    ), "site"),
    "outlook-hopeless": (lambda p: foretold(p, outlook(**HOPELESS)), "site"),
    "outlook-hopeless-by-estimate": (lambda p: foretold(p, outlook(**HOPELESS | {"background_known": False})), "site"),
    "outlook-only-below-the-background": (lambda p: foretold(p, outlook(required=15.2)), "site"),
    "outlook-certain-for-the-site": (lambda p: foretold(p, outlook(), outlook(**CERTAIN)), "site"),
    "outlook-certain-for-the-department": (
        lambda p: foretold(planner(p.register, routes=[{"kind": "outlook", "tell": ["sector", "site"]}]), outlook(**CERTAIN)), "sector"
    ),
    "outlook-day-certain": (lambda p: foretold(p, outlook(**OF_A_DAY, state="certain")), "site"),
    "outlook-day-likely": (lambda p: foretold(p, outlook(**OF_A_DAY)), "site"),
    "outlook-cleared": (lambda p: foretold(p, outlook(), outlook("quiet", "cleared", 45, projected=130.0, required=170.0)), "site"),
    "outlook-certain-withdrawn": (lambda p: foretold(p, outlook(**CERTAIN), outlook("warning", "withdrawn", 55, 1, projected=190.0)), "site"),
    "outlook-too-little-data": (
        lambda p: foretold(p, outlook(), outlook("undeterminable", "lost", 50, projected=None, probability=None)), "site"
    ),
    "device-fault-for-the-site": (faulty, "site"),
    "device-fault-for-the-department": (faulty, "sector"),
    "device-fault-clock": (lambda p: faulty(p, "clock", reasons=("clock_half_day",)), "site"),
    "device-fault-twice": (lambda p: faulty(p, "identity", reasons=("contradictions",)), "sector"),
    "device-fault-unknown-code": (
        lambda p: faulty(p, "unknown_code", reasons=("key:PM10X", "key:PM25X", "unknown_code")), "sector"
    ),
    "device-fault-site-not-in-the-register": (lambda p: faulty(p, site="site-gone", device="dev-gone"), "platform"),
    "device-fault-over": (lambda p: faulty_no_more(p, "good_value"), "site"),
    "device-fault-over-by-silence": (lambda p: faulty_no_more(p, "device_silent"), "sector"),
    "fault-ticks": (lambda p: fault(p, "ticks", seconds=61), "platform"),
    "fault-stage": (lambda p: fault(p, "stage/store", stage="store", seconds=130, lag=4211, reason="partition 3"), "platform"),
    "fault-quarantine": (lambda p: fault(p, "quarantine", seconds=600, count=1200), "platform"),
    "fault-refused": (
        lambda p: fault(p, "refused", count=3, reason="dust/v1/d1/readings: the payload names d2"), "platform"
    ),
    "fault-unknown-key": (
        lambda p: fault(p, "unknown_key", count=2, reason="dev-1: PM10X, PM25X; dev-2: fw"), "platform"
    ),
    "fault-label": (lambda p: fault(p, "label", count=1, reason="dev-1: end"), "platform"),
    "fault-delivery": (lambda p: fault(p, "delivery/robot", channel="robot", waiting=3, failed=1, reason="HTTP 500"), "platform"),
    "fault-background": (lambda p: fault(p, "background/county", area="county", seconds=7260), "platform"),
    "fault-untold": (lambda p: fault(p, "untold", tellings=4, cases=1, reason="3f2a, 9b1c, No. 12"), "platform"),
    "fault-ended": (fault_ended, "platform"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_message_reads_as_its_golden_file(name, language):
    make, line = SITUATIONS[name]
    plan = planner(county(county=County(name="示范县", language=language)), recalled_limits="tell")
    message = next(m for m in make(plan) if m.recipient.line == line)
    path = GOLDEN / f"{name}.{language}.txt"
    if os.environ.get("DUSTWATCH_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message.text + "\n", encoding="utf-8")
    assert message.text + "\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", SITUATIONS)
def test_every_message_says_what_to_do_first_and_names_case_and_id(name, language):
    make, _ = SITUATIONS[name]
    plan = planner(county(county=County(name="示范县", language=language)), recalled_limits="tell")
    for message in make(plan):
        assert message.subject == message.text.split("\n")[0]
        assert message.id in message.text
        assert message.link in message.text
        assert "\n\n" not in message.text
        assert not any(trace in message.text for trace in ("{{", "{%", "None", "Undefined"))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_suspicion_is_always_called_suspected_and_never_an_exceedance(language):
    plan = planner(county(county=County(name="示范县", language=language)), recalled_limits="tell")
    for message in (*suspected(plan), *suspected(plan, site="site-gone"), *suspected_no_more(plan)):
        assert ("疑似" if language == "zh_CN" else "Suspected") in message.subject
        assert not any(word in message.text for word in ("超标", "exceed", "above the limit"))


def test_the_golden_files_are_those_of_the_situations():
    assert {p.name for p in GOLDEN.glob("*.txt")} == {
        f"{n}.{lang}.txt" for n in SITUATIONS for lang in ("zh_CN", "en")
    }


def test_a_contact_reads_his_own_language():
    register = county()
    site = register.sites["site-1"]
    english = site.contacts[0].model_copy(update={"language": "en"})
    sites = {**register.sites, "site-1": site.model_copy(update={"contacts": (english,)})}
    found = {m.recipient.line: m.subject for m in opened(planner(county(sites=sites)))}
    assert found["site"].startswith("Stop dusty work")
    assert found["sector"].startswith("请督促")


def test_text_from_outside_is_never_read_as_a_template():
    register = county()
    site = register.sites["site-1"].model_copy(update={"name": "{{ 7*7 }}工地"})
    plan = planner(county(sites={**register.sites, "site-1": site}))
    assert "{{ 7*7 }}工地" in opened(plan)[0].text


def test_a_township_that_the_address_names_already_is_not_said_twice():
    register = county()
    site = register.sites["site-1"].model_copy(update={"address": "城东镇东环路 1 号"})
    plan = planner(county(sites={**register.sites, "site-1": site}))
    assert "（城东镇东环路 1 号）" in opened(plan)[0].text
