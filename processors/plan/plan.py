"""A configuration as the fold sees it: columns, one row per device of the partition."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from ingest.records import Revision
from ingest.text_codes import Texts
from ingest.topics import partition_of
from processors.columns import HOUR_MS, UNBOUNDED, Int64s, Uint8s
from processors.plan.background_term import REFERENCE, UPWIND
from processors.plan.body import TOGETHER_S
from processors.plan.monitors import (
    Tables,
    corrections_of,
    measures_of,
    monitors_of,
    raw_ceilings,
)
from processors.plan.orders import EVERYWHERE, STAGE, Orders
from processors.plan.regional_policy import BY_DEFAULT, RegionalPolicy
from processors.plan.rule_in_force import Former, Rows, RuleInForce, rule_in_force, selects
from processors.plan.rules import Rule
from processors.plan.site_states import RESTING, StateOfRows, state_at, states_of_rows
from processors.quality import Limits, QualitySettings
from processors.suspicion import SuspicionSettings, settings_of
from processors.wind import Ground
from processors.windows import (
    BASE,
    BEYOND_LATE_MS,
    HOUR,
    LATE_FOR_MS,
    LATENESS_MS,
    RETAIN_MS,
    Track,
    digest_of,
    slots_in,
)

Known = TypeVar("Known")
OFFLINE_LEAST_MS = 15 * 60_000
OFFLINE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Area:
    """Reference stations whose mean is an area's background."""

    name: str
    stations: tuple[str, ...]
    least: int
    regional: RegionalPolicy = BY_DEFAULT


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A configuration in columns: row i is the i-th device of this partition, in the order of ids."""

    id: str
    effective: int
    zone: str
    devices: tuple[str, ...]
    sites: tuple[str, ...]  # of each device
    site_of: Rows  # their numbers
    facts: dict[str, dict[str, Any]]  # site -> what a rule's selectors ask of it
    interval: Int64s  # ms
    measures: Uint8s  # bit q: registered to measure judged pollutant q
    offline_after: Int64s  # ms
    together: int  # ms: devices of a site that fall silent within it are told as one
    late_for: Int64s  # ms: how late its readings are still judged
    late_most: int  # ms: the greatest of these, in the whole county
    digest: npt.NDArray[np.uint64]  # of the device's id
    areas: tuple[Area, ...]
    area_of: Rows  # index into `areas` of each device's site, -1: none
    rules: tuple[RuleInForce, ...]  # also those that judge what began before a later revision
    latest: dict[str, RuleInForce]  # id -> the rule of this revision
    former: tuple[Former, ...]
    limits: Limits  # of the quality checks
    ground: Ground  # where the devices stand
    suspects: bool  # is what looks like falsification told?
    suspicion: SuspicionSettings  # its thresholds
    corrections: Tables  # of the devices' values, one table a judged pollutant
    ceilings: Rows  # (3, rows) greatest raw value of calibrated sensors, thousandths; -1: not known
    tracks: tuple[Track, ...]  # windows to close, hours before what is made of them
    lateness: dict[Track, int]  # ms
    row_of: dict[str, int]
    words: Texts  # of the devices
    states: tuple[StateOfRows, ...]  # of sites that were, are or will be other than at work
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)  # see `once`

    @classmethod
    def of(
        cls,
        revision: Revision,
        mine: Callable[[str], bool] = lambda site: True,
        former: tuple[Former, ...] = (),
    ) -> Plan:
        """Plan of a revision for the sites of this partition, selected by `mine`."""
        body = revision.body
        zone = body["county"]["zone"]
        sites = {site["id"]: site for site in body["sites"]}
        devices = [d for d in sorted(body["devices"], key=lambda d: str(d["id"])) if mine(d["site"])]
        areas = tuple(
            Area(
                area["area"],
                tuple(area["stations"]),
                area["min_stations"],
                RegionalPolicy.of(area.get("regional")),
            )
            for area in body["county"].get("background") or ()
        )
        interval = np.array([round(d["interval"] * 1000) for d in devices], np.int64)
        silence = [
            round(d["offline_after"] * 1000)
            if d.get("offline_after")
            else silent_after_ms(round(d["interval"] * 1000))
            for d in devices
        ]
        own = [sites.get(d["site"], {}) for d in devices]

        def late_of(device: dict[str, Any]) -> int:
            told = device.get("late_for") or body["county"].get("late_for")
            return round(told * 1000) if told else LATE_FOR_MS

        late_for = np.array([late_of(device) for device in devices], np.int64)
        ground = Ground.of(devices, sites)
        corrections = corrections_of(devices)
        site_of = _site_numbers([d["site"] for d in devices])
        monitors = monitors_of(devices, interval, site_of)
        monitors, ceilings = raw_ceilings(monitors, corrections)
        latest = {
            rule["id"]: rule_in_force(_rule_of(orjson.dumps(rule)), own, zone, revision.id)
            for rule in body["rules"]
        }
        rules, latest = _since(latest, former, own, zone)
        row_of = {d["id"]: row for row, d in enumerate(devices)}
        facts = {d["site"]: sites.get(d["site"], {}) for d in devices}
        rules = tuple(_but_reference(rule, ground, row_of) for rule in rules)
        latest = {name: _but_reference(rule, ground, row_of) for name, rule in latest.items()}
        tracks = tuple(sorted({*BASE, *(rule.track for rule in rules if rule.window)}))
        return cls(
            id=revision.id,
            effective=revision.effective,
            zone=zone,
            devices=tuple(d["id"] for d in devices),
            sites=tuple(d["site"] for d in devices),
            site_of=site_of,
            facts=facts,
            interval=interval,
            measures=measures_of(devices),
            offline_after=np.array(silence, np.int64),
            late_for=late_for,
            late_most=max([late_of({}), *(late_of(d) for d in body["devices"])]),
            together=round((body.get("offline") or {}).get("window", TOGETHER_S) * 1000),
            digest=np.array([digest_of(d["id"]) for d in devices], np.uint64),
            areas=areas,
            area_of=_area_rows(areas, own),
            rules=rules,
            latest=latest,
            former=former,
            limits=Limits.of(
                QualitySettings.model_validate(body.get("quality") or {}),
                monitors,
            ),
            corrections=corrections,
            ceilings=ceilings,
            ground=ground,
            suspects=bool(body["county"].get("suspicion")),
            suspicion=settings_of(body["county"].get("suspicion")),
            tracks=tracks,
            lateness=_lateness(tracks, rules),
            row_of=row_of,
            words=Texts.of([d["id"] for d in devices]),
            states=states_of_rows(facts, [d["site"] for d in devices]),
        )

    def __len__(self) -> int:
        return len(self.devices)

    @property
    def without_outlooks(self) -> Plan:
        """The same plan, by which no window has an outlook; it judges the same."""
        made = {id(rule): replace(rule, foresees=False) for rule in (*self.rules, *self.latest.values())}
        latest = {name: made[id(rule)] for name, rule in self.latest.items()}  # the same as among the rules
        return replace(self, rules=tuple(made[id(rule)] for rule in self.rules), latest=latest)

    def rule_at(self, name: str, instant: int) -> RuleInForce | None:
        """The rule of that id that is valid for a window beginning at the instant; None: there is none."""
        return next((rule for rule in self.rules if rule.rule.id == name and rule.is_valid(instant)), None)

    @property
    def remembers(self) -> int:
        """Time for which everything is kept that a window depends on to which something comes late, ms."""
        return self.late_most + BEYOND_LATE_MS

    @property
    def retain(self) -> int:
        """Time before the end of the last closed hour in which readings may still supersede, ms.

        Rolling windows reach back into earlier hours, so their readings are kept an hour longer.
        """
        rolling = [t.window for t in self.tracks if not t.is_clock and not t.is_long]
        return RETAIN_MS + (HOUR_MS if rolling else 0)

    def rows_of(self, devices: Sequence[str]) -> Rows:
        """Row of each device; -1 for a device that the plan does not have."""
        if isinstance(devices, Texts):
            return self.words.find(devices)
        return np.array([self.row_of.get(device, -1) for device in devices], np.int32)

    def places_of(self, site: str) -> tuple[str, ...]:
        """Places whose orders concern the site."""
        facts = self.facts[site]
        return (site, *(str(facts[key]) for key in ("area", "township") if facts.get(key)), *EVERYWHERE)

    def rows_for(self, rule: RuleInForce, instant: int, orders: Orders) -> Rows:
        """Rows of the devices that a rule judges, for measurements that begin at the instant."""
        if not depends_on(rule, orders):
            return self._but_resting(rule.rows, instant)
        judged = {site for site in self.facts if self.applies(rule, site, instant, orders)}
        rows = np.array([row for row, site in enumerate(self.sites) if site in judged], np.int32)
        rows = self._but_resting(rows, instant)
        return rows[~_is_reference(rule, self.ground, self.row_of)[rows]]

    @property
    def rests(self) -> tuple[StateOfRows, ...]:
        """Spans in which sites are planned or finished, by start."""
        return tuple(state for state in self.states if state.state in RESTING)

    def resting(self, instant: int) -> Rows:
        """Rows of the devices at sites that are planned or finished at the instant."""
        found = [s.rows for s in self.states if s.state in RESTING and s.start <= instant < s.end]
        return np.concatenate(found) if found else np.zeros(0, np.int32)

    def _but_resting(self, rows: Rows, instant: int) -> Rows:
        if not self.states:
            return rows
        return rows[~np.isin(rows, self.resting(instant))]

    def applies(self, rule: RuleInForce, site: str, instant: int, orders: Orders) -> bool:
        """True if the rule judges the site, for measurements that begin at the instant."""
        own, places = rule.rule, self.places_of(site)
        if state_at(self.facts[site], instant) in RESTING:
            return False
        stage = orders.stage(places, instant)
        facts = self.facts[site] if stage is None else {**self.facts[site], "stage": stage}
        if not selects(own, facts):
            return False
        levels = orders.levels(places, instant) if own.alert_levels or own.unless_alert_levels else set()
        if own.alert_levels and levels.isdisjoint(own.alert_levels):
            return False
        if not levels.isdisjoint(own.unless_alert_levels):
            return False
        now = orders.in_force(places, instant)
        return (not own.during or not now.isdisjoint(own.during)) and now.isdisjoint(own.unless)

    def areas_for(self, rule: RuleInForce) -> Rows:
        """Index of the area whose background applies at each device; -1: none is configured.

        A site's own area takes precedence over the one that the rule names.
        """
        return self.once(("areas", rule), lambda: self._areas_for(rule))

    def _areas_for(self, rule: RuleInForce) -> Rows:
        if rule.rule.background is None or rule.rule.background.is_beside:
            return np.full(len(self), -1, np.int32)
        names = [area.name for area in self.areas]
        named = names.index(rule.rule.background.area) if rule.rule.background.area in names else -1
        return np.where(self.area_of >= 0, self.area_of, named).astype(np.int32)

    def area_numbers(self, rule: RuleInForce) -> list[int]:
        """The numbers that `areas_for` names, ascending."""
        return self.once(("numbers", rule), lambda: [int(n) for n in np.unique(self.areas_for(rule))])

    def rows_by_area(self, rule: RuleInForce) -> list[tuple[str, Rows]]:
        """Names of the areas whose background the rule subtracts ("": none), each with its rows."""
        return self.once(("rows", rule), lambda: [*self._rows_by_area(rule)])

    def _rows_by_area(self, rule: RuleInForce) -> Iterator[tuple[str, Rows]]:
        areas = self.areas_for(rule)
        for number in self.area_numbers(rule):
            name = self.areas[number].name if number >= 0 else ""
            yield name, np.flatnonzero(areas == number).astype(np.int32)

    def slots(self, window: int) -> Int64s:
        """Denominator of a window's capture at each device (`windows.slots_in`)."""
        return self.once(("slots", window), lambda: slots_in(self.interval, window))

    def rules_of(self, track: Track) -> tuple[RuleInForce, ...]:
        """The rules that judge the windows of a track."""

        def found() -> tuple[RuleInForce, ...]:
            return tuple(rule for rule in self.rules if rule.window and rule.track == track)

        return self.once(("rules", track), found)

    @property
    def asks_wind(self) -> bool:
        """True if a rule subtracts what the monitor upwind measures."""

        def found() -> bool:
            terms = [rule.rule.background for rule in self.rules]
            return any(term is not None and term.kind == UPWIND for term in terms)

        return self.once("wind", found)

    def once(self, key: Hashable, make: Callable[[], Known]) -> Known:
        """What `make` finds, found once under its key: a plan does not change, and each window asks again."""
        if key not in self._known:
            self._known[key] = make()
        found: Known = self._known[key]
        return found

    def reference_for(self, rule: RuleInForce) -> Rows:
        """Row of the reference monitor that the rule compares each device with; -1: none at its site."""
        return _reference(rule, self.ground, self.row_of)


