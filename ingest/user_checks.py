"""Checks of `users:` and `background:` in ingest.yaml: names mean one, devices and stations exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.ingest_form import user_name_fault
from ingest.strict_yaml import Document, Loc, Problem, did_you_mean

_ORDERING = ("station", "office")  # kinds of users that only signals and background values are for


def check_users(ingest: Document, devices: Document, county: Document) -> Iterator[Problem]:
    """All problems of the users of the MQTT broker."""
    if not isinstance(ingest.value, dict):
        return
    known = [str(entry.get("id")) for entry in _mappings(devices.value)]
    stations = _stations(county)
    names: dict[str, int] = {}
    spoken_for: dict[str, str] = {}
    for index, user in enumerate(_mappings(ingest.value.get("users"))):
        name, kind = str(user.get("name")), user.get("kind")
        loc: Loc = ("users", index)
        first = names.setdefault(name, index)
        if first != index:
            line = ingest.places[("users", first, "name")].line
            yield ingest.problem((*loc, "name"), f"user `{name}` already stands on line {line}")
        yield from _devices_of(ingest, loc, user, stations if kind == "station" else known)
        if kind in ("device", "gateway"):
            for place, device in enumerate(_texts(user.get("devices"))):
                if spoken_for.setdefault(device, name) != name:
                    words = f"`{device}` already belongs to user `{spoken_for[device]}`"
                    yield ingest.problem((*loc, "devices", place), words)
            if kind == "gateway" and not user.get("devices") and not user.get("filters"):
                words = f"gateway `{name}` has neither devices nor filters; it may publish nothing"
                yield ingest.problem((*loc, "kind"), words)
        if kind in _ORDERING and not _takes_orders(ingest.value):
            words = f"MQTT carries nothing of a {kind} here; write `signals: {{mqtt: true}}` if it shall"
            yield ingest.problem((*loc, "kind"), words, severity="warning")
    for index, entry in enumerate(_mappings(devices.value)):
        id = str(entry.get("id"))
        wrong = user_name_fault(id)
        if wrong and id not in spoken_for:
            words = f"`{id}` can't be its own user of the MQTT broker ({wrong}): give it one in `users:`"
            yield devices.problem((index, "id"), words, severity="warning")


def check_feeds(ingest: Document, county: Document) -> Iterator[Problem]:
    """All problems of the feeds of background values beyond their form."""
    if not isinstance(ingest.value, dict):
        return
    known = _stations(county)
    names: dict[str, int] = {}
    for index, feed in enumerate(_mappings(ingest.value.get("background"))):
        first = names.setdefault(str(feed.get("id")), index)
        if first != index:
            line = ingest.places[("background", first, "id")].line
            words = f"feed `{feed.get('id')}` already stands on line {line}"
            yield ingest.problem(("background", index, "id"), words)
        stations = feed.get("stations")
        for theirs, name in stations.items() if isinstance(stations, dict) else ():
            if str(name) not in known:
                hint = did_you_mean(str(name), known) or f"; known are {', '.join(known[:8]) or 'none'}"
                loc: Loc = ("background", index, "stations", str(theirs))
                yield ingest.problem(loc, f"no station of county.yaml is called `{name}`{hint}")


def _stations(county: Document) -> list[str]:
    areas = county.value.get("background") if isinstance(county.value, dict) else None
    return [str(name) for area in _mappings(areas) for name in area.get("stations") or ()]


def _devices_of(document: Document, loc: Loc, user: dict[str, Any], known: list[str]) -> Iterator[Problem]:
    what = "station of county.yaml" if user.get("kind") == "station" else "device of devices.yaml"
    for place, name in enumerate(_texts(user.get("devices"))):
        if name not in known:
            hint = did_you_mean(name, known) or f"; known are {', '.join(known[:8]) or 'none'}"
            yield document.problem((*loc, "devices", place), f"no {what} is called `{name}`{hint}")


def _takes_orders(value: dict[str, Any]) -> bool:
    signals = value.get("signals")
    return isinstance(signals, dict) and signals.get("mqtt") is True


def _mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; what is none keeps its place as an empty one."""
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
