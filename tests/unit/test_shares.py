"""Every example of a law belongs to one share, no share is empty, and `make` leaves out no file with a mark."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from tests import shares

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch):
    """Sets the share and its phase."""

    def set_to(share: int, phase: int = 0) -> None:
        monkeypatch.setattr(shares, "SHARE", share)
        monkeypatch.setattr(shares, "PHASE", phase)

    return set_to


@pytest.mark.parametrize("count", [1, 5, 8, 38, 40, 44])
@pytest.mark.parametrize("of", [1, 3, 8])
def test_the_shares_of_all_phases_are_all_seeds(share, count: int, of: int) -> None:
    seeds, run = range(1000, 1000 + count), []
    for phase in range(min(of, count)):
        share(of, phase + 24 * of * count)
        assert shares.shared(seeds)
        assert sorted(seed for some in shares.in_tests(seeds, 10) for seed in some) == [*shares.shared(seeds)]
        run += shares.shared(seeds)
    assert sorted(run) == [*seeds]


def test_no_test_is_without_a_seed_and_there_are_no_more_than_asked_for(share) -> None:
    share(8, 3)
    assert shares.in_tests(range(1000, 1040), 10) == [range(n, n + 1) for n in (1003, 1011, 1019, 1027, 1035)]
    assert len(shares.in_tests(range(1000, 1400), 10)) == 10
    assert all(shares.in_tests(range(1000, 1400), 10))


def test_a_share_of_examples_differs_from_phase_to_phase_also_where_examples_are_derived(share) -> None:
    law = settings(max_examples=5, derandomize=True, database=None)
    share(1)
    assert (shares.examples(law, 500).max_examples, shares.examples(law, 500).derandomize) == (500, True)
    share(8)
    assert (shares.examples(law, 500).max_examples, shares.examples(law, 500).derandomize) == (63, False)
    assert shares.examples(law, 4).max_examples == 1


@pytest.mark.parametrize(
    ("target", "mark"), [("test-long", r"mark\.long"), ("test-servers", r"mark\.(servers|browser)")]
)
def test_every_file_with_a_mark_is_run_by_its_target(target: str, mark: str) -> None:
    said = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("\\\n", " ")
    (pytest_line,) = [line for line in said.splitlines() if "bin/pytest" in line]
    run = [ROOT / word for word in pytest_line.split() if word.startswith("tests/")]
    marked = [
        p
        for p in (ROOT / "tests").rglob("*.py")
        if re.search(mark, p.read_text("utf-8")) and p.name != Path(__file__).name
    ]
    assert marked
    assert [p for p in marked if not any(p.is_relative_to(some) for some in run)] == []
