"""What a reader asks the board for: which sites, which page of them, which part of the plan. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from alerts.web.board import STATES, Board, SiteNow
from alerts.web.listed import sites_named, unknown_of, words_in
from alerts.web.plan import SitePlan
from alerts.web.plan_marks import ZOOMS, PlanWindow, in_window
from ingest.register import Register
from processors.plan import FINISHED, PLANNED

PAGE = 25  # sites
WITH_OPEN, WITH_LATE = "open", "overdue"
WHICH_SITES: tuple[str, ...] = (*STATES, PLANNED, FINISHED, WITH_OPEN, WITH_LATE)

_WAYS = {"west": (-1, 0), "north": (0, -1), "south": (0, 1), "east": (1, 0)}


@dataclass(frozen=True, slots=True)
class BoardView:
    """A part of the board. `zoom`, `x`, `y`: of the plan, its middle in the plan's units."""

    which: str = ""  # one of WHICH_SITES; empty: all
    town: str = ""
    text: str = ""  # in names of sites and of who builds
    page: int = 1
    zoom: int = 1
    x: float = 0.0
    y: float = 0.0

    @property
    def asked(self) -> dict[str, str]:
        """What of it is not as it is by itself, as parameters of an address."""
        plain = BoardView()
        names = {"which": self.which, "town": self.town, "q": self.text}
        numbers = {"page": self.page, "zoom": self.zoom, "x": self.x, "y": self.y}
        shown = {name: f"{value:g}" for name, value in numbers.items() if value != getattr(plain, name)}
        return {**{name: text for name, text in names.items() if text}, **shown}

    def link(self, **changes: Any) -> str:
        """Address of the board with other values; of the first page, unless that is what changes."""
        other = replace(self, **{"page": 1, **changes}).asked
        return f"/?{urlencode(other)}" if other else "/"

    def window(self, plan: SitePlan) -> PlanWindow:
        """The part of the plan."""
        return PlanWindow.around(plan, self.zoom, self.x, self.y)


def view_of(asked: Mapping[str, str], register: Register) -> tuple[BoardView, list[str]]:
    """The view that is asked for, and what of it nobody knows."""
    which, town = asked.get("which", ""), asked.get("town", "")
    page, zoom = asked.get("page", "1"), asked.get("zoom", "1")
    towns = {site.township for site in register.sites.values()}
    unknown = unknown_of(
        ("which", which, ("", *WHICH_SITES)),
        ("town", town, ("", *towns)),
        ("zoom", zoom, tuple(map(str, ZOOMS))),
    )
    view = BoardView(
        which if which in WHICH_SITES else "",
        town if town in towns else "",
        words_in(asked, "q"),
        max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )
    if zoom in map(str, ZOOMS[1:]):
        view = replace(view, zoom=int(zoom), x=_number(asked.get("x", "")), y=_number(asked.get("y", "")))
    return view, unknown


def steps_of(view: BoardView, plan: SitePlan) -> dict[str, str]:
    """Addresses of the parts of the plan beside this one, by what leads there; those that there are."""
    here = view.window(plan)
    place = ZOOMS.index(view.zoom)
    found = {}
    if place + 1 < len(ZOOMS):
        found["in"] = view.link(zoom=ZOOMS[place + 1], x=round(here.x, 1), y=round(here.y, 1))
    if place == 1:
        found["out"] = view.link(zoom=1, x=0.0, y=0.0)
    elif place:
        found["out"] = view.link(zoom=ZOOMS[place - 1], x=round(here.x, 1), y=round(here.y, 1))
    for name, (right, down) in _WAYS.items():
        there = PlanWindow.around(
            plan,
            view.zoom,
            here.x + right * plan.width / view.zoom / 2,
            here.y + down * plan.height / view.zoom / 2,
        )
        if math.dist((there.x, there.y), (here.x, here.y)) > 1:  # addresses are rounded
            found[name] = view.link(x=round(there.x, 1), y=round(there.y, 1))
    return found


def _number(text: str) -> float:
    try:
        found = round(float(text[:12]), 1)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and abs(found) < 1e6 else 0.0


class SitesShown(NamedTuple):
    """Sites that a view finds, most urgent first; those in its part of the plan; those of its page."""

    found: tuple[SiteNow, ...]
    listed: tuple[SiteNow, ...]
    rows: tuple[SiteNow, ...]
    page: int
    pages: int


def sites_of(board: Board, view: BoardView, register: Register, plan: SitePlan) -> SitesShown:
    """What a view shows of a board. A page after the last is the last."""
    named = _named(register, view.text)
    found = tuple(
        one
        for one in board.sites
        if (not view.town or one.site.township == view.town)
        and (not view.text or one.site.id in named)
        and _is(one, view.which, board.now)
    )
    listed = found
    if view.zoom > 1:
        within = in_window(
            plan, view.window(plan), (one.site.id for one in found if one.site.id in plan.places)
        )
        listed = tuple(one for one in found if one.site.id in within)
    pages = max(1, -(-len(listed) // PAGE))
    page = min(view.page, pages)
    return SitesShown(found, listed, listed[(page - 1) * PAGE : page * PAGE], page, pages)


def _named(register: Register, text: str) -> frozenset[str]:
    """Sites whose name, address or builder has a text."""
    low = text.casefold()
    told = (
        (site.id, f"{site.id} {site.contractor or ''} {site.address or ''}".casefold())
        for site in register.sites.values()
    )
    return sites_named(register, text) | {id for id, words in told if low and low in words}


def _is(one: SiteNow, which: str, now: int) -> bool:
    if which == WITH_OPEN:
        return bool(one.tasks or one.cases)
    if which == WITH_LATE:
        return any(task.late(now) for task in one.tasks)
    return which in ("", one.state)
