"""States of a site with their dates: where nothing is expected, and where silence is recorded and not told.

`planned` and `finished`: no work, so the site is neither judged nor expected to send. `stopped`: the ground
lies open, so what its monitors send is judged; that they are silent is recorded and not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from processors.columns import NEVER, UNBOUNDED, Int32s
from processors.plan.monitors import instant_in

PLANNED, WORKING, STOPPED, FINISHED = "planned", "working", "stopped", "finished"
RESTING = (PLANNED, FINISHED)
# what a site was before the first date that is named
_BEFORE = {PLANNED: PLANNED, WORKING: PLANNED, STOPPED: WORKING, FINISHED: WORKING}


class StateSpan(NamedTuple):
    """A site's state over [start, end), ms."""

    state: str
    start: int
    end: int


class StateOfRows(NamedTuple):
    """The devices (rows) of a site in one state over [start, end), ms."""

    state: str
    rows: Int32s
    start: int
    end: int


def plain_states(states: Iterable[Any], zone: str) -> list[dict[str, Any]]:
    """States of `sites.yaml` as plain data; `from` in ms."""
    return [{"state": one.state, "from": instant_in(one.since, zone)} for one in states]


def spans_of(facts: Mapping[str, Any]) -> list[StateSpan]:
    """Spans of a site's states; empty: it has none named, and is at work as long as it is configured."""
    named = [(str(one["state"]), one.get("from")) for one in facts.get("states") or ()]
    if not named:
        return []
    starts = [NEVER if since is None else int(since) for _, since in named]
    spans = [
        StateSpan(state, start, end)
        for (state, _), start, end in zip(named, starts, [*starts[1:], UNBOUNDED], strict=True)
    ]
    first = spans[0]
    return spans if first.start == NEVER else [StateSpan(_BEFORE[first.state], NEVER, first.start), *spans]


def state_at(facts: Mapping[str, Any], instant: int) -> str:
    """The state of a site at an instant; `working` where none is named."""
    return next((s.state for s in spans_of(facts) if s.start <= instant < s.end), WORKING)


def states_of_rows(facts: Mapping[str, Mapping[str, Any]], sites: Sequence[str]) -> tuple[StateOfRows, ...]:
    """Spans of all sites with states other than `working`, by start; `sites`: that of each device row."""
    found = []
    for site, own in facts.items():
        for span in spans_of(own):
            if span.state != WORKING:
                rows = np.array([row for row, name in enumerate(sites) if name == site], np.int32)
                found.append(StateOfRows(span.state, rows, span.start, span.end))
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))
