"""Configuration folders and recordings that tests write for themselves."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
DUST_STORM = DATA / "sds011-dust-storm.csv.gz"
FILE = [{"kind": "file"}]
# each telling a message of its own, so that a test of the way from a breach to a message waits for nothing
TOLD_AT_ONCE = {"delivery": {"group_wait": 0, "group_interval": 0, "most": 0}}


def device(id_: str, site: str = "site-1", **more: Any) -> dict[str, Any]:
    """A native JSON monitor."""
    base = {"id": id_, "site": site, "format": "json_v1", "interval": 60, "utc_offset": "+08:00"}
    return {**base, "role": "boundary", **more}


def site(id_: str, **more: Any) -> dict[str, Any]:
    """A building site in the east town."""
    base = {
        "id": id_,
        "name": f"工地 {id_}",
        "kind": "building",
        "stage": "earthwork",
        "zone": "urban",
        "township": "town-east",
        "department": "housing",
        "location": [39.90, 116.40],
        "contacts": [{"name": "项目经理", "channels": FILE}],
    }
    return {**base, **more}


def write_county(
    folder: Path,
    devices: Sequence[Mapping[str, Any]],
    sites: Sequence[Mapping[str, Any]] | None = None,
    packs: Sequence[str] = ("hebei-db13-2934-2019",),
    local: Sequence[Mapping[str, Any]] = (),
    channels: Any = FILE,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """A county with two departments; files may be added or replaced through `extra` (name -> data)."""
    files: dict[str, Any] = {
        "county.yaml": {
            "name": "示范县",
            "zone": "Asia/Shanghai",
            "language": "zh_CN",
            "background": [{"area": "county", "stations": ["S001"], "min_stations": 1}],
        },
        "departments.yaml": [
            _department("housing", "住建局", "sector", channels),
            _department("town-east", "城东镇", "territorial", channels),
        ],
        "sites.yaml": list(sites or [site("site-1")]),
        "devices.yaml": list(devices),
        "rules.yaml": {"packs": list(packs), "local": list(local)},
        **(extra or {}),
    }
    told = {**TOLD_AT_ONCE, "recalled_limits": "tell"}  # an instant rule is one of them
    files["routing.yaml"] = {**told, **files.get("routing.yaml", {})}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        # JSON is YAML, and quotes every text
        (folder / name).write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def _department(id_: str, name: str, line: str, channels: Any) -> dict[str, Any]:
    return {"id": id_, "name": name, "line": line, "contacts": [{"name": "值班室", "channels": channels}]}


def iso(ms: int) -> str:
    """An instant as the contracts write it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(received_at: int, topic: str, body: Any, **more: Any) -> dict[str, Any]:
    """A line of a recording."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {"received_at": iso(received_at), "topic": topic, "payload": text, **more}


def reading(device_id: str, at_ms: int, delay_ms: int = 1000, **values: float) -> dict[str, Any]:
    """A native reading, received a little later."""
    body = {"time": iso(at_ms), **values}
    return message(at_ms + delay_ms, f"dust/v1/{device_id}/readings", body)


def write_recording(path: Path, messages: Iterable[Mapping[str, Any]]) -> Path:
    """A recording in the order given."""
    path.write_text("".join(json.dumps(m, ensure_ascii=False) + "\n" for m in messages), encoding="utf-8")
    return path


def dust_storm() -> list[tuple[int, float, float]]:
    """(ms UTC, PM2.5, PM10) of the published SDS011 recording, in order of time."""
    with gzip.open(DUST_STORM, "rt", encoding="utf-8") as file:
        return storm_of(csv.DictReader(file))


def storm_of(lines: Iterable[Mapping[str, str]]) -> list[tuple[int, float, float]]:
    """(ms UTC, PM2.5, PM10) of an SDS011's lines, in order of time."""
    return sorted(
        (
            int(datetime.fromisoformat(line["time_utc"]).replace(tzinfo=UTC).timestamp() * 1000),
            float(line["pm2_5"]),
            float(line["pm10"]),
        )
        for line in lines
    )
