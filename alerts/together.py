"""Grouping of silences: which silent devices get a message of their own and which share one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from alerts.records import Case
from alerts.routing import Silence


class SilentGroup(NamedTuple):
    """Held cases that are due: one by itself, or several told in one message."""

    members: tuple[Case, ...]
    reason: str


def hold_until(now: int, last_heard: int, silence: Silence) -> int:
    """Instant until which a silence is held back: its hold, or its minimum duration since last heard."""
    return max(now + silence.hold * 1000, last_heard + silence.minimum * 1000)


def released_groups(
    held: Sequence[Case], now: int, silence: Silence, devices_of: Callable[[Case], int] = lambda case: 1
) -> list[SilentGroup]:
    """Groups of held cases to tell of at `now`; `devices_of` returns how many devices a case concerns.

    A case whose hold has ended is joined by those that fell silent within its window, even if their own hold
    is still running; more than `many` devices form one group. While others keep falling silent it waits, at
    most for the window: monitors that report every few minutes are found silent one after another, even if a
    single cut cable silenced them all.
    """
    waiting = sorted(held, key=lambda case: (case.opened_at, case.site, case.device, case.id))
    groups: list[SilentGroup] = []
    done: set[str] = set()
    for case in waiting:
        if case.id in done or case.hold_until is None or case.hold_until > now:
            continue
        near = tuple(
            other
            for other in waiting
            if other.id not in done and abs(other.opened_at - case.opened_at) <= silence.window * 1000
        )
        newest = max(other.opened_at for other in near)
        if now < min(newest + silence.hold * 1000, case.opened_at + silence.window * 1000):
            continue
        number = sum(devices_of(other) for other in near)
        if len(near) > 1 and number > silence.many:
            why = f"{number} devices fell silent within {silence.window} s, more than {silence.many}"
            groups.append(SilentGroup(near, why))
            done.update(other.id for other in near)
        else:
            groups.append(SilentGroup((case,), "its hold has ended, and few others are silent"))
            done.add(case.id)
    return groups
