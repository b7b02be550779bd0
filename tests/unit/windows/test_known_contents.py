"""What is known of contents in sorted arrays is what a dictionary of lists would say."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.windows.known_contents import KnownContents

pairs = st.tuples(st.integers(0, 12), st.integers(0, 3), st.sampled_from([1, 2, 3, 4, 7]))


def by_dictionary(
    known: dict[int, list[int]], keys: list[int], hashes: list[int]
) -> tuple[list[int], list[int]]:
    duplicates, conflicts = [], []
    for position, (key, content) in enumerate(zip(keys, hashes, strict=True)):
        before = known.setdefault(key, [])
        if content in before:
            duplicates.append(position)
            continue
        if any(content & other & 7 for other in before):
            conflicts.append(position)
        before.append(content)
    return duplicates, conflicts


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(pairs, min_size=1, max_size=8), max_size=12))
def test_duplicates_and_conflicts_are_those_of_a_dictionary(
    batches: list[list[tuple[int, int, int]]],
) -> None:
    ours, theirs = KnownContents(), dict[int, list[int]]()
    for batch in batches:
        keys = [2**63 + key for key, _, _ in batch]
        hashes = [number << 3 | which for _, number, which in batch]
        found = ours.sift(np.array(keys, np.uint64), np.array(hashes, np.uint64))
        assert found == by_dictionary(theirs, keys, hashes)
        assert ours.pairs == sorted((key, content) for key, held in theirs.items() for content in held)


def test_arrays_are_few_and_sorted_however_many_batches_come() -> None:
    rng = np.random.default_rng(0)
    known = KnownContents()
    for _ in range(200):
        keys = rng.integers(0, 2**64, 50, np.uint64, endpoint=False)
        assert known.sift(keys, keys) == ([], [])
    assert len(known.arrays) <= 7
    assert all((np.diff(keys) > 0).all() for keys, _ in known.arrays)
    assert sum(len(keys) for keys, _ in known.arrays) == 10_000
