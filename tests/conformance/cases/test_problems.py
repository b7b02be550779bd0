"""Problems that people found, in every store: one case each, told, rectified, verified, and counted."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from alerts.casework.checklist import shipped_checklist
from alerts.casework.problems import FoundProblem
from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.trail import first_flaw
from alerts.store import CaseStore
from alerts.store.life_store import HandedIn, LifeAction, salted
from alerts.store.problem_store import Reporter
from tests.fakes.alerts import HOUR, NIGHT, planner

PLAN = planner()
CHECKLIST = shipped_checklist()
PATROL = FoundProblem(
    "form-1",
    "night",
    NIGHT,
    "site-1",
    ("covering", "wheel_washing"),
    "bare_soil",
    "东门",
    "裸土约 200 平方米",
)
ORDER = replace(PATROL, key="form-2", how="above", document="市大气办〔2026〕18号", due=NIGHT + 5 * HOUR)
PICTURE = HandedIn("a" * 64, "image/jpeg", b"\xff\xd8", None, NIGHT)
OFFICER = ("township", "department:town-east")


def _by(role: str = "township", unit: str = "department:town-east") -> Reporter:
    return Reporter(Actor(role, unit, salted("a-7 王海燕")), "a-7", "王海燕")


def _report(store: CaseStore, problem: FoundProblem = PATROL, *files: HandedIn):
    return store.problems.report(problem, _by(), files, PLAN.life, CHECKLIST, NIGHT + 60_000)


def _act(store: CaseStore, id: str, name: str, who: tuple[str, str], at: int, **fields):
    file = store.life.file(id)
    texts = {k: salted(v) for k, v in fields.pop("texts", {}).items()}
    role, unit = who
    command = LifeCommand(
        name,
        at,
        file.kept.life.version,
        Actor(role, unit, salted("a-1 某人")),
        fields.pop("values", {}),
        texts,
        fields.pop("refs", {}),
    )
    return store.life.act(id, LifeAction(command, "a-1", "某人"), PLAN.life.facts(newest_determined=False))


def test_a_found_problem_is_a_case_with_its_place_words_and_pictures(store: CaseStore) -> None:
    found = _report(store, PATROL, PICTURE)
    assert (found.number, found.new) == (1, True)
    file = store.life.file(found.case)
    life = file.kept.life
    assert (life.state, life.track, life.source, life.unit) == (
        "assigned",
        "rectify",
        "patrol",
        "site:site-1",
    )
    assert [line.unit for line in life.lines] == ["department:housing", "department:town-east"]
    assert file.kept.title["zh"] == "夜查发现：物料、裸土未覆盖、出入车辆未冲洗"
    (opened,) = file.trail
    assert opened.values["measures"] == ("covering", "wheel_washing")
    assert {field: file.texts[digest] for field, digest in opened.texts.items()} == {
        "place": "东门",
        "words": "裸土约 200 平方米",
    }
    assert store.life.picture(found.case, "a" * 64, original=True) == ("image/jpeg", b"\xff\xd8")
    assert first_flaw(file.trail) is None


def test_a_form_that_is_sent_twice_is_one_problem_and_another_one_under_its_key_a_clash(
    store: CaseStore,
) -> None:
    first, again = _report(store), _report(store)
    assert (again.number, again.new, again.clash) == (first.number, False, False)
    other = _report(store, replace(PATROL, place="西门"))
    assert (other.number, other.new, other.clash) == (first.number, False, True)
    assert len(store.life.file(first.case).trail) == 1


def test_sent_by_eight_at_once_it_is_one_problem(store: CaseStore) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(_report(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [one.new for one in found].count(True) == 1
    assert {one.number for one in found} == {found[0].number}
    assert len(found) == 8


def test_the_unit_and_the_lines_are_told_and_a_matter_from_above_waits_for_nothing(store: CaseStore) -> None:
    for problem in (PATROL, ORDER):
        found = _report(store, problem)
        assert store.life.tell(PLAN.steps, store.tellings, NIGHT + 120_000) == 1
        told = [one.telling for one in store.tellings.states() if one.telling.case == found.case]
        assert {one.recipient.id for one in told} >= {
            "site:site-1/项目经理",
            "department:town-east/网格员 王海燕",
        }
        assert {one.urgent for one in told} == {problem is ORDER}
        assert {one.step for one in told} == {"open"}


def test_the_deadline_of_an_order_from_above_is_the_one_it_sets(store: CaseStore) -> None:
    found = _report(store, ORDER)
    life = store.life.file(found.case).kept.life
    watch = life.live_watch("rectify")
    assert 0 <= NIGHT + 5 * HOUR - watch.deadline < 60_000
    assert (life.source, life.verifier) == ("above", "environment_branch")
    assert store.life.file(found.case).trail[0].refs["document"] == "市大气办〔2026〕18号"


def test_people_see_it_rectified_and_its_row_ends_with_it(store: CaseStore) -> None:
    found = _report(store)
    site = ("site", "site:site-1")
    for name in ("sign", "start"):
        assert _act(store, found.case, name, site, NIGHT + HOUR).accepted
    handed = {"texts": {"statement": "已覆盖"}, "refs": {"photo_after": "b" * 64}}
    assert _act(
        store, found.case, "submit", site, NIGHT + 2 * HOUR, **handed, values={"cause": "stock"}
    ).accepted
    assert _act(store, found.case, "accept", OFFICER, NIGHT + 3 * HOUR).accepted
    file = store.life.file(found.case)
    assert file.kept.life.state == "rebound_watch"
    assert [(row.state, row.recovered_at) for row in file.findings] == [("closed", NIGHT + 3 * HOUR)]
    store.life.wake(PLAN.life, NIGHT + 9 * 24 * HOUR)
    assert store.life.file(found.case).kept.life.archived_as == "no_rebound"


def test_a_list_is_taken_as_a_whole_or_not_at_all(store: CaseStore) -> None:
    wrong = replace(PATROL, key="x", how="nonsense")
    with pytest.raises(KeyError):
        store.problems.report_all([PATROL, wrong], _by(), PLAN.life, CHECKLIST, NIGHT)
    assert store.life.find_id("1") is None
    both = store.problems.report_all([PATROL, ORDER, PATROL], _by(), PLAN.life, CHECKLIST, NIGHT)
    assert [one.new for one in both] == [True, True, False]
