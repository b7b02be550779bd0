"""Whether a site has the monitors that the standard asks for by its area: a warning, never a refusal.

Hebei DB13/2934-2019, number of points by the area of the site. The figures are as reported by public sources;
the number of the clause was not confirmed, and the words say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from ingest.register import Register
from ingest.strict_yaml import Problem

_PACK = "hebei-db13-2934-2019"
_BY_AREA = ((5_000.0, 1), (10_000.0, 2), (100_000.0, 4))  # below the first, up to the others: m2, points
_FURTHER_M2 = 100_000.0  # one more for each
SOURCE = "DB13/2934-2019, as reported; its clause is not confirmed"


def points_asked(area_m2: float) -> int:
    """Least number of monitoring points for an area."""
    first, *others = _BY_AREA
    if area_m2 < first[0]:
        return first[1]
    for limit, points in others:
        if area_m2 <= limit:
            return points
    limit, points = _BY_AREA[-1]
    return points + ceil((area_m2 - limit) / _FURTHER_M2)


def too_few_points(register: Register, rules: Iterable[str]) -> list[Problem]:
    """Warnings for sites with fewer monitors than asked for; `rules`: ids of those in force."""
    if not any(rule.startswith(_PACK) for rule in rules):
        return []
    found = []
    for site in register.sites.values():
        there = len(register.devices_at(site.id))
        if site.area_m2 is not None and there < (asked := points_asked(site.area_m2)):
            words = (
                f"site `{site.id}` has {there} monitor{'' if there == 1 else 's'} on {site.area_m2:g} m2, "
                f"at least {asked} are asked for ({SOURCE}); "
                "add monitors to devices.yaml, or correct `area_m2`"
            )
            found.append(register.problem_of("site", site.id, words, warn=True))
    return found
