"""Traits by which cases are counted and compared: cause, measure, contractor, hour, way of finding."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ingest.register import Register

MEASURE, CAUSE, BUILDER, HOUR_OF_DAY, HOW_FOUND = "measure", "cause", "contractor", "hour", "how"
WIND_FROM = "wind"  # sector of 16 from which the wind came in the hour judged, or why none is known
TRAITS: tuple[str, ...] = (CAUSE, MEASURE, BUILDER, HOUR_OF_DAY, WIND_FROM, HOW_FOUND)
ALIKE: tuple[str, ...] = (MEASURE, CAUSE)  # what makes a case elsewhere the same one
NIGHT_HOURS: tuple[str, ...] = ("22", "23", "00", "01", "02", "03", "04", "05")  # 22:00 to 06:00

Traits = tuple[tuple[str, str], ...]  # (trait, value)


def place_traits(register: Register, site: str, instants: Iterable[int]) -> Traits:
    """Contractor of the site, and the hours of the day (00 to 23, the county's) of these instants, ms UTC."""
    hours = sorted({f"{datetime.fromtimestamp(at / 1000, register.zone):%H}" for at in instants})
    known = register.sites.get(site)
    builder = [(BUILDER, known.contractor)] if known is not None and known.contractor else []
    return (*builder, *((HOUR_OF_DAY, hour) for hour in hours))
