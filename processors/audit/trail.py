"""Gathers from history all that what has an id rests on, and names what is not there.

Only the `History` interface is asked: a year later the log is long gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.units import QUANTITIES
from processors.audit.wind_words import latest_of
from processors.columns import HOUR_MS
from processors.history.base import History
from processors.history.context import (
    BACKGROUND,
    BREACH_EVENT,
    CONFIGURATION,
    DEVICE,
    RULE,
    SIGNAL,
    SITE,
    WIND,
    background_of,
    signal_of,
    unpacked,
    wind_of,
)
from processors.plan.orders import EVERYWHERE
from processors.records.ids import reading_id, time_of_reading

DAY = "day"  # kind of a verdict or an outlook
Line = dict[str, Any]


@dataclass(slots=True)
class Trail:
    """What was found; `lacking`: codes of `processors.audit.texts` with what fills their words."""

    id: str
    kind: str  # verdict | interval | breach | outlook | reading
    verdict: Line | None = None
    rulings: list[Line] = field(default_factory=list)  # of the same point, rule and start, by revision
    interval: Line | None = None
    intervals: list[Line] = field(default_factory=list)  # its revisions; of a reading: what it enters
    outlook: Line | None = None
    said: list[Line] = field(default_factory=list)  # all outlooks on the same window, in their order
    reading: Line | None = None
    conflicting: bool = False  # the reading contradicted another and is kept beside it
    events: list[Line] = field(default_factory=list)  # of breaches
    resting: list[Line] = field(default_factory=list)  # verdicts over the interval that was asked for
    configuration: Line | None = None
    rule: Line | None = None
    site: Line | None = None
    device: Line | None = None
    readings: list[Line] = field(default_factory=list)
    conflicts: list[Line] = field(default_factory=list)
    quality: dict[tuple[int, str], str] = field(default_factory=dict)  # (time, period) -> words
    backgrounds: list[Any] = field(default_factory=list)
    beside: Line | None = None  # interval of the site's monitor that was subtracted
    winds: list[Any] = field(default_factory=list)  # of the site's hours, by start; the last revision
    signals: list[Any] = field(default_factory=list)
    parts: list[Line] = field(default_factory=list)  # a day's interval verdicts, by start and revision
    lacking: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def county(self) -> Line:
        """County of the configuration; what is not known has a value that misleads nobody."""
        known = self.configuration["body"]["county"] if self.configuration else {}
        return {"zone": "UTC", "language": "", "name": "", **known}

    def miss(self, code: str, **words: object) -> None:
        """Note what history lacks."""
        self.lacking.append((code, {name: str(word) for name, word in words.items()}))


def gather(history: History, id_: str) -> Trail | None:
    """The trail of the id of a verdict, interval, breach, event of one, outlook or reading; None: unknown."""
    rulings = history.rows("rulings", {"id": id_}) or history.rows("verdicts", {"id": id_})
    if rulings:
        return _of_verdict(history, Trail(id_, "verdict"), _ruling(rulings[-1]))
    intervals = history.rows("measurings", {"id": id_}) or history.rows("intervals", {"id": id_})
    if intervals:
        return _of_interval(history, Trail(id_, "interval"), intervals[-1])
    events = [unpacked(row)["body"] for row in history.rows("context", {"kind": BREACH_EVENT, "id": id_})]
    if not events:
        same = history.rows("context", {"kind": BREACH_EVENT, "salt": id_[:4]})
        found = (row["id"] for row in same if unpacked(row)["body"]["event_id"] == id_)
        if (breach := next(found, None)) is not None:
            rows = history.rows("context", {"kind": BREACH_EVENT, "id": breach})
            events = [unpacked(row)["body"] for row in rows]
    if events:
        return _of_breach(history, Trail(id_, "breach", events=events))
    outlooks = history.rows("outlooks", {"id": id_})
    if outlooks:
        return _of_outlook(history, Trail(id_, "outlook"), outlooks[-1])
    return _of_reading(history, id_)


def _of_outlook(history: History, trail: Trail, row: Line) -> Trail:
    trail.outlook = said = {**row, "at": row["time"]}
    start, end = said["start"], said["end"]
    same = {name: said[name] for name in ("device", "rule", "pollutant")}
    rows = history.rows("outlooks", {**same, "kind": said["kind"]}, start, end + HOUR_MS)
    trail.said = [{**one, "at": one["time"]} for one in rows if (one["start"], one["end"]) == (start, end)]
    found = [_ruling(one) for one in history.rows("rulings", same, start, start + 1)]
    is_day = said["kind"] == DAY
    trail.resting = [one for one in found if one["end"] == end and (one["kind"] == DAY) == is_day]
    _configured(history, trail, said["configuration"], said["site"], said["device"], said["rule"])
    if is_day:
        rows = history.rows("rulings", {**same, "kind": "interval"}, start, said["at"])
        trail.parts = [_ruling(row) for row in rows if (row["decided_at"] or 0) < said["at"]]
        return trail
    _measured(history, trail, said["site"], said["device"], start, end)
    return trail


def _of_reading(history: History, id_: str) -> Trail | None:
    """A reading's id says its time; which of that time it is its content says."""
    time = time_of_reading(id_)
    if time is None:
        return None
    for measurement in ("readings", "conflicts"):
        for row in history.rows(measurement, {}, time, time + 1):
            if id_of_row(row) == id_:
                break
        else:
            continue
        trail = Trail(id_, "reading", reading=row, conflicting=measurement == "conflicts")
        device, site = row["device"], row["site"]
        _configured(history, trail, row.get("revision"), site, device, None)
        until = time + max(round(float(row["period"] or 0) * 1000), 1)
        _measured(history, trail, site, device, time, until)
        longest = time - 24 * HOUR_MS
        found = history.rows("measurings", {"device": device}, longest, until)
        trail.intervals = [one for one in found if one["end"] > time]
        rulings = [_ruling(one) for one in history.rows("rulings", {"device": device}, longest, until)]
        trail.resting = [one for one in rulings if one["end"] > time or one["start"] == time]
        return trail
    return None


