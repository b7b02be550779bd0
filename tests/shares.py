"""What share of the long laws is run: all of it, or every n-th example (`make test-long SHARE=8`).

A law over seeded logs takes its seeds from `shared` or `in_tests`, one over drawn examples its number of them from
`examples`. The phase says which share: `make` takes it from the commit, so that the next commit runs other
examples, and prints it, so that the same ones can be run again.
"""

from __future__ import annotations

import os

from hypothesis import settings

SHARE = int(os.environ.get("LAWS_SHARE") or 1)
PHASE = int(os.environ.get("LAWS_PHASE") or 0)


def shared(seeds: range) -> range:
    """Every `SHARE`-th seed, at least one."""
    return seeds[PHASE % min(SHARE, len(seeds)) :: SHARE]


def in_tests(seeds: range, tests: int) -> list[range]:
    """The seeds that are run, in at most so many tests."""
    run = shared(seeds)
    return [run[first::tests] for first in range(min(tests, len(run)))]


def seeds_of(run: range) -> str:
    """A test's name says its seeds."""
    return ",".join(map(str, run))


def examples(law: settings, number: int) -> settings:
    """So many examples, or the share of them: then others with every phase, which `--hypothesis-seed` says."""
    if SHARE == 1:
        return settings(law, max_examples=number)
    return settings(law, max_examples=-(-number // SHARE), derandomize=False)
