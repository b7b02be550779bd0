"""Evidence of a suspicion in words: which numbers are shown, under which name, with which unit."""

from __future__ import annotations

from typing import Any

import pytest

from processors.suspicion.evidence_words import evidence_text, suspicion_numbers
from processors.suspicion.patterns import NUMBERS


def _evidence(**numbers: tuple[Any, str]) -> dict[str, Any]:
    return {"numbers": {name: {"value": value, "unit": unit} for name, (value, unit) in numbers.items()}}


def test_numbers_are_named_in_the_language_and_one_without_a_name_keeps_its_own():
    known = next(iter(NUMBERS))
    found = _evidence(**{known: (3.5, "h"), "not_named_anywhere": (2, "1")})
    for language, words in (("en", NUMBERS[known].en), ("zh_CN", NUMBERS[known].zh_CN)):
        assert suspicion_numbers(found, language) == [(words, 3.5, "h"), ("not_named_anywhere", 2, "1")]


def test_what_is_unknown_is_not_shown_and_no_evidence_shows_nothing():
    assert suspicion_numbers(_evidence(unknown=(None, "h")), "en") == []
    assert suspicion_numbers(None, "en") == []


def test_all_zero_is_shown_only_where_it_is_so_and_other_zeros_always():
    assert [value for _, value, _ in suspicion_numbers(_evidence(all_zero=(0, "1")), "en")] == []
    assert [value for _, value, _ in suspicion_numbers(_evidence(all_zero=(1, "1")), "en")] == [1]
    assert [value for _, value, _ in suspicion_numbers(_evidence(other=(0, "h")), "en")] == [0]


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (12.3456, "h", "12.35 h", "12.35 小时"),
        (7, "s", "7 s", "7 秒"),
        (80, "ug/m3", "80 µg/m³", "80 µg/m³"),
        (0.5, "ug/m3 a count", "0.5 ug/m3 a count", "0.5 µg/m³（每计数）"),
        (0.25, "1", "0.25", "0.25"),
        ("d7", "device", "d7", "d7"),
        (3, "lx", "3 lx", "3 lx"),
    ],
)
def test_a_number_has_four_digits_and_the_unit_that_people_write(
    value: float | str, unit: str, en: str, zh: str
):
    assert evidence_text(value, unit, "en") == en
    assert evidence_text(value, unit, "zh_CN") == zh
