"""How often a password may be tried: pure, the failures are rows of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `most` failures within `within_ms`; then the next try waits until the oldest is past."""

    most: int
    within_ms: int

    def wait_ms(self, failures: Sequence[int], now: int) -> int:
        """How long the next try has to wait; `failures`: instants in any order. 0: not at all."""
        recent = sorted(at for at in failures if now - self.within_ms < at <= now)
        if len(recent) < self.most:
            return 0
        return recent[-self.most] + self.within_ms - now


# Somebody who guesses one person's password, and somebody who guesses everybody's from one address: that
# is generous, for behind a proxy a whole county has one address.
OF_LOGIN = Throttle(5, 15 * _MINUTE)
OF_ADDRESS = Throttle(200, 15 * _MINUTE)
LONGEST_MS = max(OF_LOGIN.within_ms, OF_ADDRESS.within_ms)
