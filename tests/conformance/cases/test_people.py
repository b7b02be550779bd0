"""Every case store keeps people the same way, and lets nobody change what was done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from alerts.people.accounts import Account, AuditEntry, Link, MachineToken, Visit
from alerts.store import CaseStore
from alerts.store.people_store import PeopleStore
from tests.fakes.alerts import NIGHT, apply, breach, planner
from tests.stored_stores import execute

AT = 1_000_000
ZHOU = Account(
    "a1", "zhou", "周建国", "site", "site:site-01", "active", AT, "terminal", contact="site:site-01/周建国"
)
ENTRY = AuditEntry(AT, "terminal", "root", "", "", "account_made", "account:a1")


@pytest.fixture
def people(url: str) -> Iterator[PeopleStore]:
    opened = PeopleStore(url)
    assert opened.add_account(ZHOU, ENTRY)
    yield opened
    opened.close()


def test_an_account_is_found_by_id_login_and_recipient(people: PeopleStore) -> None:
    assert people.account("a1") == people.account_of("zhou") == people.account_told(ZHOU.contact) == ZHOU
    assert people.account("a2") is None
    twin = replace(ZHOU, id="a2", login="zhou2")
    assert people.add_account(twin, ENTRY)
    assert people.account_told(ZHOU.contact) is None  # of two nobody knows which
    assert not people.add_account(replace(ZHOU, id="a3"), ENTRY)  # the login is taken
    assert [one.login for one in people.accounts()] == ["zhou", "zhou2"]
    assert people.of_demo() == []


def test_a_device_is_signed_in_until_its_time_its_end_or_that_of_the_account(people: PeopleStore) -> None:
    def begin(token: str) -> None:
        people.begin_visit(Visit(token, "a1", AT, AT, AT + 1000, AT, "phone"), ENTRY)

    begin("t1")
    found = people.visit("t1", AT + 999)
    assert found is not None
    assert found[1] == ZHOU
    assert people.visit("t1", AT + 1000) is None
    begin("t2")
    people.end_visit("a2", "t2", ENTRY)  # not theirs
    assert people.visit("t2", AT) is not None
    people.end_visit("a1", "t2", ENTRY)
    assert people.visit("t2", AT) is None
    begin("t3")
    people.set_password("a1", "hash", "t3", ENTRY)
    assert people.visit("t1", AT) is None
    assert people.visit("t3", AT) is not None
    people.change_account(replace(ZHOU, state="ended", ended_at=AT), ENTRY)
    assert people.visit("t3", AT) is None


def test_when_a_device_was_last_used_is_kept_by_the_minute(people: PeopleStore) -> None:
    people.begin_visit(Visit("t1", "a1", AT, AT, AT + 10**9, AT, "phone"), ENTRY)
    for seconds, seen in ((59, 0), (60, 60), (100, 60), (120, 120)):
        people.visit("t1", AT + seconds * 1000)
        assert people.visits_of("a1", AT)[0].seen_at == AT + seen * 1000
    people.confirm_visit("t1", AT + 5, ENTRY)
    assert people.visits_of("a1", AT)[0].confirmed_at == AT + 5


def test_of_many_who_use_a_link_at_once_one_signs_in(people: PeopleStore) -> None:
    people.add_link(Link("l1", "a1", "sign_in", AT, AT + 1000, "case-1"), ENTRY)
    used: list[bool] = []
    threads = [threading.Thread(target=lambda: used.append(people.use_link("l1", AT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == [False] * 7 + [True]
    found = people.link("l1")
    assert found is not None
    assert not found.good(AT)


def test_a_newer_link_of_the_same_purpose_and_case_takes_the_place_of_the_former(people: PeopleStore) -> None:
    for token, case in (("l1", "case-1"), ("l2", "case-2"), ("l3", "case-1"), ("l4", None)):
        people.add_link(Link(token, "a1", "sign_in", AT, AT + 1000, case), ENTRY)
    good = {token for token in ("l1", "l2", "l3", "l4") if (link := people.link(token)) and link.good(AT)}
    assert good == {"l2", "l3", "l4"}
    assert not people.use_link("l3", AT + 1000)
    people.change_account(replace(ZHOU, state="ended"), ENTRY)
    assert not people.use_link("l2", AT)


def test_a_token_is_known_until_it_is_taken_back(people: PeopleStore) -> None:
    people.add_token(MachineToken("t1", "platform", ("read", "metrics"), AT, "a1"), "digest", ENTRY)
    found = people.token("digest", AT + 7)
    assert found is not None
    assert found.scopes == ("read", "metrics")
    assert people.tokens()[0].seen_at == AT + 7
    people.revoke_token("t1", AT + 8, ENTRY)
    people.revoke_token("t1", AT + 9, ENTRY)
    assert people.token("digest", AT + 9) is None
    assert people.tokens()[0].revoked_at == AT + 8


def test_failures_are_counted_by_key_and_forgotten_when_nobody_asks_for_them(people: PeopleStore) -> None:
    people.note_failures(["login:zhou", "address:1"], AT, ENTRY)
    people.note_failures(["login:zhou", "address:2"], AT + 10, ENTRY)
    assert sorted(people.failures("login:zhou", AT - 1)) == [AT, AT + 10]
    assert people.failures("login:zhou", AT) == [AT + 10]
    people.note_failures(["login:li"], AT + 16 * 60_000, ENTRY)
    assert people.failures("login:zhou", 0) == []
    people.forget_failures("login:li")
    assert people.failures("login:li", 0) == []


def test_what_is_seen_is_written_once_in_an_hour_and_read_by_pages(people: PeopleStore) -> None:
    for n in range(5):
        people.note(replace(ENTRY, action="viewed", object=f"case:{n // 2}", once=f"a1|case:{n // 2}|7"))
    entries = people.entries()
    assert [e.object for _, e in entries] == ["case:2", "case:1", "case:0", "account:a1"]
    older = people.entries(before=entries[1][0], limit=1)
    assert [e.object for _, e in older] == ["case:0"]
    assert [e.action for _, e in people.entries(action="account_made")] == ["account_made"]
    assert people.entries(actor="nobody") == []


@pytest.mark.parametrize("table", ["audit_log", "case_events"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = 1", "DELETE FROM {}"])
def test_what_was_done_can_neither_be_changed_nor_removed(
    people: PeopleStore, url: str, table: str, change: str
) -> None:
    store = CaseStore(url)
    apply(store, breach(), planner(), NIGHT)
    with pytest.raises(Exception, match=f"{table} is append-only") as caught:
        execute(url, change.format(table))
    assert not isinstance(caught.value, DBAPIError)  # behind the store's back, by the driver itself
    assert len(people.entries()) == 1
    case = store.cases()[0]
    file = store.case(case.id)
    assert file is not None
    assert len(file.events) == 1
    store.close()


def test_texts_that_a_database_refuses_are_written_without_those_signs(people: PeopleStore) -> None:
    people.note(replace(ENTRY, object="a\x00b", after={"k\x00": "\ud800"}))
    entry = people.entries()[0][1]
    assert "\x00" not in entry.object
    assert entry.object.startswith("a")
