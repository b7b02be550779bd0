"""Decides which silent devices are told singly and which as one message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from alerts.records import Case
from alerts.routing import Silence


class SilentGroup(NamedTuple):
    """Held cases to be told now: one alone, or several as one matter."""

    members: tuple[Case, ...]
    reason: str


def hold_until(now: int, last_heard: int, silence: Silence) -> int:
    """Until when a silence is held back: the hold, and the least duration since it was last heard."""
    return max(now + silence.hold * 1000, last_heard + silence.minimum * 1000)


def released_groups(
    held: Sequence[Case], now: int, silence: Silence, devices_of: Callable[[Case], int] = lambda case: 1
) -> list[SilentGroup]:
    """What to tell at `now` of the held cases; `devices_of` says how many devices one is about.

    A case whose hold has ended takes those along that fell silent within the window of it; more than
    `many` devices together are one group, also those whose own hold still runs. While others keep falling
    silent it waits on, at most for the window: monitors that report every few minutes are found
    silent one after another, though one cable was cut.
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
