"""Makes a log again from history: readings, background, signals; and what of it can't be made again.

History holds what readings said and when they came, not the log's ticks, its order within a millisecond,
nor what was read twice. So our own outages are not there: what was decided late can't be reproduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Revision, Tick
from ingest.units import QUANTITIES
from processors.audit.trail import is_beside
from processors.columns import MINUTE_MS
from processors.history.base import History
from processors.history.context import BACKGROUND, BREACH_EVENT, SIGNAL, background_of, signal_of, unpacked
from processors.replay.backtest import Judged, Key, key_of, said_of

DAY_BACK_MS = 86_400_000  # how much older than its receipt what is read may be
SOON_MS = 5 * MINUTE_MS  # a decision later than due by more than this waited for something
Line = dict[str, Any]
# marks that detection makes again; others (of the bridge) are kept
_OF_DETECTION = frozenset({"amends", "conflict", "duplicate", "future", "late", "unjudged", "unknown_device"})

WHY: Mapping[str, str] = {
    "log_gap": "the log lacked records of it",
    "background_not_kept": "a background record that it used is not in history",
    "readings_not_kept": "it has a value, but history holds no reading of it",
    "log_begins_later": "the log begins later than the fold needs it to: retention has deleted the rest",
    "silent_before": "its device was silent already where the fold begins: since when is not known there",
    "decided_late": "it was decided later than its rule says: an outage, of which history knows nothing",
}


def log_from(history: History, revision: Revision, start: int, end: int) -> Iterator[FeedRecord]:
    """The log of [start, end) by a configuration, a tick at every whole minute."""
    timed: list[tuple[int, int, FeedRecord | Row]] = []
    for device in revision.body["devices"]:
        for measurement in ("readings", "conflicts"):
            for line in history.rows(measurement, {"device": device["id"]}, start - DAY_BACK_MS, end):
                if start <= line["received_at"] < end:
                    timed.append((line["received_at"], 1, row_of(line)))
    for line in history.rows("context", {"kind": BACKGROUND}, start - DAY_BACK_MS, end):
        if start <= line["received_at"] < end:
            timed.append((line["received_at"], 2, background_of(unpacked(line))))
    for line in history.rows("context", {"kind": SIGNAL}, None, end):
        if line["received_at"] < end:  # an order may be much older and still be in force
            timed.append((max(line["received_at"], start), 2, signal_of(unpacked(line))))
    timed += [(at, 0, Tick(at, MINUTE_MS, "history")) for at in range(start, end, MINUTE_MS)]
    timed.sort(key=lambda one: one[:2])
    yield Revision(revision.id, start, start, revision.body)
    rows: list[Row] = []
    for _, _, record in timed:
        if isinstance(record, Row):
            rows.append(record)
            continue
        if rows:
            yield readings_of(rows, revision.id)
            rows = []
        yield record
    if rows:
        yield readings_of(rows, revision.id)


def row_of(line: Line) -> Row:
    """A reading out of a row of `readings` or `conflicts`."""
    pairs = [pair.split("=", 1) for pair in (line.get("flags") or "").split(";") if "=" in pair]
    marks = [mark for mark in (line.get("marks") or "").split(",") if mark and mark not in _OF_DETECTION]
    return Row(
        line["device"],
        line["site"],
        line["time"],
        round(float(line["period"] or 0) * 1000),
        line["received_at"],
        {name: round(line[name] * 1000) for name in QUANTITIES if line.get(name) is not None},
        {pair[0]: pair[1] for pair in pairs},
        orjson.loads(line["extras"]) if line.get("extras") else {},
        tuple(marks),
    )


def judged_before(history: History, start: int, end: int) -> tuple[Judged, dict[Key, Line]]:
    """What history says was judged of [start, end], and the row of each verdict."""
    found = Judged()
    rows: dict[Key, Line] = {}
    for line in history.rows("rulings", {}, start, end):
        if line["end"] <= end:
            row = {**line, "start": line["time"], "revision": int(line["revision"])}
            row["reasons"] = [code for code in (line["reasons"] or "").split(",") if code]
            key = key_of(row, row["device"])
            if key not in rows or rows[key]["revision"] < row["revision"]:
                rows[key], found.verdicts[key] = row, said_of(row)
    for line in history.rows("context", {"kind": BREACH_EVENT}, start):
        event = unpacked(line)["body"]
        within = start <= event["start"] and event["end"] <= end
        if within and event["event"] == "opened" and event["kind"] == "exceedance":
            found.opened[event["rule"], event["device"], event["start"]] = event
    return found, rows


def unreproducible(history: History, rows: Mapping[Key, Line], revision: Revision) -> dict[Key, str]:
    """Which of the verdicts of history can't be made again from it, and why (see WHY)."""
    rules = {rule["id"]: rule for rule in revision.body["rules"]}
    starts = [row["start"] for row in rows.values()]
    kept = {
        line["id"]
        for line in (
            history.rows("context", {"kind": BACKGROUND}, min(starts), max(starts) + 1) if starts else []
        )
    }
    found: dict[Key, str] = {}
    for key, row in rows.items():
        used = [one for one in (row["background_ids"] or "").split(",") if one]
        if "log_gap" in row["reasons"]:
            found[key] = "log_gap"
        elif not is_beside(rules.get(row["rule"])) and (
            any(one not in kept for one in used) or (row["background"] is not None and not used)
        ):
            found[key] = "background_not_kept"
        elif row["kind"] != "day" and row["value"] is not None and not _is_measured(history, row):
            found[key] = "readings_not_kept"
        elif row["revision"] == 1 and _is_late(row, rules.get(row["rule"])):
            found[key] = "decided_late"
    return found


def _is_measured(history: History, row: Line) -> bool:
    until = max(row["end"], row["start"] + 1)
    return bool(history.readings(row["device"], row["pollutant"], row["start"] - 3_600_000, until, limit=1))


def _is_late(row: Line, rule: Line | None) -> bool:
    if rule is None or row["kind"] == "instant":
        return False
    wait = (rule.get("background") or {}).get("wait_min", 0) * MINUTE_MS
    return bool(row["decided_at"] > row["end"] + rule["lateness_s"] * 1000 + wait + SOON_MS)