def _reference(rule: RuleInForce, ground: Ground, row_of: dict[str, int]) -> Rows:
    term = rule.rule.background
    if term is None or term.kind != REFERENCE:
        return np.full(len(ground.site), -1, np.int32)
    return ground.reference_of(None if term.device is None else row_of.get(term.device, -1))


def _is_reference(rule: RuleInForce, ground: Ground, row_of: dict[str, int]) -> npt.NDArray[np.bool_]:
    """Mask (rows) of the rule's reference monitors, which can't be compared with themselves."""
    return np.asarray(_reference(rule, ground, row_of) == np.arange(len(ground.site)))


def _but_reference(rule: RuleInForce, ground: Ground, row_of: dict[str, int]) -> RuleInForce:
    others = ~_is_reference(rule, ground, row_of)[rule.rows]
    return rule if others.all() else replace(rule, rows=rule.rows[others])


def depends_on(rule: RuleInForce, orders: Orders) -> bool:
    """True if orders in force can change which sites the rule judges."""
    own = rule.rule
    return bool(own.alert_levels or own.unless_alert_levels or own.during or own.unless) or bool(
        own.stages and orders.any_of(STAGE)
    )


def sites_of_partition(partition: int, partitions: int) -> Callable[[str], bool]:
    """Predicate that is true for the sites of the partition."""
    return cache(lambda site: partition_of(site, partitions) == partition)


