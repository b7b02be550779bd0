"""Secrets of the feeds of background values: under a name of their own, which no other service is given."""

from __future__ import annotations

from alerts.channels.secrets import Secrets
from ingest.strict_yaml import ConfigError

PREFIX = "DUSTWATCH_BACKGROUND_SECRET_"


class FeedSecrets:
    """`secrets(NAME)`: the variable PREFIX + NAME, or the file NAME in DUSTWATCH_BACKGROUND_SECRETS.

    For a command, which runs in its caller's environment, then as the secrets of channels.
    """

    def __init__(self, named_in: str, *, of_channels: bool = True) -> None:
        self._own = Secrets(named_in=named_in, prefix=PREFIX)
        self._more = Secrets(named_in=named_in) if of_channels else None

    def __call__(self, name: str) -> str:
        """The value. Raises ConfigError, which names where it was looked for."""
        try:
            return self._own(name)
        except ConfigError:
            if self._more is None:
                raise
            return self._more(name)
