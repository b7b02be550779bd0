"""Configurations of a partition: the one in force, those waiting, and those replaced. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ingest.records import Revision
from processors.columns import Rowless
from processors.plan import Former, Plan, formers_of
from processors.windows import Bounded


@dataclass(slots=True)
class Configuration(Rowless, Bounded):
    """Configuration in force; `waiting`: its successors by effective instant.

    `former`: replaced rules that still judge windows begun before the change.
    """

    in_force: Revision | None = None
    waiting: list[Revision] = field(default_factory=list)
    former: tuple[Former, ...] = ()

    @property
    def newest(self) -> Revision | None:
        """The newest revision, against which a repeated one is recognized."""
        return self.waiting[-1] if self.waiting else self.in_force

    def plan_ahead(self, revision: Revision) -> None:
        """Schedule a revision; it replaces those scheduled for the same time or later."""
        self.waiting = [r for r in self.waiting if r.effective < revision.effective] + [revision]

    def advance(self, plan: Plan) -> int:
        """Put the next waiting revision in force in place of `plan`, and return the instant of that."""
        revision = self.waiting.pop(0)
        at = max(revision.effective, revision.received_at)
        self.former = formers_of(plan, self.in_force, revision, at)
        self.in_force = revision
        return at

    def dump(self, pack: object) -> dict[str, Any]:
        """The state as JSON data."""
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
    """Shallow dict of the fields: `asdict` would copy every device of the body, every few seconds."""
    return {one.name: getattr(revision, one.name) for one in fields(revision)}
