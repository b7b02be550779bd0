"""Means and capture of recordings against an independent computation with pandas."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.logs import HOUR, MINUTE, Run, batch, minutes, revision, row, tick
from tests.series import STATIONS


def played(readings, start, interval_s, late_ms=500):
    """The rows as one monitor's, a tick each minute; ends ten minutes after the last."""
    log, clock = [revision([{"id": "d1", "interval": interval_s}], at=start)], start
    for reading in readings:
        at = reading.time + late_ms
        while clock + MINUTE <= at:
            clock += MINUTE
            log.append(tick(clock))
        log.append(batch(reading._replace(received_at=at)))
    end = clock + HOUR + 10 * MINUTE
    while clock < end:
        clock += MINUTE
        log.append(tick(clock))
    return Run(*log)


def expected(frame, interval_s, width):
    """Mean of slot means and share of covered slots per window."""
    slot = frame.groupby(pd.Grouper(freq=f"{interval_s}s")).mean()["value"].dropna()
    window = slot.groupby(pd.Grouper(freq=width))
    return window.mean().dropna(), window.count() / (pd.Timedelta(width).total_seconds() / interval_s)


@pytest.fixture(scope="module")
def storm(recordings):
    """(the lines of the storm, what the fold made of them)."""
    lines = recordings.dust_storm()
    rows = [row(t, pm10, pm2_5=pm2_5) for t, pm2_5, pm10 in lines]
    return lines, played(rows, lines[0][0] // HOUR * HOUR, 300)


@pytest.mark.parametrize(("pollutant", "column"), [("pm10", 2), ("pm2_5", 1)], ids=["pm10", "pm2_5"])
@pytest.mark.parametrize(("width", "name"), [(HOUR, "1h"), (HOUR // 4, "15min")], ids=["hours", "quarters"])
def test_the_dust_storm_has_the_means_that_pandas_finds(storm, pollutant, column, width, name):
    lines, run = storm
    frame = pd.DataFrame(
        {"value": [r[column] for r in lines]},
        index=pd.to_datetime([r[0] for r in lines], unit="ms", utc=True),
    )
    # of equal instants the fold keeps one
    frame = frame[~frame.index.duplicated()]
    means, capture = expected(frame, 300, name)
    found = {i.start: i for i in run.intervals if i.pollutant == pollutant and i.end - i.start == width}
    assert len(means) > 20
    assert sorted(found) == [int(at.timestamp() * 1000) for at in means.index]
    for at, mean in means.items():
        interval = found[int(at.timestamp() * 1000)]
        assert interval.value == pytest.approx(mean, abs=1e-6)
        assert interval.capture == pytest.approx(capture[at], abs=1e-12)


@pytest.mark.parametrize("name", STATIONS)
def test_hours_of_a_reference_station_are_kept_as_they_are_and_gaps_stay_gaps(recordings, name):
    frame = recordings.station(name).head(24 * 14)
    local = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    instants = [round(at.timestamp() * 1000) for at in local.dt.tz_localize("Asia/Shanghai")]
    hours = [(t, v) for t, v in zip(instants, frame["PM10"], strict=True) if not pd.isna(v)]
    rows = [row(t, v, period=HOUR) for t, v in hours]
    run = played(rows, instants[0], 3600, late_ms=HOUR + 500)
    assert [(i.start, i.value, i.capture) for i in run.hours()] == [(t, float(v), 1.0) for t, v in hours]


def test_the_sensor_s_ceiling_is_a_value_like_any_other(recordings):
    top = max(pm10 for _, _, pm10 in recordings.dust_storm())
    run = played(minutes(0, HOUR, top), 0, 60)
    assert run.hours()[0].value == pytest.approx(top)
