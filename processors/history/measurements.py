"""Measurements of history: the meaning of their points, tags and typed fields, and how stores keep them.

Both stores, the points, the counters of the store stage and `deploy/docs/history.md` read this one table.
To add a measurement, declare it here and turn records into its points in `columns.py`.

Measurement, tags and time identify a point; writing it again overwrites the fields that are written and
leaves the others alone. Time is int milliseconds UTC, and so are instants in fields. Values are floats in the
unit of `ingest.units.QUANTITIES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.units import QUANTITIES

FLOAT, INT, TEXT = "float", "int", "text"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement: tags in the order in which they are written (sorted, for InfluxDB), typed fields."""

    name: str
    meaning: str  # what a point is, for people who query the store
    tags: tuple[str, ...]
    fields: Mapping[str, str]
    always: str  # a field that every point has: InfluxDB counts points by it
    counter: str | None  # of the store stage; None: each point repeats one that is counted already
    indexes: tuple[str, ...] = ()  # columns by which SQLite finds rows, besides its key


_READING_FIELDS = {
    **dict.fromkeys(QUANTITIES, FLOAT),
    "received_at": INT,
    "flags": TEXT,
    "marks": TEXT,
    "extras": TEXT,
    "set_aside": TEXT,
    "revision": TEXT,
}
_VERDICT_FIELDS = {
    "answer": TEXT,
    "answer_code": INT,
    "value": FLOAT,
    "background": FLOAT,
    "subtracted": FLOAT,
    "limit": FLOAT,
    "capture": FLOAT,
    "unit": TEXT,
    "reasons": TEXT,
    "clause": TEXT,
    "title": TEXT,
    "rule_revision": TEXT,
    "revision": INT,
    "configuration": TEXT,
    "interval": TEXT,
    "end": INT,
    "decided_at": INT,
    "id": TEXT,
}
_INTERVAL_TAGS = ("device", "pollutant", "site", "statistic", "window")
_INTERVAL_FIELDS = {"value": FLOAT, "capture": FLOAT, "count": INT, "revision": INT, "end": INT, "id": TEXT}


def _without_revision(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields of a measurement that keeps every revision, where `revision` is a tag."""
    return {name: kind for name, kind in fields.items() if name != "revision"}


MEASUREMENTS: dict[str, Measurement] = {
    measurement.name: measurement
    for measurement in (
        Measurement(
            "readings",
            "One reading of a device. `period` is in seconds, `0` for an instant: HJ 212 sends an instant "
            "and the mean of the hour under one time. `flags`, `marks`, `extras`, `set_aside` (JSON: "
            "quantity, raw value, reason) and `revision` where present.",
            tags=("device", "period", "site"),
            fields=_READING_FIELDS,
            always="received_at",
            counter="readings",
        ),
        Measurement(
            "conflicts",
            "A reading that contradicts an earlier one of the same device, time and period; `content` is a "
            "hash of what it says.",
            tags=("content", "device", "period", "site"),
            fields=_READING_FIELDS,
            always="received_at",
            counter="readings",
        ),
        Measurement(
            "outlooks",
            "What was to be expected of a window (kind `interval`) or of a day's allowance (`day`) before "
            "its end. Time is when it was said; `required` is the mean from then on that would comply; "
            "`regional` is JSON, of a window inside a regional episode.",
            tags=("device", "kind", "pollutant", "rule", "site"),
            fields={
                **dict.fromkeys(("projected", "low", "high", "probability", "required", "limit"), FLOAT),
                **dict.fromkeys(("subtracted", "minutes_left"), FLOAT),
                **dict.fromkeys(("start", "end", "covered", "settled", "slots", "background_known"), INT),
                **dict.fromkeys(("state", "event", "id", "rule_revision", "configuration"), TEXT),
                "regional": TEXT,
            },
            always="end",
            counter="outlooks",
            indexes=("time", "id"),
        ),
        Measurement(
            "quality",
            "What the quality checks say of the reading of the same tags and time, where they say anything. "
            "`words`: `pm10=spike!,flat_line;tsp=...` (`!` failed, else suspect); empty: all is well.",
            tags=("device", "period", "site"),
            fields={"words": TEXT, "final": INT},
            always="final",
            counter="flags",
        ),
        Measurement(
            "intervals",
            "A window's value, its latest revision. Time is the start; `window` is `15m`, `1h`, `1d` or "
            "seconds as `120s`.",
            tags=_INTERVAL_TAGS,
            fields=_INTERVAL_FIELDS,
            always="capture",
            counter="intervals",
            indexes=("time", "id"),
        ),
        Measurement(
            "measurings",
            "Every window value ever published, also those that were superseded.",
            tags=tuple(sorted((*_INTERVAL_TAGS, "revision"))),
            fields=_without_revision(_INTERVAL_FIELDS),
            always="capture",
            counter=None,
            indexes=("id",),
        ),
        Measurement(
            "verdicts",
            "What a rule says, its latest revision. Time is the start; `answer_code` is 0 compliant, 1 "
            "undetermined, 2 exceeds; `limit` must be quoted in InfluxQL.",
            tags=("device", "kind", "pollutant", "rule", "site"),
            fields=_VERDICT_FIELDS,
            always="answer_code",
            counter="verdicts",
            indexes=("time", "id"),
        ),
        Measurement(
            "rulings",
            "Every verdict ever given, also those that were superseded.",
            tags=("device", "kind", "pollutant", "revision", "rule", "site"),
            fields={
                **_without_revision(_VERDICT_FIELDS),
                "citation": TEXT,
                "status": TEXT,
                "background_ids": TEXT,
            },
            always="answer_code",
            counter=None,
            indexes=("time", "id"),
        ),
        Measurement(
            "context",
            "What verdicts depended on and led to: background, signals, configurations in pieces, breach "
            "events, regional episodes, the wind of a site's hour; and remarks on what a device sent. Time "
            "is the start, or when it came into force; `body` is JSON.",
            tags=("kind", "name", "salt"),
            fields={"id": TEXT, "received_at": INT, "end": INT, "body": TEXT},
            always="body",
            counter="context",
            indexes=("kind", "id"),
        ),
    )
}


def described() -> Iterator[str]:
    """The table in Markdown, line by line."""
    yield "| measurement | tags | fields | what a point is |"
    yield "|---|---|---|---|"
    for one in MEASUREMENTS.values():
        fields = "; ".join(
            f"{kind}: {', '.join(names)}"
            for kind in (FLOAT, INT, TEXT)
            if (names := [name for name, type_ in one.fields.items() if type_ == kind])
        )
        yield f"| `{one.name}` | {', '.join(one.tags)} | {fields} | {one.meaning} |"
