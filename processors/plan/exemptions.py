"""Exemptions: reasons why a rule does not judge a site at an instant, selector by selector. Pure.

The answer is that of `Plan.applies` and `RuleInForce.holds`, in words for people; a test asserts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from processors.plan.orders import EVERYWHERE, Orders
from processors.plan.rule_in_force import RuleInForce


class Exemption(NamedTuple):
    """A reason for not judging: `code` of the selector, `found`: the site's value, `asked`: the rule's."""

    code: str
    found: str
    asked: str


def places_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Places whose orders concern the site."""
    return (facts["id"], *(str(facts[key]) for key in ("area", "township") if facts.get(key)), *EVERYWHERE)


def exemptions(
    rule: RuleInForce, facts: Mapping[str, Any], instant: int, orders: Orders
) -> tuple[Exemption, ...]:
    """All exemptions; empty if the rule judges the site. `facts`: the site's entry in a configuration."""
    own, places = rule.rule, places_of(facts)
    named = orders.stage(places, instant)
    stage = facts.get("stage") if named is None else named
    levels, now = orders.levels(places, instant), orders.in_force(places, instant)
    asked: list[tuple[str, Any, list[str], bool]] = [
        ("site", facts["id"], list(own.sites), not own.sites or facts["id"] in own.sites),
        ("zone", facts.get("zone"), own.zones, not own.zones or facts.get("zone") in own.zones),
        ("stage_configured" if named is None else "stage_ordered", stage, own.stages,
         not own.stages or stage in own.stages),
        ("kind", facts.get("kind"), own.kinds, not own.kinds or facts.get("kind") in own.kinds),
        ("no_alert", sorted(levels), own.alert_levels,
         not own.alert_levels or not levels.isdisjoint(own.alert_levels)),
        ("alert", sorted(levels), own.unless_alert_levels, levels.isdisjoint(own.unless_alert_levels)),
        ("no_order", sorted(now), list(own.during), not own.during or not now.isdisjoint(own.during)),
        ("order", sorted(now & set(own.unless)), list(own.unless), now.isdisjoint(own.unless)),
    ]  # fmt: skip
    found = [Exemption(code, _words(has), _words(wants)) for code, has, wants, fits in asked if not fits]
    if not rule.is_valid(instant):
        dates = f"{own.valid_from or ''}..{own.valid_to or ''}"
        found.append(Exemption("not_valid", "", dates))
    elif not rule.holds(instant):
        found.append(Exemption("hours", "", _words(own.hours)))
    return tuple(found)


def _words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value if value is not None else "")
