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
_SCALE_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SitePlace:
    """A site to place on the plan; `location` is (latitude, longitude) in degrees."""

    id: str
    name: str
    area: str
    location: Point


@dataclass(frozen=True, slots=True)
class TownshipArea:
    """A township's area: cells to fill, and the middle of its sites."""

    id: str
    index: int
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A drawn plan in user units, `width` x `height`; `places`: where each site is."""

    width: float
    height: float
    places: Mapping[str, Point]
    areas: Sequence[TownshipArea]
    borders: str
    unit_per_km: float

    def scale(self, zoom: int = 1) -> tuple[float, float]:
        """(km, user units) of the scale bar where the plan is drawn `zoom` times as large."""
        unit = self.unit_per_km * zoom
        km = max((step for step in _SCALE_STEPS if step * unit <= self.width * 0.22), default=_SCALE_STEPS[0])
        return km, km * unit


def draw_plan(places: Sequence[SitePlace]) -> SitePlan:
    """Draw the plan of `places`; an empty register gives an empty frame."""
    if not places:
        return SitePlan(WIDTH, WIDTH * 0.7, {}, (), "", 100.0)
    points, height, unit_per_km = _project(places)
    frame = [(0.0, 0.0), (WIDTH, 0.0), (WIDTH, height), (0.0, height)]
    cells = _cells(points, frame)
    names = sorted({place.area for place in places})
    areas = [_area(name, i, places, points, cells) for i, name in enumerate(names)]
    spots = {place.id: (round(x, 2), round(y, 2)) for place, (x, y) in zip(places, points, strict=True)}
    return SitePlan(WIDTH, height, spots, areas, _borders(places, points, cells), unit_per_km)


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


def _closed(polygon: Sequence[Point]) -> str:
    return "M" + "L".join(_xy(p) for p in polygon) + "Z"


def _xy(p: Point) -> str:
    return f"{p[0]:.1f} {p[1]:.1f}"
