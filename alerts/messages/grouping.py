"""When what is to be told leaves, and what leaves together: one message a site, a digest in a storm. Pure.

For one recipient and way: the first message of a site waits for what comes with it, the next ones for the
interval. So many messages go out within a stretch of time; the last of them takes all that waits, of every
site, and from then on a digest goes out each half hour for as long as anything comes. What is urgent does not
wait for what comes with it, and of a site that was told of something else already; how many messages a person
gets is limited for it as well: whom one site concerns hears of each at once, whom three hundred concern in
digests. All instants are ms UTC of the clock that cases and holds follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from alerts.kinds import MANY_SILENT, MORNING, SYSTEM, kind_of
from alerts.messages.quiet_hours import QuietHours
from alerts.records import Telling


@dataclass(frozen=True, slots=True)
class GroupTiming:
    """How long to wait for what comes together, and how often a person is told, ms."""

    wait: int = 30_000
    interval: int = 600_000
    most: int = 3  # messages within `within`; 0: as many as there are
    within: int = 600_000
    digest: int = 1_800_000
    quiet: QuietHours = field(default_factory=QuietHours)

    @property
    def at_once(self) -> bool:
        """True if each telling is a message of its own, written with it."""
        return not (self.wait or self.interval or self.most)


AT_ONCE = GroupTiming(0, 0, 0)


class WaitingTelling(NamedTuple):
    """What is to be decided of a telling whose time has come."""

    id: str
    site: str
    urgent: bool
    alone: bool  # shares its message with no other


class TellingBundle(NamedTuple):
    """What leaves as one message: one telling, all that waits of some sites, or (neither) all that waits."""

    only: str | None = None
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TellingPace:
    """What one recipient has had by one way so far, as far as it decides what comes next."""

    sent: tuple[int, ...] = ()  # messages within the stretch of time that is limited
    sites: Mapping[str, int] = field(default_factory=dict)  # the newest message of each
    hasty: Mapping[str, int] = field(default_factory=dict)  # the newest that did not wait
    all_at: int | None = None  # the newest of all sites: a digest
    digest_due: int | None = None  # when the last message that is left takes all that waits
    deferred: bool = False  # something has waited since the newest digest

    def as_body(self) -> dict[str, Any]:
        """JSON values for the store."""
        return {
            "sent": list(self.sent),
            "sites": dict(self.sites),
            "hasty": dict(self.hasty),
            "all_at": self.all_at,
            "digest_due": self.digest_due,
            "deferred": self.deferred,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> TellingPace:
        """The inverse of `as_body`."""
        return cls(**{**body, "sent": tuple(body.get("sent", ()))})

    def without_old(self, now: int, timing: GroupTiming) -> TellingPace:
        """The same without what decides nothing any more."""
        return replace(
            self,
            sent=tuple(at for at in self.sent if at > now - timing.within),
            sites={site: at for site, at in self.sites.items() if at > now - timing.interval},
            hasty={site: at for site, at in self.hasty.items() if at > now - timing.interval},
        )

    def free_at(self, site: str, urgent: bool, timing: GroupTiming) -> int:
        """When a message of this site may leave at the earliest; what is urgent waits for its like alone."""
        newest = self.hasty.get(site) if urgent else self.sites.get(site)
        if not urgent and self.all_at is not None:
            newest = max(self.all_at, newest or 0)
        return 0 if newest is None else newest + timing.interval

    def after(self, now: int, bundle: TellingBundle, hasty: Sequence[str] = ()) -> TellingPace:
        """The pace when a message has left."""
        whole = bundle.only is None and not bundle.sites
        return replace(
            self,
            sent=(*self.sent, now),
            sites={**self.sites, **dict.fromkeys(bundle.sites, now)},
            hasty={**self.hasty, **dict.fromkeys(hasty, now)},
            all_at=now if whole else self.all_at,
            digest_due=None if whole else self.digest_due,
            deferred=False if whole else self.deferred,
        )


class GroupDecision(NamedTuple):
    """Messages that leave now, in this order; when the others are looked at again; the pace from now on."""

    bundles: list[TellingBundle]
    later: dict[str, int]
    pace: TellingPace


def wait_of(telling: Telling, timing: GroupTiming) -> int:
    """How long a telling waits for others, ms: a silence has been held already."""
    held = kind_of(telling.kind).silence or telling.kind in (MANY_SILENT, MORNING)
    return 0 if telling.urgent or held else timing.wait


def is_alone(kind: str) -> bool:
    """True if it stands in no message with others: trouble of the platform itself, the morning's digest."""
    return kind in (SYSTEM, MORNING)


def decide_groups(
    due: Sequence[WaitingTelling], pace: TellingPace, timing: GroupTiming, now: int
) -> GroupDecision:
    """What leaves at `now` of the tellings of one recipient and way whose time has come, in their order."""
    pace = pace.without_old(now, timing)
    bundles: list[TellingBundle] = []
    later: dict[str, int] = {}
    by_site: dict[str, list[WaitingTelling]] = defaultdict(list)
    for one in due:
        if one.alone or timing.at_once:
            bundles.append(TellingBundle(only=one.id))
            pace = pace.after(now, bundles[-1])
        else:
            by_site[one.site].append(one)
    # what is urgent first: it takes all of its site along, or all that waits
    for site, ones in sorted(by_site.items(), key=lambda found: not any(one.urgent for one in found[1])):
        urgent = any(one.urgent for one in ones)
        at = pace.free_at(site, urgent, timing)
        if at <= now:
            pace, at = _due_or_later(pace, urgent, timing, now)
        if at > now:
            later |= {one.id: at for one in ones}
            continue
        whole = bool(timing.most) and not _is_free(pace, timing)
        bundles.append(TellingBundle() if whole else TellingBundle(sites=(site,)))
        pace = pace.after(now, bundles[-1], [site] if urgent else ())
        if whole:
            break
    if bundles and bundles[-1] == TellingBundle():
        later = {}
    return GroupDecision(bundles, later, pace)


def _is_free(pace: TellingPace, timing: GroupTiming) -> bool:
    """True if a message of one site may leave: the last one that is left is kept for all that waits."""
    return len(pace.sent) < timing.most - 1 and not pace.deferred


def _due_or_later(pace: TellingPace, urgent: bool, timing: GroupTiming, now: int) -> tuple[TellingPace, int]:
    """(pace, when a message may leave), of a site whose own time has come."""
    if not timing.most:
        return pace, now
    # a digest has told of everything, and nothing has come since: what is urgent needs no other one
    at_once = urgent and _is_free(pace, timing)
    if pace.all_at is not None and not at_once:
        until = pace.all_at + timing.digest
        if now < until:
            return replace(pace, deferred=True), until
        if not pace.deferred:
            pace = replace(pace, all_at=None)  # nothing came for so long: as if nothing had been
    if _is_free(pace, timing) or pace.deferred:
        return pace, now
    if pace.digest_due is None:
        pace = replace(pace, digest_due=now + timing.wait)
    due = pace.digest_due or now
    if len(pace.sent) >= timing.most:
        due = max(due, pace.sent[-timing.most] + timing.within)
    return pace, due
