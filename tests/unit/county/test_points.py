"""Sites with fewer monitors than the standard asks for by their area are warned of, with the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.county.points import points_asked, too_few_points
from ingest.register import load_register
from tests.unit.config.golden import SMALLEST


@pytest.mark.parametrize(
    ("area", "points"),
    [
        (4_999.9, 1),
        (5_000.0, 2),
        (10_000.0, 2),
        (10_000.1, 4),
        (100_000.0, 4),
        (100_001.0, 5),
        (300_000.0, 6),
    ],
)
def test_points_grow_with_the_area(area: float, points: int) -> None:
    assert points_asked(area) == points


def test_a_site_with_too_few_is_warned_of_where_the_county_judges_by_that_standard() -> None:
    register = load_register(SMALLEST)
    (site,) = register.sites.values()
    large = replace(register, sites={site.id: site.model_copy(update={"area_m2": 20_000.0})})
    (found,) = too_few_points(large, ["hebei-db13-2934-2019-pm10"])
    assert found.severity == "warning"
    assert "has 1 monitor on 20000 m2, at least 4 are asked for" in found.message
    assert "its clause is not confirmed" in found.message
    assert too_few_points(large, ["shanghai-db31-964-2016"]) == []
    assert too_few_points(register, ["hebei-db13-2934-2019-pm10"]) == []  # its area is not said
