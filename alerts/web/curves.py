"""Curve of one device and quantity: readings, means, background and the threshold line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.web.board import UNDETERMINED
from ingest.durations import HOUR_MS

LONGEST = 31 * 24 * HOUR_MS
_POINTS = 3_000  # about two a pixel of a wide screen


def thin(points: Sequence[tuple[int, float]], most: int = _POINTS) -> list[tuple[int, float]]:
    """At most about `most` points that keep every peak and dip: minimum and maximum of each bucket."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) * 2 // most)
    kept: list[tuple[int, float]] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        low, high = min(bucket, key=_value), max(bucket, key=_value)
        kept.extend(sorted({low, high}))
    return kept


def with_gaps(points: Sequence[tuple[int, float]], interval_ms: int) -> list[tuple[int, float | None]]:
    """The points with a gap wherever more than three intervals are missing, so that no line spans it."""
    out: list[tuple[int, float | None]] = []
    before: int | None = None
    for time, value in points:
        if before is not None and time - before > 3 * interval_ms:
            out.append((before + 1, None))
        out.append((time, value))
        before = time
    return out


def main_verdicts(
    verdicts: Iterable[Mapping[str, Any]], device: str, quantity: str
) -> list[Mapping[str, Any]]:
    """Newest revisions of the interval verdicts of a device and quantity, for the rule to draw, by time.

    The rule is the one with the longest window up to an hour; of several the one with a background, then
    the one with the lowest limit.
    """
    newest: dict[tuple[str, int], Mapping[str, Any]] = {}
    for verdict in verdicts:
        if verdict["device"] != device or verdict["pollutant"] != quantity or verdict.get("kind") == "day":
            continue
        length = verdict["end"] - verdict["start"]
        if not 0 < length <= HOUR_MS:
            continue
        key = (verdict["rule"], verdict["start"])
        if key not in newest or (verdict.get("revision") or 0) > (newest[key].get("revision") or 0):
            newest[key] = verdict
    if not newest:
        return []
    chosen = max(newest.values(), key=_worth_drawing)["rule"]
    return sorted((v for (rule, _), v in newest.items() if rule == chosen), key=lambda v: v["start"])


def _worth_drawing(verdict: Mapping[str, Any]) -> tuple[int, bool, float, str]:
    length = verdict["end"] - verdict["start"]
    return (length, verdict.get("background") is not None, -(verdict.get("limit") or 0.0), verdict["rule"])


def series(
    points: Sequence[tuple[int, float]],
    intervals: Iterable[Mapping[str, Any]],
    verdicts: Iterable[Mapping[str, Any]],
    *,
    device: str,
    quantity: str,
    interval_ms: int,
) -> dict[str, Any]:
    """Answer of `/api/series` as JSON data; instants in ms UTC, values in the quantity's unit."""
    shown = thin(points)
    judged = main_verdicts(verdicts, device, quantity)
    window = judged[0]["end"] - judged[0]["start"] if judged else HOUR_MS
    unjudged = {v["start"] for v in judged if v["answer"] == UNDETERMINED}
    gap_ms = max(interval_ms, (shown[-1][0] - shown[0][0]) // max(1, len(shown) - 1) if shown else 0)
    return {
        "readings": with_gaps(shown, gap_ms),
        "thinned": len(shown) < len(points),
        "window_ms": window,
        "means": [
            # the last: nothing was decided by it, so it is drawn as another line
            [i["start"], i["end"], _float(i["value"]), _float(i.get("capture")), i["start"] in unjudged]
            for i in newest_intervals(intervals, device)
            if i["end"] - i["start"] == window
        ],
        "background": [[v["start"], v["end"], _float(v.get("background"))] for v in judged],
        "threshold": [[v["start"], v["end"], line(v)] for v in judged],
        "limit": _float(judged[-1]["limit"]) if judged else None,
        "title": judged[-1].get("title") if judged else None,
    }


def newest_intervals(intervals: Iterable[Mapping[str, Any]], device: str) -> list[Mapping[str, Any]]:
    """The newest revision of each interval of a device, by time."""
    newest: dict[tuple[int, int], Mapping[str, Any]] = {}
    for interval in intervals:
        if interval["device"] != device:
            continue
        key = (interval["start"], interval["end"])
        if key not in newest or (interval.get("revision") or 0) >= (newest[key].get("revision") or 0):
            newest[key] = interval
    return [newest[key] for key in sorted(newest)]


def line(verdict: Mapping[str, Any]) -> float | None:
    """Measured value above which the limit is exceeded: the limit plus what is subtracted; None: unknown."""
    if verdict.get("limit") is None or "no_background" in (verdict.get("reasons") or ()):
        return None
    return float(verdict["limit"]) + float(verdict.get("subtracted") or 0.0)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)  # a store may hand out a whole number as int


def _value(point: tuple[int, float]) -> float:
    return point[1]
