"""What history stores is declared once: the stores, the counters and the page of the docs follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.history.measurements import MEASUREMENTS, described

PAGE = Path(__file__).parents[3] / "deploy" / "docs" / "history.md"


def test_the_page_lists_every_measurement_as_it_is_declared() -> None:
    """After a change, put what this prints into the page."""
    table = "\n".join(described())
    assert table in PAGE.read_text(encoding="utf-8"), table


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_is_whole(name: str) -> None:
    spec = MEASUREMENTS[name]
    assert spec.meaning.endswith(".")
    assert list(spec.tags) == sorted(spec.tags)
    assert not set(spec.tags) & set(spec.fields)
    assert spec.always in spec.fields
    assert set(spec.indexes) <= {"time", *spec.tags, *spec.fields}
