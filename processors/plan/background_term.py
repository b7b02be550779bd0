"""Background of a rule as data: the measurement of the same hour that is subtracted, and its cap."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

BackgroundKind = Literal["county", "upwind_device", "reference_device"]
UPWIND: BackgroundKind = "upwind_device"
REFERENCE: BackgroundKind = "reference_device"


class BackgroundTerm(BaseModel):
    """What is subtracted before the limit is applied.

    `county`: the mean of an area's reference stations; `upwind_device`: the monitor of the same site that
    stands upwind of the point in that hour; `reference_device`: a monitor of the same site.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: BackgroundKind = "county"
    area: str = "county"
    device: str | None = None  # reference_device: None: the site's one of role `reference`
    cap: float | None = Field(default=None, gt=0)  # at most this much may be subtracted
    wait_min: int = Field(default=60, ge=1, le=24 * 60)  # after the window's end, then undetermined
    # stations that are late: after this many minutes the mean of those present is taken
    settle_min: int = Field(default=10, ge=0, le=24 * 60)

    @property
    def is_beside(self) -> bool:
        """True if it is measured at the site itself; it then closes with the hour, without any waiting."""
        return self.kind in (UPWIND, REFERENCE)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        said = self.model_fields_set
        for key in ("area", "wait_min", "settle_min") if self.is_beside else ():
            if key in said:
                raise ValueError(
                    f"{key} says nothing of kind: {self.kind}, which is measured at the site in the same "
                    "hour; take it out"
                )
        if self.device is not None and self.kind != REFERENCE:
            raise ValueError(
                f"device `{self.device}` says nothing of kind: {self.kind}; write kind: reference_device, "
                "or take it out"
            )
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the keys of other kinds, so that a rule that uses none of them keeps its revision."""
        made: dict[str, Any] = handler(self)
        left_out = {"area", "wait_min", "settle_min"} if self.is_beside else {"kind", "device"}
        if self.device is None:
            left_out.add("device")
        return {key: value for key, value in made.items() if key not in left_out}