@lru_cache(1000)
def _rule_of(text: bytes) -> Rule:
    """Parse a rule of a revision's body; cached, as every revision and every snapshot bring the same ones."""
    return Rule.model_validate(orjson.loads(text))


def silent_after_ms(interval_ms: int) -> int:
    """Silence permitted to a device with such an interval, ms, if its `offline_after` is not set."""
    return max(OFFLINE_INTERVALS * interval_ms, OFFLINE_LEAST_MS)


def _site_numbers(sites: list[str]) -> Rows:
    numbers = {site: number for number, site in enumerate(sorted(set(sites)))}
    return np.array([numbers[site] for site in sites], np.int32)


def _lateness(tracks: Iterable[Track], rules: Iterable[RuleInForce]) -> dict[Track, int]:
    """Time that each track's windows wait for readings, ms; long ones wait at least as long as hours."""
    found: dict[Track, int] = {}
    for track in tracks:
        asked = [rule.lateness for rule in rules if rule.window and rule.track == track]
        least = found[HOUR] if track.is_long else 0
        found[track] = max(least, max(asked, default=LATENESS_MS))
    return found


def _area_rows(areas: tuple[Area, ...], sites: list[dict[str, Any]]) -> Rows:
    names = {area.name: index for index, area in enumerate(areas)}
    return np.array([names.get(str(site.get("area")), -1) for site in sites], np.int32)


