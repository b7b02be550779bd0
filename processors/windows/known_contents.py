"""Contents of readings known by key, in sorted arrays: a dictionary of as many takes ten times the memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from processors.columns import Bools, Positions, Uint64s

_TIMES = 4  # an array is at least so many times as long as the next: few are looked through, seldom joined


@dataclass(slots=True, eq=False)
class KnownContents:
    """Pairs of a key and the hash of a content, sorted by key in each of a few arrays, longest first.

    The low three bits of a hash tell which judged pollutants the content has.
    """

    arrays: list[tuple[Uint64s, Uint64s]] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of key and content, sorted."""
        return sorted(
            pair for one in self.arrays for pair in zip(*(column.tolist() for column in one), strict=True)
        )

    def sift(self, keys: Uint64s, hashes: Uint64s) -> tuple[list[int], list[int]]:
        """(duplicates, conflicts) among new readings, by position; the others are known from now on."""
        order = np.argsort(keys)
        sorted_keys = keys[order]
        met = np.zeros(len(keys), np.bool_)
        met[1:] = sorted_keys[1:] == sorted_keys[:-1]
        met[:-1] |= met[1:]
        for known, _ in self.arrays:
            place = np.minimum(np.searchsorted(known, sorted_keys), len(known) - 1)
            met |= known[place] == sorted_keys
        if not met.any():
            self._add(sorted_keys, hashes[order])
            return [], []
        fresh, duplicates, conflicts = self._sift_met(keys, hashes, np.sort(order[met]))
        order = order[fresh[order]]
        self._add(keys[order], hashes[order])
        return duplicates, conflicts

    def _sift_met(
        self, keys: Uint64s, hashes: Uint64s, positions: Positions
    ) -> tuple[Bools, list[int], list[int]]:
        """(which readings are new, duplicates, conflicts); `positions`: those whose key has come before."""
        fresh = np.ones(len(keys), np.bool_)
        duplicates: list[int] = []
        conflicts: list[int] = []
        contents: dict[int, list[int]] = {}
        for position in positions.tolist():
            key, content = int(keys[position]), int(hashes[position])
            before = contents.get(key)
            if before is None:
                before = contents[key] = self._of(keys[position])
            if content in before:
                duplicates.append(position)
                fresh[position] = False
                continue
            if any(content & other & 7 for other in before):
                conflicts.append(position)
            before.append(content)
        return fresh, duplicates, conflicts

    def _of(self, key: np.uint64) -> list[int]:
        """The contents known by a key."""
        found: list[int] = []
        for known, hashes in self.arrays:
            begin, end = np.searchsorted(known, key, "left"), np.searchsorted(known, key, "right")
            found += hashes[begin:end].tolist()
        return found

    def _add(self, keys: Uint64s, hashes: Uint64s) -> None:
        """Add pairs sorted by key, and join arrays that are too short to stay by themselves."""
        if not len(keys):
            return
        while self.arrays and len(self.arrays[-1][0]) < _TIMES * len(keys):
            other_keys, other_hashes = self.arrays.pop()
            keys, hashes = np.concatenate((other_keys, keys)), np.concatenate((other_hashes, hashes))
            order = np.argsort(keys, kind="stable")  # two sorted runs: they are merged
            keys, hashes = keys[order], hashes[order]
        self.arrays.append((keys, hashes))
