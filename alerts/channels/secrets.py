"""Lookup of secrets that the configuration names: in environment variables or files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ingest.strict_yaml import ConfigError, Problem

PREFIX = "DUSTWATCH_SECRET_"
DEVICE_PREFIX = "DUSTWATCH_DEVICE_SECRET_"  # those go to bridge and gateway, and to no other service


class Secrets:
    """`secrets(NAME)`: the variable PREFIX + NAME, else the file NAME in `folder`.

    `folder` is by default the one that the variable of the prefix names (DUSTWATCH_SECRETS).
    """

    def __init__(
        self,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        named_in: str = "channels.yaml",
        prefix: str = PREFIX,
    ) -> None:
        self._named_in, self._prefix = named_in, prefix
        self._folder_variable = prefix.removesuffix("_") + "S"
        self._environment = os.environ if environment is None else environment
        named = self._environment.get(self._folder_variable)
        self._folder = folder if folder is not None else Path(named) if named else None

    def __call__(self, name: str) -> str:
        """The value. Raises ConfigError, which names where it was looked for."""
        value = self._environment.get(self._prefix + name, "")
        if not value and self._folder is not None and (self._folder / name).is_file():
            value = (self._folder / name).read_text(encoding="utf-8")
        if value := value.strip():
            return self._checked(name, value)
        where = f"the variable {self._prefix}{name}"
        where += (
            f" and the file {self._folder / name}"
            if self._folder
            else f" ({self._folder_variable} names no folder)"
        )
        words = f"the secret `{name}` is not there; looked for {where}"
        raise ConfigError([Problem(self._named_in, 1, 1, ".", words)])

    def _checked(self, name: str, value: str) -> str:
        """The value, if it is one line: what refuses it later (an address, a header) would print it."""
        if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value):
            words = f"the secret `{name}` holds a line break or a control character; write it as one line"
            raise ConfigError([Problem(self._named_in, 1, 1, ".", words)])
        return value
