"""Episodes: breaches that are open or were closed recently; each is opened once, amended, and closed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, fields, replace
from typing import Any

from processors.breaches.context import VerdictInContext
from processors.breaches.decisions import (
    AFTER,
    AMEND,
    APART,
    BEFORE,
    CLOSE,
    CLOSE_BY_LATER,
    CLOSED_ONE,
    EXTEND,
    HIGHER,
    INSIDE,
    LAST,
    NO_EPISODE,
    NONE,
    NOTHING,
    OPEN,
    OPEN_APART,
    OPEN_ONE,
    RAISE,
    REOPEN,
    RESUME,
    TELL,
    TELLABLE,
    Situation,
    decide,
)
from processors.breaches.events import (
    FAULT,
    OFFLINE,
    OFFLINE_SITE,
    SUSPICION,
    FaultFound,
    SilentPlace,
    Suspicion,
    exceedance,
    fault,
    follow_up,
    id_of,
    is_in_time,
    level_of,
    silence,
    suspicion,
)
from processors.columns import HOUR_MS, PackedGroups, Packing, Rowless, Unpacked, read_blocks
from processors.plan import LEVELS
from processors.records import EXCEEDS, Breach
from processors.windows import Horizons

REMEMBER_MOST = 48  # of one rule and point: every other hour of those in which something late may change one
_GROUP_MS = 8 * HOUR_MS  # of closing: episodes that are packed together
Key = tuple[str, str, str]  # rule, kind of verdict, device (of OFFLINE_SITE: the site)

_STANDING = (OFFLINE, SUSPICION, FAULT)  # no rule of the configuration stands behind them


@dataclass(slots=True)
class Episode:
    """A breach that is open or was closed recently: its opening event and its last exceeding interval."""

    opened: Breach
    last: int  # start of the last exceeding interval
    closed_at: int | None = None
    until: int = 0  # start of the interval that closed it

    def has(self, context: VerdictInContext) -> bool:
        """True if the exceedance is part of this episode, which is over."""
        inside = self.opened.start <= context.verdict.start <= max(self.last, self.until)
        return inside or self.opened.id == id_of(context, context.in_a_row.run_start)


@dataclass(slots=True)
class _Turn:
    """A verdict whose steps are being taken, and the episode that they concern."""

    key: Key
    context: VerdictInContext
    delayed: bool
    episode: Episode | None

    @property
    def found(self) -> Episode:
        """The episode; only steps that begin one can do without it."""
        assert self.episode is not None
        return self.episode

    def begin(self, id_: str) -> Episode:
        """Begin an episode with this verdict."""
        opened = exceedance(self.context, id_, self.delayed)
        self.episode = Episode(opened, self.context.verdict.start)
        return self.episode


@dataclass(slots=True)
class Breaches(Rowless):
    """All episodes of a partition; at most one is open per key."""

    open: dict[Key, Episode] = field(default_factory=dict)
    closed: dict[Key, list[Episode]] = field(default_factory=dict)  # the newest of each key, by their end
    _packed: PackedGroups = field(default_factory=PackedGroups, compare=False)

    def judged(self, context: VerdictInContext, delayed: bool = False) -> list[Breach]:
        """The events that a verdict leads to. `delayed`: it was first found after an outage of our own."""
        situation, episode = self.situation_of(context)
        steps = decide(situation).steps
        if not steps:
            return []
        turn = _Turn(_key_of(context), context, delayed, episode)
        events = [_TAKEN[step](self, turn) for step in steps]
        return [event for event in events if event is not None]

    def situation_of(self, context: VerdictInContext) -> tuple[Situation, Episode | None]:
        """The situation that a verdict meets, and the episode it concerns."""
        verdict = context.verdict
        kind = "day" if verdict.kind == "day" else "interval"
        if kind not in context.rule.opens:
            return Situation(False, verdict.answer), None
        key = _key_of(context)
        current, closed = self.open.get(key), self.closed.get(key, [])
        place = _place_of(context, current)
        opened, episode = NONE, current
        if context.previous is not None:
            for one in (*closed, *([current] if current is not None else ())):
                if one.opened.start == verdict.start:
                    opened, episode = OPEN_ONE if one is current else CLOSED_ONE, one
                    break
        news, belongs = NOTHING, False
        if opened == NONE and verdict.answer == EXCEEDS:
            if current is not None and place != APART:
                news = _news_of(context, current.opened)
            else:
                episode = next((one for one in closed if one.has(context)), None)
                belongs = episode is not None
        situation = Situation(
            opens=True,
            answer=verdict.answer,
            previous=context.previous,
            place=place,
            opened=opened,
            news=news,
            belongs=belongs,
            later=context.later_compliant is not None,
            enough=context.in_a_row.enough,
            clears=context.in_a_row.clears,
        )
        return situation, episode

    # --------------------------------------------------------------------------------- steps of a decision

    def _open(self, turn: _Turn) -> Breach:
        return self._begin(turn, id_of(turn.context, turn.context.in_a_row.run_start))

    def _reopen(self, turn: _Turn) -> Breach:
        verdict = turn.context.verdict
        return self._begin(turn, id_of(turn.context, None, verdict.start, verdict.revision))

    def _resume(self, turn: _Turn) -> Breach:
        verdict, run_start = turn.context.verdict, turn.context.in_a_row.run_start
        return self._begin(turn, id_of(turn.context, run_start, verdict.start, verdict.revision))

    def _begin(self, turn: _Turn, id_: str) -> Breach:
        episode = turn.begin(id_)
        self.open[turn.key] = episode
        return episode.opened

    def _open_apart(self, turn: _Turn) -> Breach:
        return turn.begin(id_of(turn.context, turn.context.in_a_row.run_start)).opened

    def _extend(self, turn: _Turn) -> None:
        self._changed(turn.found)
        turn.found.last = max(turn.found.last, turn.context.verdict.start)

    def _amend(self, turn: _Turn) -> Breach:
        return follow_up(turn.found.opened, turn.context.verdict, "amended", tell=False)

    def _raise(self, turn: _Turn) -> Breach:
        episode, verdict, rule = turn.found, turn.context.verdict, turn.context.rule
        before, tell = episode.opened, is_in_time(turn.context)
        episode.opened = replace(before, level=level_of(verdict, rule), tell=before.tell or tell)
        return follow_up(episode.opened, verdict, "amended", tell=tell, delayed=turn.delayed)

    def _tell(self, turn: _Turn) -> Breach:
        turn.found.opened = replace(turn.found.opened, tell=True)
        return follow_up(turn.found.opened, turn.context.verdict, "amended", delayed=turn.delayed)

    def _close_by_verdict(self, turn: _Turn) -> Breach:
        episode = turn.found
        return self._close(turn.key, episode, follow_up(episode.opened, turn.context.verdict, "closed"))

    def _close_by_later(self, turn: _Turn) -> Breach:
        verdict, later = turn.context.verdict, turn.context.later_compliant
        assert later is not None
        event = follow_up(turn.found.opened, later, "closed", at=verdict.decided_at)
        return self._close(turn.key, turn.found, event)

    # ------------------------------------------------------------------------------------------- episodes

    def _close(self, key: Key, episode: Episode, event: Breach) -> Breach:
        if self.open.get(key) is episode:
            del self.open[key]
        episode.closed_at, episode.until = event.at, event.start
        held = self.closed.setdefault(key, [])
        held.append(episode)
        for one in (episode, *held[:-REMEMBER_MOST]):
            self._changed(one)
        del held[:-REMEMBER_MOST]
        return event

    def _changed(self, episode: Episode) -> None:
        if episode.closed_at is not None:
            self._packed.changed(episode.closed_at // _GROUP_MS)

    def close(self, key: Key, at: int, reason: str, **changes: Any) -> Breach | None:
        """Close the breach that is open under the key, giving `reason`; None if none is open."""
        episode = self.open.get(key)
        if episode is None:
            return None
        event = replace(episode.opened, event="closed", at=at, reasons=(reason,), **changes)
        return self._close(key, episode, event)

    def silent(self, place: SilentPlace, at: int, *, delayed: bool, configuration: str) -> Breach:
        """Open a breach for a device, or a whole site, that has been silent for too long."""
        breach = silence(place, at, delayed, configuration)
        self.open[place.rule, OFFLINE, place.name] = Episode(breach, place.since)
        return breach

    def is_open(self, *key: str) -> bool:
        """True if a breach is open under the key."""
        return key in self.open

    def is_untold(self, *key: str) -> bool:
        """True if a breach is open under the key and nobody was told of it."""
        episode = self.open.get((key[0], key[1], key[2]))
        return episode is not None and not episode.opened.tell

    def reasons(self, key: Key) -> tuple[str, ...]:
        """Reasons of the breach that is open under the key; empty if none is open."""
        episode = self.open.get(key)
        return () if episode is None else episode.opened.reasons

    def learn(
        self, key: Key, more: Set[str], less: Set[str], at: int, *, tell: bool = False, delayed: bool = False
    ) -> Breach | None:
        """Amend an open breach: its reasons have changed, or it is to be told after all; None: no news."""
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

    def fault(self, found: FaultFound, at: int, *, configuration: str) -> Breach:
        """Open a fault of a device."""
        breach = fault(found, at, configuration)
        self.open[found.rule, FAULT, found.device] = Episode(breach, found.start)
        return breach

    def suspect(self, found: Suspicion, at: int, *, delayed: bool, configuration: str) -> Breach:
        """Open a suspicion of falsification against a device; a person decides."""
        breach = suspicion(found, at, delayed, configuration)
        # the opening event carries the evidence; the state does not keep it
        self.open[found.rule, SUSPICION, found.device] = Episode(breach, found.start)
        return replace(breach, evidence=found.evidence)

    def unsuspect(self, rule: str, stands: Set[str], at: int, reason: str = "suspicion_over") -> list[Breach]:
        """Close the suspicions of a rule, except those of the devices in `stands`."""
        return self._close_others(rule, stands, at, reason, end=at)

    def drop(
        self, devices: Iterable[str], sites: Iterable[str], judged: Mapping[str, Set[str]], at: int
    ) -> list[Breach]:
        """Close breaches that no verdict will close any more; `judged`: rule -> devices that it judges."""
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
        """Close the breaches of a rule at devices that it no longer judges because of an outside order."""
        return self._close_others(rule, judged, at, "rule_suspended")

    def lay_down(self, devices: Set[str], at: int, reason: str) -> list[Breach]:
        """Close the breaches of all rules at some devices, where nothing is judged any more."""
        keys = [k for k in sorted(self.open) if k[1] not in _STANDING and k[2] in devices]
        return [e for key in keys if (e := self.close(key, at, reason)) is not None]

    def _close_others(
        self, rule: str, devices: Set[str], at: int, reason: str, **changes: Any
    ) -> list[Breach]:
        """Close the breaches of a rule at all except some devices."""
        keys = [key for key in sorted(self.open) if key[0] == rule and key[2] not in devices]
        return [e for key in keys if (e := self.close(key, at, reason, **changes)) is not None]

    def forget(self, until: Horizons) -> None:
        """Forget closed episodes that no verdict can amend any more."""
        for key, episodes in list(self.closed.items()):
            kept = [e for e in episodes if e.closed_at is None or e.closed_at > until.late]
            if len(kept) < len(episodes):
                for one in episodes:
                    self._changed(one)
            if kept:
                self.closed[key] = kept
            else:
                del self.closed[key]

    def dump(self, pack: Packing) -> list[Any]:
        """The open ones as JSON data; the closed ones are in blocks, by when they were closed."""
        groups: dict[int, list[tuple[Key, Episode]]] = {}
        for key, episodes in sorted(self.closed.items()):
            for one in episodes:
                assert one.closed_at is not None
                groups.setdefault(one.closed_at // _GROUP_MS, []).append((key, one))
        names = self._packed.bring_up(pack, groups, lambda group, own: _saved(groups[group]))
        return [names, _saved(sorted(self.open.items()))]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> Breaches:
        """The inverse of `dump`."""
        names, held = data
        made = cls(dict(_restored(held)))
        for saved, _, block in read_blocks(arrays, names):
            for key, episode in _restored(saved):
                assert episode.closed_at is not None
                made.closed.setdefault(key, []).append(episode)
                made._packed.of[episode.closed_at // _GROUP_MS] = block
        for episodes in made.closed.values():
            episodes.sort(key=lambda one: one.closed_at or 0)
        return made


def _saved(episodes: Iterable[tuple[Key, Episode]]) -> list[Any]:
    return [[*key, _plain(one.opened), one.last, one.closed_at, one.until] for key, one in episodes]


def _restored(saved: list[Any]) -> Iterator[tuple[Key, Episode]]:
    for rule, kind, name, opened, last, closed_at, until in saved:
        breach = Breach(**{**opened, "reasons": tuple(opened["reasons"])})
        yield (rule, kind, name), Episode(breach, last, closed_at, until)


def _plain(breach: Breach) -> dict[str, Any]:
    """Shallow dict of the fields: `asdict` would copy every title, every few seconds."""
    return {name: getattr(breach, name) for name in _FIELDS}


_FIELDS = tuple(one.name for one in fields(Breach))
_TAKEN: dict[str, Callable[[Breaches, _Turn], Breach | None]] = {
    OPEN: Breaches._open,
    REOPEN: Breaches._reopen,
    RESUME: Breaches._resume,
    OPEN_APART: Breaches._open_apart,
    EXTEND: Breaches._extend,
    AMEND: Breaches._amend,
    RAISE: Breaches._raise,
    TELL: Breaches._tell,
    CLOSE: Breaches._close_by_verdict,
    CLOSE_BY_LATER: Breaches._close_by_later,
}


def _key_of(context: VerdictInContext) -> Key:
    return context.rule.id, context.verdict.kind, context.verdict.point


def _place_of(context: VerdictInContext, current: Episode | None) -> str:
    """Position of the verdict's interval relative to the open episode."""
    if current is None:
        return NO_EPISODE
    start, later = context.verdict.start, context.later_compliant
    if start < current.opened.start:
        return BEFORE if later is None or later.start >= current.opened.start else APART
    if start < current.last:
        return INSIDE
    return LAST if start == current.last else AFTER


def _news_of(context: VerdictInContext, opened: Breach) -> str:
    """News that an exceedance adds to the open episode it joins."""
    if LEVELS.index(level_of(context.verdict, context.rule)) > LEVELS.index(opened.level):
        return HIGHER
    return TELLABLE if not opened.tell and is_in_time(context) else NOTHING
