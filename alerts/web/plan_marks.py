"""What the plan shows at a zoom: sites, those that lie together as one mark, labels that never meet.

Positions are in user units of the drawing, `plan.WIDTH` across, whatever the zoom. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from alerts.web.plan import Point, SitePlan, TownshipArea

ZOOMS = (1, 2, 4, 8, 16, 32)
APART = 66.0  # two marks are not nearer: on a phone, where they are drawn larger, they do not touch either
NAME_LENGTH = 12  # letters of a name that are shown
_MARK, _CLUSTER = 28.0, 30.0  # half the side of the square that a mark takes
_ON_PHONE = 31.0  # there, in the units of the drawing
_EDGE = 4.0
_LETTER = 21.0  # font size of a label
_LEVEL = "Undetermined"  # the widest that stands below a name
_PHONE_LETTER = 34.0  # of the number below a mark
_TOWN_LETTER = 38.0  # of a township's name, as on a phone; elsewhere it is smaller
_Gathered = tuple[Point, tuple[str, ...]]
_NARROW, _WIDE = frozenset("iIljtf.,:;|!' ()1"), frozenset("mwMW@%&")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, from its left upper to its right lower corner."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """True if they have a point in common that is not on an edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class PlanLabel:
    """Where a text stands: anchor `start`, `middle` or `end`; `box` is what it and the line below take."""

    x: float
    y: float
    anchor: str
    box: Box


@dataclass(frozen=True, slots=True)
class PlanMark:
    """One site, or several that lie too near to each other. `roomy`: a number fits below on a phone."""

    sites: tuple[str, ...]
    x: float
    y: float
    label: PlanLabel | None = None
    roomy: bool = False
    closer: int = 1  # the zoom that parts them


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """The part of the plan that is shown: `zoom` times as large, around (x, y) of the whole."""

    zoom: int
    x: float
    y: float

    @classmethod
    def around(cls, plan: SitePlan, zoom: int, x: float, y: float) -> PlanWindow:
        """The window that lies within the plan and whose middle is nearest to (x, y)."""
        across, down = plan.width / zoom / 2, plan.height / zoom / 2
        return cls(zoom, min(max(x, across), plan.width - across), min(max(y, down), plan.height - down))

    def shown(self, plan: SitePlan, point: Point) -> Point | None:
        """Where a point of the plan is drawn; None: outside."""
        x = (point[0] - self.x) * self.zoom + plan.width / 2
        y = (point[1] - self.y) * self.zoom + plan.height / 2
        inside = -1e-6 <= x <= plan.width + 1e-6 and -1e-6 <= y <= plan.height + 1e-6
        return (x, y) if inside else None


@dataclass(frozen=True, slots=True)
class PlanNames:
    """What stands on a drawn window: marks, and the townships whose name finds room."""

    marks: tuple[PlanMark, ...]
    towns: tuple[tuple[str, PlanLabel], ...]


def in_window(plan: SitePlan, window: PlanWindow, sites: Iterable[str]) -> frozenset[str]:
    """Those of the sites that a window shows."""
    return frozenset(one for one in sites if window.shown(plan, plan.places[one]) is not None)


def gathered(plan: SitePlan, sites: Iterable[str], zoom: int) -> list[PlanMark]:
    """Sites as marks of the whole plan at a zoom, no two nearer than APART on the drawing."""
    clusters: list[_Gathered] = [(plan.places[one], (one,)) for one in sorted(sites)]
    while pairs := _near(clusters, APART / zoom):
        gone: set[int] = set()
        for _, i, j in pairs:  # the nearest first; what has just moved is looked at again
            if i not in gone and j not in gone:
                gone |= {i, j}
                clusters.append(_together(clusters[i], clusters[j]))
        clusters = sorted(one for k, one in enumerate(clusters) if k not in gone)
    return [PlanMark(ids, x, y, closer=_parted_at(plan, ids, zoom)) for (x, y), ids in clusters]


def _together(one: _Gathered, other: _Gathered) -> _Gathered:
    (a, ours), (b, theirs) = one, other
    n, m = len(ours), len(theirs)
    middle = ((a[0] * n + b[0] * m) / (n + m), (a[1] * n + b[1] * m) / (n + m))
    return middle, tuple(sorted(ours + theirs))


