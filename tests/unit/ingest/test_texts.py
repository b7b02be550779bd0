"""Texts in Arrow's memory are the sequence that they were made from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.text_codes import Texts

words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=8)


@given(words, words)
def test_they_are_found_as_in_a_dictionary_and_joined_in_their_order(
    known: list[str], asked: list[str]
) -> None:
    known = list(dict.fromkeys(known))
    place = {word: n for n, word in enumerate(known)}
    assert Texts.of(known).find(asked).tolist() == [place.get(word, -1) for word in asked]
    joined = Texts.joined([known, Texts.of(asked), ()])
    assert (list(joined), len(joined), joined) == (
        [*known, *asked],
        len(known) + len(asked),
        [*known, *asked],
    )
    assert hash(joined) == hash(tuple(joined))


def test_a_part_of_an_array_knows_its_own_texts_only() -> None:
    part = Texts(pa.array(["a", "b", "c", "d"])[1:3])
    assert (part[0], part[-1], part[:1], "d" in part) == ("b", "c", ["b"], False)
    assert part.find(["c", "a"]).tolist() == [1, -1]
    assert Texts.of(["a", "b", "c", "d"]).find(part).dtype == np.int32
    assert Texts.of(["a", "b", "c", "d"]).find(part).tolist() == [1, 2]


def test_nothing_asked_of_nothing_is_nothing() -> None:
    assert Texts.of([]).find([]).tolist() == []
    with pytest.raises(IndexError):
        Texts.of([])[0]
