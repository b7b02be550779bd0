"""Planner for outlooks: who is told; one light case per window, each level told at most once. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from alerts.cases import FORETELL, decide
from alerts.kinds import CERTAIN, KINDS, LIKELY, OUTLOOK
from alerts.messages import Notice, OutlookMatter, names_but, title_in
from alerts.records import (
    CLEARED,
    WITHDRAWN,
    Case,
    CaseChange,
    CaseContext,
    CaseEvent,
    Recipient,
    Telling,
)
from alerts.routing import Routing, recipients_of
from ingest.register import Register
from processors.plan import HOLD
from processors.records import Outlook

# What each state of the fold means to people: whether measuring goes on is nothing that they decide.
LEVEL_OF: dict[str, str] = {
    "quiet": "",
    "undeterminable": "",
    "warning": LIKELY,
    "exceeds_if_measuring_goes_on": LIKELY,
    "certain": CERTAIN,
}


class OutlookStep(NamedTuple):
    """Step to be told after a change of level, and its template."""

    step: str
    template: str


_RISE, _END = KINDS[OUTLOOK].opened, str(KINDS[OUTLOOK].ended)
_STEPS: dict[tuple[str, str], OutlookStep] = {
    ("", LIKELY): OutlookStep(LIKELY, _RISE),
    ("", CERTAIN): OutlookStep(CERTAIN, _RISE),
    (LIKELY, CERTAIN): OutlookStep(CERTAIN, _RISE),
    (CERTAIN, LIKELY): OutlookStep(WITHDRAWN, _END),
    (CERTAIN, ""): OutlookStep(WITHDRAWN, _END),
    (LIKELY, ""): OutlookStep(CLEARED, _END),
}
_RISES = (LIKELY, CERTAIN)


@dataclass(frozen=True, slots=True)
class OutlookPlanner:
    """Plans the case, event and tellings of an outlook according to one configuration."""

    register: Register
    routing: Routing
    base_url: str

    def change(self, event: Outlook, context: CaseContext, now: int) -> CaseChange:
        """The change that follows from an outlook; `reason` says why somebody, or why nobody, is told."""
        decision = decide(context.case.state if context.case else None, FORETELL)
        before, after = context.case.level if context.case else "", LEVEL_OF[event.state]
        step = _STEPS.get((before, after))
        case = Case(
            id=event.window_id,
            kind=OUTLOOK,
            state=str(decision.after),
            level=after,
            site=event.site,
            device=event.point,
            title=title_in(self.register.county.language, event.title),
            opened_at=event.at,
            updated_at=event.at,
            rule=event.rule,
            recovered_at=event.end,
            closed_at=event.end,
            data=asdict(event),
        )
        if context.case is not None:
            updated = max(event.at, context.case.updated_at)
            case = replace(case, opened_at=context.case.opened_at, updated_at=updated)
        why = _why_nobody(event, step, context, now)
        if not why and not self.routing.form.addresses(event.status):
            why = "recorded; its limit is known from memory alone and held against nobody"
        tellings: tuple[Telling, ...] = ()
        if step is not None and not why:
            notice = Notice(case, step.step, step.template, self._recipients(event, step, context, now), now)
            tellings = tuple(self._telling(event, notice, recipient) for recipient in notice.told)
            why = decision.reason if tellings else "nobody to tell: not routed, or not told of it before"
        noted = CaseEvent(
            id=event.event_id,
            case=case.id,
            at=event.at,
            event=event.event,
            actor="dustwatch",
            before=decision.before,
            after=case.state,
            reason=why,
            data=asdict(event),
        )
        return CaseChange(why, case, noted, tellings)

    def _recipients(
        self, event: Outlook, step: OutlookStep, context: CaseContext, now: int
    ) -> list[Recipient]:
        """Recipients of a step: a rise goes by the routes, its end to everybody who was told of the rise."""
        if step.step not in _RISES:
            told = {(m.recipient.id, m.recipient.way): m.recipient for m in context.told if m.step in _RISES}
            return list(told.values())
        if event.site not in self.register.sites:
            return []
        return recipients_of(self.register, self.routing, event.site, now, OUTLOOK, step.step)

    def _telling(self, event: Outlook, notice: Notice, recipient: Recipient) -> Telling:
        matter = self._matter(event, notice.at, recipient.language)
        facts = {
            "others": list(names_but(notice.told, recipient)),
            "link": f"{self.base_url.rstrip('/')}/sites/{event.site}",
            "at": event.at,
            "zone": str(self.register.zone),
        }
        return Telling(
            case=notice.case.id,
            step=notice.step,
            kind=OUTLOOK,
            level=LEVEL_OF[event.state],
            site=event.site,
            recipient=recipient,
            template=notice.template,
            told_at=notice.at,
            device=event.point,
            pollutant=event.pollutant,
            facts=facts,
            data={"outlook": asdict(matter)},
        )

    def _matter(self, event: Outlook, now: int, language: str) -> OutlookMatter:
        site, device = self.register.sites.get(event.site), self.register.devices.get(event.point)
        return OutlookMatter(
            site=site.name if site else event.site,
            address=(site.address or "") if site else "",
            device=event.point,
            device_name=(device.name or "") if device else "",
            title=title_in(language, event.title),
            level=LEVEL_OF[event.state],
            event=event.event,
            start=event.start,
            end=event.end,
            left=event.end - now,
            pollutant=event.pollutant,
            unit=event.unit,
            limit=event.limit,
            subtracted=event.subtracted,
            background_known=event.background_known,
            projected=event.projected,
            probability=event.probability,
            required=event.required,
            clause=event.clause,
            citation=event.citation,
            status=event.status,
            shape="day" if event.kind == "day" else "mean",
            count=event.covered,
            regional=event.regional,
        )


def _why_nobody(event: Outlook, step: OutlookStep | None, context: CaseContext, now: int) -> str:
    if step is None:
        return "nothing new to people"
    if not event.tell:
        return "recorded; its rule opens no cases"
    if now >= event.end:
        return "recorded; its window is over"
    if step.step in _RISES and event.regional is not None and event.regional["policy"] == HOLD:
        return "recorded; inside a regional episode, held back by county policy"
    if context.rule_open and event.kind != "day":  # an open case of an hour says nothing of the day
        return "recorded; the site has an open case of the same rule"
    if any(telling.step == step.step for telling in context.told):
        return "recorded; the same was told of this window before"
    return ""
