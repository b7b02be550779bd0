"""A county of hundreds of sites on real stores, with thousands of open cases: for what has to be fast."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alerts.planner import CasePlanner
from alerts.routing import load_routing
from alerts.store import CaseStore
from alerts.store.message_lists import MessageLists
from alerts.store.people_store import PeopleStore
from alerts.web.sources import Sources
from ingest.records import Readings
from ingest.register import Device, Register
from processors.history import History, open_history
from processors.history.columns import batches_of_readings, batches_of_verdicts
from processors.records import Verdict
from tests.fakes.alerts import breach
from tests.fakes.desk import (
    CITATION,
    CLAUSE,
    EXAMPLE,
    HOUR,
    LIMIT,
    MINUTE,
    TITLE,
    example_register,
    floor_hour,
)

_DAY = 24 * HOUR
_AT_ONCE = 100  # events that are applied in one go
_KINDS = ("住宅工程", "学校扩建工程", "雨污分流改造工程", "道路改造工程", "厂房工程", "安置房项目")
_PLACES = ("锦绣", "康宁", "建设", "滨河", "文昌", "东环", "西苑", "长安", "和平", "新华", "朝阳", "振兴")


@dataclass(slots=True)
class LargeCounty:
    """Stores of a county that is as large as one gets."""

    register: Register
    history: History
    cases: CaseStore
    people: PeopleStore
    messages: MessageLists

    @classmethod
    def start(cls, folder: Path, at: int, sites: int = 300, cases: int = 2000) -> LargeCounty:
        """Readings of now, verdicts of the last hours and open cases of the last days."""
        county = cls.stores(folder, sites)
        county.measure(tuple(county.register.devices.values()), at)
        for hours in (3, 2, 1):
            county.judge(floor_hour(at) - (hours - 1) * HOUR)
        county.open(cases, at)
        return county

    @classmethod
    def stores(cls, folder: Path, sites: int) -> LargeCounty:
        """What is in `folder`, in SQLite."""
        url = f"sqlite:///{folder}/cases.sqlite"
        return cls(
            large_register(sites),
            open_history(f"sqlite:///{folder}/history.sqlite"),
            CaseStore(url),
            PeopleStore(url),
            MessageLists(url),
        )

    @property
    def sources(self) -> Sources:
        """What a desk is created over."""
        return Sources(self.history, self.cases, self.people, self.messages, self.cases.life)

    def measure(self, devices: Sequence[Device], at: int) -> None:
        """These monitors report what they measure at `at`."""
        n = len(devices)
        dust = [round(1000 * _level(d, at)) for d in devices]
        self._write(
            batches_of_readings(
                [
                    Readings(
                        tuple(d.id for d in devices),
                        tuple(d.site for d in devices),
                        np.arange(n, dtype=np.int32),
                        np.full(n, at, np.int64),
                        np.zeros(n, np.int64),
                        np.full(n, at, np.int64),
                        {"pm10": np.array(dust, np.int64), "tsp": np.array(dust, np.int64) * 2},
                    )
                ]
            )
        )

    def judge(self, end: int) -> None:
        """An hour that has ended: each twelfth site exceeds, each tenth is not determined."""
        judged = [_verdict(d, n, end) for n, d in enumerate(self.register.devices.values())]
        self._write(batches_of_verdicts(judged))

    def open(self, number: int, at: int) -> None:
        """So many cases: each site in turn, a day earlier with each round."""
        first = {d.site: d for d in reversed(self.register.devices.values())}
        sites = list(self.register.sites)
        planner = CasePlanner(self.register, load_routing(EXAMPLE, self.register), "http://127.0.0.1:8400")
        events = []
        for n in range(number):
            opened = floor_hour(at) - n // len(sites) * _DAY
            site = sites[n % len(sites)]
            events.append(
                replace(
                    breach(id=f"b{n}", level=("warning", "violation")[n % 7 == 0], site=site),
                    device=first[site].id, at=opened, opened_at=opened, start=opened - HOUR, end=opened,
                )
            )  # fmt: skip
        for begin in range(0, number, _AT_ONCE):
            some = events[begin : begin + _AT_ONCE]
            self.cases.apply_breaches(some, planner, max(event.at for event in some))

    def _write(self, batches: list) -> None:  # type: ignore[type-arg]
        outcome = self.history.write_batches(batches)
        assert not outcome.rejected, outcome.rejected[:1]


def large_register(sites: int, seed: int = 1) -> Register:
    """The example's county with so many sites, most of them in its towns; three or four monitors each."""
    example = example_register()
    draw = random.Random(seed)
    towns = sorted({site.township for site in example.sites.values()})
    middles = {town: (draw.uniform(39.7, 40.1), draw.uniform(116.1, 116.7)) for town in towns}
    model, monitor = next(iter(example.sites.values())), next(iter(example.devices.values()))
    found, devices = {}, {}
    for n in range(1, sites + 1):
        id, town = f"site-{n:03d}", draw.choice(towns)
        spread = 0.015 if draw.random() < 0.7 else 0.06
        middle = middles[town]
        found[id] = model.model_copy(
            update={
                "id": id,
                "name": f"{draw.choice(_PLACES)}{n}号{draw.choice(_KINDS)}",
                "township": town,
                "location": (draw.gauss(middle[0], spread), draw.gauss(middle[1], spread)),
                "address": None,
            }
        )
        for k in range(3 + n % 3 // 2):
            device = f"dev-{n:03d}-{k}"
            devices[device] = monitor.model_copy(
                update={"id": device, "site": id, "name": f"{k + 1} 号监测点", "aliases": ()}
            )
    return replace(example, sites=found, devices=devices)


def _level(device: Device, at: int) -> float:
    """PM10 in ug/m3: another one each minute."""
    return 60.0 + random.Random(f"{device.id}{at // MINUTE}").random() * 90


def _verdict(device: Device, n: int, end: int) -> Verdict:
    site = int(device.site.rpartition("-")[2])
    answer = "exceeds" if site % 12 == 0 else "undetermined" if site % 10 == 3 else "compliant"
    reasons = ("low_capture",) if answer == "undetermined" else ()
    value = None if reasons else 300.0 + n % 90 if answer == "exceeds" else 120.0 + n % 40
    return Verdict(
        f"v{n}-{end}", "interval", device.site, device.id, "hebei-pm10-hour", "1", TITLE, CLAUSE, CITATION,
        "reported", "pm10", "ug/m3", end - HOUR, end, answer, reasons, value, 100.0, 100.0, (), LIMIT, 0.97,
        f"i{n}-{end}", 1, "c1", end,
    )  # fmt: skip
