"""Draws the board: what several readers see alike is drawn once for all of them.

Rows, banner and cases are the same for all who see the same sites in the same language; marks of the plan for
all who look at the same part of it. What is kept is bounded: a view asked for long ago is drawn anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from alerts.people.answering import Answering
from alerts.web.board import STATES, Board, SiteNow
from alerts.web.board_parts import MARK, ROW, DrawnBoard, DrawnBoards
from alerts.web.board_views import BoardView, SitesShown, sites_of
from alerts.web.plan import SitePlan
from alerts.web.plan_marks import PlanMark, PlanNames, gathered, named
from alerts.web.words import Words

if TYPE_CHECKING:
    from alerts.web.desk import Desk

_VIEWS, _LAYOUTS = 400, 200
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class MarkNow:
    """A mark of the plan with what it says at this moment."""

    name: str  # of its element
    mark: PlanMark
    sites: tuple[SiteNow, ...]
    state: str  # the worst of its sites'
    counts: Mapping[str, int]
    link: str

    @property
    def unsigned(self) -> bool:
        """True if a case at one of its sites waits for a signature."""
        return any(one.unsigned for one in self.sites)


@dataclass(slots=True)
class _Own:
    """The newest board as one unit sees it in one language, and what of it has been drawn."""

    board: Board
    own: Board
    drawn: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class BoardDrawings:
    """What has been drawn, for one configuration."""

    views: OrderedDict[tuple[str, Answering, BoardView], DrawnBoards] = field(default_factory=OrderedDict)
    own: dict[tuple[str, Answering], _Own] = field(default_factory=dict)
    layouts: OrderedDict[tuple[BoardView, tuple[str, ...], str], PlanNames] = field(
        default_factory=OrderedDict
    )
    gathered: OrderedDict[tuple[int, frozenset[str]], list[PlanMark]] = field(default_factory=OrderedDict)

    def of(self, words: Words, answering: Answering, view: BoardView) -> DrawnBoards:
        """The boards that were drawn of a view."""
        return _kept(self.views, (words.language, answering, view), DrawnBoards, _VIEWS)


def drawn_of(
    desk: Desk, board: Board, words: Words, answering: Answering, view: BoardView = BoardView()
) -> DrawnBoard:
    """A view of the board as a unit sees it in a language, drawn once for all of them."""
    boards = desk.drawings.of(words, answering, view)
    if boards.newest is not None and boards.newest.board is board:
        return boards.newest
    key = (words.language, answering)
    own = desk.drawings.own.get(key)
    if own is None or own.board is not board:
        own = desk.drawings.own[key] = _Own(board, board.of(answering))
    shown = sites_of(own.own, view, desk.register, desk.plan)
    drawn = DrawnBoard.of(board, own.own, shown, _parts(desk, own, words, view, shown))
    boards.take(drawn)
    return drawn


def layout_of(desk: Desk, words: Words, view: BoardView, shown: SitesShown) -> PlanNames:
    """Where the marks and names of a view stand."""
    plan, drawings = desk.plan, desk.drawings
    ids = tuple(one.site.id for one in shown.found if one.site.id in plan.places)
    part = BoardView(zoom=view.zoom, x=view.x, y=view.y)

    def lay_out() -> PlanNames:
        key = (view.zoom, frozenset(ids))
        marks = _kept(drawings.gathered, key, lambda: gathered(plan, ids, view.zoom), _LAYOUTS)
        return named(plan, view.window(plan), marks, desk.place_names, {id: n for n, id in enumerate(ids)})

    return _kept(drawings.layouts, (part, ids, words.language), lay_out, _LAYOUTS)


def _parts(desk: Desk, own: _Own, words: Words, view: BoardView, shown: SitesShown) -> dict[str, str]:
    """The parts of a view in the order of the page."""
    board = own.own
    layout = layout_of(desk, words, view, shown)
    by_id = {one.site.id: one for one in shown.found}
    marks = [_mark_now(desk, mark, [by_id[id] for id in mark.sites], view) for mark in layout.marks]
    fresh = [one for one in shown.rows if ROW + desk.dom(one.site.id) not in own.drawn]
    pieces = _pieces(
        desk.render(
            "parts.html",
            words,
            board=board,
            now=board.now,
            view=view,
            shown=shown,
            rows=fresh,
            marks=marks,
            towns=layout.towns,
            whole="banner" not in own.drawn,
        )
    )
    for name, html in pieces.items():
        if name in ("banner", "cases") or name.startswith(ROW):
            own.drawn[name] = html
    names = ["banner", "strip", "count", "cases", "pager"]
    names += [ROW + desk.dom(one.site.id) for one in shown.rows]
    names += [f"{MARK}towns", *(MARK + one.name for one in marks)]
    return {name: pieces.get(name) or own.drawn[name] for name in names}


def _pieces(text: str) -> dict[str, str]:
    """Name and html of each piece of a drawn template."""
    pieces = {}
    for piece in text.split("\x1e"):
        name, _, html = piece.partition("\x1f")
        if html:
            pieces[name.strip()] = html.strip()
    return pieces


def _mark_now(desk: Desk, mark: PlanMark, sites: list[SiteNow], view: BoardView) -> MarkNow:
    worst = min(sites, key=lambda one: STATES.index(one.state) if one.state in STATES else len(STATES))
    counts = {state: sum(one.state == state for one in sites) for state in (*STATES, worst.state)}
    first = desk.dom(mark.sites[0])
    if len(sites) == 1:
        return MarkNow(f"{first}-mark", mark, tuple(sites), worst.state, counts, "")
    x, y = _middle(desk.plan, mark.sites)
    link = view.link(zoom=mark.closer, x=x, y=y)
    name = f"{first}-{desk.dom(mark.sites[-1])}-{len(sites)}"
    return MarkNow(name, mark, tuple(sites), worst.state, counts, link)


def _middle(plan: SitePlan, sites: Iterable[str]) -> tuple[float, float]:
    points = [plan.places[one] for one in sites]
    return round(sum(x for x, _ in points) / len(points), 1), round(
        sum(y for _, y in points) / len(points), 1
    )


def _kept(kept: OrderedDict[_K, _V], key: _K, make: Callable[[], _V], most: int) -> _V:
    """What is kept under a key, made if it is not there; what was asked for longest ago goes."""
    if key not in kept:
        kept[key] = make()
        if len(kept) > most:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]
