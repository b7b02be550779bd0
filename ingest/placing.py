"""When a reading was taken: by its own time, or by its receipt. Pure.

Decision on when a reading was taken (`TimePolicy`: a device's `clock` in devices.yaml, or the default):
- no time in the payload: time of receipt; if several from one device are waiting (the backlog after an
  outage comes in one burst), each is placed 1 ms after the one before, so that they stay distinct;
- wrong in a known way (`wrong_clocks`): marked `clock_` and the kind, and placed as `when_wrong` says, if it
  says: at receipt, corrected by exactly that amount (the time sent stays among the extras), or refused;
- ahead of receipt by more than `ahead_ms` (5 min): the device's clock is wrong; by default placed at
  receipt and marked `clock`;
- behind receipt by more than `behind_ms` (7 days): by default refused as `bad_time`: a clock that starts
  in 1970 after a power cut would write into windows judged long ago. It waits in quarantine and can be
  resubmitted under another policy;
- no time at all in what was sent as one: at receipt where the policy is to do so with times behind, else
  refused.
A period that would end after its own receipt is marked `label`: its time marks the end, or the clock is
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ingest.decoders.instants import Clock, SentInstant, ahead_of_utc_s, compact_sent
from ingest.durations import DAY_MS, MINUTE_MS
from ingest.wrong_clocks import WITHIN_MS, WrongClock, found

Action = Literal["receipt", "keep", "refuse"]
WhenWrong = Literal["receipt", "correct", "refuse"]


@dataclass(frozen=True, slots=True)
class TimePolicy:
    """Clock tolerance of a device, and the policy beyond it."""

    ahead_ms: int = 5 * MINUTE_MS
    behind_ms: int = 7 * DAY_MS
    when_ahead: Action = "receipt"
    when_behind: Action = "refuse"
    when_wrong: WhenWrong | None = None  # a known way to be wrong; None: as ahead or behind of any kind


class SentTime(NamedTuple):
    """The time of a reading and what to hold it against; instants and period in ms."""

    sent: SentInstant
    period: int
    received_at: int
    said: str  # when a frame says that it was sent (HJ 212's QN); empty: it does not
    retained: bool


class Placing(NamedTuple):
    """Where a reading goes whose time is doubtful."""

    marks: tuple[str, ...] = ()
    at_receipt: bool = False
    shift: int = 0  # ms to add to its time
    refused: str = ""  # why it is


KEPT = Placing()


def is_near(time: int, period: int, received_at: int, policy: TimePolicy) -> bool:
    """True if a time needs no second look: its period ends about when it is received."""
    return time - received_at <= policy.ahead_ms and -WITHIN_MS <= time + period - received_at <= WITHIN_MS


def placing_of(one: SentTime, policy: TimePolicy, clock: Clock) -> Placing:
    """Decide by a device's policy what becomes of a time that is far from its receipt, or none."""
    time = one.sent.instant
    if time is None:
        if "receipt" in (policy.when_wrong, policy.when_behind):
            return Placing(("clock", "clock_unreadable"), at_receipt=True)
        return Placing(refused=one.sent.fault.detail if one.sent.fault else "no time")
    # what the broker retained is old by nature
    kinds = [] if one.retained else _wrong(time + one.period, one, clock)
    marks = tuple(dict.fromkeys(f"clock_{kind.kind}" for kind in kinds))
    shift = kinds[0].shift if len(kinds) == 1 else None
    if policy.when_wrong == "correct" and shift is not None:
        return Placing((*marks, "clock_corrected"), shift=shift)
    ahead = time - one.received_at
    if kinds and policy.when_wrong is not None:
        action: Action = "refuse" if policy.when_wrong == "refuse" else "receipt"
    elif ahead > policy.ahead_ms:
        action = policy.when_ahead
    elif -ahead > policy.behind_ms:
        action = policy.when_behind
    else:
        return Placing(marks)
    if action == "refuse" or (action == "keep" and time < 0):
        ways = f" ({', '.join(kind.kind for kind in kinds)})" if kinds else ""
        words = f"the payload's time is {_span(ahead)} receipt{ways}; more than is accepted of this device"
        return Placing(refused=words)
    return Placing((*marks, "clock"), at_receipt=action == "receipt")


def _wrong(end: int, one: SentTime, clock: Clock) -> list[WrongClock]:
    """Known ways in which a time is wrong against its receipt, else against when it says it was sent."""
    zone_ms = 1000 * ahead_of_utc_s(clock, one.received_at)
    kinds = found(end, one.received_at, zone_ms)
    if kinds or not one.said:
        return kinds
    said = compact_sent(one.said, clock, "QN").instant
    return [] if said is None else found(end, said, zone_ms)


def _span(ahead_ms: int) -> str:
    seconds = abs(ahead_ms) // 1000
    side = "after" if ahead_ms > 0 else "before"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h {seconds % 3600 // 60} min {side}"
