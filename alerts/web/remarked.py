"""What monitors of a site sent beside what was used: remarks of a day, a line a monitor and kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ingest.records import Remark
from ingest.remarks import KINDS

_NAMES = 6  # of a line; the rest are counted


class Remarked(NamedTuple):
    """A monitor's remarks of one kind: names and how often, the most frequent first; instants in ms."""

    device: str
    kind: str
    names: tuple[tuple[str, int], ...]
    more: int  # names that are not shown
    times: int
    last: int


def remarked(remarks: Iterable[Remark]) -> list[Remarked]:
    """A line for each monitor and kind, what somebody should mend first."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    last: dict[tuple[str, str], int] = {}
    for one in remarks:
        key = one.device, one.kind
        names = counts.setdefault(key, {})
        for name, (count, _, newest) in one.names.items():
            names[name] = names.get(name, 0) + count
            last[key] = max(last.get(key, newest), newest)
    lines = []
    for (device, kind), names in counts.items():
        often = sorted(names.items(), key=lambda one: (-one[1], one[0]))
        said = tuple(often[:_NAMES])
        lines.append(
            Remarked(device, kind, said, len(often) - len(said), sum(names.values()), last[device, kind])
        )
    return sorted(lines, key=lambda line: (_rank(line.kind), line.device))


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)
