"""Silence of devices and of whole sites: when it opens a breach, and when people are told.

A site with several devices, all silent, is one breach, and people are told of that one: the breaches of its
devices carry `site_silent` and alert nobody. Devices of one site are found silent one after another, within
their intervals; so a device whose site is otherwise quiet already waits for a breach of the site
(`site_quiet`), at most for `offline.window` of `routing.yaml`, as long as alerts looks for others. It is told
by itself if no such breach comes, or if the site returns and the device does not.

What was announced (`announced`) is recorded as well, and told if the silence outlasts it.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np

from processors.breaches import OFFLINE, OFFLINE_SITE, Breaches, SilentPlace
from processors.columns import NEVER, Int64s, Packing, Renumbering, Unpacked, carried
from processors.plan import Orders, Plan
from processors.records import Breach
from processors.silence.announced import ANNOUNCED_OVER, HELD, Held, held_until, holds_of
from processors.silence.heard import FAR, Heard
from processors.silence.own_outage import Outage
from processors.windows import Bounded

SITE_QUIET, SITE_SILENT, AT_REST = "site_quiet", "site_silent", "site_at_rest"
_MISSED = 2  # intervals without a reading after which a fellow counts as quiet

Key = tuple[str, str, str]  # of a breach
Reasons = Callable[[list[int]], dict[int, tuple[str, ...]]]  # of rows: what else is known of their silence


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Who should be sending, as the fold knows it: plan, contacts, open breaches, orders."""

    plan: Plan
    silence: Heard
    outage: Outage
    breaches: Breaches
    orders: Orders

    def held(self, at: int) -> Held:
        """Until when the silence of each device is held back, seen from an instant."""
        return held_until(holds_of(self.orders, self.plan), self.plan.offline_after, at)

    def fellows(self, row: int) -> Int64s:
        """Rows of the device's site, itself among them."""
        return np.flatnonzero(self.plan.site_of == self.plan.site_of[row])

    def when(self) -> Int64s:
        """Instant at which each device becomes offline if it stays silent."""
        return self.silence.due(self.plan.offline_after, self.plan.interval, self.outage, self.plan.rests)


