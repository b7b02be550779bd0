"""Rows of history as records, read once where they leave a store; an incomplete row raises a clear error.

Every record keeps its row as it was stored, which is what an auditor is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ingest.units import QUANTITIES
from processors.history.base import HistoryUnusable
from processors.records import Interval, reading_id

StoredRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a row, read by name. All methods raise HistoryUnusable."""

    measurement: str
    row: StoredRow

    def cell(self, name: str) -> Any:
        """A cell that may be empty."""
        if name not in self.row:
            raise self._lacks(f"no column `{name}`")
        return self.row[name]

    def text(self, name: str) -> str:
        """A text that every row has."""
        return str(self._filled(name))

    def whole(self, name: str) -> int:
        """An instant or another whole number that every row has."""
        return int(self._filled(name))

    def number(self, name: str) -> float:
        """A number that every row has, as the store hands it out."""
        found: float = self._filled(name)
        return found

    def listed(self, name: str) -> tuple[str, ...]:
        """Words separated by commas."""
        return tuple(word for word in (self.cell(name) or "").split(",") if word)

    def pairs(self, name: str) -> dict[str, str]:
        """Pairs written as `a=1;b=2`; anything else is ignored."""
        return dict(pair.split("=", 1) for pair in (self.cell(name) or "").split(";") if "=" in pair)

    def period(self) -> int:
        """The tag `period` in ms."""
        return round(float(self.cell("period") or 0) * 1000)

    def _filled(self, name: str) -> Any:
        found = self.cell(name)
        if found is None:
            raise self._lacks(f"no `{name}`")
        return found

    def _lacks(self, what: str) -> HistoryUnusable:
        names = [name for name in ("time", "device", "name", "id") if self.row.get(name)]
        place = ", ".join(f"{name} {self.row[name]}" for name in names)
        return HistoryUnusable(
            f"history: a row of `{self.measurement}` has {what} ({place}); was it written by another "
            "version, or by hand? Delete it, or write it anew",
            exit_code=2,
        )


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A row of `readings` or `conflicts`; times and period in ms, values in the unit of the quantity."""

    device: str
    site: str
    time: int
    period: int
    received_at: int
    values: Mapping[str, float]  # in the order of QUANTITIES
    flags: Mapping[str, str]  # pollutant -> flag of the device
    marks: tuple[str, ...]
    extras: str | None  # JSON
    configuration: str | None  # that the bridge resolved it by
    stored: StoredRow
    set_aside: str | None = None  # JSON: quantity -> raw value, reason

    @property
    def end(self) -> int:
        """End of the measured time; an instant ends a millisecond after it began."""
        return self.time + max(self.period, 1)

    @property
    def key(self) -> tuple[int, int]:
        """Key that contradicting readings of a device share."""
        return self.time, self.period

    @property
    def thousandths(self) -> dict[str, int]:
        """The values in thousandths of the unit."""
        return {name: round(value * 1000) for name, value in self.values.items()}

    @property
    def id(self) -> str:
        """Id of the reading, as a replay prints it."""
        return reading_id(self.device, self.time, self.period, self.thousandths, self.flags)


def reading_row(row: StoredRow, measurement: str = "readings") -> ReadingRow:
    """Read a row of `readings` or `conflicts`. Raises HistoryUnusable."""
    cells = Cells(measurement, row)
    return ReadingRow(
        device=cells.text("device"),
        site=cells.text("site"),
        time=cells.whole("time"),
        period=cells.period(),
        received_at=cells.whole("received_at"),
        values={name: row[name] for name in QUANTITIES if row.get(name) is not None},
        flags=cells.pairs("flags"),
        marks=cells.listed("marks"),
        extras=cells.cell("extras"),
        set_aside=cells.cell("set_aside"),
        configuration=cells.cell("revision"),
        stored=row,
    )


@dataclass(frozen=True, slots=True)
class QualityRow:
    """A row of `quality`: pollutant -> words of the checks (`spike!` failed, `spike` suspect)."""

    device: str
    time: int
    period: int
    words: Mapping[str, tuple[str, ...]]
    stored: StoredRow

    @property
    def key(self) -> tuple[int, int]:
        """Key of the reading that it refers to."""
        return self.time, self.period


def quality_row(row: StoredRow) -> QualityRow:
    """Read a row of `quality`. Raises HistoryUnusable."""
    cells = Cells("quality", row)
    words = {name: tuple(filter(None, text.split(","))) for name, text in cells.pairs("words").items()}
    return QualityRow(cells.text("device"), cells.whole("time"), cells.period(), words, row)


@dataclass(frozen=True, slots=True)
class MeasuringRow:
    """A row of `measurings`, or of `intervals` where an older version kept only the latest."""

    id: str
    site: str
    device: str
    pollutant: str
    statistic: str
    window: str
    start: int
    end: int
    value: float | None
    capture: float
    revision: int
    stored: StoredRow


def measuring_row(row: StoredRow) -> MeasuringRow:
    """Read a row of `measurings` or `intervals`. Raises HistoryUnusable."""
    cells = Cells("measurings", row)
    return MeasuringRow(
        id=cells.text("id"),
        site=cells.text("site"),
        device=cells.text("device"),
        pollutant=cells.text("pollutant"),
        statistic=cells.text("statistic"),
        window=cells.text("window"),
        start=cells.whole("time"),
        end=cells.whole("end"),
        value=cells.cell("value"),
        capture=cells.number("capture"),
        revision=cells.whole("revision"),
        stored=row,
    )


def interval_of(row: StoredRow) -> Interval:
    """Read an interval as returned by `History.intervals`. Raises HistoryUnusable."""
    cells = Cells("intervals", row)
    return Interval(
        id=cells.text("id"),
        site=cells.text("site"),
        device=cells.text("device"),
        pollutant=cells.text("pollutant"),
        statistic=cells.text("statistic"),
        start=cells.whole("start"),
        end=cells.whole("end"),
        value=cells.cell("value"),
        capture=cells.number("capture"),
        count=cells.whole("count"),
        revision=cells.whole("revision"),
    )


@dataclass(frozen=True, slots=True)
class RulingRow:
    """A row of `rulings`, or of `verdicts` where an older version kept only the latest."""

    id: str
    kind: str  # interval | day | instant
    site: str
    device: str
    rule: str
    rule_revision: str
    title: Mapping[str, str]
    clause: str
    citation: str | None  # None, as `status`: of an older version
    status: str | None
    pollutant: str
    start: int
    end: int
    answer: str
    reasons: tuple[str, ...]
    value: float | None
    background: float | None
    background_ids: tuple[str, ...]
    limit: float
    capture: float | None
    interval: str | None
    revision: int
    configuration: str
    decided_at: int | None  # None: of an older version
    stored: StoredRow


def ruling_row(row: StoredRow) -> RulingRow:
    """Read a row of `rulings` or `verdicts`. Raises HistoryUnusable."""
    cells = Cells("rulings", row)
    return RulingRow(
        id=cells.text("id"),
        kind=cells.text("kind"),
        site=cells.text("site"),
        device=cells.text("device"),
        rule=cells.text("rule"),
        rule_revision=cells.text("rule_revision"),
        title=orjson.loads(cells.cell("title") or "{}"),
        clause=cells.text("clause"),
        citation=row.get("citation"),
        status=row.get("status"),
        pollutant=cells.text("pollutant"),
        start=cells.whole("time"),
        end=cells.whole("end"),
        answer=cells.text("answer"),
        reasons=cells.listed("reasons"),
        value=cells.cell("value"),
        background=cells.cell("background"),
        background_ids=cells.listed("background_ids") if "background_ids" in row else (),
        limit=cells.number("limit"),
        capture=cells.cell("capture"),
        interval=cells.cell("interval"),
        revision=cells.whole("revision"),
        configuration=cells.text("configuration"),
        decided_at=cells.cell("decided_at"),
        stored=row,
    )


@dataclass(frozen=True, slots=True)
class OutlookRow:
    """A row of `outlooks`; `at` is the instant of the outlook, `start` and `end` are the window's."""

    id: str
    kind: str  # interval | day
    state: str
    at: int
    site: str
    device: str
    rule: str
    rule_revision: str
    pollutant: str
    start: int
    end: int
    limit: float
    subtracted: float | None
    background_known: bool
    projected: float | None
    low: float | None
    high: float | None
    probability: float | None
    covered: int
    settled: int
    slots: int
    required: float | None
    minutes_left: float
    configuration: str
    stored: StoredRow


def outlook_row(row: StoredRow) -> OutlookRow:
    """Read a row of `outlooks`. Raises HistoryUnusable."""
    cells = Cells("outlooks", row)
    return OutlookRow(
        id=cells.text("id"),
        kind=cells.text("kind"),
        state=cells.text("state"),
        at=cells.whole("time"),
        site=cells.text("site"),
        device=cells.text("device"),
        rule=cells.text("rule"),
        rule_revision=cells.text("rule_revision"),
        pollutant=cells.text("pollutant"),
        start=cells.whole("start"),
        end=cells.whole("end"),
        limit=cells.number("limit"),
        subtracted=cells.cell("subtracted"),
        background_known=bool(cells.cell("background_known")),
        projected=cells.cell("projected"),
        low=cells.cell("low"),
        high=cells.cell("high"),
        probability=cells.cell("probability"),
        covered=cells.whole("covered"),
        settled=cells.whole("settled"),
        slots=cells.whole("slots"),
        required=cells.cell("required"),
        minutes_left=cells.number("minutes_left"),
        configuration=cells.text("configuration"),
        stored=row,
    )
