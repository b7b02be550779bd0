"""The case as plain JSON values and back, for a column of a store: what was kept is the case again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.responsibility import ResponsibleLine
from alerts.lifecycle.stop_watch import StopWatch, TimeAllowed, WatchPause, WatchThreshold


def body_of_case(case: LifeCase) -> dict[str, Any]:
    """JSON values of a case: every field by its name, watches as objects, pauses and thresholds as lists."""
    body: dict[str, Any] = _plain(asdict(case))
    return body


def case_from_body(body: Mapping[str, Any]) -> LifeCase:
    """The inverse of `body_of_case`. Keys of a later version are passed over."""
    known = {field.name for field in fields(LifeCase)}
    own = {name: value for name, value in body.items() if name in known}
    own["days"], own["evidence"] = tuple(own["days"]), tuple(own["evidence"])
    own["times"] = tuple(TimeAllowed(*one) for one in own["times"])
    own["spent_in"] = tuple((state, ms) for state, ms in own["spent_in"])
    own["watches"] = tuple(_watch(one) for one in own["watches"])
    own["lines"] = tuple(ResponsibleLine(**{**one, "watch": _watch(one["watch"])}) for one in own["lines"])
    return LifeCase(**own)


def _watch(body: Mapping[str, Any]) -> StopWatch:
    pauses = tuple(WatchPause(*one) for one in body["pauses"])
    thresholds = tuple(WatchThreshold(*one) for one in body["thresholds"])
    return StopWatch(**{**body, "pauses": pauses, "thresholds": thresholds})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
