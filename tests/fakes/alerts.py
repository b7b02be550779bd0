"""A small county, breaches and a channel that remembers, for the tests of alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.messages import message_of
from alerts.planner import CasePlanner
from alerts.records import CaseChange, Claim, Message
from alerts.retry import EndedAttempt, NextState, Outcome, sent
from alerts.routing import Routing, RoutingForm
from alerts.store import CaseStore, Written
from ingest.register import County, Department, Device, Register, Site
from processors.records.breaches import Breach
from processors.records.outlooks import Outlook


def ms(text: str) -> int:
    """The instant of an ISO text with zone."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NIGHT = ms("2026-11-23T23:00:00+08:00")
HOUR = 3_600_000
_FILE = [{"kind": "file"}]


def site_of(n: int, name: str) -> Site:
    """The nth site, in the township under the department, with a manager."""
    return Site.model_validate(
        {
            "id": f"site-{n}",
            "name": name,
            "kind": "building",
            "stage": "earthwork",
            "zone": "urban",
            "township": "town-east",
            "department": "housing",
            "location": (39.9, 116.4),
            "address": f"东环路 {n} 号",
            "contacts": [{"name": "项目经理", "channels": _FILE}],
        }
    )


def county(**changes: Any) -> Register:
    """Two sites in one township under one department; `changes` replace parts of the register."""
    departments = [
        {
            "id": "housing",
            "name": "住建局",
            "line": "sector",
            "contacts": [
                {"name": "扬尘办", "hours": "08:00-18:00", "channels": _FILE},
                {"name": "值班室", "channels": _FILE},
            ],
        },
        {
            "id": "town-east",
            "name": "城东镇",
            "line": "territorial",
            "contacts": [{"name": "网格员 王海燕", "channels": _FILE}],
        },
    ]
    sites = [site_of(n, name) for n, name in ((1, "一号工地"), (2, "二号工地"))]
    devices = [
        {"id": f"dev-{n}", "site": "site-1" if n <= 4 else "site-2", "format": "json_v1", "name": f"{n} 号点"}
        for n in range(1, 13)
    ]
    parts: dict[str, Any] = {
        "county": County(name="示范县"),
        "departments": {d["id"]: Department.model_validate(d) for d in departments},
        "sites": {site.id: site for site in sites},
        "devices": {d["id"]: Device.model_validate(d) for d in devices},
    }
    return Register(**{**parts, **changes})


def planner(register: Register | None = None, **form: Any) -> CasePlanner:
    """A planner of that county; `form` are the keys of routing.yaml."""
    routing = Routing(RoutingForm.model_validate(form))
    return CasePlanner(register or county(), routing, "http://desk.example:8400")


def breach(event: str = "opened", **changes: Any) -> Breach:
    """An hourly exceedance at site-1 as detection publishes it."""
    plain = Breach(
        id="b1",
        event=event,
        kind="exceedance",
        level="warning",
        site="site-1",
        device="dev-1",
        rule="hebei-db13-2934-2019-pm10",
        rule_revision="r1",
        title={
            "zh": "施工场地 PM10 小时浓度与县均值之差",
            "en": "Hourly PM10 of the site above the county mean",
        },
        clause="PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次",
        citation="DB13/2934-2019",
        status="reported",
        administrative=False,
        pollutant="pm10",
        unit="ug/m3",
        at=NIGHT,
        opened_at=NIGHT,
        start=NIGHT - HOUR,
        end=NIGHT,
        value=312.4,
        background=102.0,
        subtracted=102.0,
        limit=80.0,
        capture=0.98,
        interval="i1",
        verdict="v1",
        revision=1,
        reasons=(),
        delayed=False,
        tell=True,
        deadline_h=24.0,
        configuration="c1",
    )
    if event == "closed":
        end = NIGHT + 2 * HOUR
        plain = replace(plain, at=end, start=end - HOUR, end=end, value=96.5, interval="i3", verdict="v3")
    return replace(plain, **changes)


def offline(device: str, event: str = "opened", at: int = NIGHT, **changes: Any) -> Breach:
    """The silence of a device, last heard a quarter of an hour before NIGHT."""
    number = int(device.split("-")[1])
    plain = breach(
        event,
        id=f"silent-{device}",
        kind="offline",
        level="offline",
        site="site-1" if number <= 4 else "site-2",
        device=device,
        rule="offline",
        title={"zh": "监测设备离线", "en": "Monitor silent"},
        clause="",
        citation="",
        status="",
        pollutant=None,
        unit=None,
        at=at,
        opened_at=NIGHT,
        start=NIGHT - HOUR // 4,
        end=at,
        value=None,
        background=None,
        subtracted=None,
        limit=None,
        capture=None,
        interval=None,
        verdict=None,
        deadline_h=None,
    )
    return replace(plain, **changes)


