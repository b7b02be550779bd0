"""Composes a message out of what one recipient is to be told: its id, its text in his language. Pure.

One telling reads as it does alone. Several of one site are one message that lists them; several of many sites
are a digest. What began and ended before anybody was told is one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.kinds import EXCEEDANCE, OUTLOOK, VIOLATION, kind_of
from alerts.messages.inhibition import OpenMatter
from alerts.messages.words import Facts, FallenAgain, OutlookMatter, StillOpen, ToldEntry, ToldSite, render
from alerts.messages.writer import matter_of, matters_of, title_in
from alerts.records import SEVERAL, Message, Recipient, Telling
from processors.records import short_id

TOGETHER, DIGEST = "together", "digest"  # templates
ON, AHEAD, OTHER, OVER, PAST = "on", "ahead", "other", "over", "past"  # what an entry is about
_ORDER = (ON, OTHER, AHEAD, OVER, PAST)
_SEVERAL_SITES = {"zh_CN": "多个工地", "en": "several sites"}
_LEVELS = (VIOLATION, "warning", "notice")


def message_id_of(tellings: Sequence[Telling]) -> str:
    """Permanent id of the message that tells of these: hash of their way and their ids."""
    if len(tellings) == 1:
        return "m" + tellings[0].id
    way = tellings[0].recipient.way
    return "m" + short_id("message", way, *sorted(telling.id for telling in tellings))


def message_of(
    tellings: Sequence[Telling],
    now: int,
    standing: Iterable[OpenMatter] = (),
    fallen: Sequence[FallenAgain] = (),
) -> Message:
    """The message that tells one recipient by one way of all of these.

    `now`: when it is composed, ms UTC of the clock. `standing`: open cases of their sites. `fallen`: what was
    measured there later, and complied.
    """
    around = _Around(tuple(standing), tuple(fallen))
    return _alone(tellings[0], now, around) if len(tellings) == 1 else _several(tellings, now, around)


class _Around(NamedTuple):
    """What is known beside the tellings."""

    standing: tuple[OpenMatter, ...]
    fallen: tuple[FallenAgain, ...]

    def fallen_since(self, telling: Telling) -> FallenAgain | None:
        """The newest that the monitor of an exceedance measured after it, within a limit."""
        if telling.kind != EXCEEDANCE or telling.ends or "matter" not in telling.data:
            return None
        same = [
            one
            for one in self.fallen
            if (one.site, one.device, one.pollutant) == (telling.site, telling.device, telling.pollutant)
            and one.at > int(telling.data["matter"]["end"])
        ]
        return max(same, key=lambda one: one.at, default=None)


def _alone(telling: Telling, now: int, around: _Around) -> Message:
    facts = _facts_of(telling, message_id_of([telling]))
    facts = replace(facts, fallen=around.fallen_since(telling))
    if telling.ends and telling.kind == EXCEEDANCE:
        here = [
            one
            for one in around.standing
            if one.device == telling.device and one.pollutant == telling.pollutant
        ]
        facts = replace(facts, still=_still(here, {telling.case}, telling.recipient.language))
    words = render(facts, telling.recipient.language)
    return Message(
        id=facts.reference,
        case=telling.case,
        kind=telling.kind,
        step=telling.step,
        recipient=telling.recipient,
        subject=words.subject,
        text=words.body,
        created_at=now,
        link=facts.link,
        covers=telling.covers,
        data=telling.data,
    )


def _several(tellings: Sequence[Telling], now: int, around: _Around) -> Message:
    recipient = tellings[0].recipient
    entries = _entries(tellings, now, around)
    first = next(t for t in tellings if t.case == entries[0].case)
    sites = _by_site(entries)
    told = {telling.case for telling in tellings}
    deadlines = [e.deadline for e in entries if e.deadline is not None and e.state != OVER]
    facts = Facts(
        template=TOGETHER if len(sites) == 1 else DIGEST,
        line=recipient.line,
        others=_others(tellings, recipient) if len(sites) == 1 else (),  # else: many of many sites
        link=first.facts.get("link", ""),
        reference=message_id_of(tellings),
        at=now,
        zone=ZoneInfo(first.facts["zone"]),
        deadline=min(deadlines, default=None),
        delayed=any(t.facts.get("delayed") for t in tellings if not t.ends),
        entries=entries,
        still=_still(around.standing, told, recipient.language) if len(sites) == 1 else (),
        sites=sites,
        list_link=_list_link(first, sites),
    )
    words = render(facts, recipient.language)
    kinds, steps = {t.kind for t in tellings}, {t.step for t in tellings}
    return Message(
        id=facts.reference,
        case=first.case,
        kind=first.kind if len(kinds) == 1 else entries[0].kind,
        step=first.step if len(steps) == 1 else SEVERAL,
        recipient=recipient,
        subject=words.subject,
        text=words.body,
        created_at=now,
        link=facts.link,
        covers=tuple(dict.fromkeys(id for t in tellings for id in (t.case, *t.covers))),
        data={"tellings": [_plain(telling) for telling in tellings]},
    )


def _plain(telling: Telling) -> dict[str, object]:
    return {
        "case": telling.case,
        "step": telling.step,
        "kind": telling.kind,
        "level": telling.level,
        "site": telling.site,
        **({"matter": telling.data["matter"]} if "matter" in telling.data else {}),
    }


def _facts_of(telling: Telling, reference: str) -> Facts:
    said, data = telling.facts, telling.data
    return Facts(
        template=telling.template,
        line=telling.recipient.line,
        others=tuple(said.get("others", ())),
        link=said.get("link", ""),
        reference=reference,
        at=said["at"],
        zone=ZoneInfo(said["zone"]),
        matter=matter_of(data["matter"]) if "matter" in data else None,
        matters=matters_of(telling),
        deadline=said.get("deadline"),
        delayed=bool(said.get("delayed")),
        fault=said.get("fault", ""),
        facts=said.get("facts", {}),
        outlook=OutlookMatter(**data["outlook"]) if "outlook" in data else None,
    )


def _others(tellings: Sequence[Telling], recipient: Recipient) -> tuple[str, ...]:
    names = dict.fromkeys(name for t in tellings for name in t.facts.get("others", ()))
    return tuple(name for name in names if name != recipient.name)


# ------------------------------------------------------------------------------------------- entries


def _entries(tellings: Sequence[Telling], now: int, around: _Around) -> tuple[ToldEntry, ...]:
    """One entry a case, what is most pressing first; a forecast gives way to what it foretold."""
    newest: dict[str, Telling] = {}
    began: set[str] = set()
    for telling in sorted(tellings, key=lambda t: t.told_at):
        newest[telling.case] = telling
        if not telling.ends:
            began.add(telling.case)
    found = [
        replace(_entry(telling, now, telling.case in began), fallen=around.fallen_since(telling))
        for telling in newest.values()
    ]
    judged = {(e.site, e.device, e.title) for e in found if e.state in (ON, OVER) and e.kind == EXCEEDANCE}
    listed = [e for e in found if e.state not in (AHEAD, PAST) or (e.site, e.device, e.title) not in judged]
    return tuple(sorted(listed, key=_pressing))


def _pressing(entry: ToldEntry) -> tuple[int, int, str, str]:
    level = _LEVELS.index(entry.level) if entry.level in _LEVELS else len(_LEVELS)
    return _ORDER.index(entry.state), level, entry.device, entry.title


def _entry(telling: Telling, now: int, began: bool) -> ToldEntry:
    facts = _facts_of(telling, "")
    about = facts.matter or facts.outlook
    state = _state_of(telling, facts, now)
    # an exceedance has a line of its own, made of what was measured
    own = facts.matter is not None and telling.kind == EXCEEDANCE
    subject = "" if own else render(facts, telling.recipient.language).subject
    places = {matter.site for matter in facts.matters}
    # what several sites share is of none of them
    place = about or (facts.matters[0] if len(places) == 1 else None)
    elsewhere = _SEVERAL_SITES.get(telling.recipient.language, _SEVERAL_SITES["en"])
    return ToldEntry(
        case=telling.case,
        kind=telling.kind,
        site=telling.site,
        site_name=place.site if place else elsewhere if places else telling.site,
        address=place.address if place else "",
        device=telling.device,
        title=about.title if about else subject,
        level=telling.level,
        state=state,
        subject=subject,
        matter=facts.matter,
        deadline=facts.deadline,
        at=facts.at,
        unheard=telling.ends and began,
    )


def _state_of(telling: Telling, facts: Facts, now: int) -> str:
    if telling.kind == OUTLOOK:
        if facts.outlook is not None and facts.outlook.end <= now:
            return PAST
        return OVER if telling.ends else AHEAD
    if telling.ends:
        return OVER
    return ON if telling.kind == EXCEEDANCE and facts.matter is not None else OTHER


def _by_site(entries: Sequence[ToldEntry]) -> tuple[ToldSite, ...]:
    grouped: dict[str, list[ToldEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.site, []).append(entry)
    return tuple(_site_of(of) for of in grouped.values())


def _site_of(entries: Sequence[ToldEntry]) -> ToldSite:
    named = next((e for e in entries if e.address), entries[0])
    states: Mapping[str, int] = {state: sum(e.state == state for e in entries) for state in _ORDER}
    deadlines = [e.deadline for e in entries if e.deadline is not None and e.state != OVER]
    return ToldSite(
        named.site_name,
        named.address,
        states,
        sum(e.state == ON and e.level == VIOLATION for e in entries),
        min(deadlines, default=None),
        named.site_name not in _SEVERAL_SITES.values(),
    )


def _still(standing: Iterable[OpenMatter], told: set[str], language: str) -> tuple[StillOpen, ...]:
    """What else is not over, told before: the end of one matter is not the end of all."""
    found = [
        one for one in standing if one.id not in told and kind_of(one.kind).signed and one.data.get("title")
    ]
    return tuple(
        StillOpen(
            one.kind,
            one.device,
            one.device_name,
            one.pollutant,
            title_in(language, one.data["title"]),
            one.data.get("limit"),
        )
        for one in found
        if one.kind == EXCEEDANCE
    )


def _list_link(first: Telling, sites: Sequence[ToldSite]) -> str:
    """Address of the list of cases on the desk, of one site where it is about one."""
    link = first.facts.get("link", "")
    for part in ("/cases/", "/sites/"):
        desk, found, _ = link.partition(part)
        if found:
            return f"{desk}/cases?site={first.site}" if len(sites) == 1 and sites[0].one else f"{desk}/cases"
    return ""
