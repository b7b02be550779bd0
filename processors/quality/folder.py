"""Loader for `quality.yaml`: the thresholds that a county sets over the defaults; the file may be absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ingest.strict_yaml import load
from processors.quality.settings import QualitySettings

QUALITY_FILE = "quality.yaml"
QUALITY: TypeAdapter[QualitySettings] = TypeAdapter(QualitySettings)


def load_quality(folder: Path) -> dict[str, Any] | None:
    """All settings as JSON data for the body of a revision; None if the folder sets nothing.

    Raises ConfigError with every problem in the file.
    """
    nothing = QualitySettings.model_validate({})
    found = load(folder / QUALITY_FILE, QUALITY, default=nothing).needed()
    return None if found is nothing else found.model_dump(mode="json")
