"""Laws of the word before the breach of windows made of hours: every continuation, tried one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.outlook.from_hours import BegunHour, hour_prospects
from processors.outlook.projection import NONE, Bars, Progress

SLOTS = 4  # of an hour; three of them make it valid
COMPLIANT, EXCEEDS, UNDETERMINED = "compliant", "exceeds", "undetermined"


def column(*values):
    return np.array(values, np.int64)


def hour_mean(slots):
    """As the fold makes it: valid with three of four, rounded half up; None where it is not valid."""
    held = [mean for mean in slots if mean is not None]
    return None if len(held) < 3 else (2 * sum(held) + len(held)) // (2 * len(held))


def verdict(hours, bar, strict, least_permyriad):
    valid = [mean for mean in hours if mean is not None]
    if not valid or len(valid) * 10_000 < least_permyriad * len(hours):
        return UNDETERMINED
    above = sum(valid) > bar * len(valid) if strict else sum(valid) >= bar * len(valid)
    return EXCEEDS if above else COMPLIANT


@st.composite
def windows(draw):
    """(hours that closed, settled slots of the begun hour, hours after it, bar, strict, capture)."""
    level = st.one_of(st.none(), st.integers(0, 40))
    closed = draw(st.lists(level, max_size=3))
    begun = draw(st.lists(level, max_size=SLOTS))
    after = draw(st.integers(0, 2))
    least = draw(st.sampled_from([2500, 5000, 7500, 10_000]))
    return closed, begun, after, draw(st.integers(0, 25)), draw(st.booleans()), least


def found_of(closed, begun, after, bar, strict, least):
    valid = [mean for mean in closed if mean is not None]
    slots = len(closed) + 1 + after
    held = [mean for mean in begun if mean is not None]
    progress = Progress(column(sum(valid)), column(len(valid)), column(0), column(len(closed)), column(slots))
    hour = BegunHour(column(sum(held)), column(len(held)), column(len(begun)), column(SLOTS))
    return hour_prospects(progress, hour, Bars(column(bar), column(bar)), strict, least, slots)


@given(windows())
@settings(max_examples=300, deadline=None)
def test_a_window_of_hours_cannot_comply_exactly_when_every_continuation_exceeds(window):
    closed, begun, after, bar, strict, least = window
    found = found_of(*window)
    rest = product((None, 0, 1, 2000), repeat=SLOTS - len(begun))
    firsts = {hour_mean([*begun, *more]) for more in rest}
    later = list(product((None, 0, 1, 1000), repeat=after))
    ends = {verdict([*closed, first, *more], bar, strict, least) for first in firsts for more in later}
    assert bool(found.cannot_comply[0]) == (ends == {EXCEEDS})
    assert bool(found.reachable[0]) == (ends != {UNDETERMINED})
    if found.zeros_exceed[0]:
        assert ends - {UNDETERMINED} == {EXCEEDS}


@given(windows())
@settings(max_examples=300, deadline=None)
def test_the_required_average_of_hours_complies_where_measuring_goes_on(window):
    closed, begun, after, bar, strict, least = window
    required = int(found_of(*window).required[0])

    def ends_with(mean, limit=bar):
        first = hour_mean([*begun, *[mean] * (SLOTS - len(begun))])
        return verdict([*closed, first, *[mean] * after], limit, strict, least)

    if required == NONE:
        # zeros comply by less than the rounding of an hour, or nothing is left to be measured
        over = after == 0 and (len(begun) == SLOTS or begun.count(None) > 1)
        assert over or bar < 2 or ends_with(0, bar - 2) != COMPLIANT
        return
    assert ends_with(required) == COMPLIANT
    # what is above it by more than that rounding does not
    assert ends_with(required + 4 * SLOTS) != COMPLIANT
