"""Which rules judge a site at an instant, and why the others do not: from history alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from processors.audit.texts import text
from processors.history.base import History
from processors.history.context import CONFIGURATION, RULE, SIGNAL, SITE, signal_of, unpacked
from processors.plan.exemptions import Exemption, exemptions
from processors.plan.orders import Orders
from processors.plan.rule_in_force import rule_in_force
from processors.plan.rules import Rule

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule, and why it does not judge the site; empty: it does."""

    rule: Rule
    why: tuple[Exemption, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """The configuration in force at the instant, the site as it has it, and every rule of it."""

    configuration: Line
    site: Line
    rules: tuple[Standing, ...]


def judged(history: History, site: str, instant: int) -> Judged | None:
    """None where no configuration was in force, or it has no such site.

    Of orders those count that were in the log before a window that began at the instant was judged.
    """
    rows = history.rows("context", {"kind": CONFIGURATION}, None, instant + 1)
    if not rows:
        return None
    configuration = unpacked(rows[-1])
    id_, zone = configuration["id"], configuration["body"]["county"]["zone"]
    found = history.rows("context", {"kind": SITE, "name": site, "id": id_})
    if not found:
        return None
    facts = unpacked(found[0])["body"]
    signals = [signal_of(unpacked(row)) for row in history.rows("context", {"kind": SIGNAL})]
    orders = Orders()
    for signal in sorted(signals, key=lambda one: one.received_at):
        orders.add(signal)
    made = []
    for row in history.rows("context", {"kind": RULE, "id": id_}):
        rule = rule_in_force(Rule.model_validate(unpacked(row)["body"]), [facts], zone, id_)
        known = orders.known(instant + rule.window + rule.lateness + 1)
        made.append(Standing(rule.rule, exemptions(rule, facts, instant, known)))
    return Judged(configuration, facts, tuple(sorted(made, key=lambda one: one.rule.id)))


def lines(found: Judged, language: str) -> Iterator[str]:
    """A line a rule: judges, or why not."""
    county = found.configuration["body"]["county"]["name"]
    yield text(
        language,
        "judged_by",
        site=found.site["id"],
        name=found.site.get("name") or "",
        county=county,
        id=found.configuration["id"],
    )
    for one in found.rules:
        if not one.why:
            yield f"{one.rule.id}: {text(language, 'judges')}"
            continue
        why = [text(language, f"exempt:{x.code}", found=x.found or "–", asked=x.asked) for x in one.why]
        joined = ("；" if language == "zh" else "; ").join(why)
        yield f"{one.rule.id}: {text(language, 'judges_not')}: {joined}"
