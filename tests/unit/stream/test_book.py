"""The bookkeeping of a partition: what is folded, skipped, missing, held and acknowledged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.stream.book import Book, OutOfOrder, Step


def folded_to(book: Book, end: int) -> None:
    for offset in range(book.next, end):
        book.folded(offset)


def test_the_next_offset_is_folded() -> None:
    assert Book(7).arrive(7, "event") == Step(fold=True)


def test_an_offset_below_next_is_held_and_not_folded() -> None:
    book = Book(7)
    assert book.arrive(5, "event") == Step(fold=False)
    assert book.held == 1


def test_an_offset_above_next_names_where_the_missing_records_begin() -> None:
    assert Book(7).arrive(10, "event") == Step(fold=True, missing_from=7)


def test_nothing_is_released_before_a_snapshot_covers_it() -> None:
    book = Book(0)
    book.arrive(0, "a")
    book.folded(0)
    assert book.release() == []
    book.confirmed(1)
    assert book.release() == ["a"]
    assert book.release() == []


def test_an_event_that_the_snapshot_already_covered_is_released_at_once() -> None:
    book = Book(7)
    book.arrive(5, "five")
    assert book.release() == ["five"]


def test_a_snapshot_releases_only_what_it_covers() -> None:
    book = Book(0)
    for offset in range(5):
        book.arrive(offset, offset)
        book.folded(offset)
    book.confirmed(3)
    assert book.release() == [0, 1, 2]
    assert (book.held, book.unsaved) == (2, 2)


def test_folding_out_of_order_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="folded offset 8 where 7 was due"):
        Book(7).folded(8)


def test_a_snapshot_of_what_was_not_folded_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="snapshot of 8 confirmed"):
        Book(7).confirmed(8)


def test_a_snapshot_older_than_the_last_one_is_refused() -> None:
    book = Book(0)
    folded_to(book, 4)
    book.confirmed(4)
    with pytest.raises(OutOfOrder):
        book.confirmed(3)


def test_an_offset_that_goes_back_without_a_rebalance_is_refused() -> None:
    book = Book(0)
    book.arrive(4, "event")
    with pytest.raises(OutOfOrder, match="offset 4 arrived after 4"):
        book.arrive(4, "again")


@given(
    start=st.integers(0, 20),
    first=st.integers(0, 30),
    gaps=st.lists(st.integers(1, 4), max_size=30),
    saves=st.lists(st.booleans(), min_size=31, max_size=31),
)
def test_every_offset_is_folded_once_and_events_are_released_in_order_never_uncovered(
    start: int, first: int, gaps: list[int], saves: list[bool]
) -> None:
    book = Book(start)
    folds: list[int] = []
    released: list[int] = []
    offset = first
    for gap, save in zip([0, *gaps], saves, strict=False):
        offset += gap
        step = book.arrive(offset, offset)
        missing = range(step.missing_from, offset) if step.missing_from is not None else range(0)
        for each in [*missing, *([offset] if step.fold else [])]:
            book.folded(each)
            folds.append(each)
        if save:
            book.confirmed(book.next)
        now = book.release()
        assert all(each < book.saved for each in now)
        released += now
    assert folds == list(range(start, max(start, offset + 1)))
    assert released == sorted(released)
    book.confirmed(book.next)
    assert len(released + book.release()) == len(gaps) + 1
