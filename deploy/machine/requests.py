"""What an operator asks of a running `up` or `demo`: files in its data folder, since both sides know it.

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
    """The restarts that were asked for in a data folder."""

    data: Path

    @property
    def _folder(self) -> Path:
        return self.data / FOLDER

    def listen(self) -> None:
        """Begin to take requests; those of a run before are void."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for entry in self._folder.iterdir():
            entry.unlink()

    def ask(self, name: str) -> None:
        """Ask for a restart. Raises OSError where nobody listens."""
        self._answer(name).unlink(missing_ok=True)
        (self._folder / name).touch(mode=0o600)

    def waiting(self) -> list[str]:
        """The services whose restart is not done yet."""
        try:
            return sorted(entry.name for entry in self._folder.iterdir() if entry.suffix != _FAILED)
        except OSError:
            return []

    def done(self, name: str) -> None:
        """What was asked is done."""
        (self._folder / name).unlink(missing_ok=True)

    def fail(self, name: str) -> None:
        """What was asked can't be done."""
        (self._folder / name).replace(self._answer(name))

    def has_failed(self, name: str) -> bool:
        """Whether the last request of a service, which waits no more, could not be done."""
        return self._answer(name).exists()

    def _answer(self, name: str) -> Path:
        return self._folder / (name + _FAILED)
