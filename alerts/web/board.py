"""Board composed from the newest readings, verdicts and open cases: pure, `now` is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from alerts.cases import CLOSED, OPEN, RECOVERED
from alerts.casework.life_planner import in_register
from alerts.kinds import WORKED, kind_of
from alerts.people.answering import Answering
from alerts.records import Case
from alerts.store.open_tasks import OpenTask
from ingest.register import Device, Register, Site
from processors.history import LatestReading
from processors.plan import FINISHED, PLANNED, RESTING, STOPPED, plain_states, silent_after_ms, state_at
from processors.records import CERTAIN, IF_MEASURED, WARNING, RegionalEpisode
from processors.records import STATES as OUTLOOK_STATES
from processors.silence import AT_REST, SITE_STOPPED

COMPLIANT, EXCEEDS, UNDETERMINED, SILENT = "compliant", "exceeds", "undetermined", "silent"
STATES = (EXCEEDS, UNDETERMINED, SILENT, COMPLIANT)  # planned and finished sites have none of these
LEVELS = ("pm10", "tsp", "pm2_5", "pm1")  # the first that a device measures is the site's level
HOUR = 3_600_000
MINUTE = 60_000
LONGEST = 25 * HOUR  # no window is longer, so none that is open was spoken of before
LOOK_BACK = 4 * HOUR  # verdicts older than this say nothing of the present
STALE_FEED = 5 * MINUTE  # nothing from any device for so long: the feed itself is in doubt
_BACKGROUND_WAIT = HOUR
# What of an open window is shown, the worst first.
_OUTLOOK_RANK = {OUTLOOK_STATES[state]: rank for rank, state in enumerate((CERTAIN, IF_MEASURED, WARNING))}


_EVERYTHING = Answering(None)


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """A device and its newest reading."""

    device: Device
    time: int | None  # None: it never spoke
    values: Mapping[str, float]
    silent: bool


@dataclass(frozen=True, slots=True)
class SiteNow:
    """A site at this moment. `state` is the answer, or `silent` if none of its devices is reporting."""

    site: Site
    state: str
    verdict: Mapping[str, Any] | None  # the one that decides the state
    verdicts: tuple[Mapping[str, Any], ...]  # the present ones, worst first
    reasons: tuple[str, ...]
    devices: tuple[DeviceNow, ...]
    quantity: str | None
    level: float | None
    level_time: int | None
    last: int | None
    cases: tuple[Case, ...]
    outlooks: tuple[Mapping[str, Any], ...] = ()  # of windows that are open now, worst first
    tasks: tuple[OpenTask, ...] = ()  # its open cases, what is due first at the top

    @property
    def silent_devices(self) -> int:
        """Number of silent devices at the site, where any is expected to speak."""
        return 0 if self.state in RESTING else sum(d.silent for d in self.devices)

    @property
    def unsigned(self) -> int:
        """Number of open cases that nobody has signed for."""
        if self.tasks:
            return sum(task.unsigned for task in self.tasks)
        return sum(is_unsigned(case) for case in self.cases)

    @property
    def judged(self) -> tuple[str, float] | None:
        """(quantity, value) of what was judged; None: there is no such value, or it is of a whole day."""
        verdict = self.verdict
        if self.state not in (EXCEEDS, COMPLIANT) or verdict is None or verdict["kind"] == "day":
            return None
        return None if verdict["value"] is None else (verdict["pollutant"], verdict["value"])


@dataclass(frozen=True, slots=True)
class Board:
    """All sites, most urgent first."""

    now: int
    sites: tuple[SiteNow, ...]
    cases: tuple[Case, ...]  # what was found and is not closed, unsigned first
    last: int | None  # newest reading of any device
    down: tuple[str, ...] = ()  # stores that do not answer: what is shown is older
    regional: tuple[RegionalEpisode, ...] = ()  # that last now
    tasks: tuple[OpenTask, ...] | None = None  # the open cases by deadline; None: this store has none

    @property
    def stale(self) -> bool:
        """True if nothing has come from any device for too long."""
        return self.last is None or self.now - self.last > STALE_FEED

    @property
    def case_groups(self) -> list[tuple[Case, ...]]:
        """Findings in groups, without those that are told through another or are worked at as a case."""
        return group_cases(case for case in self._told_alone if self.tasks is None or case.kind not in WORKED)

    @property
    def listed_tasks(self) -> tuple[OpenTask, ...]:
        """The open cases without those of which all that was found is told through another finding."""
        alone = {(case.site, case.kind) for case in self._told_alone}
        told = {(case.site, case.kind) for case in self.cases} - alone
        return tuple(task for task in self.tasks or () if (task.site, task.kind) not in told)

    @property
    def _told_alone(self) -> list[Case]:
        common = {case.id for case in self.cases}
        silent = {case.site for case in self.cases if kind_of(case.kind).silence and not case.device}
        return [
            case
            for case in self.cases
            if case.parent not in common
            # nobody was told of these: what is told is that their whole site is silent
            and (case.tell or not kind_of(case.kind).silence or case.site not in silent)
        ]

    def of(self, answering: Answering) -> Board:
        """The board as a unit sees it: its sites and cases alone, and its own newest reading."""
        if answering == _EVERYTHING:
            return self
        sites = tuple(
            replace(
                one,
                cases=tuple(c for c in one.cases if answering.case(c.kind, c.site)),
                tasks=tuple(t for t in one.tasks if answering.case(t.kind, t.site)),
            )
            for one in self.sites
            if answering.site(one.site.id)
        )
        cases = tuple(c for c in self.cases if answering.case(c.kind, c.site))
        tasks = self.tasks and tuple(t for t in self.tasks if answering.case(t.kind, in_register(t.site)))
        last = max((one.last for one in sites if one.last is not None), default=None)
        return replace(self, sites=sites, cases=cases, last=last, tasks=tasks)

    def count(self, state: str) -> int:
        """Number of sites in `state`."""
        return sum(site.state == state for site in self.sites)

    def site(self, site_id: str) -> SiteNow | None:
        """The site with this id; None: not on the board."""
        return next((s for s in self.sites if s.site.id == site_id), None)


def compose(
    register: Register,
    latest: Iterable[LatestReading],
    verdicts: Iterable[Mapping[str, Any]],
    cases: Sequence[Case],
    now: int,
    outlooks: Iterable[Mapping[str, Any]] = (),
    tasks: tuple[OpenTask, ...] | None = None,
) -> Board:
    """Compose the board at `now`. `tasks`: open cases by deadline; None: the store has findings alone."""
    newest = {reading.device: reading for reading in latest}
    of_site: dict[str, list[Mapping[str, Any]]] = {}
    for verdict in present_verdicts(verdicts, now):
        of_site.setdefault(verdict["site"], []).append(verdict)
    outlooks_of: dict[str, list[Mapping[str, Any]]] = {}
    for outlook in open_outlooks(outlooks, now):
        outlooks_of.setdefault(outlook["site"], []).append(outlook)
    devices: dict[str, list[DeviceNow]] = {}
    for device in register.devices.values():
        reading = device_now(device, newest.get(device.id), now)
        devices.setdefault(device.site, []).append(reading)
    opened = sorted((c for c in cases if c.state != CLOSED), key=case_order)
    of_place: dict[str, list[Case]] = {}
    for one in opened:
        of_place.setdefault(one.site, []).append(one)
    tasks_of: dict[str, list[OpenTask]] = {}
    for task in tasks or ():
        tasks_of.setdefault(task.site, []).append(task)
    sites = [
        replace(
            _site_now(
                site,
                devices.get(site.id, []),
                of_site.get(site.id, []),
                tuple(of_place.get(site.id, ())),
                tuple(outlooks_of.get(site.id, ())),
                state_at({"states": plain_states(site.states, register.county.zone)}, now),
            ),
            tasks=tuple(tasks_of.get(site.id, ())),
        )
        for site in register.sites.values()
    ]
    sites.sort(key=partial(_urgency, at=now))
    times = [reading.time for reading in newest.values()]
    return Board(now, tuple(sites), tuple(opened), max(times, default=None), tasks=tasks)


def present_verdicts(verdicts: Iterable[Mapping[str, Any]], now: int) -> list[Mapping[str, Any]]:
    """Newest verdict of each point and rule, if it still applies to the present."""
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for verdict in verdicts:
        if verdict.get("kind") == "day":  # yesterday's sum, not the present
            continue
        key = (verdict["device"], verdict["rule"])
        other = newest.get(key)
        if other is None or _age(verdict) > _age(other):
            newest[key] = verdict
    return [v for v in newest.values() if now - v["end"] <= _holds(v)]


def open_outlooks(outlooks: Iterable[Mapping[str, Any]], now: int) -> list[Mapping[str, Any]]:
    """Last outlook of each point and rule for the window now open, if it is a warning; worst first."""
    newest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for outlook in outlooks:
        if outlook["start"] <= now < outlook["end"]:
            key = (outlook["device"], outlook["rule"], outlook.get("kind") or "interval")
            if key not in newest or newest[key]["at"] <= outlook["at"]:
                newest[key] = outlook
    return sorted((one for one in newest.values() if one["state"] in _OUTLOOK_RANK), key=_worst_outlook_first)


def _worst_outlook_first(outlook: Mapping[str, Any]) -> tuple[int, float, str, str]:
    likely = -(outlook.get("probability") or 0.0)
    return (_OUTLOOK_RANK[outlook["state"]], likely, outlook["device"], outlook["rule"])


def device_now(device: Device, reading: LatestReading | None, now: int) -> DeviceNow:
    """A device with its newest reading; judged silent by the same rule as in detection."""
    if reading is None:
        return DeviceNow(device, None, {}, True)
    allowed = silent_after_ms(round(device.interval * 1000))
    if device.offline_after:
        allowed = device.offline_after * 1000
    return DeviceNow(device, reading.time, reading.values, now - reading.time > allowed)


def _site_now(
    site: Site, devices: list[DeviceNow], verdicts: list[Mapping[str, Any]], cases: tuple[Case, ...],
    outlooks: tuple[Mapping[str, Any], ...], work: str,
) -> SiteNow:  # fmt: skip
    verdicts = sorted(verdicts, key=_worst_first)
    decisive = verdicts[0] if verdicts else None
    speaking = [d for d in devices if not d.silent]
    state: str
    reasons: tuple[str, ...]
    if work in RESTING:
        state, reasons = work, (AT_REST,)
    elif devices and not speaking:
        never = all(d.time is None for d in devices)
        state, reasons = SILENT, ("never_seen" if never else "device_silent",)
        reasons += (SITE_STOPPED,) if work == STOPPED else ()
    elif decisive is None:
        state, reasons = UNDETERMINED, ("not_judged_yet",)
    else:
        state, reasons = decisive["answer"], tuple(decisive.get("reasons") or ())
    quantity, level, level_time = _level(speaking or devices)
    times = [d.time for d in devices if d.time is not None]
    return SiteNow(
        site, state, decisive, tuple(verdicts), reasons, tuple(devices), quantity, level, level_time,
        max(times, default=None), cases, outlooks,
    )  # fmt: skip


def _level(devices: Sequence[DeviceNow]) -> tuple[str | None, float | None, int | None]:
    """Greatest current value of the first quantity in LEVELS that any of the devices has."""
    for quantity in LEVELS:
        found = [(d.values[quantity], d.time) for d in devices if d.values.get(quantity) is not None]
        if found:
            value, time = max(found, key=lambda pair: pair[0])
            return quantity, value, time
    return None, None, None


def _age(verdict: Mapping[str, Any]) -> tuple[int, int]:
    return (verdict["end"], verdict.get("revision") or 0)


def _holds(verdict: Mapping[str, Any]) -> int:
    """Time after its end for which a verdict still applies to the present, in ms.

    A verdict on an instant opens an episode, which lasts until a later verdict of the same rule.
    """
    length = int(verdict["end"]) - int(verdict["start"])
    return LOOK_BACK if length <= 0 else 2 * length + _BACKGROUND_WAIT


@dataclass(frozen=True, slots=True)
class BoardVerdicts:
    """Verdicts of a rule for one interval at all points of a site."""

    worst: Mapping[str, Any]
    points: tuple[Mapping[str, Any], ...]  # by device


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """Verdicts of a rule on a site's intervals (or days), newest first."""

    newest: Mapping[str, Any]
    intervals: tuple[BoardVerdicts, ...]

    @property
    def relative(self) -> bool:
        """True if the limit is relative to a background."""
        return any(p.get("background") is not None for one in self.intervals for p in one.points)


