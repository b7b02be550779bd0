"""Cross-checks between the rules in force and the register: doubts that fail nothing, and faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from ingest.decoders import FORMATS
from ingest.register import Device, Register
from ingest.register_checks import WORDS
from ingest.strict_yaml import Problem, did_you_mean
from processors.plan import REFERENCE, Rule, RuleSet

ALERT_LEVELS = ("yellow", "orange", "red")
_A_TYPO = 0.8  # likeness (difflib) from which on a word is taken for a known one misspelt
_SELECTORS = (("zones", "zone"), ("stages", "stage"), ("kinds", "kind"))


def doubts(rules: RuleSet, register: Register) -> list[Problem]:
    """Warnings about rules that can never judge, or only in part."""
    found = list(chain.from_iterable(_of_rule(rules, rule, register) for rule in rules.rules))
    if not register.devices:
        words = "no device is configured: nothing is measured, and no rule will ever give a verdict"
        return [*found, Problem("devices.yaml", 1, 1, ".", words, "warning")]
    return [*found, *_idle(rules, register)]


def _idle(rules: RuleSet, register: Register) -> Iterator[Problem]:
    """Local rules, and packs as a whole, that select no site with a device.

    A single rule of a pack may select none: a pack has one for each zone or kind of site.
    """
    by_place: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules.rules:
        document, at = rules.places.get(rule.id, (None, (rule.id,)))
        by_place.setdefault(at if document is not None else (rule.id,), []).append(rule)
    for named in by_place.values():
        if any(True for rule in named for _ in _judged(rule, register)):
            continue
        rule, kinds = named[0], ("sites", "zones", "kinds")
        asked = sorted({word for one in named for key in kinds for word in getattr(one, key)})
        who = (
            f"rule `{rule.id}` selects" if len(named) == 1 else f"all {len(named)} rules of this pack select"
        )
        words = f"{who} {', '.join(f'`{word}`' for word in asked)}: no device stands on such a site here"
        yield rules.doubt(rule, (), words)


def faults(rules: RuleSet, register: Register) -> list[Problem]:
    """Rules that can't be judged as intended."""
    return list(chain.from_iterable(_of_term(rules, rule, register) for rule in rules.rules))


def _of_term(rules: RuleSet, rule: Rule, register: Register) -> Iterator[Problem]:
    """A reference device must be at the judged site: another site's readings are in another partition."""
    for place, name in enumerate(rule.sites):
        if name not in register.sites:
            hint = did_you_mean(name, register.sites) or "; take it out, or add it to sites.yaml"
            yield rules.fault(rule, ("sites", place), f"no site `{name}` in sites.yaml{hint}")
    term = rule.background
    if term is None or term.kind != REFERENCE:
        return
    if term.device is None:
        for site in sorted({device.site for device in _judged(rule, register)}):
            named = [d.id for d in register.devices_at(site) if d.role == "reference"]
            if len(named) > 1:
                words = (
                    f"rule `{rule.id}` subtracts what the reference device of site `{site}` measures, but "
                    f"{_some(named)} all have role: reference; leave it to one of them"
                )
                yield rules.fault(rule, ("background", "kind"), words)
        return
    device = register.devices.get(term.device)
    if device is None:
        hint = did_you_mean(term.device, register.devices) or "; give the id of a device in devices.yaml"
        yield rules.fault(rule, ("background", "device"), f"no device `{term.device}`{hint}")
        return
    others = sorted({judged.site for judged in _judged(rule, register)} - {device.site})
    if others:
        words = (
            f"device `{device.id}` stands at site `{device.site}`, but rule `{rule.id}` judges "
            f"{_some(others)} too: readings of one site are kept apart "
            "from those of another and can't be subtracted there; "
            f"write sites: [{device.site}], or leave `device` out and give each site one of role: reference"
        )
        yield rules.fault(rule, ("background", "device"), words)


