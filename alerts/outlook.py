"""Decides whom a word before a breach is told: a light case a window, each state told once at most. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

from alerts.cases import FORETELL, decide
from alerts.kinds import CERTAIN, KINDS, LIKELY, OUTLOOK
from alerts.messages.words import Facts, Forecast, render
from alerts.messages.writer import message_id_of, names_but, title_in
from alerts.records import (
    CLEARED,
    WITHDRAWN,
    Case,
    CaseEvent,
    Change,
    Known,
    Message,
    Recipient,
)
from alerts.routing.forms import Routing
from alerts.routing.who import who
from ingest.register import Register
from processors.records.outlooks import Outlook

# What each state of the fold means to people: whether measuring goes on is nothing that they decide.
LEVEL_OF: dict[str, str] = {
    "quiet": "",
    "undeterminable": "",
    "warning": LIKELY,
    "exceeds_if_measuring_goes_on": LIKELY,
    "certain": CERTAIN,
}


class Telling(NamedTuple):
    """The step of a change from one level to another, in which words it is told."""

    step: str
    template: str


_RISE, _END = KINDS[OUTLOOK].opened, str(KINDS[OUTLOOK].ended)
_STEPS: dict[tuple[str, str], Telling] = {
    ("", LIKELY): Telling(LIKELY, _RISE),
    ("", CERTAIN): Telling(CERTAIN, _RISE),
    (LIKELY, CERTAIN): Telling(CERTAIN, _RISE),
    (CERTAIN, LIKELY): Telling(WITHDRAWN, _END),
    (CERTAIN, ""): Telling(WITHDRAWN, _END),
    (LIKELY, ""): Telling(CLEARED, _END),
}
_RISES = (LIKELY, CERTAIN)


def foretell(
    event: Outlook, known: Known, now: int, register: Register, routing: Routing, base_url: str
) -> Change:
    """The change that an outlook leads to; `reason` says why somebody, or why nobody, is told."""
    step = decide(known.case.state if known.case else None, FORETELL)
    before, after = known.case.level if known.case else "", LEVEL_OF[event.state]
    telling = _STEPS.get((before, after))
    case = Case(
        id=event.window_id,
        kind=OUTLOOK,
        state=str(step.after),
        level=after,
        site=event.site,
        device=event.point,
        title=title_in(register.county.language, event.title),
        opened_at=event.at,
        updated_at=event.at,
        rule=event.rule,
        recovered_at=event.end,
        closed_at=event.end,
        data=asdict(event),
    )
    if known.case is not None:
        updated = max(event.at, known.case.updated_at)
        case = replace(case, opened_at=known.case.opened_at, updated_at=updated)
    why = _why_nobody(event, telling, known, now)
    messages: tuple[Message, ...] = ()
    if telling is not None and not why:
        whom = _whom(event, telling, known, now, register, routing)
        messages = tuple(_message(case, event, telling, r, whom, now, register, base_url) for r in whom)
        why = step.reason if messages else "nobody to tell: not routed, or not told of it before"
    noted = CaseEvent(
        id=event.event_id,
        case=case.id,
        at=event.at,
        event=event.event,
        actor="dustwatch",
        before=step.before,
        after=case.state,
        reason=why,
        data=asdict(event),
    )
    return Change(why, case, noted, messages)


def _why_nobody(event: Outlook, telling: Telling | None, known: Known, now: int) -> str:
    if telling is None:
        return "nothing new to people"
    if not event.tell:
        return "recorded; its rule opens no cases"
    if now >= event.end:
        return "recorded; its window is over"
    if known.rule_open and event.kind != "day":  # an open case of an hour says nothing of the day
        return "recorded; the site has an open case of the same rule"
    if any(message.step == telling.step for message in known.told):
        return "recorded; the same was told of this window before"
    return ""


def _whom(
    event: Outlook, telling: Telling, known: Known, now: int, register: Register, routing: Routing
) -> list[Recipient]:
    if telling.step in _RISES:
        known_site = event.site in register.sites
        return who(register, routing, event.site, now, OUTLOOK, telling.step) if known_site else []
    told = {(m.recipient.id, m.recipient.way): m.recipient for m in known.told if m.step in _RISES}
    return list(told.values())


def _message(
    case: Case,
    event: Outlook,
    telling: Telling,
    recipient: Recipient,
    told: Sequence[Recipient],
    now: int,
    register: Register,
    base_url: str,
) -> Message:
    id = message_id_of(case.id, telling.step, recipient)
    forecast = _forecast(event, now, register, recipient.language)
    facts = Facts(
        template=telling.template,
        line=recipient.line,
        others=names_but(told, recipient),
        link=f"{base_url.rstrip('/')}/sites/{event.site}",
        reference=id,
        at=event.at,
        zone=register.zone,
        forecast=forecast,
    )
    words = render(facts, recipient.language)
    return Message(
        id=id,
        case=case.id,
        kind=OUTLOOK,
        step=telling.step,
        recipient=recipient,
        subject=words.subject,
        text=words.body,
        created_at=now,
        link=facts.link,
        data={"outlook": asdict(forecast)},
    )


def _forecast(event: Outlook, now: int, register: Register, language: str) -> Forecast:
    site, device = register.sites.get(event.site), register.devices.get(event.point)
    return Forecast(
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
    )
