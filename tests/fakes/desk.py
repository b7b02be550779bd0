"""A simulated county in memory: what the desk sees of history and cases, without any store."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.cases import ACKNOWLEDGE, decide
from alerts.kinds import EXCEEDANCE, OFFLINE
from alerts.records import (
    OPENED,
    RECOVERED,
    Attempt,
    Case,
    CaseEvent,
    CaseFile,
    Delivery,
    Message,
    Recipient,
)
from alerts.store.case_lists import CaseFilter, CasePage
from ingest.clock import ManualClock
from ingest.register import Register, load_register
from processors.history import FlaggedReading, StepAnswer, StepCapture, Steps
from processors.history.base import LatestReading
from processors.history.context import Context, batches_of_context

EXAMPLE = Path(__file__).parents[2] / "deploy" / "example"
MINUTE = 60_000
HOUR = 60 * MINUTE
NOW = 1_795_417_500_000  # 2026-11-23T15:05:00+08:00
LIMIT = 80.0
TITLE = {"zh_CN": "PM10 小时均值与县均值之差", "en": "PM10 hourly mean above the county's mean"}
CLAUSE = "DB13/2934-2019 表1"
CITATION = "河北省地方标准 DB13/2934-2019《施工场地扬尘排放标准》"
DUSTY, SMOKY, WATCHED, BLIND, DEAD = "site-01", "site-04", "site-09", "site-02", "site-06"
SILENT_DEVICE = "dev-006"


def example_register() -> Register:
    """The register of the demo's county."""
    return load_register(EXAMPLE)


def floor_hour(ms: int) -> int:
    """The start of the clock hour."""
    return ms // HOUR * HOUR


def background(at: int) -> float:
    """The county's PM10 at an instant: a daily cycle."""
    hour = (at / HOUR + 8) % 24
    return 92 + 30 * math.cos((hour - 9) / 24 * 2 * math.pi)


