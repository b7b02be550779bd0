"""Cross-checks of a register's files: names that must exist, keys that must not collide.

The checks work on the parsed documents, not on the validated forms, so that an entry with a fault of
its own hides nothing about the others; values of a wrong type are skipped, as the forms report them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from math import asin, cos, radians, sin, sqrt
from statistics import median
from typing import Any

from ingest.decoders import FORMATS, NATIVE
from ingest.strict_yaml import Document, Loc, Problem, did_you_mean
from ingest.units import CONVERSIONS, QUANTITIES, Refused, conversion_of
from ingest.user_checks import check_feeds, check_users

# Words that rules may select by. A county may use others; only a near miss of one of these is refused.
WORDS: dict[str, tuple[str, ...]] = {
    "kind": (
        "building",
        "municipal",
        "road",
        "demolition",
        "muck_yard",
        "river",
        "land_levelling",
        "stock_yard",
        "mixing_plant",
        "quarry",
        "port",
    ),
    "stage": (
        "demolition",
        "earthwork",
        "foundation_treatment",
        "foundation",
        "structure",
        "decoration",
        "landscaping",
        "paving",
        "operation",
        "idle",
    ),
    "zone": ("urban", "suburban", "rural", "main", "second"),
    "role": ("boundary", "gate", "upwind", "downwind", "inside", "reference"),
}
_A_TYPO = 0.8  # likeness (difflib) from which on a word is taken for a known one misspelt
FAR_KM = 300.0  # wider than any county; a site beyond it has its coordinates wrong
FAR_FROM_SITE_KM = 5.0  # no building site reaches so far; a road may
LINES: tuple[str, ...] = ("sector", "territorial", "coordination")
_NAMES_OF_ANY = {
    name: quantity for format in FORMATS.values() for name, quantity in format.unit_names.items()
}
_NAMES_SHOWN = 24  # of a format's names; airrohr knows some fifty
_LOCKS = ("networks", "password_secret", "sm4_secret")
_HEARD_BY_TCP = frozenset(name for name, format in FORMATS.items() if format.over_tcp)


def cross_checks(
    county: Document, departments: Document, sites: Document, devices: Document, ingest: Document
) -> list[Problem]:
    """All problems between and within the files."""
    return list(
        chain(
            _county(county),
            _departments(departments),
            _sites(sites, departments),
            _devices(devices, sites),
            _ingest(ingest, devices),
            check_users(ingest, devices, county),
            check_feeds(ingest, county),
        )
    )


def _entries(document: Document, *within: str) -> list[tuple[int, dict[str, Any]]]:
    """Mappings in a list, with their index."""
    found = document.value
    for key in within:
        found = found.get(key) if isinstance(found, dict) else None
    return [(i, e) for i, e in enumerate(found) if isinstance(e, dict)] if isinstance(found, list) else []


def _texts(value: object) -> list[tuple[int, str]]:
    if not isinstance(value, list):
        return []
    return [(index, text) for index, text in enumerate(value) if isinstance(text, str)]


def _ids(document: Document) -> dict[str, int]:
    """id -> index of its first entry."""
    found: dict[str, int] = {}
    for index, entry in _entries(document):
        if isinstance(entry.get("id"), str):
            found.setdefault(entry["id"], index)
    return found


def _line(document: Document, loc: Loc) -> int:
    return document.places[loc].line


def _twice(document: Document, what: str) -> Iterator[Problem]:
    first = _ids(document)
    for index, entry in _entries(document):
        if first.get(str(entry.get("id")), index) != index:
            line = _line(document, (first[entry["id"]], "id"))
            yield document.problem((index, "id"), f"{what} `{entry['id']}` already stands on line {line}")


def _county(document: Document) -> Iterator[Problem]:
    seen: set[object] = set()
    for index, area in _entries(document, "background"):
        loc: Loc = ("background", index)
        name, stations, least = area.get("area"), _texts(area.get("stations")), area.get("min_stations")
        if isinstance(name, str) and name in seen:
            words = f"area `{name}` already has its stations; name all in one entry"
            yield document.problem((*loc, "area"), words)
        seen.add(str(name))
        if isinstance(least, int) and len(stations) < least:
            words = f"{least} stations are asked for, but `{name}` has {len(stations)}"
            yield document.problem((*loc, "min_stations"), words)
        names: set[str] = set()
        for place, station in stations:
            if station in names:
                words = f"station `{station}` is named twice; its value would count once only"
                yield document.problem((*loc, "stations", place), words)
            names.add(station)


def _departments(document: Document) -> Iterator[Problem]:
    yield from _twice(document, "department")
    for index, entry in _entries(document):
        yield from _contacts(document, index, entry)


def _contacts(document: Document, index: int, entry: dict[str, Any]) -> Iterator[Problem]:
    contacts = entry.get("contacts")
    for place, contact in enumerate(contacts if isinstance(contacts, list) else ()):
        if isinstance(contact, dict) and not contact.get("channels"):
            words = f"{contact.get('name')} of `{entry.get('id')}` has no channel; no message can reach them"
            yield document.problem((index, "contacts", place), words, severity="warning")


def _sites(document: Document, departments: Document) -> Iterator[Problem]:
    yield from _twice(document, "site")
    lines = {entry["id"]: entry.get("line") for _, entry in _entries(departments) if "id" in entry}
    for index, entry in _entries(document):
        yield from _contacts(document, index, entry)
        for key in ("kind", "stage", "zone"):
            yield from _word(document, (index, key), entry.get(key), WORDS[key])
        if lines:
            yield from _answers(document, (index, "township"), entry.get("township"), "territorial", lines)
            yield from _answers(document, (index, "department"), entry.get("department"), "sector", lines)
    yield from _far(document)


def _answers(
    document: Document, loc: tuple[int, str], name: object, line: str, lines: dict[str, object]
) -> Iterator[Problem]:
    if not isinstance(name, str):
        return
    if name not in lines:
        fitting = [id for id, its_line in lines.items() if its_line == line]
        hint = did_you_mean(name, fitting) or f"; known are {', '.join(fitting) or 'none'}"
        yield document.problem(loc, f"no {line} department `{name}` in departments.yaml{hint}")
    elif lines[name] != line and lines[name] in LINES:
        words = f"`{name}` is a {lines[name]} department; the {loc[1]} must be of the {line} line"
        yield document.problem(loc, words)


def _word(
    document: Document, loc: tuple[int, str], word: object, known: tuple[str, ...]
) -> Iterator[Problem]:
    """A near miss of a known word is an error, a word of the county's own only a warning."""
    if not isinstance(word, str) or word in known:
        return
    near = did_you_mean(word, known, cutoff=_A_TYPO)
    if near:
        yield document.problem(loc, f"unknown {loc[1]} `{word}`{near}")
    else:
        words = f"unknown {loc[1]} `{word}`; only rules that name it select it (known: {', '.join(known)})"
        yield document.problem(loc, words, severity="warning")


