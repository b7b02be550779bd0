"""Series that tests of the quality checks use: those of recordings, and arbitrary ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from ingest.records import MISSING
from processors.columns import Int64s, Uint8s
from processors.quality import flat_line
from processors.quality.flags import flags_of
from processors.quality.flat_line import FlatLine
from processors.quality.series import Series, run_starts
from tests.recordings import Recordings

T0 = 1_700_000_100_000  # a quarter of an hour begins
MINUTE = 60_000
QUARTER = 900_000
HOUR = 3_600_000
OFF: dict[str, None] = dict.fromkeys(  # settings of one pollutant without any check
    (
        "gross_range",
        "ceiling",
        "spike",
        "rate_of_change",
        "flat_line",
        "attenuated_signal",
        "neighbour",
        "background",
    )
)


def series_of(rows: Sequence[tuple[int, int, int | None]]) -> Series:
    """A series of (row, ms, thousandths or None), sorted."""
    lines = sorted((r, t, MISSING if v is None else v) for r, t, v in rows)
    row, time, value = (list(column) for column in zip(*lines, strict=True)) if lines else ([], [], [])
    return Series(np.array(row, np.int32), np.array(time, np.int64), np.array(value, np.int64))


def line(values: Sequence[int | None], step: int = MINUTE, row: int = 0) -> Series:
    """One device's values, `step` ms apart."""
    return series_of([(row, T0 + i * step, value) for i, value in enumerate(values)])


def flat_by_run(series: Series, settings: FlatLine, interval: Int64s) -> Uint8s:
    """Flags of a flat line as the fold measures it: by the time since each value last changed."""
    suspect, fail = (times[series.row] for times in flat_line.times(settings, interval))
    return flags_of(flat_line.found(series.time - run_starts(series), suspect, fail), series.present)


def thousandths(text: str) -> int | None:
    """A recording's number; NA and nothing are missing."""
    return None if text in ("", "NA") else round(float(text) * 1000)


def storm(of: Recordings, pollutant: str) -> Series:
    """The dust storm that an SDS011 saw, in bursts of five."""
    lines = of.storm_lines()
    times = [int(np.datetime64(r["time_utc"], "ms").astype(np.int64)) for r in lines]
    return series_of([(0, t, thousandths(r[pollutant])) for t, r in zip(times, lines, strict=True)])


def station(of: Recordings, name: str, pollutant: str) -> Series:
    """Three months of hours of a reference station, with gaps."""
    column = {"pm10": "PM10", "pm2_5": "PM2.5"}[pollutant]
    return line([thousandths(r[column]) for r in of.station_lines(name)], step=3_600_000)


# Few different values, so that equal neighbours, runs and exact thresholds come up.
VALUES = st.one_of(
    st.none(),
    st.sampled_from([0, 1, 1000, 1000, 1000, 5000, 40_000, 1_999_900]),
    st.integers(0, 3_000_000),
)
STEPS = st.sampled_from([0, 1, 400, 1_100, 10_000, 60_000, 60_000, 60_000, 300_000, 2_000_000])


@st.composite
def one_device(draw: st.DrawFn, least: int = 1, most: int = 40) -> Series:
    """Values of one device with any steps between them."""
    values = draw(st.lists(VALUES, min_size=least, max_size=most))
    steps = draw(st.lists(STEPS, min_size=len(values), max_size=len(values)))
    time = T0 + np.cumsum(steps)
    held = [MISSING if v is None else v for v in values]
    return Series(np.zeros(len(held), np.int32), time.astype(np.int64), np.array(held, np.int64))


@st.composite
def devices(draw: st.DrawFn) -> Series:
    """Values of up to four devices, some of them without any."""
    parts = [draw(one_device(least=0, most=25)) for _ in range(4)]
    return series_of(
        [
            (row, int(t), None if v == MISSING else int(v))
            for row, part in enumerate(parts)
            for t, v in zip(part.time, part.value, strict=True)
        ]
    )
