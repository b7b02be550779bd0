"""What the files of a register say about each other: names that must exist, keys that must not collide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import asin, cos, radians, sin, sqrt
from statistics import median

from ingest.register import (
    FORMATS,
    ROLES,
    SITE_KINDS,
    STAGES,
    ZONES,
    County,
    Department,
    Device,
    IngestRule,
    Site,
)
from ingest.strict_yaml import Document, Loaded, Problem, did_you_mean

FAR_KM = 300.0  # wider than any county; a site beyond it has its coordinates wrong


def cross_checks(
    county: Loaded[County],
    departments: Loaded[tuple[Department, ...]],
    sites: Loaded[tuple[Site, ...]],
    devices: Loaded[tuple[Device, ...]],
    ingest: Loaded[tuple[IngestRule, ...]],
) -> list[Problem]:
    """All problems between and within the files; a file that failed by itself is judged no further."""
    problems: list[Problem] = []
    if county.value is not None:
        problems += _county(county.document, county.value)
    if departments.value is not None:
        problems += _departments(departments.document, departments.value)
    if sites.value is not None:
        problems += _sites(sites.document, sites.value, departments.value)
    if devices.value is not None:
        problems += _devices(devices.document, devices.value, sites.value)
    if ingest.value is not None:
        problems += _ingest(ingest.document, ingest.value)
    if sites.value is not None and devices.value is not None:
        equipped = {device.site for device in devices.value}
        for index, site in enumerate(sites.value):
            if site.id not in equipped:
                message = f"site `{site.id}` has no device in devices.yaml; nothing is measured there"
                problems.append(sites.document.problem((index,), message, severity="warning"))
    if devices.value is not None and ingest.value is not None:
        problems += _unheard(devices.document, devices.value, ingest.value)
    return problems


def _twice(document: Document, ids: Iterable[str], key: str, what: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in first:
            line = document.places[(first[name],)].line if (first[name],) in document.places else 1
            yield document.problem((index, key), f"{what} `{name}` already stands on line {line}")
        first.setdefault(name, index)


def _county(document: Document, county: County) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, area in enumerate(county.background):
        if area.area in seen:
            message = f"area `{area.area}` already has its stations; name all in one entry"
            yield document.problem(("background", index, "area"), message)
        seen.add(area.area)
        if area.min_stations > len(area.stations):
            yield document.problem(
                ("background", index, "min_stations"),
                f"{area.min_stations} stations are asked for, but `{area.area}` has {len(area.stations)}",
            )
        for place, station in enumerate(area.stations):
            if station in area.stations[:place]:
                message = f"station `{station}` is named twice; its value would count once only"
                yield document.problem(("background", index, "stations", place), message)


def _departments(document: Document, departments: tuple[Department, ...]) -> Iterator[Problem]:
    yield from _twice(document, (department.id for department in departments), "id", "department")
    for index, department in enumerate(departments):
        yield from _contacts(document, index, department)


def _contacts(document: Document, index: int, part: Department | Site) -> Iterator[Problem]:
    for place, contact in enumerate(part.contacts):
        if not contact.channels:
            message = f"{contact.name} of `{part.id}` has no channel; no message can reach them"
            yield document.problem((index, "contacts", place), message, severity="warning")


def _sites(
    document: Document, sites: tuple[Site, ...], departments: tuple[Department, ...] | None
) -> Iterator[Problem]:
    yield from _twice(document, (site.id for site in sites), "id", "site")
    lines = None if departments is None else {department.id: department.line for department in departments}
    for index, site in enumerate(sites):
        yield from _contacts(document, index, site)
        for key, word, known in (
            ("kind", site.kind, SITE_KINDS),
            ("stage", site.stage, STAGES),
            ("zone", site.zone, ZONES),
        ):
            yield from _word(document, (index, key), word, known)
        if lines is not None:
            yield from _answers(document, (index, "township"), site.township, "territorial", lines)
            yield from _answers(document, (index, "department"), site.department, "sector", lines)
    yield from _far(document, sites)


def _answers(
    document: Document, loc: tuple[int, str], name: str, line: str, lines: Mapping[str, str]
) -> Iterator[Problem]:
    if name not in lines:
        fitting = [id for id, its_line in lines.items() if its_line == line]
        hint = did_you_mean(name, fitting) or f"; known are {', '.join(fitting) or 'none'}"
        yield document.problem(loc, f"no {line} department `{name}` in departments.yaml{hint}")
    elif lines[name] != line:
        message = f"`{name}` is a {lines[name]} department; the {loc[1]} must be of the {line} line"
        yield document.problem(loc, message)


def _word(document: Document, loc: tuple[int, str], word: str, known: tuple[str, ...]) -> Iterator[Problem]:
    """A near miss of a known word is an error, a word of the county's own only a warning."""
    if word in known:
        return
    near = did_you_mean(word, known)
    if near:
        yield document.problem(loc, f"unknown {loc[1]} `{word}`{near}")
    else:
        message = f"unknown {loc[1]} `{word}`; only rules that name it select it (known: {', '.join(known)})"
        yield document.problem(loc, message, severity="warning")