def by_rule(verdicts: Iterable[Mapping[str, Any]]) -> list[RuleRecord]:
    """Group one site's verdicts by rule and interval; current exceedances first, then longer windows."""
    newest: dict[tuple[str, str, int, int, str], Mapping[str, Any]] = {}
    for verdict in verdicts:
        key = (verdict["rule"], verdict["kind"], verdict["end"], verdict["start"], verdict["device"])
        other = newest.get(key)
        if other is None or _age(verdict) > _age(other):
            newest[key] = verdict
    rules: dict[tuple[str, str], dict[tuple[int, int], list[Mapping[str, Any]]]] = {}
    for (rule, kind, end, start, _), verdict in sorted(newest.items(), key=lambda item: item[0]):
        rules.setdefault((rule, kind), {}).setdefault((end, start), []).append(verdict)
    records = []
    for intervals in rules.values():
        judged = tuple(
            BoardVerdicts(min(points, key=_worst_first), tuple(points))
            for _, points in sorted(intervals.items(), key=lambda item: item[0], reverse=True)
        )
        records.append(RuleRecord(judged[0].worst, judged))
    return sorted(records, key=lambda record: (record.newest["kind"] == "day", *_worst_first(record.newest)))


_ANSWER_RANK = {EXCEEDS: 0, UNDETERMINED: 1, COMPLIANT: 2}


