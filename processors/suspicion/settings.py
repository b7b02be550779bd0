"""Thresholds of suspicion from a revision's body: the defaults with a county's own settings over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from processors.suspicion.patterns import PATTERNS

Body = bool | Mapping[str, Any] | None


def _defaults() -> dict[str, Any]:
    return {name: pattern.settings() for name, pattern in PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class SuspicionSettings:
    """Settings of all patterns. Defaults: a proposal of this project."""

    by_pattern: Mapping[str, Any] = field(default_factory=_defaults)
    without: frozenset[str] = frozenset()  # patterns that are not looked for
    told: float = 0.6  # confidence from which a finding is told
    quiet_h: int = 24

    def of(self, pattern: str) -> Any:
        """The settings of one pattern."""
        return self.by_pattern[pattern]

    def changed(self, pattern: str, **thresholds: Any) -> SuspicionSettings:
        """Copy with some thresholds of a pattern changed."""
        changed = replace(self.of(pattern), **thresholds)
        return replace(self, by_pattern={**self.by_pattern, pattern: changed})


# what older revisions may name, and no pattern knows any more
_FORMER = {("offline_when_polluted", "outage_share")}


class Unreachable(NamedTuple):
    """A threshold that can never be met."""

    pattern: str
    name: str
    words: str


def settings_of(body: Body) -> SuspicionSettings:
    """Settings from `suspicion` of a body: true (the defaults) or thresholds by pattern."""
    own = SuspicionSettings()
    if not isinstance(body, Mapping):
        return own
    for pattern in PATTERNS:
        thresholds = body.get(pattern) or {}
        known = {name: v for name, v in thresholds.items() if (pattern, name) not in _FORMER}
        own = own.changed(
            pattern, **{name: tuple(v) if isinstance(v, list) else v for name, v in known.items()}
        )
    more = {name: body[name] for name in ("told", "quiet_h") if body.get(name) is not None}
    return replace(own, without=frozenset(body.get("without") or ()), **more)


def never_met(settings: SuspicionSettings) -> Iterator[Unreachable]:
    """Thresholds that ask for more hours than are examined: the pattern would never be found."""
    for pattern in PATTERNS.values():
        own = settings.of(pattern.name)
        for name, greatest in pattern.at_most.items():
            value, most = getattr(own, name), greatest(own)
            if value > most:
                words = f"{value:g} of {most:g} can't be: it would never be found"
                yield Unreachable(pattern.name, name, words)


def without_background(settings: SuspicionSettings) -> Iterator[tuple[str, str]]:
    """(pattern, what becomes of it) of those looked for that need the background of a reference station."""
    for pattern in PATTERNS.values():
        if pattern.without_background and pattern.name not in settings.without:
            yield pattern.name, pattern.without_background
