"""Windows of every length, alignment and statistic on recordings against pandas and numpy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from processors.columns import DAY_MS
from processors.windows.calendar import day_of
from tests import oracle
from tests.logs import HOUR, MINUTE, Run, batch, local_rule, revision, row, tick
from tests.series import STATIONS

ZONE = "Asia/Shanghai"
CLOCK = [(60, "1min"), (300, "5min"), (900, "15min"), (3600, "1h")]
ROLLING = [(900, 60), (3600, 240), (3600, 600)]


def played(rows, interval_s, rules, start, step=MINUTE, tail=3 * HOUR):
    """The rows as one monitor's, a tick every `step`."""
    run = Run(revision([{"id": "d1", "interval": interval_s}], rules, at=start))
    end = max(r.received_at for r in rows) + tail
    timed = [(t, 0, tick(t, step)) for t in range(start, end, step)]
    timed += [(r.received_at, 1, batch(r)) for r in rows]
    return run.fold(*(record for _, _, record in sorted(timed, key=lambda e: e[:2])))


def storm_rows(of):
    """The storm's first 14 hours, one value an instant."""
    storm = {t: (pm10, pm2_5) for t, pm2_5, pm10 in reversed(of.dust_storm())}
    first = min(storm) // HOUR * HOUR
    return first, [(t, *storm[t]) for t in sorted(storm) if t < first + 14 * HOUR]


@pytest.fixture(scope="module")
def storm(recordings):
    """The storm judged by a rule for every window at once; the slots of a minute by pandas."""
    first, rows = storm_rows(recordings)
    rules = [local_rule(id=f"c{w}", window=w, least_capture=0.5) for w, _ in CLOCK]
    rules += [
        local_rule(id=f"r{w}-{s}", window=w, step=s, alignment="rolling", least_capture=0.5)
        for w, s in ROLLING
    ]
    rules += [
        local_rule(id="max", statistic="max"),
        local_rule(id="p90", statistic="percentile", percentile=90),
        local_rule(id="p98.5", statistic="percentile", percentile=98.5, alignment="rolling", step=600),
        local_rule(id="count", statistic="count", above=150, limit=5),
    ]
    run = played([row(t, pm10, pm2_5=pm2_5) for t, pm10, pm2_5 in rows], 60, rules, first)
    frame = pd.Series(
        [pm10 for _, pm10, _ in rows], index=pd.to_datetime([t for t, _, _ in rows], unit="ms", utc=True)
    )
    return run, frame.resample("60s").mean(), first


def of_rule(run, name):
    return {v.end: v for v in run.verdicts if v.rule == name}


def instants(index):
    return [round(at.timestamp() * 1000) for at in index]


