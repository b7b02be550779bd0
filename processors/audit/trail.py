"""Collects from history everything a result depends on, and names what is missing.

Only the `History` interface is used: a year later the log is long gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.records import Background, Signal
from processors.audit.facts import (
    CountyFacts,
    DeviceFacts,
    RuleFacts,
    SiteFacts,
    county_facts,
    device_facts,
    rule_facts,
    site_facts,
)
from processors.audit.wind_words import latest_of
from processors.columns import DAY_MS, HOUR_MS
from processors.history import (
    BACKGROUND,
    BREACH_EVENT,
    CONFIGURATION,
    DEVICE,
    RULE,
    SIGNAL,
    SITE,
    WIND,
    ContextRow,
    History,
    HistoryUnusable,
    MeasuringRow,
    OutlookRow,
    QualityRow,
    ReadingRow,
    RulingRow,
    background_of,
    breach_of,
    context_row,
    measuring_row,
    outlook_row,
    quality_row,
    reading_row,
    ruling_row,
    signal_of,
    wind_of,
)
from processors.plan import EVERYWHERE, current_orders
from processors.quality import LOOKS_AHEAD, NEXT_WITHIN, names_of
from processors.records import Breach, SiteHour, time_of_reading

DAY = "day"  # kind of a verdict or an outlook
_LOOKING_AHEAD = frozenset(names_of(int(LOOKS_AHEAD)))


@dataclass(slots=True)
class Trail:
    """Everything that history holds about one result."""

    id: str
    kind: str  # verdict | interval | breach | outlook | reading
    verdict: RulingRow | None = None
    rulings: list[RulingRow] = field(default_factory=list)  # of the same point, rule and start, by revision
    interval: MeasuringRow | None = None
    intervals: list[MeasuringRow] = field(default_factory=list)  # its revisions; of a reading: what it enters
    outlook: OutlookRow | None = None
    outlooks: list[OutlookRow] = field(default_factory=list)  # all on the same window, in their order
    reading: ReadingRow | None = None
    is_conflicting: bool = False  # the reading contradicted another and is kept beside it
    events: list[Breach] = field(default_factory=list)
    dependents: list[RulingRow] = field(default_factory=list)  # verdicts over what was asked for
    configuration: ContextRow | None = None
    rule: RuleFacts | None = None
    site: SiteFacts | None = None
    device: DeviceFacts | None = None
    readings: list[ReadingRow] = field(default_factory=list)
    conflicts: list[ReadingRow] = field(default_factory=list)
    following: list[ReadingRow] = field(default_factory=list)  # after the span: checks look ahead to them
    quality: dict[tuple[int, int], QualityRow] = field(default_factory=dict)  # by key of the reading
    backgrounds: list[Background] = field(default_factory=list)
    reference: MeasuringRow | None = None  # interval of the site's monitor that was subtracted
    winds: list[SiteHour] = field(default_factory=list)  # of the site's hours, by start; the last revision
    signals: list[Signal] = field(default_factory=list)
    day_parts: list[RulingRow] = field(default_factory=list)  # of a day: by start and revision
    missing: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # code of a text, its words

    @property
    def county(self) -> CountyFacts:
        """County of the configuration."""
        return county_facts(self.configuration.body) if self.configuration is not None else CountyFacts()

    def words_of_checks(
        self, reading: ReadingRow, pollutant: str, known_by: int | None = None
    ) -> tuple[str, ...]:
        """Findings of the quality checks on a value.

        `known_by`: without those of checks that look ahead, where no later value had come before then.
        """
        found = self.quality.get(reading.key)
        words = found.words.get(pollutant, ()) if found is not None else ()
        if known_by is None or not any(word.removesuffix("!") in _LOOKING_AHEAD for word in words):
            return words
        later = (
            other
            for other in (*self.readings, *self.conflicts, *self.following)
            if other.time > reading.time and other.period == reading.period and pollutant in other.values
        )
        if any(other.received_at < known_by for other in later):
            return words
        return tuple(word for word in words if word.removesuffix("!") not in _LOOKING_AHEAD)

    def miss(self, code: str, **words: object) -> None:
        """Note what history lacks."""
        self.missing.append((code, {name: str(word) for name, word in words.items()}))


def gather(history: History, id_: str) -> Trail | None:
    """Trail for the id of a verdict, interval, breach, breach event, outlook or reading; None: unknown.

    Raises HistoryUnusable.
    """
    if rulings := _rulings_by_id(history, id_):
        return _of_verdict(history, Trail(id_, "verdict"), rulings[-1])
    if intervals := _measurings_by_id(history, id_):
        return _of_interval(history, Trail(id_, "interval"), intervals[-1])
    if events := _events(history, {"id": id_}):
        return _of_breach(history, Trail(id_, "breach", events=events))
    own = next((one for one in _events(history, {"salt": id_[:4]}) if one.event_id == id_), None)
    if own is not None:
        return _of_breach(history, Trail(id_, "breach", events=_events(history, {"id": own.id})))
    if rows := history.rows("outlooks", {"id": id_}):
        return _of_outlook(history, Trail(id_, "outlook"), outlook_row(rows[-1]))
    return _of_reading(history, id_)


def _rulings_by_id(history: History, id_: str) -> list[RulingRow]:
    rows = history.rows("rulings", {"id": id_}) or history.rows("verdicts", {"id": id_})
    return [ruling_row(row) for row in rows]


def _measurings_by_id(
    history: History, id_: str, start: int | None = None, end: int | None = None
) -> list[MeasuringRow]:
    named = {"id": id_}
    rows = history.rows("measurings", named, start, end) or history.rows("intervals", named, start, end)
    return [measuring_row(row) for row in rows]


def _rulings(history: History, named: dict[str, str], start: int, end: int) -> list[RulingRow]:
    return [ruling_row(row) for row in history.rows("rulings", named, start, end)]


def _events(history: History, named: dict[str, str], start: int | None = None) -> list[Breach]:
    rows = history.rows("context", {"kind": BREACH_EVENT, **named}, start)
    return [breach_of(context_row(row)) for row in rows]


def _of_outlook(history: History, trail: Trail, outlook: OutlookRow) -> Trail:
    trail.outlook = outlook
    start, end = outlook.start, outlook.end
    same = {"device": outlook.device, "rule": outlook.rule, "pollutant": outlook.pollutant}
    rows = history.rows("outlooks", {**same, "kind": outlook.kind}, start, end + HOUR_MS)
    trail.outlooks = [one for one in map(outlook_row, rows) if (one.start, one.end) == (start, end)]
    is_day = outlook.kind == DAY
    trail.dependents = [
        one
        for one in _rulings(history, same, start, start + 1)
        if one.end == end and (one.kind == DAY) == is_day
    ]
    _add_configuration(history, trail, outlook.configuration, outlook, outlook.rule)
    if is_day:
        parts = _rulings(history, {**same, "kind": "interval"}, start, outlook.at)
        trail.day_parts = [one for one in parts if (one.decided_at or 0) < outlook.at]
        return trail
    _add_readings(history, trail, outlook, start, end)
    return trail


def _of_reading(history: History, id_: str) -> Trail | None:
    """Trail of a reading: its id encodes the time, and its content picks it among those of that time."""
    time = time_of_reading(id_)
    if time is None:
        return None
    for measurement in ("readings", "conflicts"):
        rows = (reading_row(row, measurement) for row in history.rows(measurement, {}, time, time + 1))
        reading = next((one for one in rows if one.id == id_), None)
        if reading is None:
            continue
        trail = Trail(id_, "reading", reading=reading, is_conflicting=measurement == "conflicts")
        _add_configuration(history, trail, reading.configuration, reading, None)
        _add_readings(history, trail, reading, time, reading.end)
        longest, device = time - DAY_MS, {"device": reading.device}
        rows_of = history.rows("measurings", device, longest, reading.end)
        trail.intervals = [one for one in map(measuring_row, rows_of) if one.end > time]
        rulings = _rulings(history, device, longest, reading.end)
        trail.dependents = [one for one in rulings if one.end > time or one.start == time]
        return trail
    return None


def _of_breach(history: History, trail: Trail) -> Trail:
    opening = next((event for event in trail.events if event.event == "opened"), None)
    if opening is None:
        trail.miss("no_opening")
    event = opening or trail.events[0]
    if event.verdict is None:
        _add_configuration(history, trail, event.configuration, event, None)
        return trail
    rulings = _rulings_by_id(history, event.verdict)
    if not rulings:
        trail.miss("verdict", id=event.verdict)
        return trail
    return _of_verdict(history, trail, rulings[-1])


def _of_verdict(history: History, trail: Trail, verdict: RulingRow) -> Trail:
    trail.verdict = verdict
    start, end = verdict.start, verdict.end
    same = {name: getattr(verdict, name) for name in ("device", "rule", "kind", "pollutant")}
    revisions = [row for row in _rulings(history, same, start, start + 1) if row.end == end]
    trail.rulings = sorted(revisions, key=lambda row: row.revision)
    if not trail.rulings:
        trail.rulings = [verdict]
        trail.miss("rulings")
    _add_configuration(history, trail, verdict.configuration, verdict, verdict.rule)
    if trail.kind != "breach":
        ids = {row.id for row in trail.rulings}
        events = _events(history, {"name": verdict.device}, start)
        trail.events = [event for event in events if event.verdict in ids]
    if verdict.kind == DAY:
        parts = _rulings(history, {**same, "kind": "interval"}, start, end)
        decided_at = verdict.decided_at or 0
        trail.day_parts = [row for row in parts if (row.decided_at or 0) <= decided_at]
        if not trail.day_parts:
            trail.miss("parts")
        return trail
    if verdict.interval:
        found = _measurings_by_id(history, verdict.interval, start, start + 1)
        trail.interval = found[-1] if found else None
        if trail.interval is None:
            trail.miss("interval", id=verdict.interval)
    _add_readings(history, trail, verdict, start, end)
    if trail.rule is not None and trail.rule.background is not None and trail.rule.background.is_beside:
        _add_reference(history, trail, verdict)
    else:
        _add_backgrounds(history, trail, verdict)
    named = {"kind": WIND, "name": verdict.site}
    rows = history.rows("context", named, start - HOUR_MS + 1, max(end, start + 1))
    trail.winds = latest_of(wind_of(context_row(row)) for row in rows)
    return trail


def _of_interval(history: History, trail: Trail, interval: MeasuringRow) -> Trail:
    trail.interval = interval
    start, end = interval.start, interval.end
    same = {"device": interval.device, "pollutant": interval.pollutant}
    alike = {**same, "statistic": interval.statistic, "window": interval.window}
    rows = history.rows("measurings", alike, start, start + 1)
    trail.intervals = sorted(map(measuring_row, rows), key=lambda one: one.revision)
    rulings = _rulings(history, same, start, start + 1)
    trail.dependents = [row for row in rulings if row.interval == interval.id]
    name = next((row.configuration for row in trail.dependents), None)
    if name is None:
        readings = map(reading_row, history.rows("readings", {"device": interval.device}, start, end))
        name = next((one.configuration for one in readings if one.configuration), None)
    _add_configuration(history, trail, name, interval, None)
    _add_readings(history, trail, interval, start, end)
    return trail


# of what place a result is: each names its site and its monitor
_Placed = RulingRow | MeasuringRow | OutlookRow | ReadingRow | Breach


def _add_configuration(
    history: History, trail: Trail, id_: str | None, place: _Placed, rule: str | None
) -> None:
    """Add the configuration with this id, and its entries for the site, the monitor and the rule."""
    if id_:
        trail.configuration = _piece(history, CONFIGURATION, "", id_)
    if trail.configuration is None or id_ is None:
        trail.miss("configuration", id=id_ or "?")
        return
    found = {}
    for kind, name in ((SITE, place.site), (DEVICE, place.device), (RULE, rule)):
        piece = None if name is None else _piece(history, kind, name, id_)
        if piece is not None:
            found[kind] = piece.body
        elif name is not None:
            trail.miss("piece", kind=kind, name=name, id=id_)
    try:
        trail.site = site_facts(found[SITE]) if SITE in found else None
        trail.device = device_facts(found[DEVICE]) if DEVICE in found else None
        trail.rule = rule_facts(found[RULE]) if RULE in found else None
    except KeyError as error:
        raise HistoryUnusable(
            f"history: configuration {id_}, as far as it speaks of {place.device} at {place.site}, has no "
            f"{error}; was it written by another version? Put it into history again with `dustwatch apply`",
            exit_code=2,
        ) from None


def _piece(history: History, kind: str, name: str, id_: str) -> ContextRow | None:
    named = {"kind": kind, "id": id_, **({"name": name} if name else {})}
    rows = history.rows("context", named)
    return context_row(rows[0]) if rows else None


def _add_readings(history: History, trail: Trail, place: _Placed, start: int, end: int) -> None:
    """Add readings that touch [start, end), or the instant if both are equal, with quality and signals."""
    width = max(end - start, 1)
    begin, until = start - (width if end > start else 0), max(end, start + 1)
    device = {"device": place.device}

    def touching(measurement: str) -> list[ReadingRow]:
        rows = history.rows(measurement, device, begin, until)
        return [one for one in (reading_row(row, measurement) for row in rows) if one.end > start]

    trail.readings, trail.conflicts = touching("readings"), touching("conflicts")
    step = max((row.period for row in trail.readings), default=0)
    if trail.device is not None:
        step = max(step, trail.device.interval)
    after = history.rows("readings", device, until, until + NEXT_WITHIN * step + 1)
    trail.following = [reading_row(row, "readings") for row in after]
    quality = map(quality_row, history.rows("quality", device, begin, until))
    trail.quality = {row.key: row for row in quality}
    if not trail.readings:
        trail.miss("readings")
    places = {place.site, *EVERYWHERE, *(trail.site.places if trail.site is not None else ())}
    signals = [signal_of(context_row(row)) for row in history.rows("context", {"kind": SIGNAL})]
    decided_at = None if trail.verdict is None else trail.verdict.decided_at
    if decided_at is not None:  # an order may be changed later: what counted is what was said by then
        signals = [one for one in signals if one.received_at <= decided_at]
    current = [one for one in current_orders(signals) if one.start < until]
    near = [one for one in current if one.place in places and one.device in (None, place.device)]
    trail.signals = [one for one in near if one.end is None or one.end > start or one.calibration]


def _add_reference(history: History, trail: Trail, verdict: RulingRow) -> None:
    """Add the interval of the site's other monitor that was subtracted."""
    for id_ in verdict.background_ids:
        found = _measurings_by_id(history, id_, verdict.start, verdict.start + 1)
        if found:
            trail.reference = found[0]
        else:
            trail.miss("interval", id=id_)


def _add_backgrounds(history: History, trail: Trail, verdict: RulingRow) -> None:
    """Add the stations' records that were subtracted."""
    rows = history.rows("context", {"kind": BACKGROUND}, verdict.start, verdict.start + 1)
    records = {one.id: one for one in (background_of(context_row(row)) for row in rows)}
    trail.backgrounds = [records[id_] for id_ in verdict.background_ids if id_ in records]
    for id_ in verdict.background_ids:
        if id_ not in records:
            trail.miss("background", id=id_)
    if verdict.background is not None and not verdict.background_ids:
        trail.miss("background_ids")
