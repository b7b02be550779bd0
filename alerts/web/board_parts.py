"""The board drawn in parts: a page is made of them, and the stream sends those that have changed.

Drawn once for all who see the same in the same language. Of former boards only marks are kept, by which a
page that was loaded a moment ago is told no more than what is new to it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.web.board import Board
from alerts.web.board_views import SitesShown

ROW, MARK = "row-", "mark-"
_KEPT = 30  # boards whose marks are kept: a page is followed by its stream within so many seconds
_SWAP = ' hx-swap-oob="true"'
# What the parts of a kind stand in.
_LISTS: Mapping[str, str] = {
    ROW: '<ol id="list" class="list">{}</ol>',
    MARK: '<g id="marks">{}</g>',
}


@dataclass(frozen=True, slots=True)
class DrawnBoard:
    """A view of a board in one language, as one unit sees it: each part's HTML, and a mark of it by name."""

    board: Board  # of the whole county
    own: Board  # as the unit sees it
    shown: SitesShown
    parts: Mapping[str, str]
    marks: Mapping[str, str]
    seen: str  # names all the marks together

    @classmethod
    def of(cls, board: Board, own: Board, shown: SitesShown, parts: Mapping[str, str]) -> DrawnBoard:
        """The parts with their marks; the order of the rows counts."""
        marks = {name: _mark(html) for name, html in parts.items()}
        seen = _mark("".join(f"{name} {mark}" for name, mark in marks.items()))
        return cls(board, own, shown, parts, marks, seen)

    def since(self, shown: Mapping[str, str]) -> str:
        """What replaces the parts whose marks differ; all rows or all marks, if their order does."""
        moved = tuple(kind for kind in _LISTS if names_of(self.marks, kind) != names_of(shown, kind))
        out = [
            _swapped(name, html)
            for name, html in self.parts.items()
            if shown.get(name) != self.marks[name] and not name.startswith(moved)
        ]
        for kind in moved:
            inside = "".join(self.parts[name] for name in names_of(self.parts, kind))
            out.append(_swapped(kind, _LISTS[kind].format(inside)))
        return "".join(out)


@dataclass(slots=True)
class DrawnBoards:
    """The newest board of one view, language and unit, and the marks of some before."""

    newest: DrawnBoard | None = None
    before: deque[DrawnMarks] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def take(self, drawn: DrawnBoard) -> None:
        """Another board was drawn."""
        self.newest = drawn
        if not self.before or self.before[-1].seen != drawn.seen:
            self.before.append(DrawnMarks(drawn.seen, drawn.marks))

    def marks_of(self, seen: str) -> Mapping[str, str]:
        """Marks of the board that a page shows; none, if it is too long ago."""
        return next((one.marks for one in reversed(self.before) if one.seen == seen), {})


@dataclass(frozen=True, slots=True)
class DrawnMarks:
    """What is kept of a board that was drawn."""

    seen: str
    marks: Mapping[str, str]


def names_of(parts: Mapping[str, str], kind: str) -> list[str]:
    """Names of the rows, or of the marks, in order."""
    return [name for name in parts if name.startswith(kind)]


def _mark(text: str) -> str:
    """What stands for a text where only its change matters."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _swapped(name: str, html: str) -> str:
    """A part as an out-of-band swap; one of a drawing comes in a template, so that it is parsed as one."""
    swap = html.replace(">", f"{_SWAP}>", 1)
    return f"<template><svg>{swap}</svg></template>" if name.startswith(MARK) else swap
