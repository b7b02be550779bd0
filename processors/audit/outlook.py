"""An outlook explained: what was known of the window when it was said, the sum, and how the window ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from processors.audit.arithmetic import Slot, number
from processors.audit.recompute import Reworked, judged_readings, slots_of
from processors.audit.trail import DAY
from processors.columns import NANO, QUARTER_MS

if TYPE_CHECKING:
    from processors.audit.teller import Teller
    from processors.audit.trail import Trail

_LATENESS_MS = 120_000  # of quarters that no rule asks for: what came later is not in their sums
Line = dict[str, Any]


def rework_outlook(trail: Trail) -> Reworked:
    """What was settled at that instant, and the mean from then on that would comply, worked out again.

    A quarter of an hour keeps the sum that it closed with, so what came for it later does not count; how
    long it waited depends on other rules: both their lateness and this one's are tried.
    """
    said = trail.outlook
    assert said is not None
    found = Reworked(is_long=said["end"] - said["start"] > 3_600_000)
    if said["kind"] == DAY:
        return _of_day(trail, said, found)
    if trail.device is None or trail.rule is None:
        return found
    own = int(trail.rule.get("lateness_s", 120)) * 1000
    for lateness in (_LATENESS_MS, max(own, _LATENESS_MS), None):
        found.readings = _known(trail, said, lateness)
        found.before = said["at"]
        found.window = slots_of(trail, found, said["start"], said["end"])
        slots = [slot for slot in found.window.slots if slot.start < _settled_until(said)]
        found.window = type(found.window)(tuple(slots), said["slots"], _mean(slots))
        required = _required(said, slots, trail.rule)
        found.differs = [
            (name, ours, stored)
            for name, ours, stored in (
                ("covered", len(slots), said["covered"]),
                ("required", required, said["required"]),
            )
            # of hours it depends on the one that had begun, by its slots
            if not _same(ours, stored) and not (found.is_long and name == "required")
        ]
        found.agrees = not found.differs
        if found.agrees:
            break
    return found


def _of_day(trail: Trail, said: Line, found: Reworked) -> Reworked:
    """How many of the day's intervals had been found to exceed."""
    found.latest = {part["start"]: part for part in trail.parts}  # by start and revision: the last one counts
    found.counted = sum(part["answer"] == "exceeds" for part in found.latest.values())
    found.value = float(found.counted)
    found.differs = [] if found.counted == said["covered"] else [("covered", found.counted, said["covered"])]
    found.agrees = not found.differs
    return found


def _settled_until(said: Line) -> int:
    return int(said["start"] + said["settled"] * ((said["end"] - said["start"]) // max(said["slots"], 1)))


def _known(trail: Trail, said: Line, lateness: int | None) -> list[Any]:
    found = judged_readings(trail, said["pollutant"], said["at"])
    if lateness is None:
        return found
    return [
        one
        for one in found
        if one.row["received_at"] < (one.row["time"] // QUARTER_MS + 1) * QUARTER_MS + lateness
    ]


def _mean(slots: list[Slot]) -> float | None:
    return sum(slot.mean for slot in slots) / len(slots) / NANO if slots else None


def _bar(said: Line) -> int | None:
    """Limit and what is likely to be subtracted, 1e-9 unit; None: nothing is known of the background."""
    if said["subtracted"] is None and said["background_known"] == 0:
        return None
    limit, subtracted = float(said["limit"]), float(said["subtracted"] or 0.0)
    return round(limit * NANO) + round(subtracted * NANO)


def _required(said: Line, slots: list[Slot], rule: Line) -> float | None:
    bar, rest = _bar(said), said["slots"] - said["settled"]
    least = -(-round(rule["least_capture"] * 10_000) * said["slots"] // 10_000)
    if bar is None or rest <= 0 or len(slots) + rest < max(least, 1):
        return None
    left = bar * (len(slots) + rest) - sum(slot.mean for slot in slots) - (0 if rule["strict"] else 1)
    return left // rest / NANO if left >= 0 else None


def _same(ours: float | None, stored: float | None) -> bool:
    if ours is None or stored is None:
        return ours is None and stored is None
    return abs(ours - stored) <= 1e-6 * max(1.0, abs(stored))


def outlook_lines(teller: Teller) -> Iterator[str]:
    """The story of an outlook, a line a fact."""
    trail, found, t, line = teller.trail, teller.found, teller.say, teller.line
    said = trail.outlook
    assert said is not None
    at = teller.instant(said["at"])
    yield line("outlook", t("outlook_is", id=said["id"], at=at, state=_title(teller, said)))
    yield teller.place(said["site"], said["device"])
    yield teller.period(said["start"], said["end"])
    yield from teller.rule(
        {
            **said,
            "clause": (trail.rule or {}).get("clause", "?"),
            "title": (trail.rule or {}).get("title", {}),
        }
    )
    yield from teller.configured()
    yield from teller.listed(said["pollutant"])
    yield from teller.orders()
    minutes = f"{said['minutes_left']:g}"
    if said["kind"] == DAY:
        yield line("progress", t("day_so_far", count=said["covered"], all=said["settled"], minutes=minutes))
        words = {"count": said["covered"], "allowed": f"{said['limit']:g}"}
        key = "day_over" if said["covered"] > said["limit"] else "day_with_open"
        yield line("arithmetic", t(key, **words))
        yield from _said(teller)
        yield from _ended(teller)
        return
    counts = {name: said[name] for name in ("covered", "settled", "slots")}
    yield line("progress", t("settled", **counts, minutes=minutes))
    if said["subtracted"] is not None:
        known = "background_was" if said["background_known"] else "background_expected"
        yield line("background", t(known, value=number(said["subtracted"])))
    if said["probability"] is not None:
        words = {name: number(said[name]) for name in ("projected", "low", "high")}
        yield line("projection", t("projected", **words, percent=f"{said['probability'] * 100:g}"))
    yield from _sum(teller, said, found)
    if said["required"] is not None:
        yield line("would_do", t("would_do_is", mean=number(said["required"])))
    yield from _said(teller)
    yield from _ended(teller)


def _sum(teller: Teller, said: Line, found: Reworked) -> Iterator[str]:
    """The mean with zeros for the rest, against limit and background: what makes a word certain."""
    bar = _bar(said)
    if found.window is None or not found.window.slots:
        return
    rest = said["slots"] - said["settled"]
    total = sum(slot.mean for slot in found.window.slots)
    reached = len(found.window.slots) + rest
    words = {"sum": number(total / NANO), "reached": reached, "rest": rest}
    least = total / reached / NANO
    yield teller.line("arithmetic", teller.say("with_zeros", **words, least=number(least)))
    if bar is not None:
        key = "zeros_above" if total > bar * reached else "zeros_below"
        yield teller.line("", teller.say(key, least=number(least), bar=number(bar / NANO)))


def _said(teller: Teller) -> Iterator[str]:
    head = "said"
    for one in teller.trail.said:
        state = _title(teller, one)
        words = teller.say("said_at", at=teller.instant(one["at"]), state=state, id=one["id"])
        mark = teller.say("this_one") if one["id"] == teller.trail.id else ""
        yield teller.line(head, words + mark)
        head = ""


def _ended(teller: Teller) -> Iterator[str]:
    head = "ended"
    for one in teller.trail.resting:
        words = teller.say("rest", rule=one["rule"], answer=teller.say(one["answer"]), id=one["id"])
        yield teller.line(head, words)
        head = ""
    if head:
        yield teller.line(head, teller.say("not_ended"))


def _title(teller: Teller, said: Line) -> str:
    from processors.records.outlooks import TITLES

    return TITLES[said["state"]][teller.language]
