"""What one set of rows has that another has not: a change of responsibility, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from alerts.duty.rows import DutyRow
from alerts.duty.sheets import SHEET_OF, texts_of


class DutyChange(NamedTuple):
    """A row that is new (`before` None), changed, or gone (`after` None)."""

    before: DutyRow | None
    after: DutyRow | None

    @property
    def sheet(self) -> str:
        """The sheet that it is on."""
        return SHEET_OF[type(self._row)]

    @property
    def key(self) -> str:
        """The row's id."""
        return self._row.id

    @property
    def _row(self) -> DutyRow:
        row = self.after or self.before
        assert row is not None
        return row

    def words(self) -> str:
        """The change in a line, for whoever is about to make it."""
        if self.before is None:
            return f"+ {self.sheet} {self.key}: {_said(texts_of(self._row))}"
        if self.after is None:
            return f"- {self.sheet} {self.key}: {_said(texts_of(self._row))}"
        was, now_is = texts_of(self.before), texts_of(self.after)
        differs = [name for name in was if was[name] != now_is[name]]
        said = ", ".join(f"{n} {was[n] or '(empty)'} -> {now_is[n] or '(empty)'}" for n in differs)
        return f"~ {self.sheet} {self.key}: {said}"


def changes_between(before: Iterable[DutyRow], after: Iterable[DutyRow]) -> tuple[DutyChange, ...]:
    """The changes that make `after` of `before`, in the order of the rows; what went comes last."""
    known = {(SHEET_OF[type(row)], row.id): row for row in before}
    wanted = {(SHEET_OF[type(row)], row.id): row for row in after}
    found = [DutyChange(known.get(key), row) for key, row in wanted.items() if known.get(key) != row]
    return (*found, *(DutyChange(row, None) for key, row in known.items() if key not in wanted))


def _said(texts: dict[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in texts.items() if text and name != "id")