def _near(clusters: Sequence[_Gathered], least: float) -> list[tuple[float, int, int]]:
    """(distance, index, index) of those that lie nearer to each other than `least`, the nearest first."""
    cells: dict[tuple[int, int], list[int]] = {}
    for i, ((x, y), _) in enumerate(clusters):
        cells.setdefault((int(x // least), int(y // least)), []).append(i)
    found = []
    for (column, row), mine in cells.items():
        beside = [(column + 1, row), (column - 1, row + 1), (column, row + 1), (column + 1, row + 1)]
        pairs = [
            *combinations(mine, 2),
            *((i, j) for cell in beside for i in mine for j in cells.get(cell, ())),
        ]
        for i, j in pairs:
            apart = math.dist(clusters[i][0], clusters[j][0])
            if apart < least:
                found.append((apart, min(i, j), max(i, j)))
    return sorted(found)


def _parted_at(plan: SitePlan, sites: tuple[str, ...], zoom: int) -> int:
    """The next zoom at which sites of one mark are not all in one; the largest, if at none."""
    if len(sites) < 2:
        return zoom
    xs, ys = [plan.places[one][0] for one in sites], [plan.places[one][1] for one in sites]
    wide = max(max(xs) - min(xs), max(ys) - min(ys))
    return next((one for one in ZOOMS if one > zoom and wide * one > 1.5 * APART), ZOOMS[-1])


def named(
    plan: SitePlan,
    window: PlanWindow,
    marks: Sequence[PlanMark],
    names: Mapping[str, str],
    first: Mapping[str, int],
) -> PlanNames:
    """Marks in a window with their labels, those first whose sites stand first; and names of townships.

    No label meets another, another's mark, the edge, the scale or the arrow: it is left out instead.
    `names`: of sites and townships; `first`: the place of each site in the list.
    """
    shown = []
    for mark in sorted(marks, key=lambda one: min(first.get(id, 0) for id in one.sites)):
        at = window.shown(plan, (mark.x, mark.y))
        if at is not None:
            shown.append(PlanMark(mark.sites, round(at[0], 1), round(at[1], 1), closer=mark.closer))
    fixed = [_scale_box(plan), Box(plan.width - 80, 0, plan.width, 112)]
    glyphs = [_around(one.x, one.y, _CLUSTER if one.sites[1:] else _MARK) for one in shown]
    towns = _towns(plan, window, shown, names, fixed)
    taken = [*fixed, *(label.box for _, label in towns)]
    labelled = []
    phone = [_around(one.x, one.y, _ON_PHONE) for one in shown]
    roomy: list[Box] = list(taken)
    for i, mark in enumerate(shown):
        others = [*taken, *(box for k, box in enumerate(glyphs) if k != i)]
        label = next((one for one in _places(mark, names) if _is_free(plan, one.box, others)), None)
        if label is not None:
            taken.append(label.box)
        below = Box(mark.x - 50, mark.y + 34, mark.x + 50, mark.y + 74)
        fits = not mark.sites[1:] and _is_free(
            plan, below, [*roomy, *(box for k, box in enumerate(phone) if k != i)]
        )
        if fits:
            roomy.append(below)
        labelled.append(PlanMark(mark.sites, mark.x, mark.y, label, fits, mark.closer))
    return PlanNames(tuple(labelled), tuple(towns))


def _towns(
    plan: SitePlan, window: PlanWindow, marks: Sequence[PlanMark], names: Mapping[str, str], fixed: list[Box]
) -> list[tuple[str, PlanLabel]]:
    """Names of townships where they find room, near the middle of their sites."""
    clear = [*fixed, *(_around(one.x, one.y, _ON_PHONE) for one in marks)]
    found = []
    for area in plan.areas:
        label = _town(plan, window, area, names, clear)
        if label is not None:
            clear.append(label.box)
            found.append((area.id, label))
    return found


def _town(
    plan: SitePlan, window: PlanWindow, area: TownshipArea, names: Mapping[str, str], clear: list[Box]
) -> PlanLabel | None:
    at = window.shown(plan, (area.x, area.y))
    if at is None:
        return None
    half = _wide(names.get(area.id, area.id), _TOWN_LETTER * 1.18) / 2 + 4
    for down in (0, 60, -60, 110, -110, 160, -160):
        x, y = round(at[0], 1), round(at[1] + down, 1)
        box = Box(x - half, y - _TOWN_LETTER, x + half, y + 10)
        if _is_free(plan, box, clear):
            return PlanLabel(x, y, "middle", box)
    return None


def _places(mark: PlanMark, names: Mapping[str, str]) -> list[PlanLabel]:
    """Where a label could stand: right, left, below, above."""
    x, y, away = mark.x, mark.y, 35
    if mark.sites[1:]:
        wide, away = _wide("88 exceed", _LETTER), 38  # as many as it may have to say
    else:
        name = names.get(mark.sites[0], mark.sites[0])
        wide = max(_wide(name[:NAME_LENGTH], _LETTER), _wide(_LEVEL, _LETTER)) + 8
    return [
        PlanLabel(x + away, y - 4, "start", Box(x + away - 4, y - 26, x + away + wide, y + 28)),
        PlanLabel(x - away, y - 4, "end", Box(x - away - wide, y - 26, x - away + 4, y + 28)),
        PlanLabel(x, y + 54, "middle", Box(x - wide / 2, y + 32, x + wide / 2, y + 86)),
        PlanLabel(x, y - 62, "middle", Box(x - wide / 2, y - 84, x + wide / 2, y - 30)),
    ]


def _wide(text: str, size: float) -> float:
    """An upper bound of how wide a text is printed."""
    return size * sum(_share(letter) for letter in text)


def _share(letter: str) -> float:
    if ord(letter) > 0x2E7F:
        return 1.0
    if letter in _WIDE or letter.isupper():
        return 0.95 if letter in _WIDE else 0.76
    return 0.4 if letter in _NARROW else 0.64


def _around(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)


def _scale_box(plan: SitePlan) -> Box:
    return Box(0, plan.height - 70, 300, plan.height)


def _is_free(plan: SitePlan, box: Box, taken: Iterable[Box]) -> bool:
    inside = box.left >= _EDGE and box.top >= _EDGE
    inside = inside and box.right <= plan.width - _EDGE and box.bottom <= plan.height - _EDGE
    return inside and not any(box.meets(other) for other in taken)
