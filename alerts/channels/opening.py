"""Opening of the senders of a county's channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alerts.channels.base import ChannelForm, Sender


def open_channels(
    forms: Mapping[str, ChannelForm], secret: Callable[[str], str], files: Path
) -> dict[str, Sender]:
    """Open a sender for every channel of the configuration. Raises ConfigError for a missing secret."""
    return {id: form.open(secret, files) for id, form in forms.items()}
