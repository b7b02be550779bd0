"""The list of what the tests cost (`make test TIMES=1`)."""

from __future__ import annotations

from tests.times import SHOWN, lines_of


def test_the_costliest_files_and_tests_stand_first_with_their_sums() -> None:
    assert lines_of({"a.py::one": 1.0, "b.py::two": 2.5, "a.py::three": 2.0}) == [
        "     5.5 s  all 3 tests of 2 files",
        "",
        "    3.00 s  a.py",
        "    2.50 s  b.py",
        "",
        "    2.50 s  b.py::two",
        "    2.00 s  a.py::three",
        "    1.00 s  a.py::one",
    ]


def test_of_many_tests_only_the_costliest_are_named() -> None:
    lines = lines_of({f"a.py::{n}": float(n) for n in range(SHOWN + 5)})
    assert len(lines) == 1 + 2 + 1 + SHOWN
