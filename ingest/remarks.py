"""Remarks: what only the door of the log sees of a device, told to those behind it, by name. Pure.

Keys that no code names, clocks that are wrong, tolerances that were needed, values set aside, notices,
messages refused for whose they were. At most one record a device, kind and hour; at most so many names a
device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.batches import Row
from ingest.durations import HOUR_MS
from ingest.records import Noticed, Quarantined, Remark

UNKNOWN_KEY, CLOCK, LABEL, TOLERANCE = "unknown_key", "clock", "label", "tolerance"
SET_ASIDE, NOTICE, REFUSED_CLOCK, IDENTITY = "set_aside", "notice", "refused_clock", "identity"
KINDS = (UNKNOWN_KEY, CLOCK, LABEL, TOLERANCE, SET_ASIDE, NOTICE, REFUSED_CLOCK, IDENTITY)
OTHERS = "others"
HEARTBEATS = frozenset({"hj212_9015"})  # notices of which a device sends one a minute: they are only counted
MOST_NAMES = 32  # of a device
_LONGEST_NAME = 60
_USUAL = frozenset({"retained", "number_as_text", "letter_case", "mean_as_instant", "time_from_qn"})
_KIND_OF_CODE = {"bad_time": REFUSED_CLOCK, "not_allowed": IDENTITY}


class Named(NamedTuple):
    """One thing to remark upon."""

    device: str
    site: str
    kind: str
    name: str


def remarks_of(outcome: object) -> Iterator[Named]:
    """What is to be remarked upon in an outcome of `Resolver.resolve`."""
    if isinstance(outcome, Row):
        yield from _of_row(outcome)
    elif isinstance(outcome, Noticed) and outcome.device and outcome.site:
        if outcome.kind not in HEARTBEATS:
            yield Named(outcome.device, outcome.site, NOTICE, outcome.kind)
    elif isinstance(outcome, Quarantined) and outcome.device and outcome.site:
        kind = _KIND_OF_CODE.get(outcome.code)
        if kind is not None:
            yield Named(outcome.device, outcome.site, kind, outcome.code)


def _of_row(row: Row) -> Iterator[Named]:
    for key in row.unknown:
        yield Named(row.device, row.site, UNKNOWN_KEY, key[:_LONGEST_NAME])
    for mark in row.marks:
        kind, _, rest = mark.partition("_")
        if kind == CLOCK:
            yield Named(row.device, row.site, CLOCK, rest or CLOCK)
        elif mark == LABEL:
            yield Named(row.device, row.site, LABEL, "end")
        elif mark not in _USUAL:
            yield Named(row.device, row.site, TOLERANCE, mark)
    for quantity, one in row.set_aside.items():
        yield Named(row.device, row.site, SET_ASIDE, f"{quantity}/{one.reason}")


def summed(remarks: Iterable[Remark], since: int) -> dict[str, dict[str, dict[str, int]]]:
    """Kind -> device -> name -> how often, of what was received at `since` (ms) or later."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for one in remarks:
        if one.received_at >= since:
            names = found.setdefault(one.kind, {}).setdefault(one.device, {})
            for name, (count, _, _) in one.names.items():
                names[name] = names.get(name, 0) + count
    return found


@dataclass(slots=True)
class _Gathering:
    """What was seen of one device and kind since its last record: name -> (count, first, last)."""

    site: str
    told_in: int = -1  # the hour of its last record
    names: dict[str, tuple[int, int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Remarks:
    """Gathers remarks; the first of a device and kind is told at once, the others with the next hour."""

    _of: dict[tuple[str, str], _Gathering] = field(default_factory=dict)
    _names: dict[str, set[tuple[str, str]]] = field(default_factory=dict)  # device -> kinds and names known
    _hour: int = 0

    def note(self, found: Iterable[Named], at: int) -> list[Remark]:
        """Take in what was seen at an instant of receipt (ms); returns what is to be told now."""
        told: list[Remark] = []
        for device, site, kind, name in found:
            gathering = self._of.setdefault((device, kind), _Gathering(site))
            gathering.site = site
            known = self._names.setdefault(device, set())
            if (kind, name) not in known and len(known) >= MOST_NAMES:
                name = OTHERS  # noqa: PLW2901 - a device that invents names must not fill the log
            known.add((kind, name))
            count, first, _ = gathering.names.get(name, (0, at, at))
            gathering.names[name] = count + 1, first, at
            if gathering.told_in < at // HOUR_MS:
                told.append(_remark(device, kind, gathering, at))
        return told

    def turn(self, at: int) -> list[Remark]:
        """What was gathered in hours before this instant, and is to be told now."""
        hour = at // HOUR_MS
        if hour <= self._hour:
            return []
        self._hour = hour
        return [
            _remark(device, kind, gathering, at)
            for (device, kind), gathering in self._of.items()
            if gathering.names and gathering.told_in < hour
        ]


def _remark(device: str, kind: str, gathering: _Gathering, at: int) -> Remark:
    names = {name: list(seen) for name, seen in sorted(gathering.names.items())}
    gathering.names, gathering.told_in = {}, at // HOUR_MS
    return Remark(at, device, gathering.site, kind, names)
