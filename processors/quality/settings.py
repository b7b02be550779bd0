"""Thresholds of the checks, as a county may set them over the defaults, and as integers inside.

A folder writes units and seconds; a value is thousandths of the unit once it is loaded. What is not
mentioned keeps its default; `null` turns a check off. Dumped and loaded again it is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from processors.quality.defaults import DEFAULTS

_MOST = 10**9  # thousandths: a million units, far beyond what any sensor shows


def _to_thousandths(value: object) -> int:
    """A number of units as thousandths, exactly. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("expected a number")
    try:
        thousandths = Decimal(repr(value)) * 1000 if isinstance(value, float) else Decimal(value) * 1000
        whole = int(thousandths)
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"{value} is no finite number") from None
    if whole != thousandths:
        raise ValueError(f"{value} has more than three decimals")
    if abs(whole) > _MOST:
        raise ValueError(f"{value} is beyond a million units")
    return whole


def _to_units(thousandths: int) -> float:
    return thousandths / 1000


Thousandths = Annotated[
    int,
    BeforeValidator(_to_thousandths),
    PlainSerializer(_to_units, return_type=float),
    WithJsonSchema({"type": "number"}),
]
Positive = Annotated[Thousandths, Field(gt=0)]
Times = Positive  # a factor; in thousandths inside
Seconds = Annotated[StrictInt, Field(gt=0, le=366 * 86_400)]
Span = tuple[Thousandths, Thousandths]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Own = TypeVar("_Own", bound=_Data)


def _check_order(own: _Own, *pairs: tuple[str, str]) -> _Own:
    """Raises ValueError where the limit named first is greater than the second: it could not be reached."""
    for lower, upper in pairs:
        low, high = getattr(own, lower), getattr(own, upper)
        if low is not None and high is not None and low > high:
            raise ValueError(f"`{lower}` is greater than `{upper}`")
    return own


class GrossRange(_Data):
    """Least and greatest value, the ends included."""

    fail: Span
    suspect: Span | None = None

    @model_validator(mode="after")
    def _nested(self) -> Self:
        for name, span in (("fail", self.fail), ("suspect", self.suspect or self.fail)):
            if span[0] > span[1]:
                raise ValueError(f"`{name}` begins above its end")
        if self.suspect and (self.suspect[0] < self.fail[0] or self.suspect[1] > self.fail[1]):
            raise ValueError("`suspect` reaches outside `fail`")
        return self


class Ceiling(_Data):
    """Values at which sensors are pinned, and numbers that stand for no value."""

    pinned: tuple[Thousandths, ...] = ()
    codes: tuple[Thousandths, ...] = ()


class Spike(_Data):
    """Distance from the middle of both neighbours."""

    suspect: Positive
    fail: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("suspect", "fail"))


class RateOfChange(_Data):
    """Change in a second."""

    suspect_per_s: Positive
    fail_per_s: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("suspect_per_s", "fail_per_s"))


class FlatLine(_Data):
    """How long a value may stay the same, and how many equal ones it takes at least."""

    suspect_s: Seconds
    fail_s: Seconds
    least_values: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    tolerance: Positive = 1  # one thousandth: only equal values; of `check` alone, a run is of equal values

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("suspect_s", "fail_s"))


class AttenuatedSignal(_Data):
    """Least standard deviation over a period."""

    period_s: Annotated[StrictInt, Field(gt=0, le=3600)]
    suspect: Annotated[Thousandths, Field(ge=0, le=10**6)]
    fail: Annotated[Thousandths, Field(ge=0, le=10**6)] = 0  # 0: never
    least_values: Annotated[StrictInt, Field(ge=2, le=1000)] = 10

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("fail", "suspect"))


class Plausible(_Data):
    """Against others: suspect above `times` x others + `plus`, or where own x `times` + `plus` < others."""

    bin_s: Annotated[StrictInt, Field(gt=0, le=3600)] = 900
    least_others: Annotated[StrictInt, Field(ge=1)] = 1
    above: tuple[Times, Thousandths] | None = None
    below: tuple[Times, Thousandths] | None = None


class Checks(_Data):
    """What is checked of one pollutant; None: not at all."""

    gross_range: GrossRange | None
    ceiling: Ceiling | None
    spike: Spike | None
    rate_of_change: RateOfChange | None
    flat_line: FlatLine | None
    attenuated_signal: AttenuatedSignal | None
    neighbour: Plausible | None
    background: Plausible | None


class PmOrder(_Data):
    """How much greater a finer fraction may be: by thousandths of the coarser one, plus an amount."""

    suspect_permille: Annotated[StrictInt, Field(ge=0, le=100_000)]
    suspect_plus: Annotated[Thousandths, Field(ge=0)]
    fail_permille: Annotated[StrictInt, Field(ge=0, le=100_000)]
    fail_plus: Annotated[Thousandths, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("suspect_permille", "fail_permille"), ("suspect_plus", "fail_plus"))


class Humidity(_Data):
    """Relative humidity above which an optical sensor's value is doubtful, or no dust."""

    suspect_above: Thousandths
    fail_above: Thousandths | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return _check_order(self, ("suspect_above", "fail_above"))


class Clock(_Data):
    """How far a device's time may be from that of receipt."""

    ahead_suspect_s: Seconds
    ahead_fail_s: Seconds
    behind_suspect_s: Seconds
    behind_fail_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ahead, behind = ("ahead_suspect_s", "ahead_fail_s"), ("behind_suspect_s", "behind_fail_s")
        return _check_order(self, ahead, behind)


class Settings(_Data):
    """All checks of a county. `Settings.model_validate({})` are the defaults of `defaults.DEFAULTS`."""

    pm10: Checks
    pm2_5: Checks
    tsp: Checks
    pm_order: PmOrder | None
    humidity: Humidity | None
    clock: Clock | None

    @model_validator(mode="before")
    @classmethod
    def _over_the_defaults(cls, data: object) -> object:
        return _merged(DEFAULTS, data) if isinstance(data, Mapping) else data

    def of(self, q: int) -> Checks:
        """The checks of pollutant `q` of `units.JUDGED`."""
        return (self.pm10, self.pm2_5, self.tsp)[q]


def _merged(defaults: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(defaults)
    for key, value in data.items():
        base = defaults.get(key)
        both = isinstance(base, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(base, value) if both else value  # type: ignore[arg-type]
    return merged