def _of_rule(rules: RuleSet, rule: Rule, register: Register) -> Iterator[Problem]:
    yield from _background(rule, register)
    yield from _beside(rules, rule, register)
    yield from _words(rules, rule, register)
    judged = list(_judged(rule, register))
    able = [device for device in judged if _measures(device, rule.pollutant)]
    if judged and not able:
        named = ", ".join(sorted({_what_of(device) for device in judged}))
        words = (
            f"rule `{rule.id}` judges {rule.pollutant}, but no device of its sites can measure it "
            f"({named}): it will never give a verdict on a reading"
        )
        yield rules.doubt(rule, (), words)
    slow = [device.id for device in able if rule.window and _is_slow(rule, device)]
    if slow:
        words = (
            f"rule `{rule.id}` has windows of {rule.window} s, which the interval of "
            f"{_some(slow)} does not divide: always undetermined there"
        )
        yield rules.doubt(rule, (), words)


def _background(rule: Rule, register: Register) -> Iterator[Problem]:
    areas = {area.area for area in register.county.background}
    if rule.background is None or rule.background.is_beside:
        return
    if rule.background.area not in areas:
        words = (
            f"rule `{rule.id}` subtracts the background of area `{rule.background.area}`, which has no "
            f"stations here: it will always be undetermined{did_you_mean(rule.background.area, areas)}"
        )
        yield Problem("county.yaml", 1, 1, "background", words, "warning")


def _beside(rules: RuleSet, rule: Rule, register: Register) -> Iterator[Problem]:
    """Sites where no other monitor can give a background: always undetermined."""
    term = rule.background
    if term is None or not term.is_beside or term.device is not None:
        return
    sites = sorted({device.site for device in _judged(rule, register)})
    if term.kind == REFERENCE:
        lacking = [s for s in sites if all(d.role != "reference" for d in register.devices_at(s))]
        words = f"rule `{rule.id}` subtracts what a device of role: reference measures, which {{}} has not"
    else:
        lacking = [s for s in sites if sum(map(_is_placed, register.devices_at(s))) < 2]
        words = (
            f"rule `{rule.id}` subtracts what the upwind device measures, but of {{}} fewer than two devices "
            "have a location or bearing in devices.yaml"
        )
    if lacking:
        yield rules.doubt(
            rule, ("background", "kind"), f"{words.format(_some(lacking))}: always undetermined there"
        )


def _is_placed(device: Device) -> bool:
    return device.location is not None or device.bearing is not None


def _words(rules: RuleSet, rule: Rule, register: Register) -> Iterator[Problem]:
    """Words in selectors that are neither in the register's list nor used by any site."""
    for key, of_site in _SELECTORS:
        known = {*WORDS[of_site], *(getattr(site, of_site) for site in register.sites.values())}
        for index, word in enumerate(getattr(rule, key)):
            if word not in known:
                hint = did_you_mean(word, known) or f"; known are {', '.join(WORDS[of_site])}"
                words = f"rule `{rule.id}` selects {of_site} `{word}`, which no site here has{hint}"
                yield rules.doubt(rule, (key, index), words)
    for key in ("alert_levels", "unless_alert_levels"):
        for index, level in enumerate(getattr(rule, key)):
            if level not in ALERT_LEVELS:
                hint = did_you_mean(level, ALERT_LEVELS, cutoff=_A_TYPO)
                words = (
                    f"rule `{rule.id}` asks for alerts of level `{level}`, beside {', '.join(ALERT_LEVELS)}: "
                    f"somebody must send them as signals (kind alert){hint}"
                )
                yield rules.doubt(rule, (key, index), words)


def _judged(rule: Rule, register: Register) -> Iterator[Device]:
    """Devices at sites that the rule selects. A stage may change, so it excludes no site."""
    for device in register.devices.values():
        site = register.sites.get(device.site)
        if (
            site is not None
            and (not rule.sites or site.id in rule.sites)
            and (not rule.zones or site.zone in rule.zones)
            and (not rule.kinds or site.kind in rule.kinds)
        ):
            yield device


def _measures(device: Device, pollutant: str) -> bool:
    """True if the device measures it, as far as known: by its own entry, else by its format's capability."""
    if device.measures:
        return pollutant in device.measures
    dust = FORMATS[device.format].dust
    return dust is None or pollutant in dust


def _what_of(device: Device) -> str:
    return f"measures {', '.join(device.measures)}" if device.measures else f"all are {device.format}"


def _is_slow(rule: Rule, device: Device) -> bool:
    """True if the device has no slots in the rule's windows, or in the hours they are computed from."""
    return min(rule.window, 3600) % device.interval != 0


def _some(ids: Iterable[str], most: int = 3) -> str:
    listed = sorted(ids)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(f"`{name}`" for name in listed[:most]) + rest
