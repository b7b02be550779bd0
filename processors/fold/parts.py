"""The parts of the fold's memory: what each of them can do, and how a memory declares them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from processors.columns import Packing, Unpacked
from processors.plan import Plan, PlanChange
from processors.windows import Horizons

_DECLARED, _NUMBER = "part", "number"


class Part(Protocol):
    """What the fold remembers of one kind of thing."""

    def dump(self, pack: Packing) -> Any:
        """JSON data; columns go into `pack`. The same state gives the same data."""

    @classmethod
    def load(cls, data: Any, arrays: Unpacked, plan: Plan) -> Self:
        """The inverse of `dump`, under the plan in force. Any exception: it can't be read."""

    def follow(self, change: PlanChange) -> None:
        """Another plan is in force: what is known of devices that stay goes to their new rows."""

    def forget(self, until: Horizons) -> None:
        """Let go of what nothing can change any more."""


class SavedPart(NamedTuple):
    """A part as bytes; `version`: of its form."""

    version: int
    data: bytes


Parts = Mapping[str, SavedPart]  # by name


class PartUnreadable(ValueError):
    """A saved part is missing, damaged, or of another version: one and the same case."""

    def __init__(self, part: str, why: str) -> None:
        self.part, self.why = part, why
        super().__init__(f"part {part}: {why}")


def data_of(parts: Parts, name: str, version: int) -> bytes:
    """The bytes of a part. Raises PartUnreadable where it is missing or of another version."""
    saved = parts.get(name)
    if saved is None:
        raise PartUnreadable(name, "missing")
    if saved.version != version:
        raise PartUnreadable(name, f"of version {saved.version}; this program reads version {version}")
    return saved.data


@dataclass(frozen=True, slots=True)
class Declared:
    """How a part is declared: its class, and the version of its saved form."""

    kind: type[Part]
    version: int


P = TypeVar("P", bound=Part)


def part(kind: type[P], first: Callable[[], P] | None = None, version: int = 1) -> P:
    """A field of a memory that is a part. `first`: what an empty memory has, where that is not `kind()`.

    Raise `version` with each change of what `dump` gives: what another version saved is not read.
    """
    made: P = field(default_factory=first or kind, metadata={_DECLARED: Declared(kind, version)})
    return made


def number(first: int) -> int:
    """A field of a memory that is a whole number; all of them are saved together."""
    made: int = field(default=first, metadata={_NUMBER: True})
    return made


def parts_of(memory: type[Any]) -> dict[str, Declared]:
    """The parts that a class of memory declares, by name."""
    return {one.name: one.metadata[_DECLARED] for one in fields(memory) if _DECLARED in one.metadata}


def numbers_of(memory: type[Any]) -> tuple[str, ...]:
    """The names of the numbers that a class of memory declares."""
    return tuple(one.name for one in fields(memory) if _NUMBER in one.metadata)