@dataclass(slots=True, eq=False)
class UntoldSilences(Bounded):
    """Instants (ms) at which the silences only recorded so far are told, by device row; FAR: never.

    `tell_at`: that of the device; `site_tell_at`: that of its site, the same in all rows of the site.
    """

    tell_at: Int64s
    site_tell_at: Int64s
    due: int = FAR  # the earliest of them

    @classmethod
    def of(cls, devices: int) -> UntoldSilences:
        """State with no device silent."""
        return cls(np.full(devices, FAR, np.int64), np.full(devices, FAR, np.int64))

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        self.tell_at = carried(self.tell_at, change.old_row, FAR)
        self.site_tell_at = carried(self.site_tell_at, change.old_row, FAR)
        self._plan_ahead()

    def dump(self, pack: Packing) -> list[int]:
        """JSON data of the state; its arrays go to `pack`."""
        return pack.add_all((self.tell_at, self.site_tell_at))

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> UntoldSilences:
        """The inverse of `dump`."""
        tell_at, site_tell_at = arrays.all_of(data)
        made = cls(tell_at, site_tell_at)
        made._plan_ahead()
        return made

    def fall_silent(self, known: Expected, reasons: Reasons, due: int, at: int) -> list[Breach]:
        """Events of all silences that fall due at `due`, decided at `at`."""
        plan, silence = known.plan, known.silence
        rows = silence.fall_silent(due, plan.offline_after, plan.interval, known.outage, plan.rests)
        if not rows:
            return []
        when, held, more = known.when(), known.held(at), reasons(rows)
        events: list[Breach] = []
        for row in rows:
            label, self.tell_at[row] = _waiting(known, when, held, row, due)
            why = ("never_seen",) if int(silence.last_seen[row]) == NEVER else ("device_silent",)
            place = SilentPlace(
                OFFLINE,
                plan.sites[row],
                plan.devices[row],
                int(silence.heard_until([row])),
                tuple(sorted({*why, *more.get(row, ()), *label})),
                tell=not label,
            )
            events.append(known.breaches.silent(place, at, delayed=at != due, configuration=plan.id))
        for site in np.unique(plan.site_of[rows]):  # by name
            events += self._site(known, held, np.flatnonzero(plan.site_of == site), at, at != due)
        self._plan_ahead()
        return events

    def adopted(self, known: Expected, at: int) -> list[Breach]:
        """Events after a configuration removed devices, which may leave some sites with only silent ones."""
        plan, silence = known.plan, known.silence
        events = self.rest(known, at)
        held = known.held(at)
        for site in np.unique(plan.site_of[silence.offline]):
            events += self._site(known, held, np.flatnonzero(plan.site_of == site), at, False)
        return [*events, *self.ordered(known, at)]

    def _site(self, known: Expected, held: Held, rows: Int64s, at: int, delayed: bool) -> list[Breach]:
        """The site's breach and the labels of its devices' breaches, if all of them are silent."""
        plan, silence, breaches = known.plan, known.silence, known.breaches
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
        until, labels = _site_held(held, rows, at)
        self.site_tell_at[rows] = until if labels else FAR
        own = gathered - {"device_silent", "never_seen", SITE_QUIET, ANNOUNCED_OVER, *HELD}
        own |= {SITE_SILENT, *labels, *(["never_seen"] if never else [])}
        place = SilentPlace(
            OFFLINE_SITE, name, "", silence.heard_until(rows), tuple(sorted(own)), tell=not labels
        )
        events.append(breaches.silent(place, at, delayed=delayed, configuration=plan.id))
        return events

    def tell(self, known: Expected, due: int, at: int) -> list[Breach]:
        """Tells of the silences that have waited long enough: for a breach of their site, or for an order."""
        plan, breaches = known.plan, known.breaches
        events: list[Breach | None] = []
        when, held = known.when(), known.held(at)
        for row in np.flatnonzero(self.tell_at <= due).tolist():
            # an outage of our own moves the word on the site too
            labels, self.tell_at[row] = _waiting(known, when, held, row, at)
            key = (OFFLINE, OFFLINE, plan.devices[row])
            events.append(_learn(breaches, key, labels, at, at != due))
        for site in np.unique(plan.site_of[self.site_tell_at <= due]):
            rows = np.flatnonzero(plan.site_of == site)
            until, labels = _site_held(held, rows, at)
            self.site_tell_at[rows] = until if labels else FAR
            key = (OFFLINE_SITE, OFFLINE, plan.sites[int(rows[0])])
            events.append(_learn(breaches, key, {SITE_SILENT, *labels}, at, at != due, waits=bool(labels)))
        self._plan_ahead()
        return [event for event in events if event is not None]

    def ordered(self, known: Expected, at: int) -> list[Breach]:
        """Events after the orders or the plan have changed; what they no longer hold back is told next."""
        plan, breaches = known.plan, known.breaches
        events: list[Breach | None] = []
        held = known.held(at)
        for row in np.flatnonzero(known.silence.offline).tolist():
            key = (OFFLINE, OFFLINE, plan.devices[row])
            why = breaches.reasons(key)
            if breaches.is_untold(*key) and SITE_SILENT not in why and not {*HELD}.isdisjoint(why):
                self.tell_at[row] = at
            labels = held.reasons(row)
            events.append(breaches.learn(key, labels, {*HELD} - labels, at))
        for site in np.unique(plan.site_of[known.silence.offline]):
            rows = np.flatnonzero(plan.site_of == site)
            key = (OFFLINE_SITE, OFFLINE, plan.sites[int(rows[0])])
            if breaches.is_untold(*key):
                self.site_tell_at[rows] = at
            elif breaches.is_open(*key):
                _, labels = _site_held(held, rows, at)
                events.append(breaches.learn(key, labels, {*HELD} - labels, at))
        self._plan_ahead()
        return [event for event in events if event is not None]

    def rest(self, known: Expected, at: int) -> list[Breach]:
        """Closes the silences of sites of which nothing is expected any more."""
        plan, breaches, silence = known.plan, known.breaches, known.silence
        events: list[Breach | None] = []
        rows = plan.resting(at)
        rows = rows[silence.offline[rows]]
        for row in rows.tolist():
            events.append(breaches.close((OFFLINE, OFFLINE, plan.devices[row]), at, AT_REST, end=at))
            site = (OFFLINE_SITE, OFFLINE, plan.sites[row])
            events.append(breaches.close(site, at, AT_REST, end=at))
        if len(rows):
            silence.excuse(rows, at)
            self.tell_at[rows] = self.site_tell_at[rows] = FAR
        self._plan_ahead()
        return [event for event in events if event is not None]

    def heard(self, plan: Plan, breaches: Breaches, row: int, at: int) -> list[Breach]:
        """Closes the breach of a silent device that is heard again, and the breach of its site."""
        self.tell_at[row] = FAR
        own = breaches.close((OFFLINE, OFFLINE, plan.devices[row]), at, "device_returned", end=at)
        whole = breaches.close((OFFLINE_SITE, OFFLINE, plan.sites[row]), at, "site_returned", end=at)
        if whole is not None:
            for other in np.flatnonzero(plan.site_of == plan.site_of[row]).tolist():
                self.site_tell_at[other] = FAR
                if breaches.is_untold(OFFLINE, OFFLINE, plan.devices[other]):
                    self.tell_at[other] = at + int(plan.offline_after[other])
        self._plan_ahead()
        return [event for event in (own, whole) if event is not None]

    def _plan_ahead(self) -> None:
        self.due = int(min(self.tell_at.min(initial=FAR), self.site_tell_at.min(initial=FAR)))


def _learn(
    breaches: Breaches, key: Key, labels: Set[str], at: int, delayed: bool, waits: bool | None = None
) -> Breach | None:
    """Amend a silence: its labels have changed, or nothing holds it back any more and it is told."""
    less = {SITE_QUIET, SITE_SILENT, *HELD} - labels
    if labels if waits is None else waits:
        return breaches.learn(key, labels, less, at)
    over = set() if {*HELD}.isdisjoint(breaches.reasons(key)) else {ANNOUNCED_OVER}
    return breaches.learn(key, labels | over, less, at, tell=True, delayed=delayed)


def _site_held(held: Held, rows: Int64s, at: int) -> tuple[int, set[str]]:
    """(until when, why) the silence of a whole site is held back: as long as that of each of its devices."""
    until = int(held.until[rows].min())
    return (until, set().union(*(held.reasons(row) for row in rows.tolist()))) if until > at else (at, set())


def _waiting(known: Expected, when: Int64s, held: Held, row: int, due: int) -> tuple[set[str], int]:
    """(labels, when it is told) of a silent device; no label: it is told now."""
    together, expected = _together(known.plan, known.silence, when, known.fellows(row), due)
    labels = {*together, *held.reasons(row)}
    if SITE_SILENT in labels or not labels:
        return labels, FAR
    waits = [expected] if together else []
    return labels, max(waits + ([int(held.until[row])] if held.reasons(row) else []))


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
