"""One stored reading explained: what came, what the checks said of it, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingest.units import QUANTITIES
from processors.audit.admission import admission
from processors.audit.arithmetic import number
from processors.audit.corrections import applied_to, corrected, service_windows

if TYPE_CHECKING:
    from processors.audit.teller import Teller

Line = dict[str, Any]


def reading_lines(teller: Teller) -> Iterator[str]:
    """The story of a reading, a line a fact."""
    trail, t, line = teller.trail, teller.say, teller.line
    row = trail.reading
    assert row is not None
    yield line("reading", t("reading_is", id=trail.id, received=teller.instant(row["received_at"])))
    yield teller.place(row["site"], row["device"])
    seconds = round(float(row["period"] or 0) * 1000)
    yield teller.period(row["time"], row["time"] + seconds)
    yield from teller.configured()
    yield from _values(teller, row)
    yield from teller.orders()
    marks = [mark for mark in (row.get("marks") or "").split(",") if mark]
    if marks:
        yield line("marks", ", ".join(teller.why(f"mark:{mark}") for mark in marks))
    if trail.conflicting:
        yield line("marks", t("kept_beside"))
    head = "enters"
    for one in trail.intervals:
        words = {"pollutant": one["pollutant"], "statistic": one["statistic"], "id": one["id"]}
        span = {"start": teller.instant(one["time"]), "end": teller.instant(one["end"])}
        value = "-" if one["value"] is None else number(one["value"])
        yield line(head, t("entered", **words, **span, value=value, revision=one["revision"]))
        head = ""
    head = "rests"
    for one in trail.resting:
        yield line(head, t("rest", rule=one["rule"], answer=t(one["answer"]), id=one["id"]))
        head = ""


def _values(teller: Teller, row: Line) -> Iterator[str]:
    trail, head = teller.trail, "values"
    words = trail.quality.get((row["time"], row["period"]))
    maintenance = service_windows(trail.signals)
    for name, quantity in QUANTITIES.items():
        said = admission(row, name, {}, words, maintenance, None, trail.conflicting)
        if said is None:
            continue
        parts = [f"{name} {number(said.value)} {quantity.unit}", *said.words]
        judged = corrected(said.value, applied_to(row, name, trail.device, trail.signals))
        if judged != said.value:
            parts.append(teller.say("calibrated_to", value=number(judged)))
        if said.why:
            parts.append(teller.say("not_admitted", why=", ".join(teller.why(why) for why in said.why)))
        yield teller.line(head, "  ".join(parts))
        head = ""
