"""The thresholds of suspicion out of a revision's body: what a county sets over the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from processors.suspicion.features import LONG_HOURS
from processors.suspicion.watch import PATTERNS, Settings

Body = bool | Mapping[str, Any] | None


class Never(NamedTuple):
    """A threshold that no hours can meet."""

    pattern: str
    name: str
    words: str


def settings_of(body: Body) -> Settings:
    """`suspicion` of a body: true (the defaults) or thresholds by pattern."""
    own = Settings()
    if not isinstance(body, Mapping):
        return own
    for pattern in PATTERNS:
        given = body.get(pattern)
        if given:
            changes = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
            own = replace(own, **{pattern: replace(getattr(own, pattern), **changes)})
    more = {name: body[name] for name in ("told", "quiet_h") if body.get(name) is not None}
    return replace(own, without=frozenset(body.get("without") or ()), **more)


def never_met(own: Settings) -> Iterator[Never]:
    """Thresholds that ask for more hours than are looked at: the pattern would never be found."""
    asked = (
        ("mass_factor", "before_least_h", LONG_HOURS - own.mass_factor.after_h),
        ("mass_factor", "after_least_h", own.mass_factor.after_h),
        ("cover", "before_least_h", own.cover.before_h),
        ("computed_tsp", "least_h", own.computed_tsp.hours),
        ("flat_means", "least_h", own.flat_means.hours),
        ("moved_together", "least", 4 * own.moved_together.hours),
    )
    for pattern, name, most in asked:
        value = getattr(getattr(own, pattern), name)
        if value > most:
            yield Never(pattern, name, f"{value:g} of {most:g} can't be: it would never be found")
