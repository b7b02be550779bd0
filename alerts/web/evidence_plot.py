"""Plot of the hours behind a suspicion: panels by unit, paths of plain SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640.0, 120.0  # of a panel's view box
_ROOM = 1.08  # above the highest value
_DUST = "ug/m3"

Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One series: name of its feature, SVG path, last known value."""

    name: str
    path: str
    last: float | None


@dataclass(frozen=True, slots=True)
class PlotPanel:
    """All series of one unit over the same hours, from `low` at the bottom to `high`."""

    unit: str
    low: float
    high: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """`start` and `end` in ms UTC; the suspected interval from `left` to `left + width` of the view box."""

    start: int
    end: int
    left: float
    width: float
    panels: tuple[PlotPanel, ...]


def plot_of(evidence: Mapping[str, Any] | None, start: int, end: int) -> Plot | None:
    """Plot of a breach's evidence over [start, end); None if no hour is known.

    The last number of each series belongs to the hour that ends at `end`.
    """
    found = (evidence or {}).get("plot") or {}
    series: Mapping[str, Any] = found.get("series") or {}
    known = {name: one for name, one in series.items() if any(v is not None for v in one["values"])}
    if not known:
        return None
    step = int(found["step_s"]) * 1000
    hours = max(len(one["values"]) for one in known.values())
    begin = end - hours * step
    left = max(0.0, (start - begin) / (end - begin) * WIDTH)
    units = sorted({one["unit"] for one in known.values()}, key=lambda unit: (unit != _DUST, unit))
    return Plot(begin, end, left, WIDTH - left, tuple(_panel(unit, known, hours) for unit in units))


def _panel(unit: str, series: Mapping[str, Any], hours: int) -> PlotPanel:
    own = {name: one["values"] for name, one in series.items() if one["unit"] == unit}
    told = [float(v) for values in own.values() for v in values if v is not None]
    low, high = min(0.0, *told), max(told) * _ROOM if max(told) > 0 else 1.0
    lines = tuple(Line(name, _path(values, hours, low, high), _last(values)) for name, values in own.items())
    return PlotPanel(unit, low, high, lines)


def _path(values: Numbers, hours: int, low: float, high: float) -> str:
    """SVG path of a series: a level piece per hour, joined to the one before; unknown hours are gaps."""
    width = WIDTH / hours
    parts: list[str] = []
    pen_down = False
    for place, value in enumerate(values, hours - len(values)):
        if value is None:
            pen_down = False
            continue
        y = HEIGHT - (float(value) - low) / (high - low) * HEIGHT
        parts.append(f"{'L' if pen_down else 'M'}{place * width:.1f} {y:.1f}H{(place + 1) * width:.1f}")
        pen_down = True
    return "".join(parts)


def _last(values: Numbers) -> float | None:
    return next((float(v) for v in reversed(values) if v is not None), None)
