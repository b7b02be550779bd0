"""Table of what holds back what: a matter that explains another is told, the other waits. Pure.

Nothing holds back a violation, a matter from above or the platform's own alarm, nor what people do with a
case: a fault explains what was found, not that a deadline has passed. Each row says who decides it: the desk
by its open cases, or detection, which sends such a breach as one to be recorded only, and again as one to be
told when it is no longer held back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from alerts.kinds import EXCEEDANCE, FAULT, OFFLINE, SUSPICION
from alerts.records import Telling

DEVICE, CHANNEL, SITE = "device", "channel", "site"
DESK, DETECTION = "desk", "detection"
LOOK_AGAIN_MS = 2 * 3_600_000  # what is withheld is decided anew at the latest after so long


class Inhibition(NamedTuple):
    """`by` holds back tellings of `kinds` where both are of the same device, channel or site."""

    by: str
    kinds: tuple[str, ...]
    same: str
    decided: str = DESK
    whole_site: bool = False  # only a case of the site as a whole, of no one device


INHIBITIONS: tuple[Inhibition, ...] = (
    Inhibition(FAULT, (OFFLINE, SUSPICION), DEVICE),
    Inhibition(FAULT, (EXCEEDANCE,), CHANNEL),
    Inhibition(OFFLINE, (OFFLINE,), SITE, whole_site=True),
    Inhibition("power", (OFFLINE,), SITE, DETECTION),  # an order that announced the cut
    Inhibition("regional", (EXCEEDANCE,), SITE, DETECTION),  # where the county's policy is to hold
)
_AT_THE_DESK = tuple(row for row in INHIBITIONS if row.decided == DESK)
SUPPRESSORS: tuple[str, ...] = tuple(dict.fromkeys(row.by for row in _AT_THE_DESK))


class OpenMatter(NamedTuple):
    """A case that is told and not over, as far as others depend on it."""

    id: str
    kind: str
    site: str
    device: str
    pollutant: str
    data: dict[str, Any]  # newest event of its breach
    device_name: str = ""


def suppressor_of(telling: Telling, standing: Iterable[OpenMatter]) -> str | None:
    """The open case that holds this telling back; None: nothing does."""
    if telling.unheld or telling.ends or not telling.of_finding:
        return None
    for matter in standing:
        if matter.id != telling.case and any(_holds(row, matter, telling) for row in _AT_THE_DESK):
            return matter.id
    return None


def _holds(row: Inhibition, by: OpenMatter, telling: Telling) -> bool:
    if by.kind != row.by or telling.kind not in row.kinds or by.site != telling.site:
        return False
    if row.whole_site:
        return not by.device and bool(telling.device)
    same_device = by.device == telling.device
    return same_device and (row.same == DEVICE or (bool(by.pollutant) and by.pollutant == telling.pollutant))
