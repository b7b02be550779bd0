"""Explains in words what history holds: what was measured, what was asked, and the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.explain_rule import asks
from deploy.explain_suspicion import suspicion_lines
from deploy.explain_texts import text
from deploy.foretold import outlook_lines, rework_outlook
from deploy.rework import Judged, Reworked, rework
from deploy.single import reading_lines
from deploy.trail import Trail
from deploy.whence import whence_lines
from processors.arithmetic import NANO, Window, number
from processors.breaches import SUSPICION

FEW = 30  # readings and slots that are listed where not all are asked for
Line = dict[str, Any]


def worked_out(trail: Trail) -> Reworked:
    """The arithmetic of what the trail is about, done again."""
    return rework(trail) if trail.outlook is None else rework_outlook(trail)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells in one language, in the county's zone."""

    trail: Trail
    found: Reworked
    language: str
    everything: bool = False

    def lines(self) -> Iterator[str]:
        """The whole story, a line a fact."""
        trail = self.trail
        if trail.kind == "breach":
            yield from self._breach()
        if trail.outlook is not None:
            yield from outlook_lines(self)
        elif trail.reading is not None:
            yield from reading_lines(self)
        elif trail.verdict is not None:
            yield from self._verdict(trail.verdict)
        elif trail.interval is not None:
            yield from self._interval(trail.interval)
        elif trail.configuration is not None:
            yield from self.configured()
        yield from self._check()
        for code, words in trail.lacking:
            yield self.line("lacking", self.say(f"lack:{code}", **words))

    def say(self, key: str, **words: object) -> str:
        """The words of a key."""
        return text(self.language, key, **words)

    def line(self, head: str, said: str) -> str:
        """A line: what it is about, and what is said."""
        name = self.say(head) if head else ""
        wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in name)
        return f"{name}{' ' * max(1, 15 - wide)}{said}"

    def instant(self, ms: int | None) -> str:
        """An instant in the county's zone."""
        if ms is None:
            return self.say("until_further")
        local = datetime.fromtimestamp(ms / 1000, ZoneInfo(self.trail.county["zone"]))
        return local.strftime("%Y-%m-%d %H:%M" if ms % 60_000 == 0 else "%Y-%m-%d %H:%M:%S")

    # ------------------------------------------------------------------------------------------ parts

    def _breach(self) -> Iterator[str]:
        first = self.trail.events[0]
        head = "suspicion" if first["kind"] == SUSPICION else "breach"
        yield self.line(head, f"{first['id']} ({first['kind']}, {first['rule']})")
        yield self.place(first["site"], first["device"])
        if first["kind"] == "offline":
            yield self.line("silent", self.say("silent_since", at=self.instant(first["start"])))
        opening = next((event for event in self.trail.events if event.get("evidence")), None)
        if opening is not None:
            yield from self._suspicion(opening)
        yield from self._events()

    def _suspicion(self, opening: Line) -> Iterator[str]:
        title = opening["title"].get(self.language) or opening["rule"]
        yield self.line("pattern", self.say("pattern_is", title=title))
        yield self.period(opening["start"], opening["end"])
        for head, said in suspicion_lines(opening["evidence"], self.language, self.say, self.everything):
            yield self.line(head, said)

    def _events(self) -> Iterator[str]:
        head = "breaches"
        for event in self.trail.events:
            said = self.say(
                "event",
                at=self.instant(event["at"]),
                event=self.say(event["event"]),
                id=event["id"],
                level=event["level"],
            )
            yield self.line(head, said + self._because(event["reasons"]))
            head = ""

    def _because(self, reasons: list[str]) -> str:
        joined = ("；" if self.language == "zh" else "; ").join(self.say(code) for code in reasons)
        return self.say("because", reasons=joined) if joined else ""

    def place(self, site: str, device: str) -> str:
        """Site and device."""
        name = (self.trail.site or {}).get("name") or ""
        return self.line(
            "place",
            self.say("of", site=site, name=name, device=device).replace(" ,", ",").replace(" ，", "，"),
        )

    def period(self, start: int, end: int) -> str:
        """From when to when."""
        zone = self.trail.county["zone"]
        if start == end:
            return self.line("period", self.say("instant", start=self.instant(start), zone=zone))
        return self.line(
            "period", self.say("span", start=self.instant(start), end=self.instant(end), zone=zone)
        )

    def _verdict(self, verdict: Line) -> Iterator[str]:
        yield self.line("verdict", verdict["id"])
        if self.trail.kind != "breach":
            yield self.place(verdict["site"], verdict["device"])
        yield self.period(verdict["start"], verdict["end"])
        yield from self.rule(verdict)
        yield from self.configured()
        yield from self.listed(verdict["pollutant"])
        yield from self.orders()
        yield from self._window()
        yield from self._stations(verdict)
        yield from self._sums(verdict)
        for head, words in whence_lines(self.trail.winds, verdict["pollutant"], self.language, self.say):
            yield self.line(head, words)
        yield self.line("answer", self.say(verdict["answer"]) + self._because(verdict["reasons"]))
        yield from self._revisions(verdict)
        if self.trail.kind != "breach":
            yield from self._events()

    def _measurings(self, interval: Line) -> Iterator[str]:
        """Every revision of an interval."""
        if len(self.trail.intervals) < 2:
            return
        head = "revisions"
        for one in self.trail.intervals:
            value = "-" if one["value"] is None else number(one["value"])
            said = self.say("measuring", number=one["revision"], value=value, id=one["id"])
            yield self.line(head, said + (self.say("this_one") if one["id"] == interval["id"] else ""))
            head = ""

    def _interval(self, interval: Line) -> Iterator[str]:
        yield self.line("interval_id", interval["id"])
        yield self.place(interval["site"], interval["device"])
        yield self.period(interval["start"], interval["end"])
        yield from self.configured()
        yield from self.listed(interval["pollutant"])
        yield from self.orders()
        yield from self._window()
        yield from self._sums(interval)
        yield from self._measurings(interval)
        head = "rests"
        for one in self.trail.resting:
            said = self.say("rest", rule=one["rule"], answer=self.say(one["answer"]), id=one["id"])
            yield self.line(head, said)
            head = ""

    def rule(self, verdict: Line) -> Iterator[str]:
        """What the rule of a verdict (or an outlook) says and asks."""
        rule = self.trail.rule or {}
        title = verdict["title"].get(self.language) or next(iter(verdict["title"].values()), "")
        said = self.say("rule_of", rule=verdict["rule"], revision=verdict["rule_revision"], title=title)
        yield self.line("rule", said)
        citation = rule.get("citation") or verdict.get("citation") or "?"
        yield self.line("", self.say("clause", citation=citation, clause=verdict["clause"]))
        status = rule.get("status") or verdict.get("status")
        if status:
            yield self.line("status", self.say(f"status:{status}"))
        if rule:
            yield self.line("asks", ("，" if self.language == "zh" else ", ").join(asks(rule, self.say)))

    def configured(self) -> Iterator[str]:
        """The configuration in force."""
        row = self.trail.configuration
        if row is None:
            return
        said, applied = (
            self.say("in_force", id=row["id"], at=self.instant(row["time"])),
            row["body"].get("applied"),
        )
        if applied and applied.get("by"):
            said += self.say("applied_by", by=applied["by"])
        if applied and applied.get("reason"):
            said += self.say("applied_for", reason=applied["reason"])
        yield self.line("configuration", said)

    def listed(self, pollutant: str) -> Iterator[str]:
        """The readings, and why some were not admitted."""
        readings = self.found.readings
        if not readings:
            return
        admitted = sum(not one.said.why for one in readings)
        said = self.say("readings_of", pollutant=pollutant, all=len(readings), admitted=admitted)
        if self.found.before is not None:
            said += self.say("known_before", at=self.instant(self.found.before))
        yield self.line("readings", said)
        # what was not admitted is always told
        told = readings if self.everything else [*readings[:FEW], *(r for r in readings[FEW:] if r.said.why)]
        for one in told:
            yield self.line("", self._reading(one))
        if len(told) < len(readings):
            yield self.line("", self.say("more_readings", count=len(readings) - len(told)))

    def _reading(self, one: Judged) -> str:
        row = one.row
        local = datetime.fromtimestamp(row["time"] / 1000, ZoneInfo(self.trail.county["zone"]))
        parts = [f"{local:%H:%M:%S}", f"{number(one.said.value):>9}"]
        seconds = float(row["period"] or 0)
        if seconds:
            parts.append(self.say("mean_over", seconds=f"{seconds:g}"))
        if one.raw is not None and one.raw != one.said.value:
            parts.append(self.say("raw_was", raw=number(one.raw)))
        parts += one.said.words
        if one.said.why:
            parts.append(self.say("not_admitted", why=", ".join(self.why(why) for why in one.said.why)))
        return "  ".join(parts)

    def why(self, code: str) -> str:
        """Why a value was not admitted."""
        kind, _, rest = code.partition(":")
        if kind == "check":
            return self.say("why:check", check=rest)
        return self.say(f"why:{rest or kind}")

    def orders(self) -> Iterator[str]:
        """Alerts, permits, shutdowns and maintenance of the time."""
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
            yield self.line(head, " ".join(said.split()))
            head = ""
            for correction in one.calibration or ():
                yield self.line("", self._correction(correction))

    def _correction(self, one: Line) -> str:
        words = {name: f"{one[name]:g}" for name in ("slope", "offset", "factor")}
        return self.say("correction", pollutant=one["pollutant"], start=self.instant(one["from"]), **words)

    def _window(self) -> Iterator[str]:
        window = self.found.window
        if window is None:
            return
        if not window.expected:
            interval = f"{(self.trail.device or {}).get('interval', 0):g}"
            yield self.line("slots", self.say("no_slots", interval=interval))
            return
        share = {
            "covered": len(window.slots),
            "expected": window.expected,
            "capture": f"{window.capture or 0:.3f}",
        }
        if self.trail.rule is not None:
            said = self.say("captured", **share, least=f"{self.trail.rule['least_capture']:g}")
        else:
            said = self.say("captured_only", **share)
        yield self.line("hours" if self.found.is_long else "slots", said)
        if self.found.is_long or self.everything:
            for slot in window.slots:
                mean = number(slot.mean / NANO)
                yield self.line(
                    "", self.say("slot", start=self.instant(slot.start), mean=mean, values=slot.values)
                )

    def _stations(self, verdict: Line) -> Iterator[str]:
        head = "background"
        for record in self.trail.backgrounds:
            value = number(record.values.get(verdict["pollutant"], 0) / 1000)
            at = self.instant(record.received_at)
            yield self.line(
                head, self.say("station", station=record.station, value=value, id=record.id, at=at)
            )
            head = ""
        if self.trail.beside is not None:
            other = self.trail.beside
            yield self.line(
                head, self.say("beside", device=other["device"], value=number(other["value"]), id=other["id"])
            )
            head = ""
        compared = self.found.comparison
        if compared is not None and compared.background is not None:
            mean = number(compared.background)
            if compared.cap is None:
                yield self.line(head, self.say("station_mean_uncapped", mean=mean))
            else:
                yield self.line(head, self.say("station_mean", mean=mean, cap=number(compared.cap)))

    def _sums(self, of: Line) -> Iterator[str]:
        found, head = self.found, "arithmetic"
        if found.latest and found.comparison is not None:
            words = found.comparison.words()
            yield self.line(head, self.say("day_is", all=len(found.latest), count=found.counted, words=words))
            return
        if found.window is not None and found.window.value is not None:
            yield self.line(
                head, self._statistic(found.window, found.window.value, of.get("statistic", "mean"))
            )
            head = ""
        if found.comparison is not None:
            yield self.line(head, found.comparison.words())

    def _statistic(self, window: Window, value: float, label: str) -> str:
        rule = self.trail.rule or {"statistic": label}
        words: dict[str, object] = {"count": len(window.slots), "value": number(value)}
        words["sum"] = number(sum(slot.mean for slot in window.slots) / NANO)
        words["percentile"], words["above"] = rule.get("percentile") or label, rule.get("above")
        name = rule["statistic"]
        return self.say(f"{name if name in ('mean', 'max', 'count') else 'percentile'}_is", **words)

    def _revisions(self, verdict: Line) -> Iterator[str]:
        rulings = self.trail.rulings
        if len(rulings) < 2:
            return
        head = "revisions"
        for i, one in enumerate(rulings):
            said = self.say(
                "revision",
                number=one["revision"],
                at=self.instant(one["decided_at"]),
                answer=self.say(one["answer"]),
            )
            said += self._because(one["reasons"])
            if i + 1 < len(rulings):
                said += self.say("superseded", number=rulings[i + 1]["revision"])
            yield self.line(head, said + (self.say("this_one") if one["id"] == verdict["id"] else ""))
            head = ""

    def _check(self) -> Iterator[str]:
        found = self.found
        if found.agrees is None and self.trail.verdict is None and not self.trail.lacking:
            return  # a silence has no arithmetic, nor has a reading
        if found.agrees is None:
            yield self.line("check", self.say("cannot"))
        elif found.agrees:
            yield self.line("check", self.say("agrees"))
        else:
            what = [
                self.say("difference", name=self.say(name), ours=_plain(ours), stored=_plain(stored))
                for name, ours, stored in found.differs
            ]
            yield self.line("check", self.say("differs", what="; ".join(what)))


def _plain(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
