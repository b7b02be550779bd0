"""Retry decision: whether a message is done after an attempt, retried at a given time, or given up.

Pure: instants are arguments, and the jitter is a hash of the message's id, so the same history always
leads to the same times.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from alerts.records import GIVEN_UP, PENDING, REFUSED, SENT, Claim

UNKNOWN = "unknown"
RETRY = "retry"


class Outcome(NamedTuple):
    """Outcome of an attempt.

    `sent`: the other side confirmed. `retry`: it certainly did not take the message, but may later.
    `refused`: it never will. `unknown`: it may have taken it; the repeat carries the same id.
    """

    kind: str
    reason: str = ""
    receipt: str = ""
    after_ms: int | None = None  # the other side asked to wait that long


def sent(receipt: str) -> Outcome:
    """The other side confirmed; `receipt` is its answer."""
    return Outcome(SENT, "", receipt)


def retry(reason: str, after_ms: int | None = None) -> Outcome:
    """The other side certainly did not take the message, but may later."""
    return Outcome(RETRY, reason, "", after_ms)


def refused(reason: str) -> Outcome:
    """The other side will never take this message."""
    return Outcome(REFUSED, reason)


def unknown(reason: str) -> Outcome:
    """The other side may or may not have taken the message."""
    return Outcome(UNKNOWN, reason)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Schedule of retries: the first wait, doubled up to the longest, until the message is given up."""

    first_ms: int = 2_000
    longest_ms: int = 300_000
    give_up_ms: int = 24 * 3600 * 1000


class NextState(NamedTuple):
    """New state of a message; `due_at` matters only if it is retried."""

    state: str
    due_at: int
    reason: str

    @property
    def done(self) -> bool:
        """True if nothing more will be tried."""
        return self.state != PENDING


class EndedAttempt(NamedTuple):
    """An attempt with its outcome and the resulting state of its message."""

    claim: Claim
    outcome: Outcome
    then: NextState


def wait_ms(message: str, number: int, policy: RetryPolicy) -> int:
    """Wait after attempt `number`, in ms: exponential, scaled by 75 % to 125 % by the id's hash."""
    plain: int = min(policy.longest_ms, policy.first_ms * 2 ** min(number - 1, 30))
    digest = hashlib.sha256(f"{message}/{number}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return int(plain * (0.75 + share / 2))


def next_state(
    message: str, number: int, written_at: int, outcome: Outcome, now: int, policy: RetryPolicy
) -> NextState:
    """The state of `message`, first written at `written_at`, after attempt `number` ended with `outcome`."""
    if outcome.kind == SENT:
        return NextState(SENT, now, outcome.receipt)
    if outcome.kind == REFUSED:
        return NextState(REFUSED, now, outcome.reason)
    due = now + max(wait_ms(message, number, policy), outcome.after_ms or 0)
    if due - written_at > policy.give_up_ms:
        hours = policy.give_up_ms / 3_600_000
        return NextState(GIVEN_UP, now, f"given up after {number} attempts in {hours:g} h: {outcome.reason}")
    why = "may have arrived, repeated with the same id" if outcome.kind == UNKNOWN else "not taken"
    return NextState(PENDING, due, f"{why}: {outcome.reason}")