def _worst_first(verdict: Mapping[str, Any]) -> tuple[int, int, float, str, str]:
    """Sort key: exceeding before undetermined before compliant; then longer intervals before shorter."""
    length = int(verdict["end"]) - int(verdict["start"])
    return (
        _ANSWER_RANK.get(verdict["answer"], 1), -length, -(verdict.get("value") or 0.0), verdict["device"],
        verdict["rule"],
    )  # fmt: skip


def _urgency(now: SiteNow, at: int) -> tuple[int, int, int, int, int, float, str]:
    """Sort key: where somebody must act first: what exceeds now, what is overdue, what nobody signed for."""
    rank = {EXCEEDS: 0, SILENT: 2, UNDETERMINED: 2, COMPLIANT: 4, PLANNED: 6, FINISHED: 8}[now.state]
    if now.cases or now.tasks:
        rank -= 1  # a site with an open case goes before its equals, and before those that are merely quiet
    outlook = _OUTLOOK_RANK[now.outlooks[0]["state"]] if now.outlooks else len(_OUTLOOK_RANK)
    # of its equals the one that was judged worst: the level of now would have them change places all the time
    judged = -(now.verdict.get("value") or 0.0) if now.verdict is not None and now.state == EXCEEDS else 0.0
    late = sum(task.late(at) for task in now.tasks)
    return (rank, -late, -now.unsigned, outlook, 0 if now.state == SILENT else 1, judged, now.site.id)


def group_cases(cases: Iterable[Case]) -> list[tuple[Case, ...]]:
    """Group cases of the same site, kind, rule and state, in order: a site's four monitors are one matter."""
    groups: dict[tuple[str, str, str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.site, case.kind, case.rule, case.state), []).append(case)
    return [tuple(sorted(group, key=lambda case: case.device)) for group in groups.values()]


def is_unsigned(case: Case) -> bool:
    """True if nobody has acknowledged the case yet."""
    return case.state in (OPEN, RECOVERED)


def case_order(case: Case) -> tuple[int, int, str]:
    """Sort key: unsigned and ongoing first, then unsigned and over, then signed; newest first."""
    rank = {OPEN: 0, RECOVERED: 1}.get(case.state, 2)
    return (rank, -case.opened_at, case.id)
