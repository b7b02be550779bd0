"""Form of `codes:`: what a county says of keys that no format of its devices knows, or knows otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, model_validator

from ingest.codes import COUNT, OTHER, Code
from ingest.forms import Form
from ingest.units import QUANTITIES, Refused, conversion_of

if TYPE_CHECKING:
    Meaning = str
else:
    Meaning = Literal[(*QUANTITIES, COUNT, OTHER)]

_LONGEST_KEY = 60


def _key(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_KEY:
        raise ValueError(f"`{text[:_LONGEST_KEY]}` can't be a key: 1 to {_LONGEST_KEY} characters")
    return text


class CodeForm(Form):
    """Meaning of a key: what it measures, in which unit, and what to multiply it by."""

    quantity: Meaning
    unit: str | None = None  # not said: the normal unit of the quantity
    factor: Annotated[StrictInt | StrictFloat, Field(gt=0, le=1_000_000)] = 1  # before the unit

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.unit is None:
            return self
        if self.quantity not in QUANTITIES:
            raise ValueError(f"`unit`: {self.quantity} has none")
        try:
            conversion_of(QUANTITIES[self.quantity], self.unit)
        except Refused as refused:
            raise ValueError(refused.detail) from None
        return self

    @property
    def code(self) -> Code:
        """The same, as the decoders use it."""
        return Code(self.quantity, self.unit, None if self.factor == 1 else Decimal(str(self.factor)))


CountyCodes = dict[Annotated[str, AfterValidator(_key)], Meaning | CodeForm]


def codes_of(said: Mapping[str, str | CodeForm]) -> dict[str, Code]:
    """The codes that a county's file gives."""
    return {key: one.code if isinstance(one, CodeForm) else Code(one) for key, one in said.items()}
