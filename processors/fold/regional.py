"""Regional episodes in the fold: background makes them, and breaches bear their labels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ingest.records import Background
from processors.breaches import (
    Breaches,
    RegionalLabel,
    RegionalLabels,
    VerdictInContext,
    episode_id,
    label_of,
)
from processors.columns import MINUTE_MS, NANO
from processors.measuring import POLLUTANT, AreaEpisode, Backgrounds, RegionalEpisodes
from processors.plan import OFF, Area, Plan
from processors.records import Breach, Outlook, RegionalEpisode
from processors.verdicts import IS_EXCEEDING, Answers

_WAIT_MIN = 60  # of a rule that waits for no background
_DAY = "day"
EXCEEDANCE = "exceedance"
Key = tuple[str, str, str]  # rule, kind of verdict, device


@dataclass(frozen=True, slots=True, eq=False)
class RegionalView:
    """View of a partition's state: which breaches lie in an episode of their area."""

    plan: Plan
    episodes: RegionalEpisodes
    labels: RegionalLabels
    breaches: Breaches
    answers: Mapping[str, Mapping[int, Answers]]  # rule -> start

    @property
    def is_idle(self) -> bool:
        """True if nothing is labelled and no area has an episode: most of the time."""
        return not (self.labels.of or self.episodes.of)

    def learn(self, record: Background, known: Backgrounds, at: int) -> list[RegionalEpisode]:
        """Events of the episodes that a background record changes; the same in every partition."""
        return [
            self._record(area, event, found, at)
            for area in self.plan.areas
            if record.station in area.stations and area.regional.policy != OFF
            for event, found in self.episodes.learn(known, area)
        ]

    def say(self, events: Iterable[Breach], context: VerdictInContext) -> list[Breach]:
        """Events of a verdict with their labels, and what the verdict changes of the label of its breach."""
        made = [self._one(event, context) for event in events]
        key = (context.rule.id, context.verdict.kind, context.verdict.point)
        label = (
            None if key not in self.breaches.open else self.labels.of.get(self.breaches.open[key].opened.id)
        )
        if label is not None and label.labelled and not any(event.event == "opened" for event in made):
            found = self._look(key, context.verdict.decided_at)
            made += [found] if found is not None else []
        return made

    def _one(self, event: Breach, context: VerdictInContext) -> Breach:
        if event.event != "opened":
            return self.labels.follow_up(event)
        key = (context.rule.id, context.verdict.kind, context.verdict.point)
        label = self._label(key, event, event.start)
        if label is None:
            return event
        term = context.rule.background
        wait = (_WAIT_MIN if term is None or term.is_beside else term.wait_min) * MINUTE_MS
        return self.labels.opened(event, label, context.verdict.end + wait)

    def look_again(self, at: int) -> list[Breach]:
        """Events of the open breaches whose label changes with what is known now."""
        keys = [key for key, one in sorted(self.breaches.open.items()) if one.opened.kind == EXCEEDANCE]
        return [found for key in keys if (found := self._look(key, at)) is not None]

    def release(self, at: int) -> list[Breach]:
        """Events of the breaches whose hold has ended."""
        return self.labels.release({one.opened.id: one.opened for one in self.breaches.open.values()}, at)

    def ended(self, events: Iterable[Breach]) -> list[Breach]:
        """Events that end breaches without a verdict, with the labels of these."""
        return [self.labels.follow_up(event) for event in events]

    def foresee(self, outlooks: list[Outlook]) -> list[Outlook]:
        """Outlooks with the episode that their window lies in, by what is known now."""
        if not any(self.episodes.of.values()):
            return outlooks
        return [self._foreseen(one) for one in outlooks]

    def _foreseen(self, outlook: Outlook) -> Outlook:
        key = (outlook.rule, outlook.kind, outlook.point)
        area = self._area(key)
        if area is None or area.regional.policy == OFF:
            return outlook
        if outlook.kind == _DAY:
            open_now = self.episodes.covering(area.name, outlook.at, outlook.at)
            found = self._of_day(key, area.name, outlook.start, outlook.end, open_now)
        else:
            found = self.episodes.covering(area.name, outlook.start, outlook.end)
        if found is None:
            return outlook
        label = label_of(area.name, found.start, found.mean, area.regional)
        return replace(outlook, regional=label.foretold)

    def _look(self, key: Key, at: int) -> Breach | None:
        episode = self.breaches.open[key]
        return self.labels.found(episode.opened, self._label(key, episode.opened, episode.last), at)

    def _label(self, key: Key, opened: Breach, last: int) -> RegionalLabel | None:
        """The label of a breach that began with the interval of `opened`; `last`: its last exceeding one."""
        area = self._area(key)
        if area is None or area.regional.policy == OFF or not self.episodes.of.get(area.name):
            return None
        length = opened.end - opened.start
        if key[1] == _DAY:
            found = self._of_day(key, area.name, last, last + length)
        else:
            found = self.episodes.covering(area.name, opened.start, opened.end)
            if found is not self.episodes.covering(area.name, last, last + length):
                found = None
        if found is None:
            return None
        return label_of(area.name, found.start, found.mean, area.regional)

    def _of_day(
        self, key: Key, area: str, start: int, end: int, found: AreaEpisode | None = None
    ) -> AreaEpisode | None:
        """The newest episode of a day that would not exceed without the intervals inside episodes.

        `found`: the one in which an interval lies that is open yet.
        """
        rule, row = self.plan.latest.get(key[0]), self.plan.row_of.get(key[2])
        if rule is None or row is None:
            return None
        outside = 0
        for begin, answers in sorted(self.answers.get(key[0], {}).items()):
            if start <= begin < end and answers.state[row] == IS_EXCEEDING:
                inside = self.episodes.covering(area, begin, answers.end)
                outside += inside is None
                found = inside or found
        return found if outside <= (rule.rule.allowance or 0) else None

    def _area(self, key: Key) -> Area | None:
        """The area whose background speaks for a device under a rule: as the rule has it, else the first."""
        row, rule = self.plan.row_of.get(key[2]), self.plan.latest.get(key[0])
        if row is None or not self.plan.areas:
            return None
        number = int(self.plan.area_of[row])
        if number < 0 and rule is not None:
            number = int(self.plan.areas_for(rule)[row])
        return self.plan.areas[max(number, 0)]

    def _record(self, area: Area, event: str, found: AreaEpisode, at: int) -> RegionalEpisode:
        policy = area.regional
        return RegionalEpisode(
            id=episode_id(area.name, found.start),
            event=event,
            area=area.name,
            pollutant=POLLUTANT,
            unit="ug/m3",
            start=found.start,
            end=found.end,
            mean=found.mean / NANO,
            peak=found.peak / NANO,
            mark=policy.mark / NANO,
            rising=found.rising,
            stations=found.stations,
            policy=policy.policy,
            status=policy.status,
            citation=policy.citation,
            revision=found.revision,
            at=at,
            configuration=self.plan.id,
        )
