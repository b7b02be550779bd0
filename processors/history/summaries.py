"""Summaries of history that a store makes by itself: a page asks for hundreds of rows, not for each point.

Steps are counted from the start that is asked for. Devices are named as well as the site: SQLite finds rows
by them. Texts of both query languages stand side by side, and mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Steps:
    """What a summary is asked for: devices of a site, and [start, end) in steps; all in ms UTC."""

    site: str
    devices: tuple[str, ...]
    start_ms: int
    end_ms: int
    step_ms: int

    @property
    def offset_ms(self) -> int:
        """By how much steps begin after a multiple of their length."""
        return self.start_ms % self.step_ms


class StepAnswer(NamedTuple):
    """The worst answer that a rule gave at a site for windows that began within a step.

    `code` as `answer_code` of verdicts; `until`: the last end of these windows.
    """

    start: int
    rule: str
    code: int
    until: int


class StepCapture(NamedTuple):
    """What a device captured within a step: the sum of the captures (0 to 1) of its windows of one length."""

    start: int
    device: str
    pollutant: str
    window: str
    captured: float
    until: int

    @property
    def length_ms(self) -> int:
        """Length of the windows, by their label."""
        return int(self.window[:-1]) * _UNITS_MS[self.window[-1]]


class FlaggedReading(NamedTuple):
    """A reading of which the quality checks say something; `words` as in the measurement `quality`."""

    device: str
    words: str


# ------------------------------------------------------------------------------------------ SQLite


def sql_answers(of: Steps) -> tuple[str, list[Any]]:
    """(statement, values) of the worst answers; verdicts on days are left out."""
    return (
        f'SELECT {_STEP} AS start, rule, max(answer_code) AS code, max("end") AS until FROM verdicts '
        f"WHERE {_among(of.devices)} AND time >= ? AND time < ? AND site = ? AND kind <> 'day' "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        [*_step(of), *of.devices, of.start_ms, of.end_ms, of.site],
    )


def sql_captures(of: Steps) -> tuple[str, list[Any]]:
    """(statement, values) of what was captured."""
    return (
        f'SELECT {_STEP} AS start, device, pollutant, "window", sum(capture) AS captured, '
        f'max("end") AS until FROM intervals WHERE {_among(of.devices)} AND time >= ? AND time < ? '
        "AND site = ? AND statistic = 'mean' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        [*_step(of), *of.devices, of.start_ms, of.end_ms, of.site],
    )


def sql_flagged(of: Steps, most: int) -> tuple[str, list[Any]]:
    """(statement, values) of the newest readings that are flagged."""
    return (
        f"SELECT device, words FROM quality WHERE {_among(of.devices)} AND time >= ? AND time < ? "
        "AND site = ? AND words <> '' ORDER BY time DESC, device LIMIT ?",
        [*of.devices, of.start_ms, of.end_ms, of.site, most],
    )


_STEP = "? + (time - ?) / ? * ?"


def _step(of: Steps) -> list[int]:
    return [of.start_ms, of.start_ms, of.step_ms, of.step_ms]


def _among(devices: Sequence[str]) -> str:
    return f"device IN ({', '.join('?' * len(devices))})"


# ---------------------------------------------------------------------------------------- InfluxQL


def influxql_answers(of: Steps) -> str:
    """The same for InfluxDB."""
    return (
        f'SELECT max(answer_code) AS code, max("end") AS until FROM verdicts WHERE {_where(of)} '
        f"AND kind != 'day' GROUP BY {_time(of)}, rule fill(none)"
    )


def influxql_captures(of: Steps) -> str:
    """The same for InfluxDB."""
    return (
        f'SELECT sum(capture) AS captured, max("end") AS until FROM intervals WHERE {_where(of)} '
        f"AND statistic = 'mean' GROUP BY {_time(of)}, device, pollutant, \"window\" fill(none)"
    )


def influxql_flagged(of: Steps, most: int) -> str:
    """The same for InfluxDB."""
    return (
        f"SELECT words, device FROM quality WHERE {_where(of)} AND words != '' "
        f"ORDER BY time DESC LIMIT {most}"
    )


def _where(of: Steps) -> str:
    devices = " OR ".join(f"device = {influx_text(device)}" for device in of.devices)
    return (
        f"time >= {of.start_ms}ms AND time < {of.end_ms}ms AND site = {influx_text(of.site)} AND ({devices})"
    )


def _time(of: Steps) -> str:
    return f"time({of.step_ms}ms, {of.offset_ms}ms)"


def influx_text(value: str) -> str:
    """A text as a literal of InfluxQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


# ------------------------------------------------------------------------------------------- rows


def step_answers(rows: Iterable[Mapping[str, Any]]) -> list[StepAnswer]:
    """Rows of either store, by step and rule."""
    found = (StepAnswer(_at(row), row["rule"], int(row["code"]), int(row["until"])) for row in rows)
    return sorted(found)


def step_captures(rows: Iterable[Mapping[str, Any]]) -> list[StepCapture]:
    """Rows of either store, by step, device, pollutant and window."""
    found = (
        StepCapture(
            _at(row),
            row["device"],
            row["pollutant"],
            row["window"],
            float(row["captured"]),
            int(row["until"]),
        )
        for row in rows
    )
    return sorted(found)


def flagged_readings(rows: Iterable[Mapping[str, Any]]) -> list[FlaggedReading]:
    """Rows of either store, the newest first."""
    return [FlaggedReading(row["device"], row["words"]) for row in rows]


def _at(row: Mapping[str, Any]) -> int:
    return int(row["start"] if "start" in row else row["time"])
