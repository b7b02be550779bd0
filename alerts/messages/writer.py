"""Writer of a case's message for one recipient: its id, its facts in words, its data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from alerts.messages.words import Facts, Matter, render
from alerts.records import OPENED, Case, Message, Recipient
from ingest.register import Register
from processors.records import short_id

MatterIn = Callable[[str], Matter]  # a matter with its title in the given language


def message_id_of(case: str, step: str, recipient: Recipient) -> str:
    """Permanent id of the message on this step of this case to this recipient by this channel."""
    return "m" + short_id("message", case, step, recipient.id, recipient.way)


def case_link(base_url: str, case: str) -> str:
    """Address of a case's page on the desk."""
    return f"{base_url.rstrip('/')}/cases/{case}"


def title_in(language: str, titles: dict[str, str]) -> str:
    """Title in a language such as zh_CN, else in any other."""
    return titles.get(language.partition("_")[0]) or next(iter(titles.values()), "")


def names_but(recipients: Sequence[Recipient], but: Recipient) -> tuple[str, ...]:
    """Names of the other recipients, each once."""
    return tuple(dict.fromkeys(r.name for r in recipients if r.id != but.id))


def matters_of(message: Message) -> tuple[Matter, ...]:
    """The matters that an earlier message told of."""
    found = message.data.get("matters", ())
    return tuple(Matter(**{**m, "reasons": tuple(m["reasons"])}) for m in found)


@dataclass(frozen=True, slots=True)
class Notice:
    """A step of a case to be told: the template, the recipients, and when (ms UTC)."""

    case: Case
    step: str
    template: str
    told: Sequence[Recipient]
    at: int


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes messages with the names of one register and the address of one desk."""

    register: Register
    base_url: str

    def matter(self, case: Case, data: dict[str, Any], language: str) -> Matter:
        """The matter of a case according to an event of its breach (`data`, its fields)."""
        site = self.register.sites.get(case.site)
        device = self.register.devices.get(case.device)
        place = self.register.departments.get(site.township) if site else None
        street = (site.address or "") if site else ""
        # An address as people write it often begins with the township.
        parts = (place.name if place and place.name not in street else "", street)
        return Matter(
            site=site.name if site else case.site,
            address=" ".join(part for part in parts if part),
            device=case.device,
            device_name=(device.name or "") if device else "",
            title=title_in(language, data["title"]),
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
            evidence=data.get("evidence"),
            regional=data.get("regional"),
            devices=1
            if case.device
            else max(1, sum(d.site == case.site for d in self.register.devices.values())),
        )

    def message(
        self,
        notice: Notice,
        recipient: Recipient,
        matters: Sequence[MatterIn] = (),
        covers: tuple[str, ...] = (),
    ) -> Message:
        """One message; with `covers` it tells of several matters, else of one (for a fault: of none)."""
        case, step, now = notice.case, notice.step, notice.at
        id = message_id_of(case.id, step, recipient)
        link = case_link(self.base_url, case.id)
        fault = {**case.data, "title": case.title, "opened_at": case.opened_at} if case.fault else {}
        said = tuple(matter(recipient.language) for matter in matters)
        facts = Facts(
            template=notice.template,
            line=recipient.line,
            others=names_but(notice.told, recipient),
            link=link,
            reference=id,
            at=now if case.fault or step == OPENED else case.recovered_at or now,
            zone=self.register.zone,
            matter=None if covers or not said else said[0],
            matters=said if covers else (),
            deadline=case.deadline,
            delayed=case.delayed,
            fault=case.fault or "",
            facts=fault,
        )
        words = render(facts, recipient.language)
        data = dict(fault)
        if facts.matter is not None:
            data["matter"] = asdict(facts.matter)
        if covers:
            data["matters"] = [asdict(m) for m in said]
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
