"""One-time links in messages that reach one person alone: message, case, signature, without a password.

A link is made when a message leaves, not before: the outbox holds none that somebody could read there. It is
the plain link of the case where the recipient is no account of the desk, or not exactly one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.channels import ChannelForm, Sender
from alerts.people.accounts import SIGN_IN, AuditEntry, Link
from alerts.records import Message
from alerts.retry import Outcome
from alerts.store.people_store import PeopleStore

log = structlog.get_logger(__name__)
_CASES = "/cases/"


class LinkedSender:
    """A sender whose messages sign their reader in."""

    def __init__(self, sender: Sender, people: PeopleStore, wall: Callable[[], int]) -> None:
        self._sender = sender
        self._people = people
        self._wall = wall

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Send with a link of its own."""
        try:
            message = await asyncio.to_thread(self._linked, message)
        except SQLAlchemyError as error:  # the plain link leads to the case as well
            log.warning("no_sign_in_link", message=message.id, why=str(error).splitlines()[0])
        return await self._sender.send(message, possible_repeat)

    async def close(self) -> None:
        """Close the sender."""
        await self._sender.close()

    def _linked(self, message: Message) -> Message:
        desk, sep, _ = message.link.partition(_CASES)
        account = self._people.account_told(message.recipient.id) if sep else None
        if account is None:
            return message
        now = self._wall()
        token, link = Link.drawn(account.id, SIGN_IN, now, message.case)
        made = AuditEntry(
            now, "dustwatch", "", "", "", "link_made", f"account:{account.id}", after={"case": message.case}
        )
        self._people.add_link(link, made)
        address = f"{desk}/in/{token}"
        return replace(message, link=address, text=message.text.replace(message.link, address))


def with_links(
    senders: Mapping[str, Sender],
    forms: Mapping[str, ChannelForm],
    people: PeopleStore,
    wall: Callable[[], int],
) -> dict[str, Sender]:
    """The senders by channel; only those that reach a person alone give links, never those of a group."""
    return {
        id: LinkedSender(sender, people, wall) if forms[id].personal else sender
        for id, sender in senders.items()
    }
