"""Calibration of a monitor in `devices.yaml`: linear correction and mass factor, each from an instant on."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictFloat,
    ValidationError,
    WithJsonSchema,
)

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2})?")
Dust = Literal["pm10", "pm2_5", "tsp"]


def local_instant(given: object) -> datetime:
    """A local day or minute of the configuration. Raises ValueError."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return datetime.fromisoformat(given.isoformat())
    if isinstance(given, str) and _LOCAL.fullmatch(given):
        return datetime.fromisoformat(given)
    raise ValueError(f'`{given}` is no day or minute of the county\'s zone; write "2026-03-01 08:00"')


def _gain(number: float) -> float:
    if not 0 < number <= 10:
        raise ValueError(f"{number:g} is outside (0, 10]")
    return _decimals(number, 6)


def _offset(number: float) -> float:
    if not abs(number) <= 10_000:
        raise ValueError(f"{number:g} is outside -10000..10000 ug/m3")
    return _decimals(number, 3)


def _maximum(number: float) -> float:
    if not 0 < number <= 100_000:
        raise ValueError(f"{number:g} ug/m3 is no sensor's maximum")
    return _decimals(number, 3)


def _decimals(number: float, most: int) -> float:
    # in whole numbers inside: what could not be kept exactly is refused rather than rounded
    if Decimal(repr(number)) % Decimal(1).scaleb(-most):
        raise ValueError(f"{number} has more than {most} decimals")
    return number


Gain = Annotated[StrictFloat, AfterValidator(_gain)]
Maximum = Annotated[StrictFloat, AfterValidator(_maximum)]


LocalInstant = Annotated[datetime, BeforeValidator(local_instant), WithJsonSchema({"type": "string"})]


class Calibration(BaseModel):
    """value x slope x factor + offset, for what is measured from `from` on, until the next entry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Annotated[LocalInstant, Field(alias="from")]
    pollutant: Dust
    slope: Gain = 1.0
    offset: Annotated[StrictFloat, AfterValidator(_offset)] = 0.0  # ug/m3
    factor: Gain = 1.0  # mass factor K: the reference method's concentration over the monitor's


class Correction(BaseModel):
    """The same in a signal, without its instant: `from` may be any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pollutant: Dust
    slope: Gain = 1.0
    offset: Annotated[StrictFloat, AfterValidator(_offset)] = 0.0
    factor: Gain = 1.0


_KEYS = {"from", *Correction.model_fields}


def are_corrections(found: object) -> bool:
    """True if this is a list of corrections as a feed record holds them, fit to be folded."""
    if type(found) is not list or not found:
        return False
    for one in found:
        if type(one) is not dict or set(one) != _KEYS or type(one["from"]) is not int:
            return False
        try:
            Correction.model_validate({key: one[key] for key in Correction.model_fields})
        except ValidationError:
            return False
    return len({(one["pollutant"], one["from"]) for one in found}) == len(found)


def _told_once(entries: tuple[Calibration, ...]) -> tuple[Calibration, ...]:
    seen: set[tuple[Any, ...]] = set()
    for entry in entries:
        if (entry.pollutant, entry.since) in seen:
            raise ValueError(f"two calibrations of {entry.pollutant} from {entry.since:%Y-%m-%d %H:%M} on")
        seen.add((entry.pollutant, entry.since))
    return entries


Calibrations = Annotated[tuple[Calibration, ...], AfterValidator(_told_once)]
