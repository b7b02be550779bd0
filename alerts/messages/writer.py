"""Writer of what one recipient is to be told of a step of a case: all that a text is made of later. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from alerts.kinds import EXCEEDANCE, SYSTEM, VIOLATION
from alerts.messages.words import Matter
from alerts.records import ENDS, OPENED, Case, Recipient, Telling
from ingest.register import Register

MatterIn = Callable[[str], Matter]  # a matter with its title in the given language


def case_link(base_url: str, case: str) -> str:
    """Address of a case's page on the desk."""
    return f"{base_url.rstrip('/')}/cases/{case}"


def title_in(language: str, titles: dict[str, str]) -> str:
    """Title in a language such as zh_CN, else in any other."""
    return titles.get(language.partition("_")[0]) or next(iter(titles.values()), "")


def names_but(recipients: Sequence[Recipient], but: Recipient) -> tuple[str, ...]:
    """Names of the other recipients, each once."""
    return tuple(dict.fromkeys(r.name for r in recipients if r.id != but.id))


def matters_of(telling: Telling) -> tuple[Matter, ...]:
    """The matters of a telling of several."""
    return tuple(matter_of(m) for m in telling.data.get("matters", ()))


def matter_of(data: dict[str, Any]) -> Matter:
    """A matter out of its JSON values."""
    return Matter(**{**data, "reasons": tuple(data["reasons"])})


@dataclass(frozen=True, slots=True)
class Notice:
    """A step of a case to be told: the template, the recipients, and when (ms UTC)."""

    case: Case
    step: str
    template: str
    told: Sequence[Recipient]
    at: int
    round: int = 1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes tellings with the names of one register and the address of one desk."""

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

    def telling(
        self,
        notice: Notice,
        recipient: Recipient,
        matters: Sequence[MatterIn] = (),
        covers: tuple[str, ...] = (),
    ) -> Telling:
        """What one recipient is told; with `covers` of several matters, else of one (of a fault: of none)."""
        case, step, now = notice.case, notice.step, notice.at
        fault = {**case.data, "title": case.title, "opened_at": case.opened_at} if case.fault else {}
        said = tuple(matter(recipient.language) for matter in matters)
        data = dict(fault)
        if said and not covers:
            data["matter"] = asdict(said[0])
        if covers:
            data["matters"] = [asdict(m) for m in said]
        facts = {
            "others": list(names_but(notice.told, recipient)),
            "link": case_link(self.base_url, case.id),
            "at": now if case.fault or step == OPENED else case.recovered_at or now,
            "zone": str(self.register.zone),
            "deadline": case.deadline,
            "delayed": case.delayed,
            "fault": case.fault or "",
            "facts": fault,
        }
        return Telling(
            case=case.id,
            step=step,
            kind=case.kind,
            level=case.level,
            site=case.site,
            recipient=recipient,
            template=notice.template,
            told_at=now,
            round=notice.round,
            number=notice.number,
            device=case.device,
            pollutant=str(case.data.get("pollutant") or ""),
            urgent=is_urgent(case.kind, case.level, step),
            covers=covers,
            facts=facts,
            data=data,
        )


def is_urgent(kind: str, level: str, step: str) -> bool:
    """True for what waits for nothing: a violation as it is found, and the platform's own alarms."""
    return kind == SYSTEM or (kind == EXCEEDANCE and level == VIOLATION and step not in ENDS)