def _far(document: Document, sites: tuple[Site, ...]) -> Iterator[Problem]:
    if len(sites) < 3:
        return
    middle = (median(site.location[0] for site in sites), median(site.location[1] for site in sites))
    for index, site in enumerate(sites):
        away = _distance_km(middle, site.location)
        if away > FAR_KM:
            message = f"{away:.0f} km from the middle of the county's sites; is it [latitude, longitude]?"
            yield document.problem((index, "location"), message, severity="warning")


def _distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat1, lon1, lat2, lon2 = (radians(x) for x in (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


def _format(document: Document, index: int, name: str) -> Iterator[Problem]:
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS) or f"; known are {', '.join(FORMATS)}"
        yield document.problem((index, "format"), f"unknown format `{name}`{hint}")


def _devices(
    document: Document, devices: tuple[Device, ...], sites: tuple[Site, ...] | None
) -> Iterator[Problem]:
    yield from _twice(document, (device.id for device in devices), "id", "device")
    known = None if sites is None else {site.id for site in sites}
    for index, device in enumerate(devices):
        yield from _format(document, index, device.format)
        yield from _word(document, (index, "role"), device.role, ROLES)
        if known is not None and device.site not in known:
            hint = did_you_mean(device.site, sorted(known)) or "; add it to sites.yaml"
            yield document.problem((index, "site"), f"no site `{device.site}` in sites.yaml{hint}")
    yield from _collisions(document, devices)


def _collisions(document: Document, devices: tuple[Device, ...]) -> Iterator[Problem]:
    """Keys are looked up without regard to case, so they must differ by more than case."""
    owner: dict[str, str] = {}
    for device in devices:
        owner.setdefault(device.id.casefold(), device.id)
    for index, device in enumerate(devices):
        if owner[device.id.casefold()] != device.id:
            message = f"`{device.id}` differs from device `{owner[device.id.casefold()]}` by case only"
            yield document.problem((index, "id"), message)
    for index, device in enumerate(devices):
        for place, alias in enumerate(device.aliases):
            other = owner.setdefault(alias.casefold(), device.id)
            if other != device.id:
                message = f"`{alias}` already means device `{other}`; a key can mean one device only"
                yield document.problem((index, "aliases", place), message)


def _ingest(document: Document, rules: tuple[IngestRule, ...]) -> Iterator[Problem]:
    if not rules:
        yield document.problem((), "no filter: nothing would be read; delete the file for the default")
    for index, rule in enumerate(rules):
        yield from _format(document, index, rule.format)
        for other in rules[:index]:
            if overlap(rule.filter.split("/"), other.filter.split("/")):
                message = f"also matches topics of `{other.filter}`; a message must have one decoder"
                yield document.problem((index, "filter"), message)


def overlap(one: list[str], other: list[str]) -> bool:
    """Whether some topic matches both filters (given as their levels)."""
    if one[:1] == ["#"] or other[:1] == ["#"]:
        return True
    if not one or not other:
        # `a/#` also matches `a` itself
        return one[:1] == other[:1]
    same = one[0] == other[0] or "+" in (one[0], other[0])
    return same and overlap(one[1:], other[1:])


def _unheard(
    document: Document, devices: tuple[Device, ...], rules: tuple[IngestRule, ...]
) -> Iterator[Problem]:
    """A device whose format no filter decodes can't be heard over MQTT."""
    heard = {rule.format for rule in rules}
    for index, device in enumerate(devices):
        # HJ 212 devices may speak TCP to the gateway.
        if device.format in FORMATS and device.format not in heard | {"hj212"}:
            message = f"no filter of ingest.yaml is for `{device.format}`; the device would not be heard"
            yield document.problem((index, "format"), message, severity="warning")
