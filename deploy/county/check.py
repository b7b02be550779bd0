"""Check of a configuration folder as a whole: register, ingest, rules, routing, and gaps in who is told."""

from __future__ import annotations

from pathlib import Path

from ingest.regional_form import NO_SOURCE, RegionalForm
from ingest.register import Register, read_register
from ingest.strict_yaml import ConfigError, Problem, did_you_mean, load

FILES: tuple[str, ...] = (
    "county.yaml",
    "departments.yaml",
    "sites.yaml",
    "devices.yaml",
    "rules.yaml",
    "routing.yaml",
    "channels.yaml",
    "calendar.yaml",
    "ingest.yaml",
    "quality.yaml",
)


def check_folder(folder: str | Path) -> tuple[list[Problem], list[Problem]]:
    """(problems, warnings) of the folder, each sorted; without problems it can be applied.

    Never raises because of the folder's contents.
    """
    root = Path(folder)
    register, found = read_register(root)
    if root.is_dir():
        found += _strangers(root)
        found += _rules(root, register)
        found += _quality(root)
        found += _suspicion(register)
        found += _regional(register)
        found += _routing(root, register)
    found = sorted(set(found))
    return (
        [problem for problem in found if problem.severity == "error"],
        [problem for problem in found if problem.severity == "warning"],
    )


def _strangers(root: Path) -> list[Problem]:
    """Files that look like configuration but are not read: most often a misspelt name."""
    found = []
    for path in sorted(root.iterdir()):
        if path.suffix in (".yaml", ".yml") and path.name not in FILES:
            hint = did_you_mean(path.name, FILES) or f"; known are {', '.join(FILES)}"
            found.append(Problem(path.name, 1, 1, ".", f"nothing reads this file{hint}", "warning"))
    return found


def _regional(register: Register | None) -> list[Problem]:
    """Warnings where no source confirms an area's own mark and policy for regional episodes."""
    found = []
    for index, area in enumerate(register.county.background if register is not None else ()):
        form = area.regional
        if register is not None and form != RegionalForm() and not form.citation:
            words = (
                f"mark {form.mark:g} ug/m3, policy {form.policy}: {NO_SOURCE}; name a document: `citation`"
            )
            document = register.documents["county.yaml"]
            found.append(document.problem(("background", index, "regional"), words, severity="warning"))
    return found


def _rules(root: Path, register: Register | None) -> list[Problem]:
    from deploy.county.check_rules import doubts, faults
    from deploy.county.points import too_few_points
    from processors.plan import load_rules

    try:
        rules = load_rules(root)
    except ConfigError as error:
        return list(error.problems)
    found = list(rules.warnings)
    if not rules.rules:
        words = "no rule is in force: nothing will ever be judged; name a pack"
        found.append(Problem("rules.yaml", 1, 1, ".", words, "warning"))
    if register is None:
        return found
    found += too_few_points(register, [rule.id for rule in rules.rules])
    return found + doubts(rules, register) + faults(rules, register)


def _quality(root: Path) -> list[Problem]:
    from processors.quality import load_quality

    try:
        load_quality(root)
    except ConfigError as error:
        return list(error.problems)
    return []


def _suspicion(register: Register | None) -> list[Problem]:
    from ingest.suspicion_thresholds import plain
    from processors.suspicion import never_met, settings_of, without_background

    if register is None:
        return []
    document, county = register.documents["county.yaml"], register.county
    settings = settings_of(plain(county.suspicion))
    found = [document.problem(("suspicion", one.pattern, one.name), one.words) for one in never_met(settings)]
    if county.suspicion is not None and not county.background:
        blind = "; ".join(f"{pattern} {words}" for pattern, words in without_background(settings))
        words = f"no reference station is named, so {blind}: name them under `background`"
        found += [document.problem(("suspicion",), words, severity="warning")] if blind else []
    return found


def _routing(root: Path, register: Register | None) -> list[Problem]:
    from alerts.routing import CHANNELS, ROUTING, RoutingForm, idle_routes, load_routing, uncovered

    if register is None:
        # Without a register only the forms of the two files can be looked at.
        forms = load(root / "routing.yaml", ROUTING, default=RoutingForm())
        channels = load(root / "channels.yaml", CHANNELS, default=())
        return [*forms.problems, *channels.problems]
    try:
        routing = load_routing(root, register)
    except ConfigError as error:
        return list(error.problems)
    return [*uncovered(register, routing), *idle_routes(register, routing)]
