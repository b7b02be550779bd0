"""What an operator asks of a running `up` or `demo`: files in its data folder, since both sides know it.

A request is an empty file named after a service; it is gone when what was asked is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = "restart"


@dataclass(frozen=True, slots=True)
class RestartRequests:
    """The restarts that were asked for in a data folder."""

    data: Path

    @property
    def _folder(self) -> Path:
        return self.data / FOLDER

    def listen(self) -> None:
        """Begin to take requests; those of a run before are void."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for name in self.waiting():
            self.done(name)

    def ask(self, name: str) -> None:
        """Ask for a restart. Raises OSError where nobody listens."""
        (self._folder / name).touch(mode=0o600)

    def waiting(self) -> list[str]:
        """The services whose restart is not done yet."""
        try:
            return sorted(entry.name for entry in self._folder.iterdir())
        except OSError:
            return []

    def done(self, name: str) -> None:
        """What was asked is done."""
        (self._folder / name).unlink(missing_ok=True)
