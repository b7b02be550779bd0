"""Plausibility of a device's mean over a bin against a reference mean: far above it, or far below."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, StrictInt

from processors.columns import Bools, Int64s, Uint8s
from processors.quality.bins import Bins
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Thousandths, Times


class Plausible(CheckSettings):
    """Against others: suspect above `times` x others + `plus`, or where own x `times` + `plus` < others."""

    bin_s: Annotated[StrictInt, Field(gt=0, le=3600)] = 900
    least_others: Annotated[StrictInt, Field(ge=1)] = 1
    above: tuple[Times, Thousandths] | None = None
    below: tuple[Times, Thousandths] | None = None


def implausible(own: Int64s, reference: Int64s, settings: Plausible) -> Bools:
    """True where a mean is too high or too low against its reference; both in half thousandths."""
    odd = np.zeros(len(own), np.bool_)
    if settings.above is not None:
        times, plus = settings.above
        odd |= own * 1000 > reference * times + 2000 * plus
    if settings.below is not None:
        times, plus = settings.below
        odd |= own * times + 2000 * plus < reference * 1000
    return odd


def flags_of_bins(bins: Bins, evaluated: Bools, odd: Bools, present: Bools) -> Uint8s:
    """Flags of values (n) from the findings for their bins."""
    suspect, known = np.zeros(len(present), np.bool_), np.zeros(len(present), np.bool_)
    suspect[present] = (odd & evaluated)[bins.line[present]]
    known[present] = evaluated[bins.line[present]]
    return flags_of(Found(np.zeros(len(present), np.bool_), suspect), present, known)
