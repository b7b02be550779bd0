"""Labels of breaches that lie inside a regional episode, and what the county's policy makes of them.

A breach is labelled if the interval that it began with and its last exceeding one lie in one episode of its
area: a site that exceeded before the storm, or still does after it, has dust of its own. The label follows
what becomes known; it changes the level and the telling, never the verdict, and takes no message back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from processors.columns import NANO, UNBOUNDED, Rowless
from processors.plan import DOWNGRADE, HOLD, LEVELS, RegionalPolicy
from processors.records import Breach, short_id
from processors.windows import Horizons

LABELLED, HELD, DOWNGRADED = "regional", "regional_held", "regional_downgraded"


def episode_id(area: str, start: int) -> str:
    """Id of an episode, the same in every partition."""
    return short_id("regional", area, start)


@dataclass(frozen=True, slots=True)
class RegionalLabel:
    """The label of a breach; `change`: how often it has changed; `until`: instant to which it is held."""

    area: str
    start: int  # of the episode
    mean: int  # 1e-9 ug/m3, of its newest hour
    mark: int
    policy: str
    status: str
    citation: str
    labelled: bool = True
    change: int = 1
    until: int | None = None
    closed_at: int | None = None  # its breach is over; a superseding verdict may still amend it

    @property
    def said(self) -> dict[str, Any]:
        """The episode and the policy, in plain data."""
        return {
            "episode": episode_id(self.area, self.start),
            "area": self.area,
            "mean": self.mean / NANO,
            "mark": self.mark / NANO,
            "unit": "ug/m3",
            "policy": self.policy,
            "status": self.status,
            "citation": self.citation,
        }

    @property
    def foretold(self) -> dict[str, Any]:
        """What an outlook says of it; `start`: the episode's first instant, ms."""
        return {**self.said, "start": self.start}

    def shown(self, level: str) -> dict[str, Any]:
        """What a breach's events say of it; `level`: that of the verdict alone."""
        return {
            **self.said,
            "labelled": self.labelled,
            "level": level,
            "held_until": self.until,
            "change": self.change,
        }


def label_of(area: str, start: int, mean: int, policy: RegionalPolicy) -> RegionalLabel:
    """The label that an area's episode gives a breach: its first hour, and the mean of its newest."""
    known = (policy.mark, policy.policy, policy.status, policy.citation)
    return RegionalLabel(area, start, mean, *known)


def lower(level: str) -> str:
    """The level below, by which a downgraded breach is told and assessed."""
    return LEVELS[max(0, LEVELS.index(level) - 1)] if level in LEVELS else level


def shown(event: Breach, label: RegionalLabel | None) -> Breach:
    """An event as it is published under a label."""
    if label is None:
        return event
    said = label.shown(event.level)
    if not label.labelled:
        return replace(event, regional=said)
    more = {LABELLED}
    level, tell = event.level, event.tell
    if label.policy == DOWNGRADE:
        level = lower(level)
        more |= {DOWNGRADED}
    if label.until is not None:
        more |= {HELD}
        tell = tell and event.event == "closed"
    return replace(
        event, regional=said, level=level, tell=tell, reasons=tuple(sorted({*event.reasons, *more}))
    )


@dataclass(slots=True)
class RegionalLabels(Rowless):
    """Labels of breaches by id; breaches that never had one are not there."""

    of: dict[str, RegionalLabel] = field(default_factory=dict)
    due: int = UNBOUNDED  # the earliest instant at which one that is held is told

    def opened(self, event: Breach, label: RegionalLabel, until: int) -> Breach:
        """The opening of a breach with its label; by policy it is held until `until`, if that is to come."""
        if label.policy == HOLD and event.tell and event.at < until:
            label = replace(label, until=until)
        self.of[event.id] = label
        self._plan_ahead()
        return shown(event, label)

    def follow_up(self, event: Breach) -> Breach:
        """A later event of a breach with the label that it has."""
        label = self.of.get(event.id)
        if label is not None and event.event == "closed":
            self.of[event.id] = replace(label, until=None, closed_at=event.at)
            self._plan_ahead()
        return shown(event, label)

    def found(self, opened: Breach, label: RegionalLabel | None, at: int) -> Breach | None:
        """The event of an open breach whose label changes: it got one, or has none any more; None: it stays.

        One that was held and has none any more is told now; one that was told stays told.
        """
        was = self.of.get(opened.id)
        if label is None:
            if was is None or not was.labelled:
                return None
            now = replace(was, labelled=False, change=was.change + 1, until=None)
        elif was is not None and was.labelled and was.start == label.start:
            return None  # as it was, with newer numbers
        else:
            now = replace(label, change=1 if was is None else was.change + 1)
        self.of[opened.id] = now
        self._plan_ahead()
        tell = was is not None and was.until is not None and opened.tell
        return shown(replace(opened, event="amended", at=at, tell=tell), now)

    def release(self, opened: Mapping[str, Breach], at: int) -> list[Breach]:
        """The events of breaches whose hold has ended: people are told now, with the label."""
        events = []
        for id_, label in sorted(self.of.items()):
            if label.until is not None and label.until <= at:
                self.of[id_] = now = replace(label, until=None, change=label.change + 1)
                if id_ in opened:
                    events.append(shown(replace(opened[id_], event="amended", at=at, tell=True), now))
        self._plan_ahead()
        return events

    def _plan_ahead(self) -> None:
        self.due = min((one.until for one in self.of.values() if one.until is not None), default=UNBOUNDED)

    def forget(self, until: Horizons) -> None:
        """Forget the labels of breaches that no verdict can amend any more."""
        late = until.late
        over = [id_ for id_, one in self.of.items() if (one.closed_at or UNBOUNDED) <= late]
        for id_ in over:
            del self.of[id_]

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [[id_, asdict(label)] for id_, label in sorted(self.of.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> RegionalLabels:
        """The inverse of `dump`."""
        made = cls({id_: RegionalLabel(**label) for id_, label in data})
        made._plan_ahead()
        return made
