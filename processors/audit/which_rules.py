"""Rules that judge a site at an instant, and the reasons why the others do not, from history alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from processors.audit.facts import CountyFacts, SiteFacts, county_facts, site_facts
from processors.audit.texts import text
from processors.history import CONFIGURATION, RULE, SIGNAL, SITE, History, context_row, signal_of
from processors.plan import Exemption, Orders, Rule, exemptions, rule_in_force


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """A rule and the reasons why it does not judge the site; empty if it does."""

    rule: Rule
    why: tuple[Exemption, ...]


@dataclass(frozen=True, slots=True)
class SiteRules:
    """Configuration in force at an instant, the site as configured, and all rules of the configuration."""

    configuration: str  # its id
    county: CountyFacts
    site: SiteFacts
    rules: tuple[RuleStanding, ...]


def latest_zone(history: History) -> str:
    """Time zone of the newest configuration; UTC if there is none."""
    rows = history.rows("context", {"kind": CONFIGURATION})
    return county_facts(context_row(rows[-1]).body).zone if rows else CountyFacts().zone


def rules_at(history: History, site: str, instant: int) -> SiteRules | None:
    """Rules for a site at an instant; None if no configuration was in force, or it lacks the site.

    Orders count if they were in the log before a window beginning at the instant was judged.
    """
    rows = history.rows("context", {"kind": CONFIGURATION}, None, instant + 1)
    if not rows:
        return None
    configuration = context_row(rows[-1])
    id_, county = configuration.id, county_facts(configuration.body)
    pieces = history.rows("context", {"kind": SITE, "name": site, "id": id_})
    if not pieces:
        return None
    facts = site_facts(context_row(pieces[0]).body)
    signals = [signal_of(context_row(row)) for row in history.rows("context", {"kind": SIGNAL})]
    orders = Orders()
    for signal in sorted(signals, key=lambda one: one.received_at):
        orders.add(signal)
    made = []
    for row in history.rows("context", {"kind": RULE, "id": id_}):
        own = Rule.model_validate(context_row(row).body)
        rule = rule_in_force(own, [dict(facts.stored)], county.zone, id_)
        known = orders.known(instant + rule.window + rule.lateness + 1)
        made.append(RuleStanding(rule.rule, exemptions(rule, facts.stored, instant, known)))
    return SiteRules(id_, county, facts, tuple(sorted(made, key=lambda one: one.rule.id)))


def site_rules_lines(found: SiteRules, language: str) -> Iterator[str]:
    """One line per rule: that it judges the site, or why not."""
    yield text(
        language,
        "judged_by",
        site=found.site.id,
        name=found.site.name,
        county=found.county.name,
        id=found.configuration,
    )
    for one in found.rules:
        if not one.why:
            yield f"{one.rule.id}: {text(language, 'judges')}"
            continue
        why = [text(language, f"exempt:{x.code}", found=x.found or "–", asked=x.asked) for x in one.why]
        joined = ("；" if language == "zh" else "; ").join(why)
        yield f"{one.rule.id}: {text(language, 'judges_not')}: {joined}"
