"""Parts of the fold's memory: their interface, and how a memory declares them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from processors.columns import Packing, Unpacked
from processors.plan import Plan, PlanChange
from processors.windows import Horizons

_DECLARED, _NUMBER = "part", "number"


class Part(Protocol):
    """One kind of thing that the fold remembers."""

    def dump(self, pack: Packing) -> Any:
        """The state as JSON data, with columns added to `pack`. Equal states give equal data."""

    @classmethod
    def load(cls, data: Any, arrays: Unpacked, plan: Plan) -> Self:
        """The inverse of `dump`, under the plan in force. Any exception means that the data can't be read."""

    def follow(self, change: PlanChange) -> None:
        """Follow a new plan: knowledge of devices that stay moves to their new rows."""

    def forget(self, until: Horizons) -> None:
        """Forget what can no longer change a verdict."""


class SavedPart(NamedTuple):
    """A part as bytes; `version`: version of its saved form."""

    version: int
    data: bytes


Parts = Mapping[str, SavedPart]  # by name


class PartUnreadable(ValueError):
    """A saved part is missing, damaged, or of another version; the cases are not distinguished."""

    def __init__(self, part: str, why: str) -> None:
        self.part, self.why = part, why
        super().__init__(f"part {part}: {why}")


def data_of(parts: Parts, name: str, version: int) -> bytes:
    """Data of a part. Raises PartUnreadable if it is missing or of another version."""
    saved = parts.get(name)
    if saved is None:
        raise PartUnreadable(name, "missing")
    if saved.version != version:
        raise PartUnreadable(name, f"of version {saved.version}; this program reads version {version}")
    return saved.data


@dataclass(frozen=True, slots=True)
class Declared:
    """Declaration of a part: its class, and the version of its saved form."""

    kind: type[Part]
    version: int


P = TypeVar("P", bound=Part)


def part(kind: type[P], first: Callable[[], P] | None = None, version: int = 1) -> P:
    """Declare a field of a memory as a part. `first`: makes the part of an empty memory; None: `kind()`.

    Raise `version` with each change of what `dump` gives: data saved under another version is not read.
    """
    made: P = field(default_factory=first or kind, metadata={_DECLARED: Declared(kind, version)})
    return made


def number(first: int) -> int:
    """Declare a field of a memory as a whole number; all of them are saved together."""
    made: int = field(default=first, metadata={_NUMBER: True})
    return made


def parts_of(memory: type[Any]) -> dict[str, Declared]:
    """The parts that a class of memory declares, by name."""
    return {one.name: one.metadata[_DECLARED] for one in fields(memory) if _DECLARED in one.metadata}


def numbers_of(memory: type[Any]) -> tuple[str, ...]:
    """The names of the numbers that a class of memory declares."""
    return tuple(one.name for one in fields(memory) if _NUMBER in one.metadata)
