"""Why a rule does not judge a site: every selector says what holds of the site and what the rule asks."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.records import Signal
from processors.plan.exemptions import Exemption, exemptions, places_of
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from tests.logs import HOUR, T0, local_rule, revision

FACTS = {
    "id": "s1",
    "zone": "urban",
    "stage": "earthwork",
    "kind": "building",
    "area": "north",
    "township": "t",
}


def told(*signals: tuple[str, str | None, str]) -> Orders:
    orders = Orders()
    for kind, level, place in signals:
        orders.add(Signal(f"{kind}{level}{place}", T0, place, kind, level, T0, T0 + HOUR))
    return orders


def why(
    more: dict[str, Any], *signals: tuple[str, str | None, str], facts: Any = FACTS
) -> list[tuple[str, ...]]:
    rule = Plan.of(revision(rules=[local_rule(**more)])).rules[0]
    return [tuple(found) for found in exemptions(rule, facts, T0, told(*signals))]


def test_an_order_for_its_area_its_township_or_the_whole_county_concerns_a_site():
    assert places_of(FACTS) == ("s1", "north", "t", "county", "*")
    assert places_of({"id": "s1", "area": None}) == ("s1", "county", "*")


@pytest.mark.parametrize(
    ("more", "signals", "reason"),
    [
        pytest.param({"sites": ["s2", "s3"]}, (), ("site", "s1", "s2, s3"), id="site"),
        pytest.param({"zones": ["rural"]}, (), ("zone", "urban", "rural"), id="zone"),
        pytest.param(
            {"stages": ["paving"]}, (), ("stage_configured", "earthwork", "paving"), id="stage as configured"
        ),
        pytest.param(
            {"stages": ["earthwork", "structure"]},
            (("stage", "paving", "s1"),),
            ("stage_ordered", "paving", "earthwork, structure"),
            id="stage as ordered",
        ),
        pytest.param({"kinds": ["road"]}, (), ("kind", "building", "road"), id="kind"),
        pytest.param({"alert_levels": ["red"]}, (), ("no_alert", "", "red"), id="no alert"),
        pytest.param(
            {"alert_levels": ["red"]},
            (("alert", "yellow", "county"),),
            ("no_alert", "yellow", "red"),
            id="an alert of another level",
        ),
        pytest.param(
            {"unless_alert_levels": ["red"]},
            (("alert", "yellow", "county"), ("alert", "red", "north")),
            ("alert", "red, yellow", "red"),
            id="one of two alerts exempts",
        ),
        pytest.param(
            {"during": ["permit"]},
            (("shutdown", None, "t"),),
            ("no_order", "shutdown", "permit"),
            id="an order of another kind",
        ),
        pytest.param(
            {"unless": ["permit", "shutdown"]},
            (("shutdown", None, "s1"), ("curfew", None, "s1")),
            ("order", "shutdown", "permit, shutdown"),
            id="one of two orders exempts",
        ),
        pytest.param({"valid_from": "2027-01-01"}, (), ("not_valid", "", "2027-01-01.."), id="not yet valid"),
        pytest.param({"valid_to": "2025-12-31"}, (), ("not_valid", "", "..2025-12-31"), id="no longer valid"),
        pytest.param(
            {"hours": ["22:00-23:00", "12:00-13:00"]},
            (),
            ("hours", "", "22:00-23:00, 12:00-13:00"),
            id="other hours",
        ),
        pytest.param(
            {"valid_to": "2025-12-31", "hours": ["22:00-23:00"]},
            (),
            ("not_valid", "", "..2025-12-31"),
            id="validity before hours",
        ),
    ],
)
def test_each_selector_says_what_was_found_and_what_was_asked(
    more: dict[str, Any], signals: tuple[tuple[str, str | None, str], ...], reason: tuple[str, str, str]
):
    assert why(more, *signals) == [reason]


@pytest.mark.parametrize(
    ("more", "signals"),
    [
        ({"sites": ["s1"], "zones": ["urban"], "stages": ["earthwork"], "kinds": ["building"]}, ()),
        ({"stages": ["paving"]}, (("stage", "paving", "s1"),)),
        ({"alert_levels": ["red", "orange"]}, (("alert", "red", "*"),)),
        ({"unless_alert_levels": ["red"]}, (("alert", "yellow", "s1"),)),
        ({"during": ["permit", "shutdown"]}, (("shutdown", None, "t"),)),
        ({"unless": ["permit"]}, (("shutdown", None, "t"),)),
        ({"hours": ["01:00-02:00"], "valid_from": "2026-04-01", "valid_to": "2026-04-01"}, ()),
    ],
)
def test_what_fits_is_no_exemption(more: dict[str, Any], signals: tuple[tuple[str, str | None, str], ...]):
    assert why(more, *signals) == []


def test_all_reasons_are_said_and_what_a_site_does_not_say_of_itself_is_empty():
    asked = {"zones": ["rural"], "stages": ["paving"], "kinds": ["road"], "hours": ["12:00-13:00"]}
    assert why(asked, facts={"id": "s1"}) == [
        Exemption("zone", "", "rural"), Exemption("stage_configured", "", "paving"),
        Exemption("kind", "", "road"), Exemption("hours", "", "12:00-13:00"),
    ]  # fmt: skip
