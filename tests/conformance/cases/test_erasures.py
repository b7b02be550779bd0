"""A person is taken out of the store, for good and in every copy that meets the list; the trail still verifies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.topic_trails import TopicTrails
from alerts.lifecycle.trail import canonical_bytes, first_flaw
from alerts.people.accounts import ACTIVE, ENDED, Account, AuditEntry, Visit
from alerts.people.erasures import Erasure, NoErasures, erasures_in, lines_of
from alerts.store import CaseStore
from alerts.store.erasure_store import ErasureStore
from alerts.store.life_store import LifeAction, salted
from alerts.store.people_store import PeopleStore
from alerts.store.tables import audit_log, metadata
from tests.fakes.alerts import NIGHT, apply, breach, planner

PLAN = planner()
ZHOU = Account(
    "a-zhou", "zhou", "周建国", "site", "site:site-1", ACTIVE, 1, "terminal", "site:site-1/项目经理", "x"
)
LI = replace(ZHOU, id="a-li", login="li", name="李静", unit="site:site-2", contact="")
NOTE = "雾炮已开 请放心"
ERASED = Erasure.made("a-zhou", 2000, "root", "asked for it")


def entry(action: str = "account_erased", of: str = "a-zhou") -> AuditEntry:
    return AuditEntry(2000, "terminal", "root", "", "", action, f"account:{of}", reason="asked for it")


def whole(store: CaseStore) -> str:
    """All rows of all tables but the audit log."""
    with store._database.reading() as connection:
        tables = [one for one in metadata.sorted_tables if one is not audit_log]
        return str([connection.execute(select(one)).all() for one in tables])


@pytest.fixture
def erasing(url: str, store: CaseStore) -> Iterator[ErasureStore]:
    opened = ErasureStore(url)
    yield opened
    opened.close()


def prepare(url: str, store: CaseStore) -> str:
    """Two accounts, one signed in, and a case that each has signed or sent back; the case's id."""
    people = PeopleStore(url)
    for one in (ZHOU, LI):
        assert people.add_account(one, entry("account_made", one.id))
    people.begin_visit(Visit("t", ZHOU.id, 1, 1, 2**40, 1, "phone"), entry("signed_in"))
    people.close()
    apply(store, breach(), PLAN, NIGHT)
    id = store.life.find_id("b1")
    assert id is not None
    given = (
        (LI, "refuse", "site:site-1", {"reason": "不是我们的工地"}, {"to_unit": "site:site-1"}),
        (ZHOU, "sign", "site:site-1", {"note": NOTE}, {}),
    )
    for at, (who, name, unit, texts, values) in enumerate(given, start=NIGHT + 1):
        actor = Actor("site", unit, salted(f"{who.id} {who.name}"))
        seen = store.life.file(id).kept.life.version
        command = LifeCommand(name, at, seen, actor, values, {k: salted(v) for k, v in texts.items()}, {})
        store.life.act(id, LifeAction(command, who.id, who.name), PLAN.life.facts())
    assert store.life.file(id).trail[-1].command == "sign"
    return id


def test_name_and_words_go_and_the_trail_verifies(url: str, store: CaseStore, erasing: ErasureStore) -> None:
    id = prepare(url, store)
    before = store.life.file(id)
    signed = before.trail[-1]
    assert before.texts[signed.person] == "a-zhou 周建国"
    assert erasing.apply([(ERASED, entry())]) == 2
    after = store.life.file(id)
    assert after.trail == before.trail
    assert first_flaw(after.trail) is None
    assert signed.person not in after.texts
    assert signed.texts["note"] not in after.texts
    others = {digest: words for digest, words in before.texts.items() if "周" not in words and words != NOTE}
    assert after.texts == others
    trails = TopicTrails()
    for one in store.relay.unrelayed().records:
        trails.take(canonical_bytes(one), "")
    assert (trails.flaws, list(trails.differences(store.relay.trails(), {}))) == ({}, [])


def test_nothing_in_the_store_names_the_person_any_more_but_the_audit_log(
    url: str, store: CaseStore, erasing: ErasureStore
) -> None:
    prepare(url, store)
    assert "周建国" in whole(store)
    assert store.case(store.cases()[0].id).events[-1].note == NOTE
    erasing.apply([(ERASED, entry())])
    left = whole(store)
    for words in ("周建国", NOTE, "'zhou'"):
        assert words not in left
    assert "李静" in left
    signed = store.case(store.cases()[0].id).events[-1]
    assert (signed.event, signed.actor, signed.note) == ("acknowledged", "", "")
    assert erasing.named_for_good("a-zhou") == 0
    people = PeopleStore(url)
    gone = people.account(ZHOU.id)
    assert (gone.state, gone.name, gone.ended_at) == (ENDED, "", 2000)
    assert people.visit("t", 2) is None
    assert people.account(LI.id) == LI
    (told,) = (e for _, e in people.entries(action="account_erased"))
    assert (told.name, told.reason, told.object) == ("root", "asked for it", "account:a-zhou")
    people.close()


def test_the_bytes_are_gone_from_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cases.sqlite"
    store = CaseStore(url)
    prepare(url, store)
    store.close()

    def bytes_of_files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("cases.sqlite*"))

    assert NOTE.encode() in bytes_of_files()
    (tmp_path / "cases.sqlite.revision-0005").touch()
    erasing = ErasureStore(url)
    erasing.apply([(ERASED, entry())])
    assert [path.name for path in erasing.copies()] == ["cases.sqlite.revision-0005"]
    erasing.close()
    assert NOTE.encode() not in bytes_of_files()
    assert "周建国".encode() not in bytes_of_files()


def test_the_list_takes_no_change_and_the_same_again_is_one(
    url: str, store: CaseStore, erasing: ErasureStore
) -> None:
    prepare(url, store)
    erasing.apply([(ERASED, entry())])
    assert erasing.apply([(ERASED, entry())]) == 0
    assert erasing.erasures() == [ERASED]
    with pytest.raises(DBAPIError, match="append-only"), store._database.writing() as connection:
        connection.execute(text("DELETE FROM erasures"))


def test_a_copy_of_before_meets_the_list_of_after(url: str, store: CaseStore, erasing: ErasureStore) -> None:
    id = prepare(url, store)  # as a copy of before has it
    (line,) = lines_of([ERASED])
    assert "周" not in line
    wanted = erasures_in(f"{line}\n\n", "list")
    assert wanted == [ERASED]
    assert erasing.apply([(one, entry()) for one in wanted]) == 2
    assert "周建国" not in str(store.life.file(id).texts)
    assert erasing.erasures() == [ERASED]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", json.dumps({"id": "e", "at": "1", "account": "a", "by": "b", "reason": "c"}),
     json.dumps({"id": "e", "at": 1, "account": "", "by": "b", "reason": "c"})],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_with_its_line(line: str) -> None:
    (good,) = lines_of([ERASED])
    with pytest.raises(NoErasures, match="list:2: no erasure") as refused:
        erasures_in(f"{good}\n{line}\n", "list")
    assert refused.value.exit_code == 2
