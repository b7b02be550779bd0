"""Panels of a Grafana dashboard as plain data: the few kinds that we use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

UID = "dustwatch-influxdb"
DATASOURCE = {"type": "influxdb", "uid": UID}
WIDTH = 24  # columns of Grafana's grid
_NEWEST = {"calcs": ["lastNotNull"], "fields": "", "values": False}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """An InfluxQL query; `alias` names its series, `table` asks for rows instead of series."""

    text: str
    alias: str = ""
    table: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel without its position: `height` and `width` in cells of the grid."""

    title: str
    kind: str
    queries: Sequence[Query]
    width: int
    height: int = 8
    description: str = ""
    options: Json | None = None
    defaults: Json | None = None  # fieldConfig.defaults
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()

    def json(self, number: int, x: int, y: int) -> Json:
        """The panel as Grafana stores it."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [_target(i, query) for i, query in enumerate(self.queries)],
            "options": self.options or {},
            "fieldConfig": {"defaults": self.defaults or {}, "overrides": list(self.overrides)},
            "transformations": list(self.transformations),
        }


def _target(index: int, query: Query) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "rawQuery": True,
        "query": query.text,
        "alias": query.alias,
        "resultFormat": "table" if query.table else "time_series",
    }


def row(title: str, number: int, y: int) -> Json:
    """A heading above the panels that follow."""
    place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def laid_out(sections: Sequence[tuple[str, Sequence[Panel]]]) -> list[Json]:
    """Lay out every section under its heading, panels from left to right, wrapped at the grid's width."""
    placed: list[Json] = []
    y = 0
    for title, panels in sections:
        placed.append(row(title, len(placed) + 1, y))
        y += 1
        x = tallest = 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            placed.append(panel.json(len(placed) + 1, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return placed


def steps(*bounds: tuple[float | None, str]) -> Json:
    """Colour steps, each starting at its bound; the first has no bound."""
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in bounds]}


def lines(unit: str, gap_min: int) -> Json:
    """Field defaults of a curve; silence longer than `gap_min` minutes is a gap that no line crosses."""
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "auto"}
    custom |= {"spanNulls": gap_min * 60_000, "insertNulls": gap_min * 60_000}
    return {"unit": unit, "min": 0, "custom": custom}


def dashed(pattern: str) -> Json:
    """Override for series whose name matches: they are limits, dashed and red."""
    return {
        "matcher": {"id": "byRegexp", "options": pattern},
        "properties": [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
            {"id": "custom.spanNulls", "value": True},
            {"id": "custom.insertNulls", "value": False},
            {"id": "custom.showPoints", "value": "never"},
        ],
    }


def column(name: str, **properties: Any) -> Json:
    """An override for a column of a table; underscores in property names stand for dots."""
    found = [{"id": key.replace("_", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": found}


def newest(**more: Any) -> Json:
    """Options of a panel that shows the last value of each series."""
    return {"reduceOptions": _NEWEST, **more}


def sorted_by(field: str, descending: bool, limit: int | None = None) -> list[Json]:
    """Transformations that sort the rows and keep the first `limit` of them."""
    found: list[Json] = [{"id": "sortBy", "options": {"sort": [{"field": field, "desc": descending}]}}]
    if limit is not None:
        found.append({"id": "limit", "options": {"limitField": limit}})
    return found
