"""What a rule asks, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from processors.audit.arithmetic import number

_DAY_S = 86_400
Line = Mapping[str, Any]


def asks(rule: Line, say: Callable[..., str]) -> Iterator[str]:
    """Window, limit, background, allowance, capture; `say` gives the words of a key of `explain_texts`."""
    unit, window = rule["unit"], rule["window"]
    if window:
        statistic = say(f"statistic:{rule['statistic']}")
        yield say("ask_window", window=_length(window), statistic=statistic)
    limit = f"{number(rule['limit'])} {unit}"
    if unit == "mg/m3" and rule["statistic"] != "count":
        limit += f" ({number(rule['limit'] * 1000)} ug/m3)"  # what verdicts and arithmetic are in
    yield say("ask_limit", limit=limit)
    if rule.get("background"):
        term = rule["background"]
        named = {"area": "", "device": "", **term}
        yield say(f"ask_background:{term.get('kind', 'county')}", **named).rstrip()
        if term.get("cap") is not None:
            yield say("ask_cap", cap=number(term["cap"]))
    if rule.get("allowance") is not None:
        yield say("ask_allowance", allowance=rule["allowance"])
    if window:
        yield say("ask_capture", least=f"{rule['least_capture']:g}")


def _length(seconds: int) -> str:
    for unit, size in (("d", _DAY_S), ("h", 3600), ("min", 60)):
        if seconds % size == 0 and (unit != "d" or seconds == _DAY_S):
            return f"{seconds // size * (24 if unit == 'd' else 1)} {'h' if unit == 'd' else unit}"
    return f"{seconds} s"
