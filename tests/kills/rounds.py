"""Rounds of kill -9 at one running county: a victim each, drawn in turn, under readings that never stop."""

from __future__ import annotations

import asyncio
import random
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingest.kafka_options import KafkaOptions
from tests.kills.account import Account, Evidence, Round, account_of
from tests.kills.frames import FrameMonitor
from tests.kills.load import PER_SECOND, RECIPIENTS, USER, Publisher, Sent, write_kill_county
from tests.kills.outside import (
    CaseRows,
    OutsideHistory,
    Place,
    open_case_rows,
    open_history_rows,
    read_topics,
)
from tests.kills.target import CLOCK, Target
from tests.pipeline import wait_for
from tests.webhook_sink import WebhookSink

_EARLIEST_S, _LATEST_S = 0.2, 1.2  # when in a round the victim is killed
_BACK_WITHIN_S, _SETTLED_WITHIN_S, _END_WITHIN_S = 150.0, 120.0, 180.0
_EVERY_S = 0.1
SHIFT_S = (
    20.0  # of the clock that is off: beyond what may tick (5 s), within what a monitor's may differ (5 min)
)


class Told:
    """What the departments' webhook took, by the reading that it is about."""

    def __init__(self, sink: WebhookSink) -> None:
        self._sink, self._read = sink, 0
        self.recipients: dict[Place, set[str]] = {}  # of the opening of its case
        self.at_ms: dict[Place, int] = {}
        self.arrivals: Counter[str] = Counter()  # by message id
        self.ids: dict[tuple[str, str, str], set[str]] = {}  # of (case, step, recipient)

    def look(self) -> Told:
        """Take up what came since the last look."""
        received = self._sink.received[self._read :]
        self._read += len(received)
        for at, key, body in received:
            self.arrivals[key] += 1
            to = body["recipient"]["id"]
            self.ids.setdefault((body["case"], body["step"], to), set()).add(key)
            matter = body["data"].get("matter")
            if matter is not None and body["step"] == "opened":
                place = (matter["device"], matter["start"])
                self.recipients.setdefault(place, set()).add(to)
                self.at_ms.setdefault(place, at // 1_000_000)
        return self


@dataclass(slots=True)
class Campaign:
    """One county under rounds of kills."""

    target: Target
    publisher: Publisher
    frames: FrameMonitor
    sink: WebhookSink
    history: OutsideHistory
    cases: CaseRows
    seed: int
    say: Callable[[str], None]
    rounds: list[Round] = field(default_factory=list)
    told: Told = field(init=False)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.told, self._chance = Told(self.sink), random.Random(self.seed)

    def run(self, victims: Sequence[str]) -> Evidence:
        """A round for each; then all settles, and what there is is read. Raises AssertionError if it can't be."""
        self.publisher.start()
        self.frames.start()
        wait_for("the first reading is stored", lambda: bool(self.history.readings()), _BACK_WITHIN_S, 0.5)
        for number, victim in enumerate(victims):
            found = self._round(number, victim)
            self.rounds.append(found)
            self.say(found.line())
        self._end()
        return self._read()

    def _round(self, number: int, victim: str) -> Round:
        sent = self.publisher.readings
        found = Round(number, victim, first=len(sent))
        due = time.monotonic() + self._chance.uniform(_EARLIEST_S, _LATEST_S)
        self.target.wait("its moment has come", lambda: time.monotonic() >= due, _LATEST_S + 5, 0.01)
        if victim == CLOCK:
            self.target.start_wrong_clock(self._chance.choice((-SHIFT_S, SHIFT_S)))
            seen = len(sent)
            self.target.wait("it gets its share", lambda: len(sent) >= seen + 2 * PER_SECOND, 30)
        killed = self.target.kill(victim)
        found.killed_at = killed.at_ms
        found.killed_after = bisect_right(sent, killed.at_ms, key=lambda one: one.time)
        began = time.monotonic() - (time.time_ns() / 1e6 - killed.at_ms) / 1e3

        def back() -> bool:
            self._note_stored(found, began)
            return self.target.is_back(victim, killed.children)

        def settled() -> bool:
            self._note_stored(found, began)
            return not self._missing(found) and not self._untold(found)

        try:
            self.target.wait(f"{victim} is back", back, _BACK_WITHIN_S, _EVERY_S)
            found.back_s, found.until = time.monotonic() - began, len(sent)
            self.target.wait("its readings are stored and told of", settled, _SETTLED_WITHIN_S, _EVERY_S)
            found.settled_s = time.monotonic() - began
        except AssertionError as late:
            found.until = found.until or len(sent)
            found.stuck = self._what_is_missing(found, late)
        return found

    def _note_stored(self, found: Round, began: float) -> None:
        """When the first reading published after the kill was stored."""
        sent = self.publisher.readings
        if found.stored_s is None and len(sent) > found.killed_after:
            since = sent[found.killed_after].time
            if any(at >= since for _, at, _ in self.history.readings(since)):
                found.stored_s = time.monotonic() - began

    def _missing(self, found: Round) -> list[Sent]:
        """Readings published in the round until its victim was back that are not stored."""
        asked = self.publisher.readings[found.first : found.until]
        asked += [r for r in self.frames.readings if found.first <= r.number <= found.until]
        if not asked:
            return []
        stored = {(device, at) for device, at, _ in self.history.readings(min(r.time for r in asked))}
        return [one for one in asked if (one.device, one.time) not in stored]

    def _untold(self, found: Round) -> list[Sent]:
        """Planned breaches of the same time of which not everybody was told."""
        told = self.told.look().recipients
        asked = self.publisher.readings[found.first : found.until]
        return [r for r in asked if r.breaches and len(told.get((r.device, r.time), ())) < RECIPIENTS]

    def _what_is_missing(self, found: Round, late: AssertionError) -> str:
        missing, untold = self._missing(found), self._untold(found)
        return (
            f"{late}: {len(missing)} not stored ({', '.join(f'{r.number} {r.device}' for r in missing[:5])}), "
            f"{len(untold)} not told of ({', '.join(f'{r.number} {r.device}' for r in untold[:5])})"
        )

    def _end(self) -> None:
        self.publisher.finish()
        self.frames.finish()
        publishing = (self.publisher, self.frames)
        self.target.wait(
            "all is confirmed", lambda: not any(one.is_alive() for one in publishing), _END_WITHIN_S, 0.2
        )
        assert self.publisher.wrong is None, self.publisher.wrong
        whole = Round(-1, "", first=0, until=len(self.publisher.readings))

        def settled() -> bool:
            return not self._missing(whole) and not self._untold(whole) and self.cases.unfinished() == 0

        try:
            self.target.wait("everything is stored and told of", settled, _END_WITHIN_S, 0.5)
        except AssertionError as late:
            # what is missing is counted, not raised
            self.say(self._what_is_missing(whole, late))

    def account(self, found: Evidence) -> Account:
        """What was published against what was found."""
        sent = [*self.publisher.readings, *self.frames.readings]
        return account_of(self.rounds, sent, self.publisher.poison, found)

    def _read(self) -> Evidence:
        told = self.told.look()
        return Evidence(
            topics=asyncio.run(read_topics(KafkaOptions(self.target.bootstrap))),
            stored=self.history.readings(),
            conflicts=self.history.conflicts(),
            intervals=self.history.intervals(),
            cases=self.cases.cases(),
            messages=self.cases.messages(),
            doubtful=self.cases.doubtful(),
            recipients=told.recipients,
            told_at=told.at_ms,
            arrivals=told.arrivals,
            ids=told.ids,
        )


@contextmanager
def running(
    folder: Path, seed: int, say: Callable[[str], None], stores: Mapping[str, str] | None = None
) -> Iterator[Campaign]:
    """A county under `dustwatch up` in `folder`, with all that the rounds need, for the length of a with-block.

    `stores`: DUSTWATCH_HISTORY (with DUSTWATCH_INFLUX_TOKEN) and DUSTWATCH_CASES, where not the files of `up`.
    """
    settings = dict(stores or {})
    sink = WebhookSink()
    target = Target(folder, write_kill_county(folder / "county", sink.url), settings)
    publisher = Publisher(target.ports["mqtt-port"], lambda: target.password(USER))
    frames = FrameMonitor(target.gateway_port, lambda: len(publisher.readings))
    try:
        target.start()
        history = open_history_rows(settings, str(target.data))
        cases = open_case_rows(settings, str(target.data))
        yield Campaign(target, publisher, frames, sink, history, cases, seed, say)
        cases.close()
    finally:
        publisher.give_up()
        frames.give_up()
        target.stop()
        sink.close()


def drawn(victims: Sequence[str], rounds: int, seed: int) -> list[str]:
    """A victim for each round: all in an order of chance, then all in another."""
    chance = random.Random(seed)
    order: list[str] = []
    while len(order) < rounds:
        order += chance.sample(list(victims), len(victims))
    return order[:rounds]