@pytest.mark.parametrize(("window", "name"), CLOCK, ids=[name for _, name in CLOCK])
def test_clock_windows_are_those_of_pandas(storm, window, name):
    run, slots, _ = storm
    means, share = slots.resample(name).mean(), slots.resample(name).count() / (window // 60)
    found = of_rule(run, f"c{window}")
    for start, mean, capture in zip(instants(means.index), means, share, strict=True):
        verdict = found[start + window * 1000]
        assert verdict.capture == pytest.approx(capture)
        if capture:
            assert verdict.value == pytest.approx(mean, abs=1e-6)
        exceeds = "exceeds" if mean > 100 else "compliant"
        assert verdict.answer == (exceeds if capture >= 0.5 else "undetermined")


@pytest.mark.parametrize(
    ("window", "step"), ROLLING, ids=["a quarter each minute", "an hour each 4", "an hour each 10"]
)
def test_rolling_windows_are_those_of_pandas(storm, window, step):
    run, slots, first = storm
    rolled = slots.rolling(window // 60, min_periods=1)
    means, share = rolled.mean(), rolled.count() / (window // 60)
    found = of_rule(run, f"r{window}-{step}")
    compared = 0
    for start, mean, capture in zip(instants(means.index), means, share, strict=True):
        end = start + MINUTE
        if end - window * 1000 < first or end % (step * 1000):
            continue
        compared += 1
        assert found[end].capture == pytest.approx(capture)
        if capture:
            assert found[end].value == pytest.approx(mean, abs=1e-6)
    assert compared > 13 * 3600 // step - 10


@pytest.mark.parametrize("name", ["max", "p90", "count"])
def test_statistics_of_an_hour_are_those_of_numpy(storm, name):
    run, slots, _ = storm
    wanted = {
        "max": lambda s: s.max(),
        "p90": lambda s: np.percentile(s.dropna(), 90, method="inverted_cdf"),
        "count": lambda s: (s > 150).sum(),
    }[name]
    hours = slots.resample("1h").apply(wanted)
    found = of_rule(run, name)
    for start, value in zip(instants(hours.index), hours, strict=True):
        assert found[start + HOUR].value == pytest.approx(value, abs=1e-6)


def test_a_percentile_of_rolling_hours_is_that_of_numpy(storm):
    run, slots, first = storm
    for end, verdict in of_rule(run, "p98.5").items():
        if end - HOUR < first:
            continue
        begin, last = (pd.Timestamp(t, unit="ms", tz="UTC") for t in (end - HOUR, end - 1))
        part = slots.loc[begin:last].dropna()
        if len(part):
            assert verdict.value == pytest.approx(np.percentile(part, 98.5, method="inverted_cdf"), abs=1e-6)


def test_every_verdict_of_the_storm_rests_on_an_interval_that_was_published(storm):
    run, _, _ = storm
    published = {interval.id: interval for interval in run.intervals}
    for verdict in run.verdicts:
        if verdict.interval is not None:
            interval = published[verdict.interval]
            assert (interval.value, interval.capture) == (verdict.value, verdict.capture)


# ----------------------------------------------------------------------------- windows made of clock hours


def station(of, name, days):
    """[(ms, PM10, PM2.5)] of a reference station's hours from 1 April on; None: not measured."""
    frame = of.station(name)
    local = pd.to_datetime(frame[["year", "month", "day", "hour"]]).dt.tz_localize(ZONE)
    frame = frame.assign(ms=[round(at.timestamp() * 1000) for at in local])
    frame = frame[local.dt.month == 4].head(24 * days)
    return [
        (ms, *(None if pd.isna(v) else float(v) for v in both))
        for ms, *both in zip(frame.ms, frame["PM10"], frame["PM2.5"], strict=True)
    ]


LONG = [
    ("h8", {"window": 28_800}),
    ("r8", {"window": 28_800, "alignment": "rolling"}),
    ("r24", {"window": 86_400, "alignment": "rolling", "least_capture": 0.75}),
    ("day", {"window": 86_400, "least_capture": 0.8333}),
    ("day25", {"window": 86_400, "least_capture": 0.8333, "pollutant": "pm2_5", "limit": 60}),
    ("daymax", {"window": 86_400, "statistic": "max"}),
    ("dayp", {"window": 86_400, "statistic": "percentile", "percentile": 75}),
    ("daycount", {"window": 86_400, "statistic": "count", "above": 150, "limit": 3}),
]


@pytest.fixture(scope="module", params=STATIONS)
def fortnight(request, recordings):
    hours = station(recordings, request.param, 14)
    rows = [
        row(
            ms,
            period=HOUR,
            received=ms + HOUR + 1000,
            **{n: v for n, v in (("pm10", pm10), ("pm2_5", pm2_5)) if v is not None},
        )
        for ms, pm10, pm2_5 in hours
        if pm10 is not None or pm2_5 is not None
    ]
    # a value of both pollutants first, so that both are known to be measured
    rules = [local_rule(id=name, **more) for name, more in LONG]
    run = played(rows, 3600, rules, hours[0][0], step=10 * MINUTE)
    return run, pd.DataFrame(hours, columns=["ms", "pm10", "pm2_5"]).set_index("ms").astype(float)


@pytest.mark.long
@pytest.mark.parametrize(("name", "more"), LONG, ids=[name for name, _ in LONG])
def test_windows_of_hours_are_those_of_pandas(fortnight, name, more):
    run, frame = fortnight
    rule = local_rule(id=name, **more)
    column, width = frame[rule.pollutant], rule.window * 1000
    found = of_rule(run, name)
    first, last = frame.index[0], frame.index[-1] + HOUR
    wanted = {
        "mean": lambda s: s.mean(),
        "max": lambda s: s.max(),
        "percentile": lambda s: np.percentile(s, 75, method="inverted_cdf"),
        "count": lambda s: (s > 150).sum(),
    }[rule.statistic]
    ends = range(first + width, last + 1, rule.step_s * 1000)
    assert len(ends) > 13
    for end in ends:
        part = column.loc[end - width : end - 1].dropna()
        verdict = found[end]
        assert verdict.capture == pytest.approx(len(part) / (width // HOUR))
        if len(part):
            value = wanted(part)
            assert verdict.value == pytest.approx(value, abs=1e-6)
            enough = len(part) >= {"day": 20, "day25": 20}.get(name, 0.75 * width / HOUR)
            answer = "exceeds" if value > rule.limit else "compliant"
            assert verdict.answer == (answer if enough else "undetermined")
        if rule.alignment == "clock" and width == DAY_MS:
            assert (verdict.start, verdict.end) == day_of(verdict.start, ZONE)


def test_a_day_of_minutes_has_the_mean_of_its_valid_hours_only():
    start = day_of(1_774_976_400_000, ZONE)[0]
    rng = np.random.default_rng(5)
    rows, values = [], []
    for hour in range(24):
        share = [60, 45, 44, 10, 0][hour % 5] if hour % 2 else 60
        for minute in rng.permutation(60)[:share].tolist():
            t, v = start + hour * HOUR + minute * MINUTE, int(rng.integers(1, 400_000))
            rows.append(row(t, v / 1000))
            values.append(oracle.Value(t, Fraction(v, 1000)))
    rule = local_rule(window=86_400, least_capture=0.5)
    run = played(rows, 60, [rule], start)
    (verdict,) = [v for v in run.verdicts if v.start == start]
    wanted = oracle.window(values, MINUTE, start, start + DAY_MS, hours=24)
    assert wanted is not None
    assert (verdict.value, verdict.capture) == (pytest.approx(wanted.value, abs=1e-6), wanted.capture)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_day_of_summer_time_s_beginning_or_end_has_its_own_number_of_hours(day, hours):
    start = round(pd.Timestamp(*day, tz="Europe/London").timestamp() * 1000)
    made = revision([{"id": "d1", "interval": 3600}], [local_rule(window=86_400)], at=start)
    made.body["county"]["zone"] = "Europe/London"
    run = Run(made)
    for t in range(start, start + 26 * HOUR, HOUR):
        run.fold(tick(t + HOUR, HOUR), batch(row(t, 50, period=HOUR, received=t + HOUR + 1000)))
    run.fold(tick(start + 28 * HOUR, 2 * HOUR))
    verdict = next(v for v in run.verdicts if v.start == start)
    assert (verdict.end - verdict.start, verdict.capture) == (hours * HOUR, 1.0)
    assert all(i.capture <= 1 for i in run.intervals)
