"""Golden folders: a broken one is refused in exactly the words of its expected.txt, a valid one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.county.check import check_folder
from tests.unit.config.golden import expected, folders, laid_over_the_smallest, shown

EXAMPLE = Path(__file__).parents[3] / "deploy" / "example"


@pytest.mark.parametrize("case", folders("broken"), ids=lambda case: case.name)
def test_a_broken_folder_is_refused_in_the_words_expected(case: Path, tmp_path: Path) -> None:
    problems, warnings = check_folder(laid_over_the_smallest(case, tmp_path / "county"))
    assert shown(problems, warnings) == expected(case)
    assert problems


@pytest.mark.parametrize("case", folders("valid"), ids=lambda case: case.name)
def test_a_valid_folder_passes_with_the_warnings_expected(case: Path) -> None:
    problems, warnings = check_folder(case)
    assert shown(problems, warnings) == expected(case)
    assert problems == []


def test_every_broken_folder_is_told_apart() -> None:
    words = [expected(case) for case in folders("broken")]
    assert len(words) >= 20
    assert len(set(words)) == len(words)
