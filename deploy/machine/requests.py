"""Requests of an operator to a running `up` or `demo`: files in its data folder, which both sides know.

A request is an empty file named after a service; it is gone when what was asked is done, and has another
ending where that can't be done.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = "restart"
_FAILED = ".failed"


@dataclass(frozen=True, slots=True)
class RestartRequests:
    """Restarts requested through a data folder."""

    data: Path

    @property
    def _folder(self) -> Path:
        return self.data / FOLDER

    def listen(self) -> None:
        """Begin to take requests; those left over from an earlier run are dropped."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for entry in self._folder.iterdir():
            entry.unlink()

    def ask(self, name: str) -> None:
        """Request a restart of a service. Raises OSError if nobody listens."""
        self._answer(name).unlink(missing_ok=True)
        (self._folder / name).touch(mode=0o600)

    def waiting(self) -> list[str]:
        """Return the services whose restart is still pending."""
        try:
            return sorted(entry.name for entry in self._folder.iterdir() if entry.suffix != _FAILED)
        except OSError:
            return []

    def done(self, name: str) -> None:
        """Mark the restart of a service as done."""
        (self._folder / name).unlink(missing_ok=True)

    def fail(self, name: str) -> None:
        """Mark the restart of a service as impossible."""
        (self._folder / name).replace(self._answer(name))

    def has_failed(self, name: str) -> bool:
        """True if the last request for a service, no longer pending, could not be carried out."""
        return self._answer(name).exists()

    def _answer(self, name: str) -> Path:
        return self._folder / (name + _FAILED)
