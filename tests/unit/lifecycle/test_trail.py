"""The trail: canonical bytes and digests by a golden vector, and what a flaw in it is."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from alerts.lifecycle import CaseRecord, canonical_bytes, decide, digest_of, time_in_states
from alerts.lifecycle.importing import CaseOfBefore, import_of, life_of_before
from alerts.lifecycle.trail import body_of, first_flaw, record_from_body, record_id
from tests.fakes.lifecycle import (
    BUILDER,
    DAY,
    FACTS,
    HOUR,
    MORNING,
    SALT,
    LifeDesk,
    in_state,
    opened,
    salted,
)

RECORD = CaseRecord(
    id=record_id("c1", 2),
    case="c1",
    number=2,
    previous="0" * 64,
    at=1_795_395_600_000,
    command="refuse",
    before="assigned",
    after="assigned",
    round=1,
    unit="builder",
    role="contractor",
    person=salted("张三").digest,
    texts={"reason": salted('不是我们的工地 "3"\n').digest},
    stop_watches=({"what": "sign", "deadline": 1_795_482_000_000, "spent": 0, "state": "running"},),
    refs={"photo_after": ("p1", "p2"), "document": "移送〔2026〕3号"},
    values={"unit": "housing"},
)
CANONICAL = (
    '{"after":"assigned","at":1795395600000,"before":"assigned","case":"c1","command":"refuse",'
    '"id":"a2bd049b780a52d611ff","number":2,"person":"6f38e9af86a7062d73c5434154ca274ac754763325c0c30017816f691eb68c02","previous":"'
    + "0"
    * 64
    + '",'
    '"refs":{"document":"移送〔2026〕3号","photo_after":["p1","p2"]},"role":"contractor","round":1,'
    '"stop_watches":[{"deadline":1795482000000,"spent":0,"state":"running","what":"sign"}],'
    '"texts":{"reason":"c3ac04bd456ae4a746f6387bb231f87ae7a0f4767edcf847233caec426f90e01"},"unit":"builder","values":{"unit":"housing"}}'
)
DIGEST = "746d93f2392b9d94b86c72f65b7b662975b46c9fa306b567a720c811b9df8493"


def test_the_bytes_of_a_record_and_its_digest_are_these():
    assert canonical_bytes(RECORD).decode() == CANONICAL
    assert digest_of(RECORD) == DIGEST


def test_the_order_in_which_things_were_said_is_not_in_the_bytes():
    turned = replace(RECORD, refs=dict(reversed(RECORD.refs.items())))
    assert canonical_bytes(turned) == canonical_bytes(RECORD)


def test_the_digest_of_a_text_is_that_of_its_salt_and_bytes():
    assert salted("张三").digest == RECORD.person
    assert salted("张三").digest != salted("张 三").digest
    with pytest.raises(ValueError, match="16 bytes"):
        _ = replace(salted("张三"), salt=b"short").digest


def test_a_record_is_read_back_as_it_was_written():
    assert record_from_body(json.loads(canonical_bytes(RECORD))) == RECORD
    assert list(body_of(RECORD)) == [field.name for field in fields(CaseRecord)]


@pytest.mark.parametrize("bad", [{"values": {"x": 1.5}}, {"refs": {"x": "\ud800"}}])
def test_what_has_no_canonical_form_is_refused(bad):
    with pytest.raises(ValueError, match=r"whole numbers|surrogates"):
        canonical_bytes(replace(RECORD, **bad))


def a_trail() -> list[CaseRecord]:
    desk = LifeDesk()
    in_state(desk, "rebound_watch")
    return desk.trails["c1"]


def test_records_are_numbered_and_each_names_the_one_before():
    trail = a_trail()
    assert [record.number for record in trail] == list(range(1, len(trail) + 1))
    assert trail[0].previous is None
    assert [r.previous for r in trail[1:]] == [digest_of(r) for r in trail[:-1]]
    assert first_flaw(trail) is None


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (lambda t: [*t[:2], *t[3:]], "record 3 is missing"),
        (lambda t: [t[0], replace(t[1], unit="other"), *t[2:]], "record 3 does not follow"),
        (lambda t: [t[0], replace(t[1], id="x"), *t[2:]], "record 2 has the id of another"),
        (lambda t: [*t[:-1], replace(t[-1], before="assigned")], "begins in assigned"),
        (lambda t: [*t[:-1], replace(t[-1], at=0)], "older than the one before"),
        (lambda t: t[1:], "record 1 is missing"),
    ],
)
def test_a_flaw_in_a_trail_is_found_by_name(spoil, flaw):
    assert flaw in first_flaw(spoil(a_trail()))


def test_a_record_has_what_was_said_and_what_became_of_the_case_and_no_person():
    desk = LifeDesk()
    opened(desk, person="zhang")
    record = desk.trails["c1"][0]
    assert record.values["to_unit"] == "builder"
    assert record.values["to_track"] == "sign"
    assert "person" not in record.values
    assert record.person is None
    desk.must("c1", "sign", BUILDER, note="王经理收到", person="wang")
    signed = desk.trails["c1"][1]
    assert signed.texts == {"note": salted("王经理收到").digest}
    assert "wang" not in canonical_bytes(signed).decode()
    assert signed.stop_watches == (
        {"what": "sign", "deadline": MORNING + DAY + 60_000, "spent": 60_000, "state": "frozen"},
    )


def test_the_time_in_each_state_is_in_the_trail_alone():
    desk = LifeDesk()
    in_state(desk, "rectifying")
    desk.now += HOUR
    desk.must("c1", "submit", BUILDER, photo_after="p", statement="完成")
    times = time_in_states(desk.trails["c1"], desk.now + 5)
    assert times == {
        "assigned": 60_000,
        "acknowledged": 60_000,
        "rectifying": HOUR + 60_000,
        "awaiting_verification": 5,
    }
    assert times == desk.cases["c1"].times_at(desk.now + 5)
    assert time_in_states([], 5) == {}


# ---- cases of before

OLD = CaseOfBefore("old", "open", "exceedance", "warning", "site-1", "2026-11-22", "builder", MORNING - DAY)


def taken_over(desk: LifeDesk, old: CaseOfBefore):
    desk.now += 60_000
    case = life_of_before(old, desk.now, FACTS)
    decided = desk.keep(decide(None, import_of(old, desk.now, SALT), replace(FACTS, other=case)))
    assert decided.accepted, decided.refusal
    return decided.case


@pytest.mark.parametrize(
    ("change", "state", "is_over", "signed"),
    [
        ({}, "assigned", False, False),
        ({"state": "recovered", "recovered_at": MORNING}, "assigned", True, False),
        (
            {"state": "acknowledged", "acknowledged_at": MORNING, "acknowledged_by": "李"},
            "acknowledged",
            False,
            True,
        ),
        (
            {
                "state": "closed",
                "recovered_at": 1,
                "acknowledged_at": 2,
                "acknowledged_by": "李",
                "closed_at": 3,
            },
            "archived",
            True,
            True,
        ),
    ],
)
def test_a_case_of_before_has_one_record_and_goes_on(change, state, is_over, signed):
    desk = LifeDesk()
    case = taken_over(desk, OLD._replace(**change))
    assert (case.state, case.over_at is not None, case.signed_at is not None) == (state, is_over, signed)
    (record,) = desk.trails["old"]
    assert (record.command, record.before, record.after, record.number) == ("imported", None, state, 1)
    expected = {"note": salted("signed without identity: 李").digest} if signed else {}
    assert record.texts == expected
    assert case.times_at(desk.now + 7) == time_in_states([record], desk.now + 7) == {state: 7}


def test_an_imported_case_goes_the_way_of_every_other():
    desk = LifeDesk()
    taken_over(desk, OLD)
    desk.must("old", "sign", BUILDER)
    desk.must("old", "over")
    assert desk.pass_time(desk.now) == ["archive"]
    assert first_flaw(desk.trails["old"]) is None


def test_a_deadline_of_before_stays_and_what_was_passed_is_not_told_again():
    desk = LifeDesk()
    old = OLD._replace(deadline=MORNING + HOUR)
    case = taken_over(desk, old)
    assert case.live_watch("sign").deadline == MORNING + HOUR
    assert desk.pass_time(desk.now) == []
    assert desk.pass_time(MORNING + HOUR) == ["threshold"]


def test_a_deadline_of_before_stays_whatever_step_follows():
    desk = LifeDesk()
    taken_over(desk, OLD._replace(deadline=MORNING + 3 * DAY))
    assert desk.must("old", "note", BUILDER, note="记").live_watch("sign").deadline == MORNING + 3 * DAY


def test_what_had_no_such_life_is_not_taken_over():
    with pytest.raises(KeyError):
        life_of_before(OLD._replace(state="foretold"), MORNING, FACTS)


@pytest.mark.parametrize(
    "change",
    [{"id": "other"}, {"site": "other"}, {"day": "2026-11-20"}, {"level": "notice"}, {"state": "foretold"}],
)
def test_what_is_taken_over_has_to_be_the_case_that_the_command_names(change):
    facts = replace(FACTS, other=replace(life_of_before(OLD, MORNING, FACTS), **change))
    assert decide(None, import_of(OLD, MORNING, SALT), facts).refusal.guard == "import_is_whole"
    assert decide(None, import_of(OLD, MORNING, SALT), FACTS).refusal.guard == "import_is_whole"
