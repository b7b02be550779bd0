"""Settings of a check as written in a folder: numbers in units and seconds, thousandths once loaded."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt, WithJsonSchema

_MOST = 10**9  # thousandths: a million units, far beyond what any sensor shows


def _to_thousandths(value: object) -> int:
    """Converts a number of units to thousandths, exactly. Raises ValueError."""
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


class CheckSettings(BaseModel):
    """What may be written of a check; its docstring is the description in the JSON Schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Own = TypeVar("_Own", bound=CheckSettings)


def check_order(own: _Own, *pairs: tuple[str, str]) -> _Own:
    """Raises ValueError if the first limit of a pair exceeds the second: the first could never be reached."""
    for lower, upper in pairs:
        low, high = getattr(own, lower), getattr(own, upper)
        if low is not None and high is not None and low > high:
            raise ValueError(f"`{lower}` is greater than `{upper}`")
    return own
