"""Options shared by several commands: instants in the county's zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click


def instant_ms(text: str, zone: ZoneInfo, option: str) -> int:
    """Milliseconds UTC of an option's ISO instant, local if it has no zone. Raises UsageError."""
    try:
        instant = datetime.fromisoformat(text)
        if not 1970 <= instant.year <= 2200:
            raise ValueError("far from any reading")
    except ValueError:
        raise click.UsageError(
            f"{option} {text!r} is no instant; write for example 2026-11-23T23:30 or 2026-11-23T15:30:00Z"
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    return round(instant.timestamp() * 1000)
