"""Breaches out of verdicts and silence: opened once, amended, closed once.

The id of a breach is a hash of the rule, its revision, the point and the start of the episode, so a
replay or a late verdict never makes a second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from processors.columns import Rowless
from processors.plan.rules import LEVELS, Rule
from processors.records.breaches import Breach
from processors.records.ids import short_id
from processors.records.verdicts import COMPLIANT, EXCEEDS, Verdict
from processors.windows.horizons import Horizons

OFFLINE = "offline"
OFFLINE_SITE = "offline/site"  # of a site all of whose devices are silent; such a breach names no device
SUSPICION = "suspicion"
REMEMBER_MOST = 12  # of one rule and point: as many as fit into the day in which background may change
REMEMBER_MS = 26 * 3_600_000  # closed breaches that a superseding verdict may still amend
Key = tuple[str, str, str]  # rule, kind of verdict, device (of OFFLINE_SITE: the site)

_STANDING = (OFFLINE, SUSPICION)  # no rule of the configuration stands behind them
_OFFLINE_TITLES = {
    OFFLINE: {"en": "Monitor offline", "zh": "监测设备离线"},
    OFFLINE_SITE: {"en": "Whole site offline", "zh": "工地监测全部离线"},
}


# An opening event that no limit stands behind: silence, suspicion.
_NO_LIMIT = Breach(
    id="",
    event="opened",
    kind="",
    level="",
    site="",
    device="",
    rule="",
    rule_revision="",
    title={},
    clause="",
    citation="",
    status="",
    administrative=False,
    pollutant=None,
    unit=None,
    at=0,
    opened_at=0,
    start=0,
    end=0,
    value=None,
    background=None,
    subtracted=None,
    limit=None,
    capture=None,
    interval=None,
    verdict=None,
    revision=1,
    reasons=(),
    delayed=False,
    tell=True,
    deadline_h=None,
    configuration="",
)


@dataclass(slots=True)
class Episode:
    """A breach that is open, or was until lately: its opening event, its last exceeding interval."""

    opened: Breach
    last: int  # start of the last exceeding interval
    closed_at: int | None = None
    until: int = 0  # start of the interval that closed it


@dataclass(slots=True)
class Breaches(Rowless):
    """All episodes of a partition; a key has at most one that is open."""

    open: dict[Key, Episode] = field(default_factory=dict)
    closed: dict[Key, list[Episode]] = field(default_factory=dict)  # the newest of each key, by their end

    def judged(
        self,
        verdict: Verdict,
        rule: Rule,
        *,
        previous: str | None = None,
        later_compliant: Verdict | None = None,
        delayed: bool = False,
        since: int | None = None,
        enough: bool = True,
        clears: bool = True,
    ) -> list[Breach]:
        """The events that a verdict leads to.

        `previous`: the answer it supersedes. `later_compliant`: the first compliant verdict of the
        same rule and point after it that is already known. `since`: where the run of exceeding intervals
        began; `enough`: it is as long as the rule asks; `clears`: a compliant one may close an episode.
        """
        kind = "day" if verdict.kind == "day" else "interval"
        if kind not in rule.opens:
            return []
        key = (rule.id, verdict.kind, verdict.point)
        current = self.open.get(key)
        if previous is not None:
            for episode in (*self.closed.get(key, ()), *([current] if current else ())):
                if episode.opened.start == verdict.start:
                    if episode is current or verdict.answer != EXCEEDS or previous != COMPLIANT:
                        return self._superseded(key, episode, verdict)
                    # it was taken back and closed for that: this is told anew, under an id of its own
                    return self._open(key, verdict, rule, later_compliant, delayed, again=True)
            if previous == EXCEEDS and verdict.answer != EXCEEDS:
                last = current is not None and current.last == verdict.start
                if current is None or not (last and clears and verdict.answer == COMPLIANT):
                    return []  # an interval inside an episode that others hold open
                return [self._close(key, _of_verdict(current.opened, verdict, "closed"))]
        if verdict.answer == EXCEEDS:
            later = later_compliant
            apart = current and later and later.start < current.opened.start
            if current is not None and not apart:
                current.last = max(current.last, verdict.start)
                risen = self._rise(current, verdict, rule, delayed)
                if risen:
                    return risen
                if not current.opened.tell and _is_told(verdict, rule):
                    # opened by what was found too late to wake anybody; it goes on, and that is news
                    current.opened = replace(current.opened, tell=True)
                    return [replace(_of_verdict(current.opened, verdict, "amended"), delayed=delayed)]
                if verdict.start < current.opened.start and previous != EXCEEDS:
                    # late, before its beginning: said, as it is in no breach once what lies between complies
                    return [replace(_of_verdict(current.opened, verdict, "amended"), tell=False)]
                return []
            if previous == EXCEEDS or not enough:
                return []
            for before in self.closed.get(key, ()):
                if not _belongs(before, verdict, rule, since):
                    continue
                if later is None:  # it is not over after all: what was told to be over is told anew
                    return self._open(key, verdict, rule, None, delayed, again=True, since=since)
                # late, and inside an episode that is over: no second breach, and nobody is woken
                before.last = max(before.last, verdict.start)
                return [replace(_of_verdict(before.opened, verdict, "amended"), tell=False)]
            made = self._open(key, verdict, rule, later, delayed, since=since)
            if apart and current is not None:  # an episode of its own, over before the open one began
                self.open[key] = current
            return made
        # equal: the last exceeding interval itself was cleared, and nothing else holds the breach open
        cleared = verdict.answer == COMPLIANT and clears
        if cleared and current is not None and verdict.start >= current.last:
            return [self._close(key, _of_verdict(current.opened, verdict, "closed"))]
        return []

    def _open(
        self,
        key: Key,
        verdict: Verdict,
        rule: Rule,
        later: Verdict | None,
        delayed: bool,
        again: bool = False,
        since: int | None = None,
    ) -> list[Breach]:
        anew = (verdict.start, verdict.revision) if again else ()
        breach = Breach(
            id=_id_of(verdict, rule, since, *anew),
            event="opened",
            kind="exceedance",
            level=_level_of(verdict, rule),
            site=verdict.site,
            device=verdict.point,
            rule=rule.id,
            rule_revision=rule.revision,
            title=rule.titles,
            clause=rule.clause,
            citation=rule.citation,
            status=rule.status,
            administrative=rule.administrative,
            pollutant=verdict.pollutant,
            unit=verdict.unit,
            at=verdict.decided_at,
            opened_at=verdict.decided_at,
            start=verdict.start,
            end=verdict.end,
            value=verdict.value,
            background=verdict.background,
            subtracted=verdict.subtracted,
            limit=verdict.limit,
            capture=verdict.capture,
            interval=verdict.interval,
            verdict=verdict.id,
            revision=verdict.revision,
            reasons=verdict.reasons,
            delayed=delayed,
            tell=_is_told(verdict, rule),
            deadline_h=rule.deadline_h,
            configuration=verdict.configuration,
        )
        self.open[key] = Episode(breach, verdict.start)
        if later is None:
            return [breach]
        closing = replace(_of_verdict(breach, later, "closed"), at=verdict.decided_at)
        return [breach, self._close(key, closing)]

    def _rise(self, current: Episode, verdict: Verdict, rule: Rule, delayed: bool) -> list[Breach]:
        """A higher level within an episode is an event of its own."""
        level = _level_of(verdict, rule)
        if LEVELS.index(level) <= LEVELS.index(current.opened.level):
            return []
        tell = _is_told(verdict, rule)
        current.opened = replace(current.opened, level=level, tell=current.opened.tell or tell)
        return [replace(_of_verdict(current.opened, verdict, "amended"), tell=tell, delayed=delayed)]

    def _superseded(self, key: Key, episode: Episode, verdict: Verdict) -> list[Breach]:
        """The verdict that opened the episode is judged anew."""
        amended = replace(_of_verdict(episode.opened, verdict, "amended"), tell=False)
        alone = episode.last == verdict.start
        if verdict.answer == COMPLIANT and alone and self.open.get(key) is episode:
            return [amended, self._close(key, _of_verdict(episode.opened, verdict, "closed"))]
        return [amended]

    def _close(self, key: Key, event: Breach) -> Breach:
        episode = self.open.pop(key)
        episode.closed_at, episode.until = event.at, event.start
        held = self.closed.setdefault(key, [])
        held.append(episode)
        del held[:-REMEMBER_MOST]
        return event

    def close(self, key: Key, at: int, reason: str, **changes: Any) -> Breach | None:
        """Close what is open under the key, for a reason of its own."""
        episode = self.open.get(key)
        if episode is None:
            return None
        return self._close(key, replace(episode.opened, event="closed", at=at, reasons=(reason,), **changes))

    def silent(
        self,
        place: tuple[str, str, str],
        since: int,
        reasons: tuple[str, ...],
        at: int,
        *,
        delayed: bool,
        tell: bool,
        configuration: str,
    ) -> Breach:
        """A device has been silent for too long, or a whole site. `place`: rule, site, device."""
        rule, site, device = place
        name = device or site
        breach = replace(
            _NO_LIMIT,
            id=short_id("breach", rule, name, since),
            kind=OFFLINE,
            level=OFFLINE,
            site=site,
            device=device,
            rule=rule,
            title=_OFFLINE_TITLES[rule],
            at=at,
            opened_at=at,
            start=since,
            end=at,
            reasons=reasons,
            delayed=delayed,
            tell=tell,
            configuration=configuration,
        )
        self.open[rule, OFFLINE, name] = Episode(breach, since)
        return breach

    def is_open(self, *key: str) -> bool:
        """Is a breach open under the key?"""
        return key in self.open

    def is_untold(self, *key: str) -> bool:
        """Is a breach open under the key that nobody was told of?"""
        episode = self.open.get((key[0], key[1], key[2]))
        return episode is not None and not episode.opened.tell

    def reasons(self, key: Key) -> tuple[str, ...]:
        """Those of the breach that is open under the key."""
        episode = self.open.get(key)
        return () if episode is None else episode.opened.reasons

    def learn(
        self, key: Key, more: Set[str], less: Set[str], at: int, *, tell: bool = False, delayed: bool = False
    ) -> Breach | None:
        """More is known of why a breach is open, or it is to be told after all: its event; None: no news."""
        episode = self.open.get(key)
        if episode is None:
            return None
        before = episode.opened
        reasons = tuple(sorted({*before.reasons} - less | more))
        news = tell and not before.tell
        if reasons == before.reasons and not news:
            return None
        episode.opened = replace(
            before, reasons=reasons, tell=before.tell or tell, revision=before.revision + 1
        )
        return replace(episode.opened, event="amended", at=at, tell=news, delayed=before.delayed or delayed)

    def suspect(
        self,
        rule: str,
        site: str,
        device: str,
        span: tuple[int, int],
        title: dict[str, str],
        status: str,
        evidence: dict[str, Any],
        at: int,
        delayed: bool,
        configuration: str,
    ) -> Breach:
        """A device is suspected of falsification from now on; a person decides."""
        breach = replace(
            _NO_LIMIT,
            id=short_id("breach", rule, device, *span),
            kind=SUSPICION,
            level=SUSPICION,
            site=site,
            device=device,
            rule=rule,
            title=title,
            citation=status,
            at=at,
            opened_at=at,
            start=span[0],
            end=span[1],
            reasons=("suspected",),
            delayed=delayed,
            configuration=configuration,
        )
        # the opening event carries the evidence; the state does not keep it
        self.open[rule, SUSPICION, device] = Episode(breach, span[0])
        return replace(breach, evidence=evidence)

    def unsuspect(self, rule: str, stands: Set[str], at: int, reason: str = "suspicion_over") -> list[Breach]:
        """Close the suspicions of a rule that no longer stand."""
        return self._close_others(rule, stands, at, reason, end=at)

    def drop(
        self, devices: Iterable[str], sites: Iterable[str], judged: Mapping[str, Set[str]], at: int
    ) -> list[Breach]:
        """Close what no verdict will close any more: `judged` says which devices each rule judges."""
        every, places = set(devices), set(sites)
        events = []
        for key in sorted(self.open):
            rule, device = key[0], key[2]
            known, gone = (places, "site_removed") if rule == OFFLINE_SITE else (every, "device_removed")
            reason = gone if device not in known else "rule_removed"
            # a rule may also be gone for this device only: its site is in another stage now, say
            if device not in known or (key[1] not in _STANDING and device not in judged.get(rule, ())):
                event = self.close(key, at, reason)
                assert event is not None
                events.append(event)
        return events

    def suspend(self, rule: str, judged: Set[str], at: int) -> list[Breach]:
        """Close what a rule has open at devices that it judges no longer, by an order from outside."""
        return self._close_others(rule, judged, at, "rule_suspended")

    def _close_others(
        self, rule: str, devices: Set[str], at: int, reason: str, **changes: Any
    ) -> list[Breach]:
        """Close what a rule has open at all but some devices."""
        keys = [key for key in sorted(self.open) if key[0] == rule and key[2] not in devices]
        return [e for key in keys if (e := self.close(key, at, reason, **changes)) is not None]

    def forget(self, until: Horizons) -> None:
        """Forget closed episodes that no verdict can amend any more."""
        for key, episodes in list(self.closed.items()):
            kept = [e for e in episodes if e.closed_at is None or e.closed_at + REMEMBER_MS > until.due]
            if kept:
                self.closed[key] = kept
            else:
                del self.closed[key]

    def dump(self, pack: object) -> list[Any]:
        """As JSON data."""
        return [
            [name, list(key), asdict(episode.opened), episode.last, episode.closed_at, episode.until]
            for name, held in (("open", {k: [e] for k, e in self.open.items()}), ("closed", self.closed))
            for key, episodes in sorted(held.items())
            for episode in episodes
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Breaches:
        """The inverse of `dump`."""
        made = cls()
        for name, key, opened, last, closed_at, until in data:
            opened["reasons"] = tuple(opened["reasons"])
            place, episode = (key[0], key[1], key[2]), Episode(Breach(**opened), last, closed_at, until)
            if name == "open":
                made.open[place] = episode
            else:
                made.closed.setdefault(place, []).append(episode)
        return made


def _id_of(verdict: Verdict, rule: Rule, since: int | None, *anew: int) -> str:
    start = verdict.start if since is None else since
    return short_id("breach", rule.id, rule.revision, verdict.kind, verdict.point, start, *anew)


def _belongs(before: Episode, verdict: Verdict, rule: Rule, since: int | None) -> bool:
    """Is the exceedance part of an episode that is over already?"""
    inside = before.opened.start <= verdict.start <= max(before.last, before.until)
    return inside or before.opened.id == _id_of(verdict, rule, since)


def _level_of(verdict: Verdict, rule: Rule) -> str:
    """The level of an exceedance: the highest of the rule's marks that its value is above."""
    if verdict.kind == "day":
        return rule.day_level
    value = (verdict.value or 0.0) - (verdict.subtracted or 0.0)
    passed = [mark.level for mark in rule.severity if value > mark.above * rule.factor]
    return max([rule.level, *passed], key=LEVELS.index)


def _is_told(verdict: Verdict, rule: Rule) -> bool:
    """Was it found so soon after its interval that people are to be told?"""
    return verdict.decided_at - verdict.end <= rule.tell_within_h * 3_600_000


def _of_verdict(opened: Breach, verdict: Verdict, event: str) -> Breach:
    """An event of an open breach that a later or superseding verdict leads to."""
    return replace(
        opened,
        event=event,
        at=verdict.decided_at,
        start=verdict.start,
        end=verdict.end,
        value=verdict.value,
        background=verdict.background,
        subtracted=verdict.subtracted,
        limit=verdict.limit,
        capture=verdict.capture,
        interval=verdict.interval,
        verdict=verdict.id,
        revision=verdict.revision,
        reasons=verdict.reasons,
        configuration=verdict.configuration,
    )
