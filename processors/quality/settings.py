"""Thresholds of all checks: the defaults with a county's own settings over them, as integers.

A folder gives units and seconds; once loaded, a value is in thousandths of the unit. Settings left out keep
their defaults; `null` turns a check off. Dumping and loading again gives equal settings.

No standard for construction-dust monitors sets any default as far as could be confirmed: unless a check's
module says otherwise, a number is **a proposal of this project**, chosen so that neither a real dust storm
(PM10 up to a sensor's ceiling within a minute) nor the plume of a passing truck loses a value to a *fail*:
failed values lower capture, suspect ones stay in the means unless a rule says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import create_model, model_validator

from ingest.units import JUDGED
from processors.quality.checks import TABLE
from processors.quality.forms import CheckSettings
from processors.quality.quality_check import ByPollutant, QualityCheck

S = TypeVar("S", bound=CheckSettings)

DEFAULTS: dict[str, Any] = {
    **{
        pollutant: {
            check.name: dict(check.exceptions.get(pollutant, check.defaults))
            for check in TABLE
            if check.settings is not None and check.each
        }
        for pollutant in JUDGED
    },
    **{check.name: dict(check.defaults) for check in TABLE if check.settings is not None and not check.each},
}


def _fields(*, each: bool) -> dict[str, Any]:
    chosen = [check for check in TABLE if check.settings is not None and check.each == each]
    return {check.name: (check.settings | None, ...) for check in chosen}  # type: ignore[operator]


class _OverDefaults(CheckSettings):
    """All checks of a county: a field for each pollutant, and one for each check of all of them."""

    @model_validator(mode="before")
    @classmethod
    def _over_the_defaults(cls, data: object) -> object:
        return _merged(DEFAULTS, data) if isinstance(data, Mapping) else data

    def of(self, check: QualityCheck[S, Any]) -> ByPollutant[S]:
        """Settings of a check, one per pollutant or one for all, as `each` says; None: the check is off."""
        if check.settings is None:
            return ()
        holders = [getattr(self, pollutant) for pollutant in JUDGED] if check.each else [self]
        return tuple(getattr(holder, check.name) for holder in holders)


# published as the description in the JSON Schema, so it stays as it is
_COUNTY = "All checks of a county. `Settings.model_validate({})` are the defaults of `defaults.DEFAULTS`."
if TYPE_CHECKING:
    Checks = CheckSettings
    QualitySettings = _OverDefaults
else:  # names and descriptions are those of the JSON Schema
    Checks = create_model(
        "Checks",
        __base__=CheckSettings,
        __doc__="What is checked of one pollutant; None: not at all.",
        **_fields(each=True),
    )
    QualitySettings = create_model(
        "Settings",
        __base__=_OverDefaults,
        __doc__=_COUNTY,
        **dict.fromkeys(JUDGED, (Checks, ...)),
        **_fields(each=False),
    )


def _merged(defaults: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(defaults)
    for key, value in data.items():
        base = defaults.get(key)
        both = isinstance(base, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(base, value) if both else value  # type: ignore[arg-type]
    return merged
