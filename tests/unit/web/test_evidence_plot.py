"""The plot of a suspicion: panels by unit, hours that end together, holes where nothing is known."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.web.evidence_plot import HEIGHT, WIDTH, plot_of
from tests.fakes.desk import HOUR, NOW, FakeCases, example_register
from tests.unit.web.test_pages import Visit, visit

__all__ = ["visit"]  # a fixture
VALUES = st.lists(st.none() | st.floats(-10, 2000), max_size=24)


def evidence(**series: Any) -> dict[str, Any]:
    made = {name: {"unit": unit, "values": values} for name, (unit, values) in series.items()}
    numbers = {"hours": {"value": 5.0, "unit": "h"}}
    guards = [{"name": "maintenance", "seen": 0.0, "silenced": False}]
    plot = {"step_s": 3600, "series": made}
    return {"pattern": "stuck", "confidence": 0.8, "numbers": numbers, "guards": guards, "plot": plot}


STUCK = evidence(
    mean=("ug/m3", [90.0, None, 110.0, 88.0, 88.0]),
    reference=("ug/m3", [80.0, 85.0]),
    humidity=("%", [None, 50.0]),
)


def test_series_of_one_unit_share_a_panel_and_dust_comes_first():
    plot = plot_of(STUCK, NOW - 2 * HOUR, NOW)
    assert plot is not None
    assert [(p.unit, [line.name for line in p.lines]) for p in plot.panels] == [
        ("ug/m3", ["mean", "reference"]),
        ("%", ["humidity"]),
    ]
    assert (plot.start, plot.end) == (NOW - 5 * HOUR, NOW)
    assert (plot.left, plot.width) == (WIDTH * 3 / 5, WIDTH * 2 / 5)


def test_what_is_not_known_is_a_hole_and_shorter_series_end_with_the_others():
    plot = plot_of(STUCK, NOW - 2 * HOUR, NOW)
    assert plot is not None
    mean, reference = plot.panels[0].lines
    assert mean.path.count("M") == 2
    assert reference.path.startswith(f"M{WIDTH * 3 / 5:.1f} ")
    assert (mean.last, reference.last) == (88.0, 85.0)


@pytest.mark.parametrize("nothing", [None, {}, evidence(), evidence(mean=("ug/m3", [None, None]))])
def test_without_a_known_hour_there_is_no_plot(nothing: Any):
    assert plot_of(nothing, NOW - HOUR, NOW) is None


@given(VALUES, VALUES)
def test_every_drawn_point_lies_within_its_panel(one: list[float | None], other: list[float | None]):
    plot = plot_of(evidence(a=("1", one), b=("1", other)), NOW - 30 * HOUR, NOW)
    for panel in plot.panels if plot else ():
        for line in panel.lines:
            for x, y, to in re.findall(r"([\d.-]+) ([\d.-]+)H([\d.-]+)", line.path):
                assert 0 <= float(x) < float(to) <= WIDTH + 0.1
                assert -0.1 <= float(y) <= HEIGHT + 0.1


def suspected(cases: FakeCases) -> str:
    """A case of a stuck monitor; its id."""
    register = example_register()
    device = next(iter(register.devices.values()))
    first = cases.cases(limit=1)[0]
    data = {
        "start": NOW - 2 * HOUR,
        "end": NOW,
        "title": {"zh": "疑似数据恒定或全零", "en": "Suspected: stuck"},
    }
    case = replace(
        first,
        id="suspect-1",
        kind="suspicion",
        level="suspicion",
        state="open",
        site=device.site,
        device=device.id,
        rule="suspicion/stuck",
        title="疑似数据恒定或全零",
        data={**data, "evidence": STUCK, "reasons": ["suspected"]},
    )
    cases.add(case)
    return case.id


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "疑似，由人核查后决定"), ("en", "a person decides")]
)
async def test_the_page_of_a_suspicion_draws_its_hours_and_says_that_a_person_decides(
    visit: Visit, language: str, words: str
):
    page = (
        await visit.http.get(f"/cases/{suspected(visit.cases)}", headers={"accept-language": language})
    ).text
    assert words in page
    assert page.count('<figure class="panel">') == 2
    assert 'class="suspected"' in page
    assert "背景值" in page if language == "zh-CN" else "background" in page


async def test_the_page_of_an_exceedance_has_no_such_plot(visit: Visit):
    case = visit.cases.cases(limit=1)[0]
    assert 'class="panel"' not in await visit.text(f"/cases/{case.id}")
