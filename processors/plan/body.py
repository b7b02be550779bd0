"""The body of a `Revision` record: a checked register and rules as plain JSON data, and the id made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from ingest.records import Revision
from ingest.regional_form import plain_regional
from ingest.suspicion_thresholds import plain as plain_suspicion
from processors.plan.monitors import monitor_facts
from processors.plan.rules import Rule
from processors.plan.site_states import plain_states

TOGETHER_S = 300  # devices that fall silent within so long of each other are told as one


def compile_revision(
    register: Any,
    rules: Iterable[Rule],
    quality: dict[str, Any] | None = None,
    together_s: float = TOGETHER_S,
) -> dict[str, Any]:
    """Body of a revision: everything that verdicts depend on, as JSON data. `register`: ingest.register.

    `quality`: settings of the checks (`quality.folder`); None: the defaults. `together_s`: `offline.window`
    of `routing.yaml`; at its default the body leaves it out, and keeps the id that it had.
    """
    county = register.county
    areas = [
        {
            "area": b.area,
            "stations": sorted(b.stations),
            "min_stations": b.min_stations,
            **({"regional": regional} if (regional := plain_regional(b.regional)) else {}),
        }
        for b in county.background
    ]
    # where a site is plays a part only where devices say where they stand from there
    placed = {
        device.site for device in register.devices.values() if device.location or device.bearing is not None
    }
    return {
        "county": {
            "name": county.name,
            "zone": str(county.zone),
            "language": county.language,
            "background": areas,
            **({"suspicion": suspicion} if (suspicion := plain_suspicion(county.suspicion)) else {}),
            **({"late_for": county.late_for} if getattr(county, "late_for", None) else {}),
        },
        "sites": [
            _site(site, site.id in placed, str(county.zone)) for _, site in sorted(register.sites.items())
        ],
        "devices": [_device(device, str(county.zone)) for _, device in sorted(register.devices.items())],
        "rules": [rule.model_dump(mode="json") for rule in sorted(rules, key=lambda rule: rule.id)],
        **({} if quality is None else {"quality": quality}),
        **({} if together_s == TOGETHER_S else {"offline": {"window": together_s}}),
    }


def _site(site: Any, placed: bool, zone: str) -> dict[str, Any]:
    keys = ("id", "name", "kind", "stage", "zone", "township", "department")
    made = {**{key: getattr(site, key, None) for key in keys}, "area": getattr(site, "area", None)}
    if states := getattr(site, "states", ()):
        made["states"] = plain_states(states, zone)
    return {**made, "location": list(site.location)} if placed else made


def _device(device: Any, zone: str) -> dict[str, Any]:
    return {
        "id": device.id,
        "site": device.site,
        "interval": device.interval,
        "role": getattr(device, "role", None),
        "offline_after": getattr(device, "offline_after", None),
        **({"late_for": device.late_for} if getattr(device, "late_for", None) else {}),
        **({"location": list(device.location)} if device.location else {}),
        **({} if device.bearing is None else {"bearing": device.bearing}),
        **monitor_facts(device, zone),
    }


def revision_id(body: dict[str, Any]) -> str:
    """First 12 hex digits of the hash of the body: the same configuration has the same id."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def make_revision(body: dict[str, Any], received_at: int, effective: int | None = None) -> Revision:
    """The feed record of a body, in force from `effective` (default: at once)."""
    return Revision(revision_id(body), received_at, received_at if effective is None else effective, body)
