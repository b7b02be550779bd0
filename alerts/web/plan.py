"""Site plan: kilometres from latitude and longitude, township areas, a scale bar.

An area is the part of the frame nearest to a township's sites (Voronoi cells cut to the frame), not an
administrative boundary, which the register doesn't have. The page says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KM_PER_DEGREE = 111.32
WIDTH = 1000.0
_MARGIN = 0.14  # of the larger side, so that labels find room
_SCALE_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SitePlace:
    """A site to place on the plan; `location` is (latitude, longitude) in degrees."""

    id: str
    name: str
    area: str
    location: Point


@dataclass(frozen=True, slots=True)
class Spot:
    """Position of a site's mark, and of its label: anchor `start`, `middle` or `end`."""

    id: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class TownshipArea:
    """A township's area: cells to fill, and the position of its name."""

    id: str
    index: int
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A drawn plan in user units, `width` x `height`."""

    width: float
    height: float
    spots: Mapping[str, Spot]
    areas: Sequence[TownshipArea]
    borders: str
    scale_km: float
    scale_units: float


def draw_plan(places: Sequence[SitePlace]) -> SitePlan:
    """Draw the plan of `places`; an empty register gives an empty frame."""
    if not places:
        return SitePlan(WIDTH, WIDTH * 0.7, {}, (), "", 1.0, 100.0)
    points, height, unit_per_km = _project(places)
    frame = [(0.0, 0.0), (WIDTH, 0.0), (WIDTH, height), (0.0, height)]
    cells = _cells(points, frame)
    names = sorted({place.area for place in places})
    areas = [_area(name, i, places, points, cells) for i, name in enumerate(names)]
    scale_km = max((step for step in _SCALE_STEPS if step * unit_per_km <= WIDTH * 0.22), default=0.1)
    return SitePlan(
        WIDTH,
        height,
        _spots(places, points, height),
        areas,
        _borders(places, points, cells),
        scale_km,
        scale_km * unit_per_km,
    )


def _project(places: Sequence[SitePlace]) -> tuple[list[Point], float, float]:
    """(points in user units, height of the plan, user units per km)."""
    middle = math.radians(sum(p.location[0] for p in places) / len(places))
    km = [(p.location[1] * KM_PER_DEGREE * math.cos(middle), -p.location[0] * KM_PER_DEGREE) for p in places]
    left, right = min(x for x, _ in km), max(x for x, _ in km)
    top, bottom = min(y for _, y in km), max(y for _, y in km)
    margin = max(right - left, bottom - top, 1.0) * _MARGIN
    across = right - left + 2 * margin
    down = bottom - top + 2 * margin
    ratio = min(max(down / across, 0.55), 0.95)  # neither a ribbon nor a tower
    across_shown = max(across, down / ratio)
    down_shown = across_shown * ratio
    unit = WIDTH / across_shown
    x0 = (left + right - across_shown) / 2
    y0 = (top + bottom - down_shown) / 2
    return [((x - x0) * unit, (y - y0) * unit) for x, y in km], round(WIDTH * ratio, 1), unit


def _cells(points: Sequence[Point], frame: list[Point]) -> list[list[Point]]:
    """For each point the part of the frame that is nearer to it than to any other."""
    cells = []
    for here in points:
        cell = frame
        for there in points:
            if there != here:
                cell = _nearer(cell, here, there)
        cells.append(cell)
    return cells


def _nearer(polygon: list[Point], here: Point, there: Point) -> list[Point]:
    """The part of a convex polygon that is nearer to `here` than to `there`."""
    middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
    normal = (there[0] - here[0], there[1] - here[1])

    def side(p: Point) -> float:
        return (p[0] - middle[0]) * normal[0] + (p[1] - middle[1]) * normal[1]

    kept: list[Point] = []
    for i, p in enumerate(polygon):
        q = polygon[(i + 1) % len(polygon)]
        a, b = side(p), side(q)
        if a <= 0:
            kept.append(p)
        if (a < 0 < b) or (b < 0 < a):
            share = a / (a - b)
            kept.append((p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share))
    return kept


def _area(
    name: str, index: int, places: Sequence[SitePlace], points: Sequence[Point], cells: Sequence[list[Point]]
) -> TownshipArea:
    mine = [i for i, place in enumerate(places) if place.area == name]
    path = " ".join(_closed(cells[i]) for i in mine if cells[i])
    x = sum(points[i][0] for i in mine) / len(mine)
    y = sum(points[i][1] for i in mine) / len(mine)
    # a name under a mark can't be read: go below the lowest mark that is near
    near = [points[i][1] for i in range(len(points)) if abs(points[i][0] - x) < 130]
    for step in (0.0, 60.0, -60.0, 110.0, -110.0):
        if all(abs(y + step - other) > 42 for other in near):
            return TownshipArea(name, index, path, round(x, 1), round(y + step, 1))
    return TownshipArea(name, index, path, round(x, 1), round(y, 1))


def _borders(places: Sequence[SitePlace], points: Sequence[Point], cells: Sequence[list[Point]]) -> str:
    """The edges between cells of different townships, as one path."""
    lines = []
    for i, cell in enumerate(cells):
        for k, p in enumerate(cell):
            q = cell[(k + 1) % len(cell)]
            middle = ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
            mine = math.dist(middle, points[i])
            for j in range(i + 1, len(points)):
                if places[j].area != places[i].area and abs(math.dist(middle, points[j]) - mine) < 1e-6:
                    lines.append(f"M{_xy(p)}L{_xy(q)}")
                    break
    return "".join(lines)


def _spots(places: Sequence[SitePlace], points: Sequence[Point], height: float) -> dict[str, Spot]:
    """Marks with labels placed clear of everything placed so far: right, left, below or above."""
    taken = [(x - 26, y - 26, x + 26, y + 26) for x, y in points]
    spots = {}
    for place, (x, y) in zip(places, points, strict=True):
        wide = 22.0 * sum(1.0 if ord(c) > 0x2E7F else 0.56 for c in place.name[:12]) + 6
        chosen = None
        for label_x, label_y, anchor, left in (
            (x + 35, y - 4, "start", x + 35),
            (x - 35, y - 4, "end", x - 35 - wide),
            (x, y + 46, "middle", x - wide / 2),
            (x, y - 52, "middle", x - wide / 2),
        ):
            box = (left, label_y - 22, left + wide, label_y + 30)  # name and, below it, the level
            if box[0] < 4 or box[2] > WIDTH - 4 or box[1] < 4 or box[3] > height - 4:
                continue
            if not any(_overlap(box, other) for other in taken):
                chosen = (label_x, label_y, anchor, box)
                break
        if chosen is None:
            label_x, label_y, anchor = x, y + 46, "middle"
        else:
            label_x, label_y, anchor, box = chosen
            taken.append(box)
        spots[place.id] = Spot(
            place.id, round(x, 1), round(y, 1), round(label_x, 1), round(label_y, 1), anchor
        )
    return spots


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _closed(polygon: Sequence[Point]) -> str:
    return "M" + "L".join(_xy(p) for p in polygon) + "Z"


def _xy(p: Point) -> str:
    return f"{p[0]:.1f} {p[1]:.1f}"
