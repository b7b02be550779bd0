"""Words in the reader's language: catalogues, names of codes, numbers, instants in the county's zone."""

from __future__ import annotations

import gettext
import io
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.kinds import MANY_SILENT
from alerts.messages import fault_name, group_name
from alerts.records import Case
from alerts.web.lifecycle_names import LIFE_TABLES
from alerts.web.names import DECIMALS, IMPLIES, LENGTHS, TABLES
from ingest.remarks import CLOCK, SET_ASIDE, UNKNOWN_KEY
from ingest.units import printed, prose_printed
from processors.suspicion import GUARDS, NUMBERS, evidence_text, suspicion_numbers
from processors.wind import SECTOR_NAMES

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "desk"
LANGUAGES = ("zh_CN", "en")
NOTHING = "–"
_SENT = ("sent", "delivered")
_SAID_BY_KIND = ("end", "bad_time", "not_allowed")  # names of a remark that add nothing to its kind


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English is the language of the texts themselves."""
    folder = LOCALE / language / "LC_MESSAGES"
    compiled, source = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
    if not source.exists() and not compiled.exists():
        return gettext.NullTranslations()
    if compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime):
        with compiled.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    return gettext.GNUTranslations(io.BytesIO(compile_catalogue(source)))


def compile_catalogue(source: Path) -> bytes:
    """The binary form of a `.po` file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as stream:
        catalogue = read_po(stream)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def choose_language(asked: str | None, kept: str | None, accepted: str, county: str) -> str:
    """Language of a page: asked for now, kept in the cookie, the browser's, or the county's."""
    for wish in (asked, kept):
        found = _language(wish or "")
        if found:
            return found
    wishes = []
    for place, part in enumerate(accepted.split(",")):
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest.strip() else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, place, name))
    for weight, _, name in sorted(wishes):
        found = _language(name)
        if found and weight < 0:
            return found
    return _language(county) or LANGUAGES[0]


def _language(text: str) -> str | None:
    head = text.strip().replace("-", "_").split("_")[0].lower()
    return next((name for name in LANGUAGES if head and name.lower().startswith(head)), None)


_TABLES = {**TABLES, **LIFE_TABLES}


