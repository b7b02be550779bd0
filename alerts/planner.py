"""Decides what an event of a breach, a hold that ends, or a fault leads to: case, event, messages.

Pure: no clock, no database. The ids are hashes, so that deciding twice writes the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from alerts.cases import AMEND, CLOSED, RECOVER, START, decide
from alerts.messages import Facts, Matter, fault_name, group_name, render
from alerts.policy import deadline_ms, operators, who
from alerts.records import (
    MANY_SILENT,
    OFFLINE,
    OPENED,
    RECOVERED,
    SYSTEM,
    Case,
    CaseEvent,
    Change,
    Known,
    Message,
    Recipient,
)
from alerts.routing import Routing
from alerts.silence import Group, hold_until, release
from ingest.register import Register
from processors.records import Breach, short_id

_SEVERAL = "*"  # the site of a case that concerns several


def case_id_of(breach: str) -> str:
    """The id of the one case of a breach."""
    return short_id("case", breach)


def message_id_of(case: str, step: str, recipient: Recipient) -> str:
    """The id under which this step of this case is told to this recipient in this way, for ever."""
    return "m" + short_id("message", case, step, recipient.id, recipient.way)


def case_link(base_url: str, case: str) -> str:
    """Where the desk shows a case."""
    return f"{base_url.rstrip('/')}/cases/{case}"


@dataclass(frozen=True, slots=True)
class CasePlanner:
    """The decisions of one configuration; `Planner` of the store."""

    register: Register
    routing: Routing
    base_url: str

    # ------------------------------------------------------------------------------- breaches

    def breach(self, event: Breach, known: Known, now: int) -> list[Change]:
        """Changes for one event of a breach."""
        if event.event == "closed":
            return self._closed(event, known, now)
        if known.case is None:
            return [self._opened(event, now)]
        return [self._amended(event, known.case, now)]

    def _opened(self, event: Breach, now: int) -> Change:
        step = decide(None, START)
        id = case_id_of(event.id)
        silent = event.kind == OFFLINE
        hold = hold_until(now, event.start, self.routing.form.offline) if silent and event.tell else None
        case = Case(
            id=id,
            kind=event.kind,
            state=str(step.after),
            level=event.level,
            site=event.site,
            device=event.device,
            title=self._title(event.title),
            opened_at=event.opened_at,
            updated_at=event.at,
            breach=event.id,
            rule=event.rule,
            deadline=deadline_ms(self.routing, event.level, event.deadline_h, event.at),
            hold_until=hold,
            tell=event.tell,
            delayed=event.delayed,
            data=asdict(event),
        )
        if not event.tell:
            why = "recorded; the processors asked that nobody be woken"
        elif hold is not None:
            why = "held until it is clear whether others fall silent too"
        else:
            why = "told at once"
        if event.event == "amended":
            why += "; its opening was never seen here"
        messages: tuple[Message, ...] = ()
        if event.tell and hold is None:
            template = "offline" if silent else "opened"
            messages = self._tell(case, OPENED, template, self._recipients(case, now), now)
        return Change(why, case, _event_of(event, None, case.state, why), messages)

    def _amended(self, event: Breach, case: Case, now: int) -> Change:
        """A later event of a known breach, or its opening after its end: recorded, nobody is told."""
        step = decide(case.state, AMEND)
        why = step.reason if event.event == "amended" else "its opening came after other events"
        later = event.at >= case.updated_at
        after = replace(
            case,
            state=str(step.after),
            level=event.level if later else case.level,
            updated_at=max(case.updated_at, event.at),
            data=asdict(event) if later else case.data,
        )
        return Change(why, after, _event_of(event, case.state, after.state, why))

    def _closed(self, event: Breach, known: Known, now: int) -> list[Change]:
        case = known.case
        if case is None:
            return [self._closed_unseen(event)]
        step = decide(case.state, RECOVER)
        after = replace(
            case,
            state=str(step.after),
            updated_at=max(case.updated_at, event.at),
            recovered_at=case.recovered_at if case.recovered_at is not None else event.at,
            closed_at=event.at if step.accepted and step.after == CLOSED else case.closed_at,
            hold_until=None,
        )
        if not step.accepted:
            return [Change(step.reason, after, _event_of(event, case.state, after.state, step.reason))]
        if case.hold_until is not None:
            why = "over before its hold had ended; nobody was told, so nobody is told of the end"
            return [Change(why, after, _event_of(event, case.state, after.state, why))]
        if known.parent is not None:
            why = f"{step.reason}; told together with others"
            member = Change(why, after, _event_of(event, case.state, after.state, why))
            return [member, *self._group_returns(known.parent, known, case.id, event, now)]
        template = _template_of_end(event, known)
        matter = self._matter(asdict(event), after)
        messages = tuple(
            self._message(after, RECOVERED, template, m.recipient, _others(known.told, m), now, matter)
            for m in known.told
        )
        why = step.reason if template != "withdrawn" else f"no longer judged: {', '.join(event.reasons)}"
        why = why if messages else f"{why}; nobody was told of its beginning"
        return [Change(why, after, _event_of(event, case.state, after.state, why), messages)]

    def _closed_unseen(self, event: Breach) -> Change:
        step = decide(None, RECOVER)
        case = replace(
            self._opened(replace(event, tell=False), event.at).case,
            state=str(step.after),
            recovered_at=event.at,
        )
        return Change(step.reason, case, _event_of(event, None, case.state, step.reason))

    # ------------------------------------------------------------------------------- silence

    def release(self, held: Sequence[Case], now: int) -> list[Change]:
        """Changes for the held cases whose time has come."""
        changes: list[Change] = []
        for group in release(held, now, self.routing.form.offline):
            changes += self._one(group, now) if len(group.members) == 1 else self._together(group, now)
        return changes

    def _one(self, group: Group, now: int) -> list[Change]:
        case = replace(group.members[0], hold_until=None, updated_at=max(now, group.members[0].updated_at))
        told = self._tell(case, OPENED, "offline", self._recipients(case, now), now)
        noted = _note(case, "told", now, group.reason, short_id("released", case.id))
        return [Change(group.reason, case, noted, told)]

    def _together(self, group: Group, now: int) -> list[Change]:
        names = [member.id for member in group.members]
        id = short_id("many-silent", *names)
        first = group.members[0]
        deadlines = [m.deadline for m in group.members if m.deadline is not None]
        parent = Case(
            id=id,
            kind=MANY_SILENT,
            state=str(decide(None, START).after),
            level=first.level,
            site=first.site if len({m.site for m in group.members}) == 1 else _SEVERAL,
            device=_SEVERAL,
            title=group_name(len(names), self.register.county.language),
            opened_at=min(m.opened_at for m in group.members),
            updated_at=now,
            deadline=min(deadlines, default=None),
            delayed=all(m.delayed for m in group.members),
            data={"members": names},
        )
        whom: dict[tuple[str, str], Recipient] = {}
        covers: dict[tuple[str, str], list[Case]] = {}
        for member in group.members:
            for recipient in self._recipients(member, now):
                key = (recipient.id, recipient.way)
                whom.setdefault(key, recipient)
                covers.setdefault(key, []).append(member)
        messages = tuple(
            self._group_message(parent, OPENED, whom[key], list(whom.values()), covers[key], now)
            for key in whom
        )
        noted = _note(parent, "opened", now, group.reason, short_id("opened", id), None)
        changes = [Change(group.reason, parent, noted, messages)]
        for member in group.members:
            joined = replace(member, hold_until=None, parent=id, updated_at=max(now, member.updated_at))
            why = f"told as one of {len(names)}"
            noted = _note(joined, "told", now, why, short_id("joined", joined.id))
            changes.append(Change(why, joined, noted))
        return changes

    def _group_returns(
        self, parent: Case, known: Known, returned: str, event: Breach, now: int
    ) -> list[Change]:
        """Whoever was told of several silent devices hears of their return once all of them are back."""
        missing = known.siblings_open
        back = [m for m in known.parent_told if returned in m.covers and not missing & set(m.covers)]
        over = not missing
        if not back and not over:
            return []
        step = decide(parent.state, RECOVER)
        after = parent
        if over and step.accepted:
            ended = event.at if step.after == CLOSED else parent.closed_at
            after = replace(parent, state=str(step.after), recovered_at=event.at, closed_at=ended)
        after = replace(after, updated_at=max(now, parent.updated_at))
        messages = tuple(
            self._message(
                after,
                RECOVERED,
                "returned",
                m.recipient,
                _others(known.parent_told, m),
                now,
                None,
                matters=_matters_of(m),
                covers=m.covers,
            )
            for m in back
        )
        why = "all devices are heard again" if over else "all that some had been told of are heard again"
        what, id = "closed" if over else "returned", short_id("back", parent.id, returned)
        noted = _note(after, what, event.at, why, id)
        return [Change(why, after, replace(noted, before=parent.state), messages)]

    # ------------------------------------------------------------------------------- faults

    def fault_began(self, fault: str, facts: dict[str, Any], now: int) -> Change:
        """The case of a fault of the platform, told to its operator."""
        step = decide(None, START)
        case = Case(
            id=short_id("fault", fault, now),
            kind=SYSTEM,
            state=str(step.after),
            level="fault",
            site="",
            device="",
            title=fault_name(fault, self.register.county.language),
            opened_at=now,
            updated_at=now,
            fault=fault,
            data=facts,
        )
        told = self._tell(case, OPENED, "fault", operators(self.register, self.routing, now), now)
        noted = _note(case, "opened", now, step.reason, short_id("opened", case.id), None)
        return Change(step.reason, case, replace(noted, data=facts), told)

    def fault_ended(self, case: Case, told: Sequence[Message], now: int) -> Change | None:
        """The end of a fault, told to whom its beginning was told."""
        step = decide(case.state, RECOVER)
        if not step.accepted:
            return None
        closed = now if step.after == CLOSED else case.closed_at
        after = replace(case, state=str(step.after), updated_at=now, recovered_at=now, closed_at=closed)
        messages = tuple(
            self._message(after, RECOVERED, "fault_ended", m.recipient, _others(told, m), now, None)
            for m in told
        )
        noted = _note(after, "closed", now, step.reason, short_id("closed", case.id))
        return Change(step.reason, after, replace(noted, before=case.state), messages)

    # ------------------------------------------------------------------------------- words

    def _recipients(self, case: Case, now: int) -> list[Recipient]:
        found = who(self.register, self.routing, case.site, now, case.kind, case.level)
        # The configuration was checked, but it may have changed since: somebody always hears of it.
        return found or operators(self.register, self.routing, now)

    def _tell(
        self, case: Case, step: str, template: str, recipients: Sequence[Recipient], now: int
    ) -> tuple[Message, ...]:
        matter = self._matter(case.data, case) if case.breach else None
        return tuple(
            self._message(case, step, template, r, _names(recipients, r), now, matter) for r in recipients
        )

    def _message(
        self,
        case: Case,
        step: str,
        template: str,
        recipient: Recipient,
        others: tuple[str, ...],
        now: int,
        matter: Matter | None,
        matters: tuple[Matter, ...] = (),
        covers: tuple[str, ...] = (),
    ) -> Message:
        id = message_id_of(case.id, step, recipient)
        link = case_link(self.base_url, case.id)
        fault = {**case.data, "title": case.title, "opened_at": case.opened_at} if case.fault else {}
        facts = Facts(
            template=template,
            line=recipient.line,
            others=others,
            link=link,
            reference=id,
            at=now if case.fault or step == OPENED else case.recovered_at or now,
            zone=self.register.zone,
            matter=matter,
            matters=matters,
            deadline=case.deadline,
            delayed=case.delayed,
            fault=case.fault or "",
            facts=fault,
        )
        words = render(facts, recipient.language)
        data = dict(fault)
        if matter is not None:
            data["matter"] = asdict(matter)
        if matters:
            data["matters"] = [asdict(m) for m in matters]
        return Message(
            id=id,
            case=case.id,
            kind=case.kind,
            step=step,
            recipient=recipient,
            subject=words.subject,
            text=words.body,
            created_at=now,
            link=link,
            covers=covers,
            data=data,
        )

    def _group_message(
        self,
        parent: Case,
        step: str,
        recipient: Recipient,
        everybody: Sequence[Recipient],
        covered: Sequence[Case],
        now: int,
    ) -> Message:
        matters = tuple(self._matter(member.data, member) for member in covered)
        template = "many_silent"
        names = tuple(member.id for member in covered)
        return self._message(
            parent, step, template, recipient, _names(everybody, recipient), now, None, matters, names
        )

    def _matter(self, data: dict[str, Any], case: Case) -> Matter:
        site = self.register.sites.get(case.site)
        device = self.register.devices.get(case.device)
        place = self.register.departments.get(site.township) if site else None
        parts = (place.name if place else "", (site.address or "") if site else "")
        address = " ".join(part for part in parts if part)
        return Matter(
            site=site.name if site else case.site,
            address=address,
            device=case.device,
            device_name=(device.name or "") if device else "",
            title=case.title,
            level=data["level"],
            start=data["start"],
            end=data["end"],
            pollutant=data["pollutant"],
            unit=data["unit"],
            value=data["value"],
            background=data["background"],
            subtracted=data["subtracted"],
            limit=data["limit"],
            capture=data["capture"],
            clause=data["clause"],
            citation=data["citation"],
            status=data["status"],
            administrative=data["administrative"],
            opened_at=case.opened_at,
            reasons=tuple(data["reasons"]),
        )

    def _title(self, title: dict[str, str]) -> str:
        short = self.register.county.language.split("_")[0]
        return title.get(short) or next(iter(title.values()), "")


def _template_of_end(event: Breach, known: Known) -> str:
    """In which words the end is told: withdrawn, corrected, heard again, or within the limit again."""
    if {"rule_removed", "device_removed"} & set(event.reasons):
        return "withdrawn"
    if event.kind == OFFLINE:
        return "returned"
    told = known.told[0].data["matter"] if known.told else {}
    same = (event.start, event.end) == (told.get("start"), told.get("end"))
    return "corrected" if same else "recovered"


def _matters_of(message: Message) -> tuple[Matter, ...]:
    found = message.data.get("matters", ())
    return tuple(Matter(**{**m, "reasons": tuple(m["reasons"])}) for m in found)


def _names(recipients: Sequence[Recipient], but: Recipient) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.name for r in recipients if r.id != but.id))


def _others(told: Sequence[Message], but: Message) -> tuple[str, ...]:
    return _names([m.recipient for m in told], but.recipient)


def _event_of(event: Breach, before: str | None, after: str, reason: str) -> CaseEvent:
    return CaseEvent(
        id=event.event_id,
        case=case_id_of(event.id),
        at=event.at,
        event=event.event,
        actor="dustwatch",
        before=before,
        after=after,
        reason=reason,
        data=asdict(event),
    )


def _note(case: Case, what: str, at: int, reason: str, id: str, before: str | None = "") -> CaseEvent:
    first = case.state if before == "" else before
    return CaseEvent(id, case.id, at, what, "dustwatch", first, case.state, reason)
