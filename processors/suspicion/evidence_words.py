"""Evidence of a suspicion in words: its numbers with their names and units. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.units import printed
from processors.suspicion.patterns import NUMBERS

_UNITS_ZH = {"h": "小时", "s": "秒", "ug/m3 a count": "µg/m³（每计数）"}


def suspicion_numbers(
    evidence: Mapping[str, Any] | None, language: str
) -> list[tuple[str, float | str, str]]:
    """(name in the language, value, unit) of a suspicion's evidence, without unknown values."""
    found = evidence["numbers"] if evidence else {}
    made = []
    for name, number in found.items():
        # a property that is not there is no evidence
        if number["value"] is not None and not (name == "all_zero" and not number["value"]):
            title = NUMBERS.get(name)
            words = name if title is None else title.zh_CN if language == "zh_CN" else title.en
            made.append((words, number["value"], number["unit"]))
    return made


def evidence_text(value: float | str, unit: str, language: str) -> str:
    """Text of a number of the evidence with its unit, to at most four significant digits."""
    text = value if isinstance(value, str) else f"{value:.4g}"
    own = _UNITS_ZH if language == "zh_CN" else {}
    shown = {"1": "", "device": ""}.get(unit, own.get(unit, printed(unit)))
    return f"{text} {shown}".strip()
