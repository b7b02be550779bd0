"""Planner of the case, event and tellings that follow from a breach event, outlook, ended hold or fault.

Pure: no clock, no database. Ids are hashes, so deciding twice writes the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from alerts.cases import AMEND, CLOSED, RECOVER, START, decide
from alerts.casework import LifePlanner
from alerts.casework.life_planner import LATE_MS, NOT_JUDGED, SEVERAL_SITES
from alerts.kinds import KINDS, MANY_SILENT, SYSTEM, kind_of
from alerts.messages import MatterIn, Notice, Writer, fault_name, group_name, matters_of, title_in
from alerts.morning_tellings import MorningTeller
from alerts.outlook import OutlookPlanner
from alerts.records import (
    OPENED,
    RECOVERED,
    Case,
    CaseChange,
    CaseContext,
    CaseEvent,
    Recipient,
    Telling,
)
from alerts.routing import Routing, deadline_ms, operators_on_duty, recipients_of
from alerts.step_tellings import StepTeller
from alerts.together import SilentGroup, hold_until, released_groups
from ingest.register import Register
from processors.records import Breach, Outlook, short_id
from processors.silence import SITE_SILENT


def case_id_of(breach: str) -> str:
    """The id of the one case of a breach."""
    return short_id("case", breach)


def _why_recorded(event: Breach, routing: Routing) -> str:
    if not routing.form.addresses(event.status):
        return "recorded; its limit is known from memory alone and held against nobody"
    return "recorded; the processors asked that nobody be woken"


@dataclass(frozen=True, slots=True)
class CasePlanner:
    """Decisions according to one configuration; the `Planner` that the store uses."""

    register: Register
    routing: Routing
    base_url: str
    life: LifePlanner = field(init=False, repr=False, compare=False)  # made once, not with each event

    def __post_init__(self) -> None:
        calendar = self.routing.duty.of_zone(self.register.county.zone)
        object.__setattr__(self, "life", LifePlanner(self.register, calendar, book=self.routing.book))

    @property
    def steps(self) -> StepTeller:
        """Who tells the steps of cases."""
        return StepTeller(self.register, self.routing, self.base_url)

    @property
    def mornings(self) -> MorningTeller:
        """Who tells units in the morning."""
        return MorningTeller(self.register, self.routing, self.base_url)

    # ------------------------------------------------------------------------------- breaches

    def breach(self, event: Breach, context: CaseContext, now: int) -> list[CaseChange]:
        """Changes for one event of a breach."""
        if not self.routing.form.addresses(event.status):
            event = replace(event, tell=False)
        if event.event == "closed":
            return self._closed(event, context, now)
        if context.case is None:
            return [self._opened(event, now)]
        return [self._amended(event, context.case, now)]

    def _opened(self, event: Breach, now: int) -> CaseChange:
        step = decide(None, START)
        id = case_id_of(event.id)
        silent = kind_of(event.kind).silence
        late = now - event.at > LATE_MS
        hold = hold_until(now, event.start, self.routing.form.offline) if silent and event.tell else None
        case = Case(
            id=id,
            kind=event.kind,
            state=str(step.after),
            level=event.level,
            site=event.site,
            device=event.device,
            title=title_in(self.register.county.language, event.title),
            opened_at=event.opened_at,
            updated_at=event.at,
            breach=event.id,
            rule=event.rule,
            deadline=deadline_ms(self.routing, event.level, event.deadline_h, now if late else event.at),
            hold_until=hold,
            tell=event.tell,
            delayed=event.delayed or late,
            data=asdict(event),
        )
        if not event.tell:
            why = _why_recorded(event, self.routing)
        elif hold is not None:
            why = "held until it is clear whether others fall silent too"
        else:
            why = "told at once"
        if event.event == "amended":
            why += "; its opening was never seen here"
        tellings: tuple[Telling, ...] = ()
        if event.tell and hold is None:
            tellings = self._tell(case, self._recipients(case, now), now)
        return CaseChange(why, case, _event_of(event, None, case.state, why), tellings)

    def _amended(self, event: Breach, case: Case, now: int) -> CaseChange:
        """A later event of a known breach, or its opening after its end: recorded, nobody is told.

        Exception: the breach was only recorded so far, and the event says that it is to be told now.
        """
        step = decide(case.state, AMEND)
        why = step.reason if event.event == "amended" else "its opening came after other events"
        untold = not case.tell and case.recovered_at is None
        news = untold and step.accepted and event.event == "amended" and event.tell
        later = event.at >= case.updated_at
        joins = case.hold_until is not None and SITE_SILENT in event.reasons and not event.tell
        after = replace(
            case,
            state=str(step.after),
            level=event.level if later else case.level,
            updated_at=max(case.updated_at, event.at),
            data=asdict(event) if later else case.data,
            hold_until=None if joins else case.hold_until,
        )
        if later and _regional_over(event) and case.deadline is None:
            due = deadline_ms(self.routing, event.level, event.deadline_h, now)
            after, why = replace(after, deadline=due), "no longer inside a regional episode: its own level"
        if joins:
            why = "not told by itself: all of its site is silent, and that is told"
        if not news:
            return CaseChange(why, after, _event_of(event, case.state, after.state, why))
        why = "only recorded so far; it goes on, and is told now"
        late = now - event.at > LATE_MS
        due = deadline_ms(self.routing, event.level, event.deadline_h, now if late else event.at)
        silent = kind_of(event.kind).silence
        hold = hold_until(now, event.start, self.routing.form.offline) if silent else None
        after = replace(after, tell=True, delayed=event.delayed or late, deadline=due, hold_until=hold)
        tellings = () if silent else self._tell(after, self._recipients(after, now), now)
        return CaseChange(why, after, _event_of(event, case.state, after.state, why), tellings)

    def _closed(self, event: Breach, context: CaseContext, now: int) -> list[CaseChange]:
        case = context.case
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
            return [CaseChange(step.reason, after, _event_of(event, case.state, after.state, step.reason))]
        if case.hold_until is not None:
            why = "over before its hold had ended; nobody was told, so nobody is told of the end"
            return [CaseChange(why, after, _event_of(event, case.state, after.state, why))]
        if context.parent is not None:
            why = f"{step.reason}; told together with others"
            member = CaseChange(why, after, _event_of(event, case.state, after.state, why))
            return [member, *self._group_returns(context.parent, context, case.id, event, now)]
        template = _template_of_end(event, context)
        tellings = self._tell_end(after, template, context.told, now, [self._matter(after, asdict(event))])
        why = step.reason if template != "withdrawn" else f"no longer judged: {', '.join(event.reasons)}"
        why = why if tellings else f"{why}; nobody was told of its beginning"
        return [CaseChange(why, after, _event_of(event, case.state, after.state, why), tellings)]

    def _closed_unseen(self, event: Breach) -> CaseChange:
        step = decide(None, RECOVER)
        case = replace(
            self._opened(replace(event, tell=False), event.at).case,
            state=str(step.after),
            recovered_at=event.at,
        )
        return CaseChange(step.reason, case, _event_of(event, None, case.state, step.reason))

    def outlook(self, event: Outlook, context: CaseContext, now: int) -> list[CaseChange]:
        """Changes for an outlook."""
        return [OutlookPlanner(self.register, self.routing, self.base_url).change(event, context, now)]

    # ------------------------------------------------------------------------------- silence

    def release(self, held: Sequence[Case], now: int) -> list[CaseChange]:
        """Changes for the held cases that are due."""
        changes: list[CaseChange] = []
        for group in released_groups(held, now, self.routing.form.offline, self._devices_of):
            changes += self._one(group, now) if len(group.members) == 1 else self._together(group, now)
        return changes

    def _one(self, group: SilentGroup, now: int) -> list[CaseChange]:
        case = replace(group.members[0], hold_until=None, updated_at=max(now, group.members[0].updated_at))
        told = self._tell(case, self._recipients(case, now), now)
        noted = _note(case, "told", now, group.reason, short_id("released", case.id))
        return [CaseChange(group.reason, case, noted, told)]

    def _together(self, group: SilentGroup, now: int) -> list[CaseChange]:
        names = [member.id for member in group.members]
        number = sum(self._devices_of(member) for member in group.members)
        id = short_id("many-silent", *names)
        first = group.members[0]
        deadlines = [m.deadline for m in group.members if m.deadline is not None]
        parent = Case(
            id=id,
            kind=MANY_SILENT,
            state=str(decide(None, START).after),
            level=first.level,
            site=first.site if len({m.site for m in group.members}) == 1 else SEVERAL_SITES,
            device=SEVERAL_SITES,
            title=group_name(number, self.register.county.language),
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
        notice = Notice(parent, OPENED, KINDS[MANY_SILENT].opened, list(whom.values()), now)
        tellings = tuple(
            self._writer.telling(
                notice,
                whom[key],
                [self._matter(member, member.data) for member in covers[key]],
                tuple(member.id for member in covers[key]),
            )
            for key in whom
        )
        noted = _note(parent, "opened", now, group.reason, short_id("opened", id), None)
        changes = [CaseChange(group.reason, parent, noted, tellings)]
        for member in group.members:
            joined = replace(member, hold_until=None, parent=id, updated_at=max(now, member.updated_at))
            why = f"told together with others: {number} devices"
            noted = _note(joined, "told", now, why, short_id("joined", joined.id))
            changes.append(CaseChange(why, joined, noted))
        return changes

    def _group_returns(
        self, parent: Case, context: CaseContext, returned: str, event: Breach, now: int
    ) -> list[CaseChange]:
        """Changes when a device of a group returns.

        Recipients are told of the return once all the devices they had been told of are back.
        """
        missing = context.siblings_open
        back = [m for m in context.parent_told if returned in m.covers and not missing & set(m.covers)]
        over = not missing
        if not back and not over:
            return []
        step = decide(parent.state, RECOVER)
        after = parent
        if over and step.accepted:
            ended = event.at if step.after == CLOSED else parent.closed_at
            after = replace(parent, state=str(step.after), recovered_at=event.at, closed_at=ended)
        after = replace(after, updated_at=max(now, parent.updated_at))
        everybody = [m.recipient for m in context.parent_told]
        notice = Notice(after, RECOVERED, str(KINDS[MANY_SILENT].ended), everybody, now)
        tellings = tuple(
            self._writer.telling(
                notice,
                m.recipient,
                [lambda language, matter=matter: matter for matter in matters_of(m)],  # type: ignore[misc]
                m.covers,
            )
            for m in back
        )
        why = "all devices are heard again" if over else "all that some had been told of are heard again"
        what, id = "closed" if over else "returned", short_id("back", parent.id, returned)
        noted = _note(after, what, event.at, why, id)
        return [CaseChange(why, after, replace(noted, before=parent.state), tellings)]

    def _devices_of(self, case: Case) -> int:
        """Number of devices that a silence concerns; a site's silence concerns all of its devices."""
        if case.device:
            return 1
        return max(1, sum(device.site == case.site for device in self.register.devices.values()))

    # ------------------------------------------------------------------------------- faults

    def fault_began(self, fault: str, facts: dict[str, Any], now: int) -> CaseChange:
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
        told = self._tell(case, operators_on_duty(self.register, self.routing, now), now)
        noted = _note(case, "opened", now, step.reason, short_id("opened", case.id), None)
        return CaseChange(step.reason, case, replace(noted, data=facts), told)

    def fault_ended(self, case: Case, told: Sequence[Telling], now: int) -> CaseChange | None:
        """End of a fault, told to everybody who was told of its beginning."""
        step = decide(case.state, RECOVER)
        if not step.accepted:
            return None
        closed = now if step.after == CLOSED else case.closed_at
        after = replace(case, state=str(step.after), updated_at=now, recovered_at=now, closed_at=closed)
        tellings = self._tell_end(after, str(KINDS[SYSTEM].ended), told, now)
        noted = _note(after, "closed", now, step.reason, short_id("closed", case.id))
        return CaseChange(step.reason, after, replace(noted, before=case.state), tellings)

    # ------------------------------------------------------------------------------- words

    def _recipients(self, case: Case, now: int) -> list[Recipient]:
        found = recipients_of(self.register, self.routing, case.site, now, case.kind, case.level)
        # The configuration was checked, but it may have changed since: somebody always hears of it.
        return found or operators_on_duty(self.register, self.routing, now)

    def _tell(self, case: Case, recipients: Sequence[Recipient], now: int) -> tuple[Telling, ...]:
        notice = Notice(case, OPENED, kind_of(case.kind).opened, recipients, now)
        matters = [self._matter(case, case.data)] if case.breach else []
        return tuple(self._writer.telling(notice, r, matters) for r in recipients)

    def _tell_end(
        self, case: Case, template: str, told: Sequence[Telling], now: int, matters: Sequence[MatterIn] = ()
    ) -> tuple[Telling, ...]:
        everybody = [m.recipient for m in told]
        notice = Notice(case, RECOVERED, template, everybody, now)
        return tuple(self._writer.telling(notice, r, matters) for r in everybody)

    @property
    def _writer(self) -> Writer:
        return Writer(self.register, self.base_url)

    def _matter(self, case: Case, data: dict[str, Any]) -> MatterIn:
        return lambda language: self._writer.matter(case, data, language)


def _regional_over(event: Breach) -> bool:
    """True if the event takes the label of a regional episode back: the breach has its own level again."""
    return event.regional is not None and not event.regional["labelled"]


def _template_of_end(event: Breach, context: CaseContext) -> str:
    """Template for the end: withdrawn, corrected, heard again, or within the limit again."""
    if NOT_JUDGED & set(event.reasons):
        return "withdrawn"
    if (ended := kind_of(event.kind).ended) is not None:
        return ended
    told = context.told[0].data["matter"] if context.told else {}
    same = (event.start, event.end) == (told.get("start"), told.get("end"))
    return "corrected" if same else "recovered"


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