def _of_breach(history: History, trail: Trail) -> Trail:
    opening = next((event for event in trail.events if event["event"] == "opened"), None)
    if opening is None:
        trail.miss("no_opening")
    said = (opening or trail.events[0])["verdict"]
    if said is None:
        event = opening or trail.events[0]
        _configured(history, trail, event["configuration"], event["site"], event["device"], None)
        return trail
    rulings = history.rows("rulings", {"id": said}) or history.rows("verdicts", {"id": said})
    if not rulings:
        trail.miss("verdict", id=said)
        return trail
    return _of_verdict(history, trail, _ruling(rulings[-1]))


def _of_verdict(history: History, trail: Trail, verdict: Line) -> Trail:
    trail.verdict = verdict
    start, end = verdict["start"], verdict["end"]
    same = {name: verdict[name] for name in ("device", "rule", "kind", "pollutant")}
    found = [_ruling(row) for row in history.rows("rulings", same, start, start + 1)]
    trail.rulings = sorted((row for row in found if row["end"] == end), key=lambda r: int(r["revision"]))
    if not trail.rulings:
        trail.rulings = [verdict]
        trail.miss("rulings")
    _configured(history, trail, verdict["configuration"], verdict["site"], verdict["device"], verdict["rule"])
    if trail.kind != "breach":
        ids = {row["id"] for row in trail.rulings}
        rows = history.rows("context", {"kind": BREACH_EVENT, "name": verdict["device"]}, start)
        trail.events = [event for event in (unpacked(row)["body"] for row in rows) if event["verdict"] in ids]
    if verdict["kind"] == "day":
        rows = history.rows("rulings", {**same, "kind": "interval"}, start, end)
        trail.parts = [_ruling(row) for row in rows if (row["decided_at"] or 0) <= verdict["decided_at"]]
        if not trail.parts:
            trail.miss("parts")
        return trail
    if verdict["interval"]:
        named = {"id": verdict["interval"]}
        rows = history.rows("measurings", named, start, start + 1)
        rows = rows or history.rows("intervals", named, start, start + 1)
        trail.interval = rows[-1] if rows else None
        if trail.interval is None:
            trail.miss("interval", id=verdict["interval"])
    _measured(history, trail, verdict["site"], verdict["device"], start, end)
    if is_beside(trail.rule):
        _beside(history, trail, verdict)
    else:
        _background(history, trail, verdict)
    rows = history.rows(
        "context", {"kind": WIND, "name": verdict["site"]}, start - HOUR_MS + 1, max(end, start + 1)
    )
    trail.winds = latest_of(wind_of(unpacked(row)) for row in rows)
    return trail


def _of_interval(history: History, trail: Trail, interval: Line) -> Trail:
    trail.interval = {**interval, "start": interval["time"]}
    start, end = interval["time"], interval["end"]
    same = {name: interval[name] for name in ("device", "pollutant")}
    alike = {**same, "statistic": interval["statistic"], "window": interval["window"]}
    trail.intervals = history.rows("measurings", alike, start, start + 1)
    trail.intervals.sort(key=lambda one: int(one["revision"]))
    rulings = [_ruling(row) for row in history.rows("rulings", same, start, start + 1)]
    trail.resting = [row for row in rulings if row["interval"] == interval["id"]]
    name = next((row["configuration"] for row in trail.resting), None)
    if name is None:
        held = history.rows("readings", {"device": interval["device"]}, start, end)
        name = next((row["revision"] for row in held if row.get("revision")), None)
    _configured(history, trail, name, interval["site"], interval["device"], None)
    _measured(history, trail, interval["site"], interval["device"], start, end)
    return trail


