"""Messages that reach one person alone sign their reader in; those of a group never do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.channels import CHANNEL_KINDS
from alerts.people.tokens import digest
from alerts.records import Message
from alerts.retry import Outcome, sent
from alerts.sign_in_links import LinkedSender, with_links
from alerts.store import CaseStore
from alerts.store.people_store import PeopleStore
from tests.fakes.alerts import NIGHT, apply, breach, planner
from tests.fakes.people import account, entry

NOW = 1_000_000


class Kept:
    """A sender that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        self.messages.append(message)
        return sent("ok")

    async def close(self) -> None:
        pass


@pytest.fixture
def people(tmp_path: Path) -> Iterator[PeopleStore]:
    opened = PeopleStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def message(tmp_path: Path) -> Message:
    """One of a breach, to a contact of the site."""
    store = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    apply(store, breach(), planner(), NIGHT)
    (case,) = store.cases()
    file = store.case(case.id)
    store.close()
    assert file is not None
    return file.messages[0].message


async def test_the_reader_of_a_message_of_their_own_is_signed_in_by_its_link(
    people: PeopleStore, message: Message
) -> None:
    who = account(people, "site")
    people.change_account(replace(who, contact=message.recipient.id), entry())
    kept = Kept()
    await LinkedSender(kept, people, lambda: NOW).send(message, False)
    (out,) = kept.messages
    assert message.link in message.text
    assert message.link not in out.text
    assert out.link in out.text
    assert (out.id, out.case) == (message.id, message.case)
    link = people.link(digest(out.link.rpartition("/in/")[2]))
    assert link is not None
    assert (link.account, link.case, link.purpose) == (who.id, message.case, "sign_in")
    assert link.expires_at == NOW + 30 * 60_000
    made = people.entries(action="link_made")[0][1]
    assert (made.object, made.after) == (f"account:{who.id}", {"case": message.case})


@pytest.mark.parametrize("who", ["nobody", "two", "ended"])
async def test_whom_nobody_knows_gets_the_plain_link(people: PeopleStore, message: Message, who: str) -> None:
    for login in ("a", "b") if who == "two" else ("a",) if who == "ended" else ():
        one = account(people, "site", login=login)
        state = "ended" if who == "ended" else "active"
        people.change_account(replace(one, contact=message.recipient.id, state=state), entry())
    kept = Kept()
    await LinkedSender(kept, people, lambda: NOW).send(message, False)
    assert kept.messages == [message]


def test_channels_of_groups_give_no_links(people: PeopleStore) -> None:
    personal = {kind for kind, one in CHANNEL_KINDS.items() if one.form.personal}
    assert personal == {"mail"}
    forms = {kind: one.form.model_construct(id=kind, kind=kind) for kind, one in CHANNEL_KINDS.items()}
    senders = with_links({kind: Kept() for kind in forms}, forms, people, lambda: NOW)
    assert {kind for kind, one in senders.items() if isinstance(one, LinkedSender)} == {"mail"}