class Words:
    """Everything that a template says, in one language and zone."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.html_lang = language.replace("_", "-")
        self.zone_name = zone
        self.zone: tzinfo = ZoneInfo(zone)
        self.catalogue = translations(language)

    def gettext(self, text: str) -> str:
        """A text of the catalogue."""
        return self.catalogue.gettext(text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """A text of the catalogue, singular or plural."""
        return self.catalogue.ngettext(one, many, n)

    def name(self, table: str, code: str | None) -> str:
        """Name of a code; an unknown code is shown unchanged."""
        if not code:
            return NOTHING
        known = _TABLES[table].get(code)
        if isinstance(known, str):
            return self.gettext(known)
        return self.pick(known) if known else code

    def reasons(self, codes: Any) -> str:
        """Reasons as a phrase, omitting those implied by others."""
        joint = "、" if self.language.startswith("zh") else ", "
        implied = {less for code in codes or () for less in IMPLIES.get(code, ())}
        return joint.join(self.name("reason", code) for code in codes or () if code not in implied)

    def remark(self, kind: str, name: str) -> str:
        """What a remark names: a value and why it was set aside, a clock's fault; else the name as sent."""
        if kind == SET_ASIDE:
            quantity, _, why = name.partition("/")
            return f"{self.name('quantity', quantity)} · {self.name('aside', why)}" if why else name
        if kind == CLOCK and f"clock_{name}" in TABLES["reason"]:
            return self.name("reason", f"clock_{name}")
        return "" if name in _SAID_BY_KIND and kind != UNKNOWN_KEY else name

    def pick(self, texts: Mapping[str, str] | str | None) -> str:
        """Text in this language from a title in several; a plain text is returned as it is."""
        if isinstance(texts, str) or not texts:
            return texts if isinstance(texts, str) else ""
        head = self.language.split("_")[0]
        for key in (self.language, self.html_lang, head):
            if texts.get(key):
                return texts[key]
        return next(iter(texts.values()))

    def suspicion(self, evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(name, number with its unit) of a suspicion's evidence."""
        found = suspicion_numbers(evidence, self.language)
        return [(name, evidence_text(value, unit, self.language)) for name, value, unit in found]

    def feature(self, name: str) -> str:
        """The name of a series of hours that shows a suspicion."""
        title = NUMBERS.get(name)
        return name if title is None else title.zh_CN if self.language.startswith("zh") else title.en

    def unit_of_evidence(self, unit: str) -> str:
        """A unit as printed; empty for a plain ratio."""
        return evidence_text("", unit, self.language)

    def guards(self, evidence: Mapping[str, Any]) -> str:
        """Innocent explanations that were checked and explain nothing here."""
        joint = "、" if self.language.startswith("zh") else ", "
        names = [GUARDS[guard["name"]] for guard in evidence["guards"] if guard["name"] in GUARDS]
        return joint.join(name.zh_CN if self.language.startswith("zh") else name.en for name in names)

    def title(self, case: Case) -> str:
        """Subject of a case, in this language if its words are known in several."""
        if case.fault:
            return fault_name(case.fault, self.language)
        number = re.match(r"\d+", case.title)
        if case.kind == MANY_SILENT and number:
            return group_name(int(number[0]), self.language)
        return self.pick(case.data.get("title")) or case.title

    def outcome(self, state: str, channel: str) -> str:
        """What became of a message or an attempt; of one that was sent what a kind of channel can know."""
        if state in _SENT and channel in TABLES["accepted"]:
            return self.name("accepted", channel)
        return self.name("message", state)

    def sector(self, sector: str) -> str:
        """Name of a sector of 16, from which the wind comes."""
        place = SECTOR_NAMES["en"].index(sector) if sector in SECTOR_NAMES["en"] else None
        return sector if place is None or self.language == "en" else SECTOR_NAMES["zh"][place]

    def month(self, name: str) -> str:
        """`2026-11` as a month."""
        year, _, number = name.partition("-")
        first = date(int(year), int(number), 1)
        return f"{first.year}年{first.month}月" if self.language.startswith("zh") else f"{first:%B %Y}"

    def day(self, day: date) -> str:
        """A day with that of the week."""
        if self.language.startswith("zh"):
            return f"{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]}"
        return f"{day:%a, %b} {day.day}"

    def names(self, table: str, codes: Iterable[str]) -> str:
        """Names of codes, in a list."""
        return self.joined(self.name(table, code) for code in codes)

    def joined(self, texts: Iterable[str]) -> str:
        """Texts in a list."""
        return ("、" if self.language.startswith("zh") else ", ").join(texts)

    def unit(self, unit: str | None) -> str:
        """A unit as printed."""
        return printed(unit)

    def clause(self, text: str) -> str:
        """A clause with its units as printed."""
        return prose_printed(text)

    def number(self, value: float | None, quantity: str | None = None, decimals: int | None = None) -> str:
        """A number with the decimals suited to its quantity; PM: whole."""
        if value is None:
            return NOTHING
        if decimals is None:
            decimals = DECIMALS.get(quantity or "", 0)
        return f"{value:,.{decimals}f}".replace("-", "\u2212")

    def percent(self, share: float | None) -> str:
        """A share in per cent."""
        return NOTHING if share is None else f"{share * 100:.0f}%"

    def likely(self, share: float) -> str:
        """A probability, to the nearest five per cent; never 0 or 100, since nobody can be certain."""
        return f"{min(max(round(share * 20) * 5, 5), 95)}%"

    def floor(self, value: float) -> float:
        """Greatest whole number not above `value`: what is allowed is never rounded up."""
        return float(math.floor(value))

    def local(self, ms: int) -> datetime:
        """Local time of an instant in the county."""
        return datetime.fromtimestamp(ms / 1000, self.zone)

    def time(self, ms: int | None, now: int | None = None) -> str:
        """`15:04`, with the date unless that is the date of `now`."""
        if ms is None:
            return NOTHING
        at = self.local(ms)
        if now is not None and at.date() == self.local(now).date():
            return f"{at:%H:%M}"
        return self._date(at, now) + f" {at:%H:%M}"

    def stamp(self, ms: int | None) -> str:
        """Date and time to the second."""
        return NOTHING if ms is None else f"{self.local(ms):%Y-%m-%d %H:%M:%S}"

    def iso(self, ms: int) -> str:
        """ISO text for the `datetime` attribute."""
        return self.local(ms).isoformat(timespec="seconds")

    def span(self, start: int, end: int, now: int | None = None) -> str:
        """An interval: `14:00–15:00`, an instant by itself."""
        if end <= start:
            return self.time(start, now)
        last = self.local(end)
        whole_day = (last.hour, last.minute) == (0, 0)
        until = "24:00" if whole_day else f"{last:%H:%M}"
        return f"{self.time(start, now)}–{until}"

    def lasting(self, ms: int) -> str:
        """A duration in its largest unit."""
        seconds = max(0, ms) // 1000
        for size, texts in LENGTHS:
            if seconds >= size:
                return self.ngettext(*texts, seconds // size).format(n=seconds // size)
        return self.ngettext("{n} second", "{n} seconds", 0).format(n=0)

    def ago(self, ms: int | None, now: int) -> str:
        """Age of an instant; `just now` if under a minute."""
        if ms is None:
            return self.gettext("never")
        if now - ms < 60_000:
            return self.gettext("just now")
        return self.gettext("{age} ago").format(age=self.lasting(now - ms))

    def _date(self, at: datetime, now: int | None) -> str:
        same_year = now is not None and at.year == self.local(now).year
        if self.language.startswith("zh"):
            return f"{at.month}月{at.day}日" if same_year else f"{at.year}年{at.month}月{at.day}日"
        return f"{at:%b} {at.day}" if same_year else f"{at:%b} {at.day}, {at.year}"
