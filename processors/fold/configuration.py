"""The configuration that a partition judges by, what waits to replace it, and what it replaced. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ingest.records import Revision
from processors.columns import Rowless
from processors.plan import Former, Plan, formers_of
from processors.windows import Bounded


@dataclass(slots=True)
class Configuration(Rowless, Bounded):
    """`waiting`: by effective instant; `former`: what still holds for windows that began before."""

    in_force: Revision | None = None
    waiting: list[Revision] = field(default_factory=list)
    former: tuple[Former, ...] = ()

    @property
    def newest(self) -> Revision | None:
        """What a repeated revision is a repetition of."""
        return self.waiting[-1] if self.waiting else self.in_force

    def plan_ahead(self, revision: Revision) -> None:
        """A revision came: it replaces what was planned for the same time or after it."""
        self.waiting = [r for r in self.waiting if r.effective < revision.effective] + [revision]

    def advance(self, plan: Plan) -> int:
        """What waits next comes into force in the place of `plan`; the instant of that."""
        revision = self.waiting.pop(0)
        at = max(revision.effective, revision.received_at)
        self.former = formers_of(plan, self.in_force, revision, at)
        self.in_force = revision
        return at

    def dump(self, pack: object) -> dict[str, Any]:
        """As JSON data."""
        return {
            "in_force": _plain(self.in_force) if self.in_force else None,
            "waiting": [_plain(revision) for revision in self.waiting],
            "former": [list(one) for one in self.former],
        }

    @classmethod
    def load(cls, data: dict[str, Any], arrays: object, plan: object) -> Configuration:
        """The inverse of `dump`."""
        return cls(
            Revision(**data["in_force"]) if data["in_force"] else None,
            [Revision(**revision) for revision in data["waiting"]],
            tuple(Former(*one) for one in data["former"]),
        )


def _plain(revision: Revision) -> dict[str, Any]:
    """Without the deep copy of `asdict`: the body holds every device, and this runs every few seconds."""
    return {one.name: getattr(revision, one.name) for one in fields(revision)}
