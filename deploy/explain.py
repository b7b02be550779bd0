"""A verdict, interval or breach in words: what was measured, what was asked, and the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.explain_suspicion import suspicion_lines
from deploy.explain_texts import text
from deploy.rework import Judged, Reworked
from deploy.trail import Trail
from processors.arithmetic import NANO, Window, number
from processors.breaches import SUSPICION

FEW = 30  # readings and slots that are listed where not all are asked for
_DAY_S = 86_400
Line = dict[str, Any]


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
        if trail.verdict is not None:
            yield from self._verdict(trail.verdict)
        elif trail.interval is not None:
            yield from self._interval(trail.interval)
        elif trail.configuration is not None:
            yield from self._configuration()
        yield from self._check()
        for code, words in trail.lacking:
            yield self._line("lacking", self._t(f"lack:{code}", **words))

    def _t(self, key: str, **words: object) -> str:
        return text(self.language, key, **words)

    def _line(self, head: str, said: str) -> str:
        name = self._t(head) if head else ""
        wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in name)
        return f"{name}{' ' * max(1, 15 - wide)}{said}"

    def _at(self, ms: int | None) -> str:
        if ms is None:
            return self._t("until_further")
        local = datetime.fromtimestamp(ms / 1000, ZoneInfo(self.trail.county["zone"]))
        return local.strftime("%Y-%m-%d %H:%M" if ms % 60_000 == 0 else "%Y-%m-%d %H:%M:%S")

    # ------------------------------------------------------------------------------------------ parts

    def _breach(self) -> Iterator[str]:
        first = self.trail.events[0]
        head = "suspicion" if first["kind"] == SUSPICION else "breach"
        yield self._line(head, f"{first['id']} ({first['kind']}, {first['rule']})")
        yield self._place(first["site"], first["device"])
        if first["kind"] == "offline":
            yield self._line("silent", self._t("silent_since", at=self._at(first["start"])))
        opening = next((event for event in self.trail.events if event.get("evidence")), None)
        if opening is not None:
            yield from self._suspicion(opening)
        yield from self._events()

    def _suspicion(self, opening: Line) -> Iterator[str]:
        title = opening["title"].get(self.language) or opening["rule"]
        yield self._line("pattern", self._t("pattern_is", title=title))
        yield self._period(opening["start"], opening["end"])
        for head, said in suspicion_lines(opening["evidence"], self.language, self._t, self.everything):
            yield self._line(head, said)

    def _events(self) -> Iterator[str]:
        head = "breaches"
        for event in self.trail.events:
            said = self._t(
                "event",
                at=self._at(event["at"]),
                event=self._t(event["event"]),
                id=event["id"],
                level=event["level"],
            )
            yield self._line(head, said + self._because(event["reasons"]))
            head = ""

    def _because(self, reasons: list[str]) -> str:
        joined = ("；" if self.language == "zh" else "; ").join(self._t(code) for code in reasons)
        return self._t("because", reasons=joined) if joined else ""

    def _place(self, site: str, device: str) -> str:
        name = (self.trail.site or {}).get("name") or ""
        return self._line(
            "place",
            self._t("of", site=site, name=name, device=device).replace(" ,", ",").replace(" ，", "，"),
        )

    def _period(self, start: int, end: int) -> str:
        zone = self.trail.county["zone"]
        if start == end:
            return self._line("period", self._t("instant", start=self._at(start), zone=zone))
        return self._line("period", self._t("span", start=self._at(start), end=self._at(end), zone=zone))

    def _verdict(self, verdict: Line) -> Iterator[str]:
        yield self._line("verdict", verdict["id"])
        if self.trail.kind != "breach":
            yield self._place(verdict["site"], verdict["device"])
        yield self._period(verdict["start"], verdict["end"])
        yield from self._rule(verdict)
        yield from self._configuration()
        yield from self._readings(verdict["pollutant"])
        yield from self._orders()
        yield from self._window()
        yield from self._stations(verdict)
        yield from self._sums(verdict)
        yield self._line("answer", self._t(verdict["answer"]) + self._because(verdict["reasons"]))
        yield from self._revisions(verdict)
        if self.trail.kind != "breach":
            yield from self._events()

    def _interval(self, interval: Line) -> Iterator[str]:
        yield self._line("interval_id", interval["id"])
        yield self._place(interval["site"], interval["device"])
        yield self._period(interval["start"], interval["end"])
        yield from self._configuration()
        yield from self._readings(interval["pollutant"])
        yield from self._orders()
        yield from self._window()
        yield from self._sums(interval)
        head = "rests"
        for one in self.trail.resting:
            said = self._t("rest", rule=one["rule"], answer=self._t(one["answer"]), id=one["id"])
            yield self._line(head, said)
            head = ""

    def _rule(self, verdict: Line) -> Iterator[str]:
        rule = self.trail.rule or {}
        title = verdict["title"].get(self.language) or next(iter(verdict["title"].values()), "")
        said = self._t("rule_of", rule=verdict["rule"], revision=verdict["rule_revision"], title=title)
        yield self._line("rule", said)
        citation = rule.get("citation") or verdict.get("citation") or "?"
        yield self._line("", self._t("clause", citation=citation, clause=verdict["clause"]))
        status = rule.get("status") or verdict.get("status")
        if status:
            yield self._line("status", self._t(f"status:{status}"))
        if rule:
            yield self._line("asks", ("，" if self.language == "zh" else ", ").join(self._asks(rule)))

    def _asks(self, rule: Line) -> Iterator[str]:
        unit, window = rule["unit"], rule["window"]
        if window:
            statistic = self._t(f"statistic:{rule['statistic']}")
            yield self._t("ask_window", window=_length(window), statistic=statistic)
        limit = f"{number(rule['limit'])} {unit}"
        if unit == "mg/m3" and rule["statistic"] != "count":
            limit += f" ({number(rule['limit'] * 1000)} ug/m3)"  # what verdicts and arithmetic are in
        yield self._t("ask_limit", limit=limit)
        if rule.get("background"):
            yield self._t("ask_background", area=rule["background"]["area"])
            if rule["background"].get("cap") is not None:
                yield self._t("ask_cap", cap=number(rule["background"]["cap"]))
        if rule.get("allowance") is not None:
            yield self._t("ask_allowance", allowance=rule["allowance"])
        if window:
            yield self._t("ask_capture", least=f"{rule['least_capture']:g}")

    def _configuration(self) -> Iterator[str]:
        row = self.trail.configuration
        if row is None:
            return
        said, applied = (
            self._t("in_force", id=row["id"], at=self._at(row["time"])),
            row["body"].get("applied"),
        )
        if applied and applied.get("by"):
            said += self._t("applied_by", by=applied["by"])
        if applied and applied.get("reason"):
            said += self._t("applied_for", reason=applied["reason"])
        yield self._line("configuration", said)

    def _readings(self, pollutant: str) -> Iterator[str]:
        readings = self.found.readings
        if not readings:
            return
        admitted = sum(not one.said.why for one in readings)
        said = self._t("readings_of", pollutant=pollutant, all=len(readings), admitted=admitted)
        if self.found.before is not None:
            said += self._t("known_before", at=self._at(self.found.before))
        yield self._line("readings", said)
        # what was not admitted is always told
        told = readings if self.everything else [*readings[:FEW], *(r for r in readings[FEW:] if r.said.why)]
        for one in told:
            yield self._line("", self._reading(one))
        if len(told) < len(readings):
            yield self._line("", self._t("more_readings", count=len(readings) - len(told)))

    def _reading(self, one: Judged) -> str:
        row = one.row
        local = datetime.fromtimestamp(row["time"] / 1000, ZoneInfo(self.trail.county["zone"]))
        parts = [f"{local:%H:%M:%S}", f"{number(one.said.value):>9}"]
        seconds = float(row["period"] or 0)
        if seconds:
            parts.append(self._t("mean_over", seconds=f"{seconds:g}"))
        parts += one.said.words
        if one.said.why:
            parts.append(self._t("not_admitted", why=", ".join(self._why(why) for why in one.said.why)))
        return "  ".join(parts)

    def _why(self, code: str) -> str:
        kind, _, rest = code.partition(":")
        if kind == "check":
            return self._t("why:check", check=rest)
        return self._t(f"why:{rest or kind}")

    def _orders(self) -> Iterator[str]:
        head = "orders"
        for one in self.trail.signals:
            said = self._t(
                "order",
                kind=one.kind,
                level=one.level or "",
                place=one.place,
                start=self._at(one.start),
                end=self._at(one.end),
            )
            yield self._line(head, " ".join(said.split()))
            head = ""

    def _window(self) -> Iterator[str]:
        window = self.found.window
        if window is None:
            return
        if not window.expected:
            interval = f"{(self.trail.device or {}).get('interval', 0):g}"
            yield self._line("slots", self._t("no_slots", interval=interval))
            return
        share = {
            "covered": len(window.slots),
            "expected": window.expected,
            "capture": f"{window.capture or 0:.3f}",
        }
        if self.trail.rule is not None:
            said = self._t("captured", **share, least=f"{self.trail.rule['least_capture']:g}")
        else:
            said = self._t("captured_only", **share)
        yield self._line("hours" if self.found.is_long else "slots", said)
        if self.found.is_long or self.everything:
            for slot in window.slots:
                mean = number(slot.mean / NANO)
                yield self._line(
                    "", self._t("slot", start=self._at(slot.start), mean=mean, values=slot.values)
                )

    def _stations(self, verdict: Line) -> Iterator[str]:
        head = "background"
        for record in self.trail.backgrounds:
            value = number(record.values.get(verdict["pollutant"], 0) / 1000)
            at = self._at(record.received_at)
            yield self._line(
                head, self._t("station", station=record.station, value=value, id=record.id, at=at)
            )
            head = ""
        compared = self.found.comparison
        if compared is not None and compared.background is not None:
            mean = number(compared.background)
            if compared.cap is None:
                yield self._line(head, self._t("station_mean_uncapped", mean=mean))
            else:
                yield self._line(head, self._t("station_mean", mean=mean, cap=number(compared.cap)))

    def _sums(self, of: Line) -> Iterator[str]:
        found, head = self.found, "arithmetic"
        if found.latest and found.comparison is not None:
            words = found.comparison.words()
            yield self._line(head, self._t("day_is", all=len(found.latest), count=found.counted, words=words))
            return
        if found.window is not None and found.window.value is not None:
            yield self._line(
                head, self._statistic(found.window, found.window.value, of.get("statistic", "mean"))
            )
            head = ""
        if found.comparison is not None:
            yield self._line(head, found.comparison.words())

    def _statistic(self, window: Window, value: float, label: str) -> str:
        rule = self.trail.rule or {"statistic": label}
        words: dict[str, object] = {"count": len(window.slots), "value": number(value)}
        words["sum"] = number(sum(slot.mean for slot in window.slots) / NANO)
        words["percentile"], words["above"] = rule.get("percentile") or label, rule.get("above")
        name = rule["statistic"]
        return self._t(f"{name if name in ('mean', 'max', 'count') else 'percentile'}_is", **words)

    def _revisions(self, verdict: Line) -> Iterator[str]:
        rulings = self.trail.rulings
        if len(rulings) < 2:
            return
        head = "revisions"
        for i, one in enumerate(rulings):
            said = self._t(
                "revision",
                number=one["revision"],
                at=self._at(one["decided_at"]),
                answer=self._t(one["answer"]),
            )
            said += self._because(one["reasons"])
            if i + 1 < len(rulings):
                said += self._t("superseded", number=rulings[i + 1]["revision"])
            yield self._line(head, said + (self._t("this_one") if one["id"] == verdict["id"] else ""))
            head = ""

    def _check(self) -> Iterator[str]:
        found = self.found
        if found.agrees is None and self.trail.verdict is None and not self.trail.lacking:
            return  # a silence has no arithmetic
        if found.agrees is None:
            yield self._line("check", self._t("cannot"))
        elif found.agrees:
            yield self._line("check", self._t("agrees"))
        else:
            what = [
                self._t("difference", name=self._t(name), ours=_plain(ours), stored=_plain(stored))
                for name, ours, stored in found.differs
            ]
            yield self._line("check", self._t("differs", what="; ".join(what)))


def _plain(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _length(seconds: int) -> str:
    for unit, size in (("d", _DAY_S), ("h", 3600), ("min", 60)):
        if seconds % size == 0 and (unit != "d" or seconds == _DAY_S):
            return f"{seconds // size * (24 if unit == 'd' else 1)} {'h' if unit == 'd' else unit}"
    return f"{seconds} s"
