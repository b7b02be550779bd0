"""People of the county's folder as rows: departments, sites and the platform, with their hours as turns."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.duty import PLATFORM, DutyPerson, DutyRow, DutyTurn, Way
from alerts.duty.reading import DutyTerms
from alerts.people.units import contact_groups, units_of
from alerts.routing.forms import Routing
from alerts.routing.who import channel_of
from ingest.register import Channel, Contact, Register


def rows_of_folder(register: Register, routing: Routing) -> tuple[DutyRow, ...]:
    """A person for each contact of the folder, and a turn for each that has hours."""
    groups = [*contact_groups(register), (PLATFORM, routing.form.operator)]
    named = [(unit, contact) for unit, contacts in groups for contact in contacts]
    people = [
        _person(f"p{n:04d}", unit, contact, routing) for n, (unit, contact) in enumerate(named, start=1)
    ]
    return (*people, *_turns(people, [contact for _, contact in named]))


def terms_of(register: Register, routing: Routing) -> DutyTerms:
    """What rows may name by the folder."""

    def way_fault(way: Way) -> str | None:
        use = channel_of(way)
        channel = routing.channel_of(use)
        if isinstance(channel, str):
            return channel
        if way.address and channel.address_key is None:
            return f"a channel of kind `{way.kind}` takes no address; write `{way.kind}`"
        if not way.address and channel.needs_address():
            return f"a channel of kind `{way.kind}` needs an address; write `{way.kind}:ADDRESS`"
        return channel.address_fault(way.address) if way.address else None

    units = frozenset((*units_of(register), PLATFORM))
    return DutyTerms(units, frozenset(register.sites), way_fault)


def _person(id: str, unit: str, contact: Contact, routing: Routing) -> DutyPerson:
    ways = tuple(_way(use, routing) for use in contact.channels)
    return DutyPerson(id, contact.name, unit, ways=ways, language=contact.language or "")


def _way(use: Channel, routing: Routing) -> Way:
    channel = routing.channel_of(use)
    key = None if isinstance(channel, str) else channel.address_key
    return Way(use.kind, str(use.options.get("via") or ""), str(use.options.get(key or "") or ""))


def _turns(people: list[DutyPerson], contacts: list[Contact]) -> Iterator[DutyTurn]:
    number = 0
    for person, contact in zip(people, contacts, strict=True):
        if contact.hours and contact.hours[:5] != contact.hours[6:]:
            number += 1
            yield DutyTurn(f"t{number:04d}", person.unit, person.id, contact.hours)