def _ruling(row: Line) -> Line:
    """A row of `rulings` or `verdicts` with lists and instants as they were."""
    return {
        **row,
        "start": row["time"],
        "revision": int(row["revision"]),
        "title": orjson.loads(row["title"] or "{}"),
        "reasons": [code for code in (row["reasons"] or "").split(",") if code],
        "background_ids": [one for one in (row.get("background_ids") or "").split(",") if one],
    }


def _configured(
    history: History, trail: Trail, id_: str | None, site: str, device: str, rule: str | None
) -> None:
    """The configuration by its id, and of it the pieces that are of interest."""
    if id_:
        trail.configuration = _piece(history, CONFIGURATION, "", id_)
    if trail.configuration is None or id_ is None:
        trail.miss("configuration", id=id_ or "?")
        return
    wanted = [("site", SITE, site), ("device", DEVICE, device)]
    wanted += [("rule", RULE, rule)] if rule is not None else []
    for attribute, kind, name in wanted:
        piece = _piece(history, kind, name, id_)
        if piece is None:
            trail.miss("piece", kind=kind, name=name, id=id_)
        else:
            setattr(trail, attribute, piece["body"])


def _piece(history: History, kind: str, name: str, id_: str) -> Line | None:
    named = {"kind": kind, "id": id_, **({"name": name} if name else {})}
    rows = history.rows("context", named)
    return unpacked(rows[0]) if rows else None


def _measured(history: History, trail: Trail, site: str, device: str, start: int, end: int) -> None:
    """Readings that touch [start, end); an instant rule has a single one."""
    width = max(end - start, 1)
    begin, until = start - (width if end > start else 0), max(end, start + 1)
    rows = history.rows("readings", {"device": device}, begin, until)
    more = history.rows("conflicts", {"device": device}, begin, until)
    trail.readings = [row for row in rows if _touches(row, start)]
    trail.conflicts = [row for row in more if _touches(row, start)]
    words = history.rows("quality", {"device": device}, begin, until)
    trail.quality = {(row["time"], row["period"]): row["words"] or "" for row in words}
    if not trail.readings:
        trail.miss("readings")
    places = {site, *EVERYWHERE}
    if trail.site is not None:
        places |= {str(trail.site[key]) for key in ("area", "township") if trail.site.get(key)}
    found = [signal_of(unpacked(row)) for row in history.rows("context", {"kind": SIGNAL}, None, until)]
    near = [s for s in found if s.place in places and s.device in (None, device)]
    trail.signals = [s for s in near if s.end is None or s.end > start or s.calibration]


def _touches(row: Line, start: int) -> bool:
    return bool(row["time"] + max(round(float(row["period"] or 0) * 1000), 1) > start)


def is_beside(rule: Line | None) -> bool:
    """Does the rule subtract what another monitor of the site measured?"""
    return bool(((rule or {}).get("background") or {}).get("kind", "county") != "county")


def _beside(history: History, trail: Trail, verdict: Line) -> None:
    start = verdict["start"]
    for one in verdict["background_ids"]:
        named = {"id": one}
        rows = history.rows("measurings", named, start, start + 1)
        rows = rows or history.rows("intervals", named, start, start + 1)
        if rows:
            trail.beside = rows[0]
        else:
            trail.miss("interval", id=one)


def _background(history: History, trail: Trail, verdict: Line) -> None:
    start = verdict["start"]
    rows = [unpacked(row) for row in history.rows("context", {"kind": BACKGROUND}, start, start + 1)]
    records = {row["id"]: background_of(row) for row in rows}
    trail.backgrounds = [records[one] for one in verdict["background_ids"] if one in records]
    for one in verdict["background_ids"]:
        if one not in records:
            trail.miss("background", id=one)
    if verdict["background"] is not None and not verdict["background_ids"]:
        trail.miss("background_ids")


def id_of_row(row: Mapping[str, Any]) -> str:
    """The id of a row of `readings` or `conflicts`, as a replay prints it."""
    numbers = {name: round(row[name] * 1000) for name in QUANTITIES if row.get(name) is not None}
    flags = dict(pair.split("=", 1) for pair in (row.get("flags") or "").split(";") if "=" in pair)
    return reading_id(row["device"], row["time"], round(float(row["period"] or 0) * 1000), numbers, flags)