def device_fault(event: str = "opened", what: str = "absent", **changes: Any) -> Breach:
    """A monitor whose sensor of PM10 stays away, as detection publishes it."""
    opened = event == "opened"
    pollutant = "pm10" if what in ("absent", "failing") else None
    plain = suspicion(
        event,
        id="fault-1",
        kind="fault",
        level="fault",
        rule=f"fault/{what}" + (f"/{pollutant}" if pollutant else ""),
        title={"zh": "监测参数缺失", "en": "A measured pollutant stays away"},
        citation="",
        pollutant=pollutant,
        start=NIGHT - HOUR,
        end=NIGHT if opened else NIGHT + 3 * HOUR,
        at=NIGHT if opened else NIGHT + 3 * HOUR,
        opened_at=NIGHT,
        evidence=None,
        reasons=(what,) if opened else ("good_value",),
    )
    return replace(plain, **changes)


def suspicion(event: str = "opened", **changes: Any) -> Breach:
    """A monitor that says one and the same value for five hours, as detection publishes it."""
    opened = event == "opened"
    plain = breach(
        event,
        id="suspect-1",
        kind="suspicion",
        level="suspicion",
        rule="suspicion/stuck",
        rule_revision="",
        title={"zh": "疑似数据恒定或全零", "en": "Suspected: stuck or all zero"},
        clause="",
        citation="a proposal of this project",
        status="",
        pollutant=None,
        unit=None,
        at=NIGHT + HOUR if opened else NIGHT + 30 * HOUR,
        opened_at=NIGHT + HOUR,
        start=NIGHT - 5 * HOUR,
        end=NIGHT if opened else NIGHT + 30 * HOUR,
        value=None,
        background=None,
        subtracted=None,
        limit=None,
        capture=None,
        interval=None,
        verdict=None,
        reasons=("suspected",) if opened else ("suspicion_over",),
        deadline_h=None,
        evidence={
            "pattern": "stuck",
            "confidence": 0.79,
            "numbers": {
                "value": {"value": 88.25, "unit": "ug/m3"},
                "hours": {"value": 5.0, "unit": "h"},
                "reference": {"value": None, "unit": "ug/m3"},
            },
            "guards": [
                {"name": "night_rest", "seen": 88.25, "silenced": False},
                {"name": "maintenance", "seen": 0.0, "silenced": False},
            ],
            "plot": {"step_s": 3600, "series": {"mean": {"unit": "ug/m3", "values": [None, 88.25]}}},
        }
        if opened
        else None,
    )
    return replace(plain, **changes)


class Remembering:
    """A channel that remembers what it was given; `answer` decides the outcome of each call."""

    def __init__(self, answer: Callable[[Message, int], Outcome] | None = None) -> None:
        self.got: list[tuple[str, bool]] = []
        self.messages: list[Message] = []
        self._answer = answer or (lambda message, call: sent("ok"))
        self.closed = asyncio.Event()

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Remember, and answer."""
        self.got.append((message.id, possible_repeat))
        self.messages.append(message)
        return self._answer(message, len(self.got))

    async def close(self) -> None:
        """Note it."""
        self.closed.set()


def outlook(
    state: str = "warning", event: str = "rose", minute: int = 35, turn: int = 0, **changes: Any
) -> Outlook:
    """What detection says at a minute of the hour before NIGHT of the first point of site-1."""
    plain = Outlook(
        id=f"o-{state}-{turn}",
        event=event,
        state=state,
        at=NIGHT - HOUR + minute * 60_000,
        site="site-1",
        point="dev-1",
        rule="hebei-db13-2934-2019-pm10",
        rule_revision="r1",
        title={
            "zh": "施工场地 PM10 小时浓度与县均值之差",
            "en": "Hourly PM10 of the site above the county mean",
        },
        clause="PM10 小时浓度与县均值的差值不超过 80，每日超标不超过 2 次",
        citation="DB13/2934-2019",
        status="reported",
        pollutant="pm10",
        unit="ug/m3",
        start=NIGHT - HOUR,
        end=NIGHT,
        limit=80.0,
        subtracted=102.0,
        background_known=False,
        projected=213.4,
        low=195.0,
        high=232.0,
        probability=0.93,
        covered=30,
        settled=32,
        slots=60,
        required=156.9,
        minutes_left=60.0 - minute,
        configuration="c1",
    )
    return replace(plain, **changes)


def messages_of(change: CaseChange) -> tuple[Message, ...]:
    """What a change tells, each by itself as a message of its own."""
    return tuple(message_of([telling], telling.told_at) for telling in change.tellings)


def apply(store: CaseStore, event: Breach | Outlook, plan: CasePlanner, now: int) -> Written:
    """Apply one event alone."""
    (written,) = store.apply_breaches([event], plan, now)
    return written


def claims_of(
    store: CaseStore, channel: str, owner: str, limit: int, wall: int, lease_ms: int
) -> list[Claim]:
    """Claim messages of one channel."""
    return store.outbox.claim({channel: limit}, owner, wall, lease_ms)


def finish(store: CaseStore, one: Claim, owner: str, outcome: Outcome, then: NextState, wall: int) -> None:
    """Write how one attempt ended."""
    store.outbox.finish([EndedAttempt(one, outcome, then)], owner, wall)


class Quarantined:
    """Keeps what a stage puts into quarantine."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    async def __call__(self, record: Any) -> None:
        self.records.append(record)
