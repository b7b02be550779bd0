"""Requirements of a rule, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from processors.audit.arithmetic import number
from processors.audit.facts import RuleFacts
from processors.columns import HOUR_MS, MINUTE_MS, SECOND_MS


def asks(rule: RuleFacts, say: Callable[..., str]) -> Iterator[str]:
    """Window, limit, background, allowance and capture; `say` looks up the words of a key of `texts`."""
    if rule.window:
        statistic = say(f"statistic:{rule.statistic}")
        yield say("ask_window", window=_length(rule.window), statistic=statistic)
    limit = f"{number(rule.limit)} {rule.unit}"
    if rule.factor != 1:
        limit += f" ({number(rule.limit * rule.factor)} ug/m3)"  # what verdicts and arithmetic are in
    yield say("ask_limit", limit=limit)
    if (term := rule.background) is not None:
        yield say(f"ask_background:{term.kind}", area=term.area, device=term.device).rstrip()
        if term.cap is not None:
            yield say("ask_cap", cap=number(term.cap))
    if rule.allowance is not None:
        yield say("ask_allowance", allowance=rule.allowance)
    if rule.window:
        yield say("ask_capture", least=f"{rule.least_capture:g}")


def _length(seconds: int) -> str:
    length = seconds * SECOND_MS
    for unit, size in (("h", HOUR_MS), ("min", MINUTE_MS)):
        if length % size == 0:
            return f"{length // size} {unit}"
    return f"{seconds} s"
