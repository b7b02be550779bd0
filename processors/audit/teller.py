"""Lines common to all explanations, in one language and the county's time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from processors.audit.arithmetic import number
from processors.audit.facts import CorrectionFacts, corrections_of
from processors.audit.recompute import AuditedReading, Recomputation
from processors.audit.rule_words import asks
from processors.audit.texts import text
from processors.audit.trail import Trail
from processors.columns import MINUTE_MS
from processors.history import RulingRow

FEW = 30  # readings and slots that are listed where not all are asked for


@dataclass(frozen=True, slots=True)
class RuleNamed:
    """A rule as a verdict or an outlook names it; citation and status in a configuration take precedence."""

    rule: str
    revision: str
    title: Mapping[str, str]
    clause: str
    citation: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Teller:
    """Words an explanation in one language and the county's time zone."""

    trail: Trail
    recomputation: Recomputation
    language: str
    everything: bool = False

    def say(self, key: str, **words: object) -> str:
        """Text of a key, with the words filled in."""
        return text(self.language, key, **words)

    def line(self, head: str, said: str) -> str:
        """A line: its heading, padded, and its text."""
        name = self.say(head) if head else ""
        wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in name)
        return f"{name}{' ' * max(1, 15 - wide)}{said}"

    def instant(self, ms: int | None) -> str:
        """An instant in the county's time zone; None: until further notice."""
        if ms is None:
            return self.say("until_further")
        local = datetime.fromtimestamp(ms / 1000, ZoneInfo(self.trail.county.zone))
        return local.strftime("%Y-%m-%d %H:%M" if ms % MINUTE_MS == 0 else "%Y-%m-%d %H:%M:%S")

    def place(self, site: str, device: str) -> str:
        """Line with the site and the device."""
        name = self.trail.site.name if self.trail.site is not None else ""
        return self.line(
            "place",
            self.say("of", site=site, name=name, device=device).replace(" ,", ",").replace(" ，", "，"),
        )

    def period(self, start: int, end: int) -> str:
        """Line with the start and end of a period, or the instant."""
        zone = self.trail.county.zone
        if start == end:
            return self.line("period", self.say("instant", start=self.instant(start), zone=zone))
        return self.line(
            "period", self.say("span", start=self.instant(start), end=self.instant(end), zone=zone)
        )

    def rule(self, named: RuleNamed) -> Iterator[str]:
        """Lines on a rule: title, source, status and requirements."""
        facts = self.trail.rule
        title = named.title.get(self.language) or next(iter(named.title.values()), "")
        said = self.say("rule_of", rule=named.rule, revision=named.revision, title=title)
        yield self.line("rule", said)
        citation = (facts.citation if facts is not None else "") or named.citation or "?"
        yield self.line("", self.say("clause", citation=citation, clause=named.clause))
        status = (facts.status if facts is not None else "") or named.status
        if status:
            yield self.line("status", self.say(f"status:{status}"))
        if facts is not None:
            yield self.line("asks", ("，" if self.language == "zh" else ", ").join(asks(facts, self.say)))

    def configured(self) -> Iterator[str]:
        """Line on the configuration in force."""
        row = self.trail.configuration
        if row is None:
            return
        said = self.say("in_force", id=row.id, at=self.instant(row.time))
        applied = row.body.get("applied")
        if applied and applied.get("by"):
            said += self.say("applied_by", by=applied["by"])
        if applied and applied.get("reason"):
            said += self.say("applied_for", reason=applied["reason"])
        yield self.line("configuration", said)

    def listed(self, pollutant: str) -> Iterator[str]:
        """Lines on the readings, with the reasons why some were not admitted."""
        readings = self.recomputation.readings
        if not readings:
            return
        admitted = sum(not one.admission.why for one in readings)
        said = self.say("readings_of", pollutant=pollutant, all=len(readings), admitted=admitted)
        if self.recomputation.cutoff is not None:
            said += self.say("known_before", at=self.instant(self.recomputation.cutoff))
        yield self.line("readings", said)
        # what was not admitted is always told
        refused = (reading for reading in readings[FEW:] if reading.admission.why)
        told = readings if self.everything else [*readings[:FEW], *refused]
        for one in told:
            yield self.line("", self._reading(one))
        if len(told) < len(readings):
            yield self.line("", self.say("more_readings", count=len(readings) - len(told)))

    def _reading(self, one: AuditedReading) -> str:
        row = one.row
        local = datetime.fromtimestamp(row.time / 1000, ZoneInfo(self.trail.county.zone))
        parts = [f"{local:%H:%M:%S}", f"{number(one.admission.value):>9}"]
        if row.period:
            parts.append(self.say("mean_over", seconds=f"{row.period / 1000:g}"))
        if one.raw != one.admission.value:
            parts.append(self.say("raw_was", raw=number(one.raw)))
        parts += one.admission.words
        if one.admission.why:
            parts.append(self.say("not_admitted", why=", ".join(self.why(why) for why in one.admission.why)))
        return "  ".join(parts)

    def why(self, code: str) -> str:
        """Words of the reason why a value was not admitted."""
        kind, _, rest = code.partition(":")
        if kind == "check":
            return self.say("why:check", check=rest)
        return self.say(f"why:{rest or kind}")

    def orders(self) -> Iterator[str]:
        """Lines on the orders and calibrations that concern the period."""
        head = "orders"
        for one in self.trail.signals:
            said = self.say(
                "order",
                kind=one.kind,
                level=one.level or "",
                place=one.place if one.device is None else f"{one.place} {one.device}",
                start=self.instant(one.start),
                end=self.instant(one.end),
            )
            people = [words for words in (one.author, one.reason, one.document) if words]
            if people:
                said += " " + self.say(
                    "ordered_by", said=("；" if self.language == "zh" else "; ").join(people)
                )
            yield self.line(head, " ".join(said.split()))
            head = ""
            for correction in corrections_of(one):
                yield self.line("", self._correction(correction))

    def _correction(self, one: CorrectionFacts) -> str:
        words = {name: f"{getattr(one, name):g}" for name in ("slope", "offset", "factor")}
        return self.say("correction", pollutant=one.pollutant, start=self.instant(one.since), **words)

    def listing(self, head: str, facts: Iterable[str]) -> Iterator[str]:
        """Lines under one heading, which appears on the first of them only."""
        for said in facts:
            yield self.line(head, said)
            head = ""

    def dependent(self, verdict: RulingRow) -> str:
        """Words on a verdict that depends on the explained result, or that ended its window."""
        return self.say("rest", rule=verdict.rule, answer=self.say(verdict.answer), id=verdict.id)

    def because(self, reasons: Sequence[str]) -> str:
        """Reasons in brackets, to follow an answer; empty if there are none."""
        joined = ("；" if self.language == "zh" else "; ").join(self.say(code) for code in reasons)
        return self.say("because", reasons=joined) if joined else ""
