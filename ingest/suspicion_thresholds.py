"""`suspicion` of `county.yaml`: on or off, or thresholds of patterns; those not named keep their defaults.

The defaults are with the patterns (`processors.suspicion`). This module defines what may be written: each
number with its least and greatest value, within which a pattern can work with the hours that are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictFloat, StrictInt, create_model

Number = tuple[type[int] | type[float], float, float]


def _whole(least: int, greatest: int) -> Number:
    return (int, least, greatest)


def _number(least: float, greatest: float) -> Number:
    return (float, least, greatest)


_SHARE = _number(0.0, 1.0)
_LEVEL = _number(0.0, 2000.0)  # ug/m3
FIELDS: dict[str, dict[str, Number]] = {
    "mass_factor": {
        "after_h": _whole(6, 120),
        "before_least_h": _whole(6, 144),
        "after_least_h": _whole(1, 120),
        "reference_least": _LEVEL,
        "fall": _number(0.05, 1.0),
        "fall_alone": _number(0.05, 1.0),
        "alike": _number(1.0, 5.0),
        "low": _number(0.0, 0.5),
        "high": _number(0.5, 1.0),
        "below_reference": _number(0.05, 5.0),
        "count_fall": _number(0.05, 1.0),
        "count_hours": _whole(1, 12),
    },
    "spray": {
        "jump": _number(1.0, 100.0),
        "above_neighbours": _number(0.0, 100.0),
        "dip": _number(0.01, 1.0),
        "reference_fell": _SHARE,
        "watering": _SHARE,
    },
    "cover": {
        "hours": _whole(2, 6),
        "before_h": _whole(6, 17),
        "before_least_h": _whole(1, 17),
        "below": _number(0.05, 1.0),
        "below_alone": _number(0.05, 1.0),
        "fall": _number(0.05, 1.0),
        "sudden": _number(0.05, 1.0),
        "calm": _number(0.01, 1.0),
        "reference_least": _LEVEL,
        "fine_change": _SHARE,
    },
    "ceiling": {
        "pile_share": _number(0.01, 1.0),
        "pile_hours": _whole(1, 24),
        "pile_within": _number(0.0, 0.1),
        "cliff_known": _SHARE,
        "cliff_rank": _whole(2, 24),
        "cliff_within": _number(0.0, 0.2),
        "moved": _number(0.0, 5.0),
        "least": _LEVEL,
        "sensor_ceiling": _number(1.0, 100_000.0),
    },
    "random_band": {
        "hours": _whole(2, 24),
        "count_least": _number(2.0, 3600.0),
        "memory": _SHARE,
        "memory_each": _SHARE,
        "drift": _number(0.1, 20.0),
        "rounding": _SHARE,
        "spread_least": _SHARE,
        "spread_most": _number(0.0, 5.0),
        "reference_drift": _number(0.0, 10.0),
        "quiet": _LEVEL,
    },
    "computed_tsp": {
        "hours": _whole(2, 24),
        "least_h": _whole(1, 24),
        "count_least": _number(2.0, 3600.0),
        "varied": _SHARE,
        "residual": _number(0.0, 0.2),
        "slopes": _SHARE,
    },
    "flat_means": {
        "hours": _whole(2, 24),
        "least_h": _whole(1, 24),
        "share": _number(0.5, 1.0),
        "varied": _SHARE,
    },
    "stuck": {
        "hours": _whole(1, 24),
        "quiet_hours": _number(1.0, 24.0),
        "count_least": _number(1.0, 3600.0),
        "quiet": _LEVEL,
    },
    "offline_when_polluted": {
        "rising_hour": _number(1.0, 20.0),
        "rising_least": _LEVEL,
        "high": _number(0.5, 1.0),
        "high_background": _LEVEL,
        "gaps_least": _whole(1, 50),
        "chance_least": _number(0.01, 1.0),
        "surprise": _number(0.000_001, 0.5),
    },
    "moved_together": {
        "hours": _whole(2, 24),
        "before_h": _whole(24, 144),
        "least": _whole(4, 96),
        "apart": _number(0.001, 0.5),
        "apart_most": _number(0.001, 1.0),
        "rough": _number(0.0, 2.0),
        "follows": _number(0.0, 2.0),
        "before": _number(1.0, 20.0),
    },
    "clock": {
        "hours": _whole(1, 12),
        "moved_s": _number(10.0, 28_800.0),
        "ahead_s": _number(1.0, 3600.0),
        "span_s": _number(1.0, 28_800.0),
        "usual_least_h": _whole(1, 12),
        "astray": _number(0.01, 1.0),
    },
}
Pattern = Literal[tuple(FIELDS)]  # type: ignore[valid-type]
Told = Annotated[StrictFloat, Field(ge=0.5, le=1.0)]
Quiet = Annotated[StrictInt, Field(ge=1, le=168)]
_STRICT = ConfigDict(extra="forbid", frozen=True)


def _form(pattern: str) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, (kind, least, greatest) in FIELDS[pattern].items():
        strict = StrictInt if kind is int else StrictFloat
        fields[name] = (Annotated[strict, Field(ge=least, le=greatest)] | None, None)
    if pattern == "ceiling":
        width = Annotated[StrictInt, Field(ge=24, le=168)]
        fields["cliff_h"] = (Annotated[tuple[width, ...], Field(min_length=1)] | None, None)
    return create_model(f"Suspicion_{pattern}", __config__=_STRICT, **fields)


if TYPE_CHECKING:
    Thresholds = BaseModel
else:
    Thresholds = create_model(
        "Suspicion",
        __config__=_STRICT,
        **{pattern: (_form(pattern) | None, None) for pattern in FIELDS},
        without=(tuple[Pattern, ...], ()),
        told=(Told | None, None),
        quiet_h=(Quiet | None, None),
    )


def _switch(given: object) -> object:
    if given is None:
        raise ValueError("it is neither on nor off; write true, false, or thresholds")
    return None if given is False else {} if given is True else given


# None: off; accusing anybody is a county's decision
Suspicion = Annotated[Thresholds | None, BeforeValidator(_switch, json_schema_input_type=bool | Thresholds)]


def plain(form: Thresholds | None) -> bool | dict[str, Any]:
    """Form of the setting in a revision's body: False, True for the defaults, or the values set over them."""
    if form is None:
        return False
    return form.model_dump(mode="json", exclude_defaults=True) or True
