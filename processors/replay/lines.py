"""JSON lines of results: one form for `replay`, `backtest` and anything compared with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson

from ingest.decoders.instants import instant_text
from ingest.records import MISSING, Quarantined, Readings
from ingest.units import JUDGED
from processors.fold import Outputs
from processors.quality import CHECKS
from processors.records import (
    Breach,
    Interval,
    Outlook,
    RegionalEpisode,
    SiteHour,
    Verdict,
    reading_id,
    site_hour_of,
)
from processors.windows import REFUSED

# marks of a reading that are flags of its values
_OF_A_VALUE = ("clock", "conflict", "future", "late")
EVENTS = ("opened", "amended", "closed")

_OF_INTERVAL, _OF_VERDICT = attrgetter(*Interval.__slots__), attrgetter(*Verdict.__slots__)

Line = dict[str, Any]
ReadingKey = tuple[str, int, int]  # device, time and period of a reading


def calibrated_values(found: Outputs) -> dict[int, dict[str, int]]:
    """Row of the readings -> pollutant -> judged thousandths, for calibrated devices."""
    return {
        row: {name: value for name, value in zip(JUDGED, values, strict=True) if value > REFUSED}
        for places, columns in found.calibrated
        for row, values in zip(places.tolist(), columns.T.tolist(), strict=True)
    }


def reading_lines(
    batch: Readings, marks: dict[int, str], calibrated: dict[int, dict[str, int]]
) -> list[tuple[ReadingKey, Line]]:
    """A line for each reading that is not a duplicate; `marks`: those that detection adds."""
    lines: list[tuple[ReadingKey, Line]] = []
    for row in range(len(batch)):
        own = [m for text in (batch.marks.get(row), marks.get(row)) if text for m in text.split(",")]
        if "duplicate" in own:
            continue
        flagged = dict(pair.split("=", 1) for pair in batch.flags.get(row, "").split(";") if "=" in pair)
        shared = [mark for mark in own if mark in _OF_A_VALUE]
        numbers = {
            name: int(column[row]) for name, column in batch.values.items() if int(column[row]) != MISSING
        }
        code = int(batch.codes[row])
        judged = calibrated.get(row, {})
        device, time, period = batch.devices[code], int(batch.time[row]), int(batch.period[row])
        line = {
            "id": reading_id(device, time, period, numbers, flagged),
            "device": device,
            "site": batch.sites[code],
            "time": instant_text(time),
            "period": period // 1000 if period % 1000 == 0 else period / 1000,
            "received_at": instant_text(int(batch.received_at[row])),
            "values": {
                name: {
                    "value": number / 1000,
                    **({"calibrated": judged[name] / 1000} if judged.get(name, number) != number else {}),
                    "flags": sorted({*shared, *([flagged[name]] if name in flagged else [])}),
                }
                for name, number in numbers.items()
            },
            "marks": sorted(own),
        }
        lines.append(((device, time, period), line))
    return lines


def conclude(value: Line, words: tuple[str, ...]) -> None:
    """Replace the earlier findings of the checks on a value by later ones."""
    others = (f for f in value["flags"] if f.removesuffix("!") not in CHECKS or f in _OF_A_VALUE)
    value["flags"] = sorted({*others, *words})


def quarantine_line(refused: Quarantined) -> Line:
    """Line of a message that could not be used."""
    return {
        "received_at": instant_text(refused.received_at),
        "topic": refused.topic,
        "rejected": refused.code,
        "detail": refused.detail,
    }


def interval_line(interval: Interval) -> Line:
    """Line of an interval record."""
    line: Line = dict(zip(Interval.__slots__, _OF_INTERVAL(interval), strict=True))
    line["start"], line["end"] = instant_text(interval.start), instant_text(interval.end)
    return line


def verdict_line(verdict: Verdict) -> Line:
    """Line of a verdict; its `title`, `citation` and `clause` are those of the rule at that time."""
    line: Line = dict(zip(Verdict.__slots__, _OF_VERDICT(verdict), strict=True))
    for name in ("start", "end", "decided_at"):
        line[name] = instant_text(line[name])
    return line


def breach_line(breach: Breach) -> Line:
    """Line of a breach event."""
    line: Line = {name: getattr(breach, name) for name in Breach.__slots__}
    line["event_id"] = breach.event_id
    line["interval_start"], line["interval_end"] = instant_text(breach.start), instant_text(breach.end)
    line["at"], line["opened_at"] = instant_text(breach.at), instant_text(breach.opened_at)
    # `start` and `revision` would take part in the order of the lines, where `at` and the event must count
    line["interval_revision"] = breach.revision
    del line["start"], line["end"], line["revision"]
    for name in ("evidence", "regional"):
        if line[name] is None:
            del line[name]
    return line


def outlook_line(outlook: Outlook) -> Line:
    """Line of an outlook."""
    line: Line = outlook.body
    for name in ("at", "start", "end"):
        line[name] = instant_text(line[name])
    return line


def wind_line(hour: SiteHour) -> Line:
    """Line of the wind of a site over a clock hour, and of what the site added."""
    line: Line = asdict(hour)
    for name in ("start", "end", "decided_at"):
        line[name] = instant_text(line[name])
    return line


def regional_line(episode: RegionalEpisode) -> Line:
    """Line of an event of a regional episode."""
    line: Line = {**asdict(episode), "event_id": episode.event_id}
    for name in ("start", "end", "at"):
        line[name] = instant_text(line[name])
    return line


def interval_of_line(line: Mapping[str, Any]) -> Interval:
    """The inverse of `interval_line`."""
    own = {name: line[name] for name in Interval.__slots__}
    return Interval(**{**own, "start": instant_of(line["start"]), "end": instant_of(line["end"])})


def wind_of_line(line: Mapping[str, Any]) -> SiteHour:
    """The inverse of `wind_line`."""
    instants = {name: instant_of(line[name]) for name in ("start", "end", "decided_at")}
    return site_hour_of({**line, **instants})


def instant_of(text: str) -> int:
    """Parse an instant of a line, ms UTC."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def lines_text(lines: Iterable[Line], when: str) -> bytes:
    """Sorted lines with sorted keys: the same lines give the same bytes, in whatever order they came."""
    return b"".join(text for _, text in sorted((order_of(line, when), text_of(line)) for line in lines))


def order_of(line: Line, when: str) -> tuple[str, str, str, str, str, int, int]:
    """What a line is sorted by: its instant under the key `when` first."""
    words = (line.get(key) or "" for key in ("site", "pollutant", "rule"))
    site, pollutant, rule = words
    device = line.get("device") or line.get("point") or ""
    # what opened and closed at one instant (background came late) is read in that order
    event = EVENTS.index(line["event"]) if line.get("event") in EVENTS else 0
    return line[when], site, device, pollutant, rule, line.get("revision") or 0, event


def text_of(line: Line) -> bytes:
    """One line, keys sorted."""
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