class FakeHistory:
    """Readings that are a function of device and time; verdicts that follow from them."""

    def __init__(self, register: Register, clock: ManualClock) -> None:
        self.register = register
        self.clock = clock
        self.broken: str | None = None
        self.quiet_since: dict[str, int] = {SILENT_DEVICE: NOW - 3 * HOUR}
        for device in register.devices_at(DEAD):
            self.quiet_since[device.id] = NOW - 26 * HOUR
        self.lifted: dict[str, float] = {}
        self.calls = 0
        self.said: list[dict[str, Any]] = []  # outlooks
        self.context: list[Context] = []
        self.flags: list[FlaggedReading] = []

    def level(self, device: str, quantity: str, at: int) -> float:
        """A value in the unit of the quantity."""
        number = int("".join(c for c in device if c.isdigit()) or 0)
        site = self.register.devices[device].site
        wave = math.sin(at / (7 * MINUTE) + number) * 9 + math.sin(at / (41 * MINUTE) + number * 2) * 14
        base = background(at) + 12 + wave
        event = math.exp(-(((at - (NOW - 50 * MINUTE)) / (55 * MINUTE)) ** 2))
        base += {DUSTY: 310, SMOKY: 165, WATCHED: 30}.get(site, 6) * event
        if site == WATCHED:
            base += 210 * math.exp(-(((at - (NOW - 5 * HOUR)) / (50 * MINUTE)) ** 2))
        pm10 = max(3.0, base + self.lifted.get(device, 0.0))
        weather = {"temperature": 6.4 + wave / 9, "humidity": 38 - wave / 3, "wind_speed": 2.6 + wave / 20}
        dust = {"pm10": pm10, "pm2_5": pm10 * 0.38, "tsp": pm10 * 1.7, "noise": 61.0 + wave / 5}
        return round({**dust, **weather}[quantity], 3)

    def latest(self) -> list[LatestReading]:
        self._ask()
        found = []
        for device in self.register.devices.values():
            at = min(self.clock.at_ms, self.quiet_since.get(device.id, self.clock.at_ms))
            at = at // (device.interval * 1000) * device.interval * 1000
            names = ("pm10", "pm2_5", "tsp", "temperature", "humidity", "wind_speed")
            values = {q: self.level(device.id, q, at) for q in names}
            found.append(LatestReading(device.id, device.site, at, at + 700, 60_000, values))
        return found

    def readings(
        self, device: str, quantity: str, start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[tuple[int, float]]:
        self._ask()
        step = self.register.devices[device].interval * 1000
        end = min(end_ms, self.clock.at_ms, self.quiet_since.get(device, end_ms))
        times = range(-(-start_ms // step) * step, end, step)
        return [(at, self.level(device, quantity, at)) for at in times][-(limit or 0) :]

    def intervals(
        self,
        *,
        pollutant: str,
        start_ms: int,
        end_ms: int,
        site: str | None = None,
        device: str | None = None,
        window: str | None = None,
    ) -> list[dict[str, Any]]:
        self._ask()
        found = []
        for one in self._devices(site, device):
            for start in range(-(-start_ms // HOUR) * HOUR, min(end_ms, floor_hour(self.clock.at_ms)), HOUR):
                value, capture = self._mean(one, pollutant, start)
                found.append(
                    {"device": one, "site": self.register.devices[one].site, "pollutant": pollutant,
                     "statistic": "mean", "window": "1h", "start": start, "end": start + HOUR, "value": value,
                     "capture": capture, "revision": 1}
                )  # fmt: skip
        return found

    def outlooks(self, *, start_ms: int, end_ms: int, site: str | None = None) -> list[dict[str, Any]]:
        self._ask()
        return [o for o in self.said if start_ms <= o["at"] < end_ms and site in (None, o["site"])]

    def rows(
        self, measurement: str, named: Mapping[str, str], start_ms: int = 0, end_ms: int = 2**62
    ) -> list[dict[str, Any]]:
        self._ask()
        assert measurement == "context"
        found = [row for batch in batches_of_context(self.context) for row in batch.data.to_pylist()]
        return [
            row
            for row in found
            if start_ms <= row["time"] < end_ms and all(row[name] == text for name, text in named.items())
        ]

    def verdicts(
        self, *, start_ms: int, end_ms: int, site: str | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        self._ask()
        found = []
        for start in range(-(-start_ms // HOUR) * HOUR, min(end_ms, floor_hour(self.clock.at_ms)), HOUR):
            for device in self._devices(site, None):
                value, capture = self._mean(device, "pm10", start)
                base = round(background(start + HOUR // 2), 1)
                answer, reasons = "compliant", []
                if value is None or capture < 0.75:
                    answer, reasons = "undetermined", ["low_capture" if capture else "no_data"]
                elif value - min(base, 150) > LIMIT:
                    answer = "exceeds"
                if (
                    self.register.devices[device].site == BLIND
                    and start == floor_hour(self.clock.at_ms) - HOUR
                ):
                    answer, reasons = "undetermined", ["low_capture"]
                found.append(
                    {"site": self.register.devices[device].site, "device": device, "kind": "interval",
                     "pollutant": "pm10", "rule": "hebei-pm10-hour", "start": start, "end": start + HOUR,
                     "answer": answer, "reasons": reasons, "value": value, "background": base,
                     "subtracted": min(base, 150.0), "limit": LIMIT,
                     "capture": capture, "unit": "ug/m3", "clause": CLAUSE, "title": TITLE["zh_CN"],
                     "revision": 1, "rule_revision": "1"}
                )  # fmt: skip
        return sorted(found, key=lambda v: -v["start"])[:limit]

    def answers(self, of: Steps) -> list[StepAnswer]:
        codes = {"compliant": 0, "undetermined": 1, "exceeds": 2}
        found: dict[tuple[int, str], StepAnswer] = {}
        for one in self.verdicts(start_ms=of.start_ms, end_ms=of.end_ms, site=of.site, limit=10**6):
            at = of.start_ms + (one["start"] - of.start_ms) // of.step_ms * of.step_ms
            answer = StepAnswer(at, one["rule"], codes[one["answer"]], one["end"])
            found[at, answer.rule] = max(answer, found.get((at, answer.rule), answer))
        return sorted(found.values())

    def captures(self, of: Steps) -> list[StepCapture]:
        found: dict[tuple[int, str], StepCapture] = {}
        for one in self.intervals(
            pollutant="pm10", start_ms=of.start_ms, end_ms=of.end_ms, site=of.site, window="1h"
        ):
            at = of.start_ms + (one["start"] - of.start_ms) // of.step_ms * of.step_ms
            held = found.get((at, one["device"]))
            whole = one["capture"] + (held.captured if held else 0.0)
            found[at, one["device"]] = StepCapture(at, one["device"], "pm10", "1h", whole, one["end"])
        return sorted(found.values())

    def flagged(self, of: Steps, most: int) -> list[FlaggedReading]:
        self._ask()
        return [one for one in self.flags if one.device in of.devices][:most]

    def _mean(self, device: str, pollutant: str, start: int) -> tuple[float | None, float]:
        step = self.register.devices[device].interval * 1000
        end = min(start + HOUR, self.quiet_since.get(device, start + HOUR))
        values = [self.level(device, pollutant, at) for at in range(start, end, 6 * step)]
        capture = max(0.0, (end - start) / HOUR)
        return (round(sum(values) / len(values), 2), capture) if values else (None, 0.0)

    def _devices(self, site: str | None, device: str | None) -> list[str]:
        everyone = self.register.devices.values()
        return [d.id for d in everyone if (site or d.site) == d.site and (device or d.id) == d.id]

    def _ask(self) -> None:
        self.calls += 1
        if self.broken:
            raise ConnectionError(self.broken)


class FakeCases:
    """Four cases of different states; acknowledging follows the real table of states."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.broken: str | None = None
        self.files: dict[str, CaseFile] = {}
        hour = floor_hour(NOW)
        self.add(case_of("case-a1", DUSTY, "dev-003", hour + 90_000, 361.4, "open"))
        self.add(case_of("case-b2", SMOKY, "dev-013", hour + 91_000, 243.9, "acknowledged"))
        self.add(case_of("case-c3", WATCHED, "dev-030", hour - 4 * HOUR + 88_000, 286.2, "recovered"))
        silent = Case(
            "case-d4", OFFLINE, "open", "offline", DEAD, "dev-022", "监测设备静默", NOW - 25 * HOUR, NOW - 25 * HOUR,
            breach="b-d4", rule="offline", deadline=NOW - HOUR,
            data={"kind": "offline", "start": NOW - 26 * HOUR, "end": NOW - 25 * HOUR, "reasons": ["device_silent"],
                  "title": {"zh_CN": "监测设备静默", "en": "Monitor silent"}, "configuration": "0f3c9a17be24"},
        )  # fmt: skip
        self.add(silent)

    def add(self, case: Case) -> None:
        """Put a case with its first event and messages."""
        events = [
            CaseEvent(
                f"{case.id}-1",
                case.id,
                case.opened_at,
                "opened",
                "dustwatch",
                None,
                "open",
                "found",
                data=case.data,
            )
        ]
        if case.acknowledged_at is not None:
            events.append(
                CaseEvent(f"{case.id}-2", case.id, case.acknowledged_at, "acknowledged", str(case.acknowledged_by),
                          "open", "acknowledged", "a person has taken note", note="已通知项目部停止土方作业，雾炮车到场。")
            )  # fmt: skip
        if case.recovered_at is not None:
            events.append(
                CaseEvent(f"{case.id}-3", case.id, case.recovered_at, "recovered", "dustwatch", "open", "recovered",
                          "compliant again", data={**case.data, "value": 131.0, "start": case.recovered_at - HOUR,
                                                   "end": case.recovered_at})
            )  # fmt: skip
        self.files[case.id] = CaseFile(case, tuple(events), tuple(self._messages(case)))

    def cases(
        self,
        state: str | None = None,
        site: str | None = None,
        limit: int = 200,
        over: bool | None = None,
        *,
        but: Collection[str] = (),
    ) -> list[Case]:
        self._ask()
        everything = sorted((f.case for f in self.files.values()), key=lambda c: -c.opened_at)
        found = [c for c in everything if (state or c.state) == c.state and (site or c.site) == c.site]
        return [c for c in found if c.kind not in but][:limit]

    def _found(self, of: CaseFilter) -> list[Case]:
        states = {
            "open": ("open", "acknowledged", "recovered"),
            "unsigned": ("open", "recovered"),
            "overdue": ("open", "acknowledged"),
            "closed": ("closed",),
        }.get(of.which)
        cases = self.cases(limit=10**6, but=of.but)
        return [
            c
            for c in cases
            if (states is None or c.state in states)
            and (of.sites is None or c.site in of.sites)
            and (of.which != "overdue" or (c.deadline or of.now) < of.now)
            and of.kind in ("", c.kind)
            and of.site in ("", c.site)
            and (not of.text or of.text in c.title or c.site in of.named)
        ]

    def find(self, of: CaseFilter, after: tuple[int, int] | None = None, limit: int = 50) -> CasePage:
        return CasePage(tuple(self._found(of)[:limit]), None)

    def count(self, of: CaseFilter) -> int:
        return len(self._found(of))

    def changed(self, since: int | None = None) -> tuple[int, list[Case]]:
        self._ask()
        return 0, [f.case for f in self.files.values()]

    def case(self, case_id: str) -> CaseFile | None:
        self._ask()
        return self.files.get(case_id)

    def acknowledge(
        self, case_id: str, by: str, note: str, at: int, signer: Mapping[str, str] | None = None
    ) -> Any:
        self._ask()
        file = self.files.get(case_id)
        step = decide(file.case.state if file else None, ACKNOWLEDGE)
        if file is None or not step.accepted or step.after is None:
            return step
        case = replace(file.case, state=step.after, acknowledged_at=at, acknowledged_by=by)
        event = CaseEvent(
            f"{case_id}-ack",
            case_id,
            at,
            "acknowledged",
            by,
            step.before,
            step.after,
            step.reason,
            note,
            {"signer": dict(signer or {})},
        )
        self.files[case_id] = replace(file, case=case, events=(*file.events, event))
        return step

    def _messages(self, case: Case) -> Sequence[Delivery]:
        site = self.register.sites[case.site]
        people = [
            ("sector", self.register.departments[site.department].name, "wecom", "sent"),
            ("territorial", self.register.departments[site.township].name, "webhook", "sent"),
            ("site", site.contacts[0].name, "mail", "pending" if case.kind == OFFLINE else "refused"),
        ]
        found = []
        steps = [OPENED, RECOVERED] if case.recovered_at else [OPENED]
        for step in steps:
            at = case.recovered_at if step == RECOVERED and case.recovered_at else case.opened_at
            for line, name, kind, state in people:
                who = Recipient(f"{line}:{name}", name, line, kind, kind, "", "routing")
                message = Message(f"m-{case.id}-{step}-{line}", case.id, case.kind, step, who, "", "", at, "")
                reason = {"refused": "550 5.1.1 mailbox unknown", "pending": "no answer within 10 s"}.get(
                    state, ""
                )
                tries = (
                    Attempt(
                        1,
                        "w1",
                        at + 900,
                        "failed" if reason else "sent",
                        reason,
                        "" if reason else "ok:42",
                        at + 1200,
                        False,
                    ),
                )
                found.append(
                    Delivery(
                        message, state, at, at, 1, at + 1200 if state == "sent" else None, "", reason, tries
                    )
                )
        return found

    def _ask(self) -> None:
        if self.broken:
            raise ConnectionError(self.broken)


def case_of(id_: str, site: str, device: str, opened_at: int, value: float, state: str) -> Case:
    """An exceedance of Hebei's hour rule."""
    end = floor_hour(opened_at)
    data: Mapping[str, Any] = {
        "kind": EXCEEDANCE, "level": "warning", "title": TITLE, "clause": CLAUSE, "citation": CITATION,
        "status": "reported", "administrative": False, "pollutant": "pm10", "unit": "ug/m3", "start": end - HOUR,
        "end": end, "value": value, "background": round(background(end - HOUR // 2), 1), "subtracted": round(background(end - HOUR // 2), 1),
        "limit": LIMIT, "capture": 0.98,
        "reasons": [], "rule_revision": "1", "configuration": "0f3c9a17be24",
    }  # fmt: skip
    signed = opened_at + 14 * MINUTE if state in ("acknowledged", "closed") else None
    over = opened_at + 2 * HOUR if state in ("recovered", "closed") else None
    return Case(
        id_, EXCEEDANCE, state, "warning", site, device, TITLE["zh_CN"], opened_at, opened_at, breach=f"b-{id_}",
        rule="hebei-pm10-hour", deadline=opened_at + 24 * HOUR, recovered_at=over, acknowledged_at=signed,
        acknowledged_by="住建局 张敏" if signed else None, data=dict(data),
    )  # fmt: skip


def outlook_said(**more: Any) -> dict[str, Any]:
    """What a history hands out of an open window: the hour of NOW, at which it was said."""
    said = {
        "at": NOW, "site": WATCHED, "device": "dev-009", "pollutant": "pm10", "rule": "hebei-pm10-hour",
        "start": floor_hour(NOW), "end": floor_hour(NOW) + HOUR, "state": "warning", "event": "rose",
        "projected": 212.6, "low": 190.0, "high": 240.0, "probability": 0.93, "required": 163.9,
        "limit": LIMIT, "subtracted": 92.4, "minutes_left": 55.0, "covered": 4, "settled": 5, "slots": 60,
        "background_known": True, "id": "o1", "rule_revision": "1", "configuration": "c1", "kind": "interval",
    }  # fmt: skip
    return {**said, **more}
