"""Lookup of secrets that the configuration names: in environment variables or files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ingest.strict_yaml import ConfigError, Problem

PREFIX = "DUSTWATCH_SECRET_"


class Secrets:
    """`secrets(NAME)`: the variable `DUSTWATCH_SECRET_NAME`, else the file NAME in `folder`."""

    def __init__(
        self,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        named_in: str = "channels.yaml",
    ) -> None:
        self._named_in = named_in
        self._environment = os.environ if environment is None else environment
        named = self._environment.get("DUSTWATCH_SECRETS")
        self._folder = folder if folder is not None else Path(named) if named else None

    def __call__(self, name: str) -> str:
        """The value. Raises ConfigError, which names where it was looked for."""
        value = self._environment.get(PREFIX + name, "")
        if not value and self._folder is not None and (self._folder / name).is_file():
            value = (self._folder / name).read_text(encoding="utf-8")
        if value := value.strip():
            return self._checked(name, value)
        where = f"the variable {PREFIX}{name}"
        where += (
            f" and the file {self._folder / name}" if self._folder else " (DUSTWATCH_SECRETS names no folder)"
        )
        words = f"the secret `{name}` is not there; looked for {where}"
        raise ConfigError([Problem(self._named_in, 1, 1, ".", words)])

    def _checked(self, name: str, value: str) -> str:
        """The value, if it is one line: what refuses it later (an address, a header) would print it."""
        if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value):
            words = f"the secret `{name}` holds a line break or a control character; write it as one line"
            raise ConfigError([Problem(self._named_in, 1, 1, ".", words)])
        return value
