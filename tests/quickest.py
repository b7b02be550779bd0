"""Runs mutmut so that a mutant meets the quickest tests that reach it, as many as fit into SECONDS.

    python -P tests/quickest.py SECONDS run --max-children 2 NAME...

Hundreds of tests reach a function of the fold, and a mutant that lives costs the time of them all. What is
left out could only kill more. `-P`: like mutmut itself, without the checkout on the path.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any


def quickest(tests: Iterable[str], seconds: Mapping[str, float], budget: float) -> set[str]:
    """The quickest of the tests, as many as take `budget` seconds together; one at least."""
    ordered = sorted(tests, key=lambda test: (seconds[test], test))
    spent = list(accumulate(seconds[test] for test in ordered))
    return set(ordered[: max(1, bisect_right(spent, budget))])


def main() -> None:
    from mutmut import __main__ as mutmut
    from mutmut.state import state

    budget = float(sys.argv.pop(1))
    every = mutmut.collect_or_load_stats

    def collect(*args: Any, **more: Any) -> None:
        every(*args, **more)
        known = state()
        for function, tests in known.tests_by_mangled_function_name.items():
            known.tests_by_mangled_function_name[function] = quickest(tests, known.duration_by_test, budget)

    mutmut.collect_or_load_stats = collect
    mutmut.cli()


if __name__ == "__main__":
    main()
