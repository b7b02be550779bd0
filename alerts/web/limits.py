"""What a verdict's limit comes to: the background that the clause lets be subtracted, and the line that counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processors.rules import Rule, load_pack, pack_names


class Limits:
    """Caps and sources of the rules that may have judged what the desk shows."""

    def __init__(self, rules: Iterable[Rule] | None = None) -> None:
        found = every_pack() if rules is None else rules
        self._rules = {rule.id: rule for rule in found}

    def subtracted(self, rule: str, background: float | None) -> float | None:
        """The part of the background that the rule subtracts (Hebei: 150 at most); None: not known."""
        if background is None:
            return None
        known = self._rules.get(rule)
        cap = known.background.cap if known and known.background else None
        return min(background, cap) if cap is not None else background

    def line(self, rule: str, limit: float | None, background: float | None) -> float | None:
        """The measured value above which the limit is exceeded; None: unknown with its background."""
        if limit is None:
            return None
        known = self._rules.get(rule)
        if known is not None and known.background is not None and background is None:
            return None
        return limit + (self.subtracted(rule, background) or 0.0)

    def line_of(self, verdict: Mapping[str, Any]) -> float | None:
        """The line of a verdict."""
        return self.line(verdict["rule"], verdict.get("limit"), verdict.get("background"))


def every_pack() -> list[Rule]:
    """The rules of all packs that come with the program."""
    return [rule for name in pack_names() for rule in load_pack(name).rules]
