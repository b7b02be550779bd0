"""Means and capture of real recordings against an independent computation with pandas."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from tests.counties import DATA, DUST_STORM, dust_storm
from tests.logs import HOUR, MINUTE, Run, batch, minutes, revision, row, tick

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the recordings of {DATA} are absent")


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


@cache
def played_storm():
    storm = dust_storm()
    rows = [row(t, pm10, pm2_5=pm2_5) for t, pm2_5, pm10 in storm]
    return played(rows, storm[0][0] // HOUR * HOUR, 300)


def expected(frame, interval_s, width):
    """Mean of slot means and share of covered slots per window."""
    slot = frame.groupby(pd.Grouper(freq=f"{interval_s}s")).mean()["value"].dropna()
    window = slot.groupby(pd.Grouper(freq=width))
    return window.mean().dropna(), window.count() / (pd.Timedelta(width).total_seconds() / interval_s)


@pytest.mark.parametrize(("pollutant", "column"), [("pm10", 2), ("pm2_5", 1)])
@pytest.mark.parametrize(("width", "name"), [(HOUR, "1h"), (HOUR // 4, "15min")])
def test_the_dust_storm_has_the_means_that_pandas_finds(pollutant, column, width, name):
    storm = dust_storm()
    run = played_storm()
    frame = pd.DataFrame(
        {"value": [r[column] for r in storm]},
        index=pd.to_datetime([r[0] for r in storm], unit="ms", utc=True),
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


@pytest.mark.parametrize("name", ["guanyuan", "changping"])
def test_hours_of_a_reference_station_are_kept_as_they_are_and_gaps_stay_gaps(name):
    frame = pd.read_csv(DATA / f"beijing-{name}-2015-spring.csv.gz").head(24 * 14)
    local = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    instants = [round(at.timestamp() * 1000) for at in local.dt.tz_localize("Asia/Shanghai")]
    hours = [(t, v) for t, v in zip(instants, frame["PM10"], strict=True) if not pd.isna(v)]
    rows = [row(t, v, period=HOUR) for t, v in hours]
    run = played(rows, instants[0], 3600, late_ms=HOUR + 500)
    assert [(i.start, i.value, i.capture) for i in run.hours()] == [(t, float(v), 1.0) for t, v in hours]


def test_the_sensor_s_ceiling_is_a_value_like_any_other():
    assert DUST_STORM.exists()
    top = max(pm10 for _, _, pm10 in dust_storm())
    run = played(minutes(0, HOUR, top), 0, 60)
    assert run.hours()[0].value == pytest.approx(top)
