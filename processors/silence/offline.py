"""Silence of devices and of whole sites: when it opens a breach, and when people are told.

A site with several devices, all silent, is one breach, and people are told of that one: the breaches of its
devices carry `site_silent` and alert nobody. Devices of one site are found silent one after another, within
their intervals; so a device whose site is otherwise quiet already waits for a breach of the site
(`site_quiet`), at most for `offline.window` of `routing.yaml`, as long as alerts looks for others. It is told
by itself if no such breach comes, or if the site returns and the device does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from processors.breaches import OFFLINE, OFFLINE_SITE, Breaches, SilentPlace
from processors.columns import NEVER, Int64s, Packing, Renumbering, Unpacked, carried
from processors.plan import Plan
from processors.records import Breach
from processors.silence.heard import FAR, Heard
from processors.silence.own_outage import Outage
from processors.windows import Bounded

SITE_QUIET, SITE_SILENT = "site_quiet", "site_silent"
_MISSED = 2  # intervals without a reading after which a fellow counts as quiet

Reasons = Callable[[list[int]], dict[int, tuple[str, ...]]]  # of rows: what else is known of their silence


@dataclass(slots=True, eq=False)
class UntoldSilences(Bounded):
    """Instant (ms) at which each silence only recorded so far is told, by device row; FAR: never."""

    tell_at: Int64s
    due: int = FAR  # the earliest of them

    @classmethod
    def of(cls, devices: int) -> UntoldSilences:
        """State with no device silent."""
        return cls(np.full(devices, FAR, np.int64))

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        self.tell_at = carried(self.tell_at, change.old_row, FAR)
        self._plan_ahead()

    def dump(self, pack: Packing) -> int:
        """JSON data of the state; its array goes to `pack`."""
        return pack.add(self.tell_at)

    @classmethod
    def load(cls, data: int, arrays: Unpacked, plan: object) -> UntoldSilences:
        """The inverse of `dump`."""
        made = cls(arrays[data])
        made._plan_ahead()
        return made

    def fall_silent(
        self,
        plan: Plan,
        silence: Heard,
        outage: Outage,
        breaches: Breaches,
        reasons: Reasons,
        due: int,
        at: int,
    ) -> list[Breach]:
        """Events of all silences that fall due at `due`, decided at `at`."""
        rows = silence.fall_silent(due, plan.offline_after, plan.interval, outage)
        if not rows:
            return []
        when = silence.due(plan.offline_after, plan.interval, outage)
        more = reasons(rows)
        events: list[Breach] = []
        sites = np.unique(plan.site_of[rows]).tolist()  # by name
        fellows = {site: np.flatnonzero(plan.site_of == site) for site in sites}
        for row in rows:
            label, tell_at = _together(plan, silence, when, fellows[int(plan.site_of[row])], due)
            why = ("never_seen",) if int(silence.last_seen[row]) == NEVER else ("device_silent",)
            self.tell_at[row] = tell_at
            place = SilentPlace(
                OFFLINE,
                plan.sites[row],
                plan.devices[row],
                int(silence.heard_until([row])),
                tuple(sorted({*why, *more.get(row, ()), *label})),
                tell=not label,
            )
            events.append(breaches.silent(place, at, delayed=at != due, configuration=plan.id))
        for site in sites:
            events += self._site(plan, silence, breaches, fellows[site], at, at != due)
        self._plan_ahead()
        return events

    def adopted(self, plan: Plan, silence: Heard, breaches: Breaches, at: int) -> list[Breach]:
        """Events after a configuration removed devices, which may leave some sites with only silent ones."""
        events: list[Breach] = []
        for site in np.unique(plan.site_of[silence.offline]):
            events += self._site(plan, silence, breaches, np.flatnonzero(plan.site_of == site), at, False)
        self._plan_ahead()
        return events

    def _site(
        self, plan: Plan, silence: Heard, breaches: Breaches, rows: Int64s, at: int, delayed: bool
    ) -> list[Breach]:
        """The site's breach and the labels of its devices' breaches, if all of them are silent."""
        name = plan.sites[int(rows[0])]
        if len(rows) < 2 or not silence.offline[rows].all() or breaches.is_open(OFFLINE_SITE, OFFLINE, name):
            return []
        events: list[Breach] = []
        gathered: set[str] = set()
        for row in rows.tolist():
            key = (OFFLINE, OFFLINE, plan.devices[row])
            gathered.update(breaches.reasons(key))
            event = breaches.learn(key, {SITE_SILENT}, {SITE_QUIET}, at)
            events += [event] if event is not None else []
            self.tell_at[row] = FAR
        never = (silence.last_seen[rows] == NEVER).all()
        own = gathered - {"device_silent", "never_seen", SITE_QUIET} | {SITE_SILENT}
        reasons = tuple(sorted(own | {"never_seen"} if never else own))
        place = SilentPlace(OFFLINE_SITE, name, "", silence.heard_until(rows), reasons)
        events.append(breaches.silent(place, at, delayed=delayed, configuration=plan.id))
        return events

    def tell(
        self, plan: Plan, silence: Heard, outage: Outage, breaches: Breaches, due: int, at: int
    ) -> list[Breach]:
        """Tells of the silences that have waited long enough for a breach of their site."""
        events = []
        when = silence.due(plan.offline_after, plan.interval, outage)
        for row in np.flatnonzero(self.tell_at <= due).tolist():
            fellows = np.flatnonzero(plan.site_of == plan.site_of[row])
            # an outage of our own moves the word on the site too
            waits, self.tell_at[row] = _together(plan, silence, when, fellows, at)
            if waits:
                continue
            key = (OFFLINE, OFFLINE, plan.devices[row])
            event = breaches.learn(key, set(), {SITE_QUIET, SITE_SILENT}, at, tell=True, delayed=at != due)
            events += [event] if event is not None else []
        self._plan_ahead()
        return events

    def heard(self, plan: Plan, breaches: Breaches, row: int, at: int) -> list[Breach]:
        """Closes the breach of a silent device that is heard again, and the breach of its site."""
        self.tell_at[row] = FAR
        own = breaches.close((OFFLINE, OFFLINE, plan.devices[row]), at, "device_returned", end=at)
        whole = breaches.close((OFFLINE_SITE, OFFLINE, plan.sites[row]), at, "site_returned", end=at)
        if whole is not None:
            for other in np.flatnonzero(plan.site_of == plan.site_of[row]).tolist():
                if breaches.is_untold(OFFLINE, OFFLINE, plan.devices[other]):
                    self.tell_at[other] = at + int(plan.offline_after[other])
        self._plan_ahead()
        return [event for event in (own, whole) if event is not None]

    def _plan_ahead(self) -> None:
        self.due = int(self.tell_at.min(initial=FAR))


def _together(
    plan: Plan, silence: Heard, when: Int64s, fellows: Int64s, due: int
) -> tuple[tuple[str, ...], int]:
    """(label, when it is told by itself) for a device that falls silent now."""
    if len(fellows) < 2:
        return (), FAR
    others = fellows[~silence.offline[fellows]]
    if not len(others):
        return (SITE_SILENT,), FAR
    heard = np.maximum(silence.last_seen[others], silence.since[others])
    quiet = (due - heard >= _MISSED * plan.interval[others]).all()
    expected = int(when[others].max())
    return ((SITE_QUIET,), expected) if quiet and expected <= due + plan.together else ((), FAR)