def _far(document: Document) -> Iterator[Problem]:
    located = [(index, place) for index, entry in _entries(document) if (place := _place(entry))]
    if len(located) < 3:
        return
    middle = (median(place[0] for _, place in located), median(place[1] for _, place in located))
    for index, place in located:
        away = _distance_km(middle, place)
        if away > FAR_KM:
            words = f"{away:.0f} km from the middle of the county's sites; is it [latitude, longitude]?"
            yield document.problem((index, "location"), words, severity="warning")


def _place(entry: dict[str, Any]) -> tuple[float, float] | None:
    match entry.get("location"):
        case [int() | float() as lat, int() | float() as lon] if abs(lat) <= 90 and abs(lon) <= 180:
            return float(lat), float(lon)
    return None


def _distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat1, lon1, lat2, lon2 = (radians(x) for x in (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


def _devices(document: Document, sites: Document) -> Iterator[Problem]:
    yield from _twice(document, "device")
    known = _ids(sites)
    places = {str(entry.get("id")): _place(entry) for _, entry in _entries(sites)}
    for index, entry in _entries(document):
        yield from _word(document, (index, "role"), entry.get("role"), WORDS["role"])
        yield from _units(document, index, entry)
        yield from _unchecked(document, index, entry)
        site = entry.get("site")
        yield from _stands(document, index, entry, places.get(site) if isinstance(site, str) else None)
        if known and isinstance(site, str) and site not in known:
            hint = did_you_mean(site, sorted(known)) or "; add it to sites.yaml"
            yield document.problem((index, "site"), f"no site `{site}` in sites.yaml{hint}")
    yield from _collisions(document)
    equipped = {entry.get("site") for _, entry in _entries(document)}
    resting = {entry.get("id") for _, entry in _entries(sites) if _rests(entry)}
    for site, index in known.items() if equipped else ():
        if site not in equipped | resting:
            words = f"site `{site}` has no device in devices.yaml; nothing is measured there"
            yield sites.problem((index,), words, severity="warning")


def _rests(site: dict[str, Any]) -> bool:
    """True if the site is at times planned or finished: monitors may not stand there yet, or any more."""
    states = site.get("states")
    named = [one.get("state") for one in states if isinstance(one, dict)] if isinstance(states, list) else []
    return not {"planned", "finished"}.isdisjoint(named)


def _unchecked(document: Document, index: int, entry: dict[str, Any]) -> Iterator[Problem]:
    """Report access keys of a device whose format does not check them: its owner would rely on them."""
    format = entry.get("format")
    for key in _LOCKS if isinstance(format, str) and format in FORMATS else ():
        if entry.get(key) and format not in _HEARD_BY_TCP:
            words = (
                f"`{key}` is checked of {', '.join(sorted(_HEARD_BY_TCP))} alone, and this monitor speaks "
                f"{format}: who may publish as it is the MQTT broker's to decide; take it out"
            )
            yield document.problem((index, key), words)


def _stands(
    document: Document, index: int, entry: dict[str, Any], site: tuple[float, float] | None
) -> Iterator[Problem]:
    """Problems with a device's position, as needed for pairing points by the wind."""
    if entry.get("location") is not None and entry.get("bearing") is not None:
        words = "a device stands at its location or in a bearing from the site's; take one of the two out"
        yield document.problem((index, "bearing"), words)
    place = _place(entry)
    if place and site and (away := _distance_km(site, place)) > FAR_FROM_SITE_KM:
        words = (
            f"{away:.1f} km from its site `{entry.get('site')}`; is it [latitude, longitude] of the device?"
        )
        yield document.problem((index, "location"), words, severity="warning")


def _collisions(document: Document) -> Iterator[Problem]:
    """Keys are looked up ignoring case, so they must differ by more than case."""
    ids: dict[str, str] = {}
    for id, index in _ids(document).items():
        other = ids.setdefault(id.casefold(), id)
        if other != id:
            yield document.problem((index, "id"), f"`{id}` differs from device `{other}` by case only")
    owner: dict[str, str] = {}
    for index, entry in _entries(document):
        id = str(entry.get("id"))
        for place, alias in _texts(entry.get("aliases")):
            key = alias.casefold()
            if ids.get(key, id) != id:
                words = f"`{alias}` is the id of another device; a key can mean one device only"
                yield document.problem((index, "aliases", place), words)
            elif owner.setdefault(key, id) != id:
                words = f"`{alias}` already means device `{owner[key]}`; a key can mean one device only"
                yield document.problem((index, "aliases", place), words)


def _units(document: Document, index: int, entry: dict[str, Any]) -> Iterator[Problem]:
    """Units by the names of our quantities, or by the codes and names of the device's format."""
    units, format = entry.get("units"), entry.get("format")
    read_as = FORMATS.get(str(format))
    known = read_as.unit_names if read_as else _NAMES_OF_ANY  # of an unknown format the form tells
    known = {**known, **_measured_by_codes(entry.get("codes"))}
    for key, unit in units.items() if isinstance(units, dict) else ():
        loc = (index, "units", key)
        if not isinstance(unit, str):
            continue
        if key not in known:
            of = "quantity" if format == NATIVE else f"quantity or name of {format}"
            near = did_you_mean(key, known, cutoff=_A_TYPO)
            near = near or f"; known are {', '.join(list(known)[:_NAMES_SHOWN])}"
            yield document.problem(loc, f"unknown {of} `{key}`{near}", at_key=True)
        elif not _converts(known[key], unit):
            accepted = ", ".join(CONVERSIONS[QUANTITIES[known[key]].unit])
            yield document.problem(loc, f"{key} can't be sent in `{unit}`; known are {accepted}")


def _measured_by_codes(codes: Any) -> dict[str, str]:
    """The keys that a device's own `codes` give a quantity."""
    said = codes.items() if isinstance(codes, dict) else ()
    named = {key: one.get("quantity") if isinstance(one, dict) else one for key, one in said}
    return {key: quantity for key, quantity in named.items() if quantity in QUANTITIES}


def _converts(quantity: str, unit: str) -> bool:
    try:
        conversion_of(QUANTITIES[quantity], unit)
    except Refused:
        return False
    return True


def _ingest(document: Document, devices: Document) -> Iterator[Problem]:
    within = ("filters",) if isinstance(document.value, dict) else ()
    entries = _entries(document, *within)
    rules = [(i, e["filter"]) for i, e in entries if isinstance(e.get("filter"), str)]
    if document.value == []:
        yield document.problem((), "no filter: nothing would be read; delete the file for the default")
    for index, own in rules:
        for _, other in rules[:index]:
            if overlap(own.split("/"), other.split("/")):
                words = f"also matches topics of `{other}`; a message must have one decoder"
                yield document.problem((*within, index, "filter"), words)
    heard = {str(entry.get("format")) for _, entry in entries} or {NATIVE}
    for index, entry in _entries(devices):
        format = entry.get("format")
        if isinstance(format, str) and format not in heard | _HEARD_BY_TCP:
            words = f"no filter of ingest.yaml is for `{format}`; the device would not be heard"
            yield devices.problem((index, "format"), words, severity="warning")


def overlap(one: list[str], other: list[str]) -> bool:
    """True if some topic matches both filters (given as their levels)."""
    if one[:1] == ["#"] or other[:1] == ["#"]:
        return True  # `a/#` matches `a` too
    if not one or not other:
        return one == other
    same = one[0] == other[0] or "+" in (one[0], other[0])
    return same and overlap(one[1:], other[1:])


def without_echoes(problems: Iterable[Problem], faults: Iterable[Problem]) -> list[Problem]:
    """`problems` without those at a place where `faults` already reports an error."""
    told = {(fault.file, fault.line, fault.col) for fault in faults if fault.severity == "error"}
    return [p for p in problems if (p.file, p.line, p.col) not in told]
