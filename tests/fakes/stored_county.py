"""The simulated county on real stores: folded by the real detector, kept in SQLite, cases and messages made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alerts.planner import CasePlanner
from alerts.retry import EndedAttempt, RetryPolicy, next_state, refused, sent
from alerts.routing import load_routing
from alerts.store import CaseStore
from alerts.store.message_lists import MessageLists
from alerts.store.people_store import PeopleStore
from alerts.web.sources import Sources
from deploy.county.compile import revision_of_folder
from ingest.clock import ManualClock
from ingest.records import Background, FeedRecord, Readings, Tick
from ingest.register import Register
from processors.fold.detector import Detector
from processors.history import History, open_history
from processors.history.columns import batches_of_intervals, batches_of_readings, batches_of_verdicts
from tests.fakes.alerts import apply
from tests.fakes.desk import EXAMPLE, HOUR, MINUTE, FakeHistory, background, example_register
from tests.fakes.people import people_in

QUANTITIES = ("pm10", "pm2_5", "tsp", "temperature", "humidity", "wind_speed")


@dataclass(slots=True)
class StoredCounty:
    """Stores and the fold that fills them, minute by minute."""

    register: Register
    clock: ManualClock
    history: History
    cases: CaseStore
    source: FakeHistory  # its levels are what the monitors measure
    detector: Detector
    planner: CasePlanner
    people: PeopleStore
    messages: MessageLists

    @classmethod
    def start(
        cls,
        folder: Path,
        at: int,
        history: History | None = None,
        cases: str = "",
    ) -> StoredCounty:
        """An empty county whose clock stands at `at`; without stores given, SQLite in `folder`."""
        register = example_register()
        url = cases or f"sqlite:///{folder}/cases.sqlite"
        clock = ManualClock(at)
        county = cls(
            register,
            clock,
            history or open_history(f"sqlite:///{folder}/history.sqlite"),
            CaseStore(url),
            FakeHistory(register, clock),
            Detector.empty(),
            CasePlanner(register, load_routing(EXAMPLE, register), "http://127.0.0.1:8400"),
            people_in(folder),
            MessageLists(url),
        )
        county.fold(revision_of_folder(EXAMPLE, received_at=at))
        return county

    @property
    def sources(self) -> Sources:
        """What a desk is created over."""
        return Sources(
            self.history, self.cases, self.people, self.messages, self.cases.life, self.cases.silences
        )

    def run_to(self, until: int) -> None:
        """Live on until an instant, a minute at a time."""
        while self.clock.at_ms < until:
            self.minute()
        self.send()

    def minute(self) -> None:
        """One minute: a tick, what the monitors sent, at full hours what the reference stations measured."""
        at = self.clock.at_ms + MINUTE
        self.clock.advance_to(at)
        self.fold(Tick(at, MINUTE, "bridge-1"))
        if at // MINUTE % 60 == 2:
            end = at // HOUR * HOUR
            for station in ("S001", "S002"):
                value = round(background(end - HOUR // 2) * 1000)
                self.fold(Background(f"{station}-{end}", at, station, end - HOUR, end, {"pm10": value}))
        speaking = [
            device
            for device in self.register.devices.values()
            if at % (device.interval * 1000) < MINUTE and at <= self.source.quiet_since.get(device.id, at)
        ]
        n = len(speaking)
        times = [at // (d.interval * 1000) * d.interval * 1000 for d in speaking]
        values = {
            q: np.array(
                [round(self.source.level(d.id, q, t) * 1000) for d, t in zip(speaking, times, strict=True)],
                np.int64,
            )
            for q in QUANTITIES
        }
        self.fold(
            Readings(
                tuple(d.id for d in speaking),
                tuple(d.site for d in speaking),
                np.arange(n, dtype=np.int32),
                np.array(times, np.int64),
                np.zeros(n, np.int64),
                np.full(n, at, np.int64),
                values,
            )
        )

    def fold(self, record: FeedRecord) -> None:
        """Fold one record and store what comes of it."""
        out = self.detector.fold(record)
        batches = []
        if isinstance(record, Readings):
            batches += batches_of_readings([record])
        batches += batches_of_intervals(out.intervals) + batches_of_verdicts(out.verdicts)
        outcome = self.history.write_batches(batches)
        assert not outcome.rejected, outcome.rejected[:1]
        for breach in out.breaches:
            apply(self.cases, breach, self.planner, self.clock.at_ms)
        self.cases.release_holds(self.planner, self.clock.at_ms)

    def send(self) -> None:
        """Deliver what waits: everybody is reached but one, whose mailbox is gone."""
        wall = self.clock.at_ms
        outbox = self.cases.outbox
        for channel in outbox.due(wall + 10 * 365 * 24 * HOUR):
            for claim in outbox.claim({channel: 1000}, "w1", wall + 10 * 365 * 24 * HOUR, MINUTE):
                gone = "马德福" in claim.message.recipient.name
                outcome = refused("550 5.1.1 mailbox unknown") if gone else sent("accepted")
                then = next_state(
                    claim.message.id, claim.number, claim.written_at, outcome, wall, RetryPolicy()
                )
                outbox.finish([EndedAttempt(claim, outcome, then)], "w1", wall)