def formers_of(before: Plan, old: Revision | None, new: Revision, at: int) -> tuple[Former, ...]:
    """Rules that still judge windows begun before `new` came into force at `at`, replacing `old`.

    A limit is never applied to anything measured before it could be known.
    """
    if old is None:
        return ()
    was = {rule["id"]: rule for rule in old.body["rules"]}
    now = {rule["id"]: rule for rule in new.body["rules"]}
    kept = [one for one in before.former if one.until + before.remembers > at and one.id in now]
    for name, rule in now.items():
        # single values are judged at their receipt: there is nothing that began before
        if rule["window"] and was.get(name) != rule:
            start = max((one.until for one in kept if one.id == name), default=-UNBOUNDED)
            kept.append(Former(name, was.get(name), old.id, start, at))
    return tuple(kept)


def _since(
    latest: dict[str, RuleInForce], former: tuple[Former, ...], sites: list[dict[str, Any]], zone: str
) -> tuple[tuple[RuleInForce, ...], dict[str, RuleInForce]]:
    """(all rules, the latest of each id); each judges what began under its own revision."""
    latest = dict(latest)
    earlier = []
    for one in former:
        newest = latest[one.id]
        latest[one.id] = replace(newest, start=max(newest.start, one.until))
        if one.rule is not None:
            held = rule_in_force(_rule_of(orjson.dumps(one.rule)), sites, zone, one.configuration)
            # where the rule of today judges nothing, nothing could close what is opened
            rows = np.intersect1d(held.rows, newest.rows)
            start, end = max(held.start, one.start), min(held.end, one.until)
            earlier.append(replace(held, rows=rows, start=start, end=end))
    return (*earlier, *latest.values()), latest
