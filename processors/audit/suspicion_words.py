"""Evidence of a suspicion in words: numbers, guards that were considered, confidence, hours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from processors.suspicion import GUARDS, NUMBERS, evidence_text, suspicion_numbers

Evidence = Mapping[str, Any]
_SHOWN = 24  # hours of each series
_CATALOGUE = {"zh": "zh_CN", "en": "en"}


def suspicion_lines(
    evidence: Evidence, language: str, say: Callable[..., str], everything: bool = False
) -> Iterator[tuple[str, str]]:
    """(heading of the line or "", words) for the evidence of a breach of kind `suspicion`.

    `say` looks up the words of a key of `texts`; with `everything`, all hours are listed.
    """
    words = _CATALOGUE[language]
    head = "numbers"
    for name, value, unit in suspicion_numbers(evidence, words):
        yield head, say("number_is", name=name, value=evidence_text(value, unit, words))
        head = ""
    head = "guards"
    for guard in evidence["guards"]:
        yield head, _guard(guard, language, say)
        head = ""
    yield "confidence", say("confidence_is", percent=f"{evidence['confidence'] * 100:.0f}")
    yield from _series(evidence["plot"], language, say, everything)
    yield "means", say("a_person_decides")


def _guard(guard: Mapping[str, Any], language: str, say: Callable[..., str]) -> str:
    title = GUARDS.get(guard["name"])
    name = guard["name"] if title is None else title.zh_CN if language == "zh" else title.en
    seen = "–" if guard["seen"] is None else f"{guard['seen']:.4g}"
    return say("guard_explains" if guard["silenced"] else "guard_is_none", name=name, seen=seen)


def _series(
    plot: Mapping[str, Any], language: str, say: Callable[..., str], everything: bool
) -> Iterator[tuple[str, str]]:
    head = "hourly"
    for name, series in plot["series"].items():
        title = NUMBERS.get(name)
        label = name if title is None else title.zh_CN if language == "zh" else title.en
        values = series["values"] if everything else series["values"][-_SHOWN:]
        while values and values[0] is None:
            values = values[1:]  # nothing was known yet
        told = " ".join("–" if value is None else f"{value:g}" for value in values)
        yield head, say("hours_of", name=label, count=len(values), unit=series["unit"], values=told)
        head = ""
