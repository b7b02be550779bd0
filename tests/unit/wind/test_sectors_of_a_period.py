"""`dustwatch rose`: conditional probability by sector against pandas, the share of a site, the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from deploy.commands.rose import command
from processors.audit.rose import RoseQuestion, period_of
from processors.audit.rose_words import TEXTS
from processors.audit.texts import LANGUAGES
from processors.history import open_history
from processors.records.verdicts import Interval
from processors.records.winds import Share, SiteHour
from tests.counties import device, iso, reading, write_county, write_recording
from tests.kept import keep, log_of
from tests.series import POINTS

HOUR = 3_600_000
START = 1_774_976_400_000


def hour(start, direction, speed=3.0, shares=(), reason="", revision=1):
    rest = {"resultant": speed, "steadiness": 1.0, "readings": 60, "sector": None, "configuration": "c"}
    name = f"{start}-{revision}"
    return SiteHour(
        id=name,
        site="s1",
        start=start,
        end=start + HOUR,
        direction=direction,
        speed=speed,
        reason=reason,
        shares=shares,
        revision=revision,
        decided_at=start,
        **rest,
    )


def interval(start, value, device="d1", **more):
    base = {"pollutant": "pm10", "site": "s1", "device": device, "statistic": "mean", "capture": 1.0}
    rest = {"id": "i", "start": start, "end": start + HOUR, "value": value, "count": 60, "revision": 1}
    return Interval(**{**base, **rest, **more})


def found(intervals, winds, above=150.0, sectors=8, hours=1000):
    question = RoseQuestion("s1", "pm10", START, START + hours * HOUR, above, sectors)
    return period_of(question, intervals, winds)


def test_calm_and_unknown_hours_are_left_out_and_counted_by_their_reason():
    winds = [
        *(hour(START + i * HOUR, 0.0) for i in range(6)),
        hour(START + 6 * HOUR, None, 0.1, reason="calm"),
        hour(START + 7 * HOUR, None, 2.0, reason="variable_wind"),
    ]
    values = [200.0, 200.0, 200.0, 100.0, 100.0, 100.0, 900.0, 900.0, 900.0]
    (point,) = found([interval(START + i * HOUR, v) for i, v in enumerate(values)], winds).points
    assert point.hours == 9
    assert point.left_out == {"calm": 1, "no_wind_data": 1, "variable_wind": 1}
    north = point.sectors[0]
    assert (north.hours, north.above, north.probability) == (6, 3, 0.5)
    assert north.low < 0.5 < north.high
    assert sum(sector.hours for sector in point.sectors) == 6


def test_hours_of_little_capture_other_windows_sites_and_pollutants_take_no_part():
    odd = [
        interval(START, 200.0, capture=0.5),
        interval(START, None),
        interval(START, 200.0, end=START + HOUR // 4),
        interval(START, 200.0, statistic="max"),
        interval(START, 200.0, site="s2"),
        interval(START, 200.0, pollutant="tsp"),
        interval(START - HOUR, 200.0),
    ]
    nothing = found(odd, [hour(START, 0.0)])
    assert nothing.points == ()
    assert found(odd, [], above=None).above is None


def test_the_last_revision_of_an_hour_counts():
    winds = [hour(START, 90.0, revision=2), hour(START, 0.0)]
    (point,) = found([interval(START, 100.0), interval(START, 300.0)], winds).points
    east = point.sectors[2]
    assert (east.hours, east.above, east.mean) == (1, 1, 300.0)


def test_the_share_of_the_period_is_that_of_all_its_pairs():
    pair = Share("pm10", "site", (), "n", "s", 50.0, 200.0, 150.0, 0.75, 0.6, 0.9)
    lonely = Share("pm10", "undetermined", ("calm",))
    winds = [hour(START + i * HOUR, 0.0, shares=(pair,)) for i in range(30)]
    winds += [hour(START + (30 + i) * HOUR, None, 0.1, shares=(lonely,), reason="calm") for i in range(4)]
    share = found([], winds).attribution
    assert (share.answer, share.pairs, share.share, share.added) == ("site", 30, 0.75, 150.0)
    assert share.unpaired == {"calm": 4}


@pytest.mark.parametrize("sectors", [8, 16])
def test_the_sectors_of_a_recorded_spring_are_those_of_pandas(recordings, sectors):
    table = recordings.station("guanyuan")
    table["start"] = START + np.arange(len(table)) * HOUR
    measured = table.dropna(subset=["PM10"])
    winds = [
        hour(int(row.start), POINTS.index(row.wd) * 22.5, float(row.WSPM))
        if row.wd in POINTS and row.WSPM >= 0.5
        else hour(int(row.start), None, 0.0, reason="calm")
        for row in table.itertuples()
    ]
    intervals = [interval(int(row.start), float(row.PM10)) for row in measured.itertuples()]
    question = RoseQuestion("s1", "pm10", START, START + len(table) * HOUR, None, sectors)
    period = period_of(question, intervals, winds)
    high = np.sort(measured["PM10"].to_numpy())[int(np.ceil(len(measured) * 0.75)) - 1]
    assert period.above == high
    (point,) = period.points
    told = measured[measured["wd"].isin(POINTS) & (measured["WSPM"] >= 0.5)].copy()
    assert point.left_out == {"calm": len(measured) - len(told)}
    step = 16 // sectors
    told["sector"] = (told["wd"].map(POINTS.index) + step // 2) // step % sectors
    load = (told["WSPM"] * told["PM10"]).sum()
    for number, own in told.groupby("sector"):
        sector = point.sectors[int(number)]
        assert (sector.hours, sector.above) == (len(own), int((own["PM10"] > high).sum()))
        if sector.probability is not None:
            assert sector.probability == pytest.approx((own["PM10"] > high).mean())
        assert sector.mean == pytest.approx(np.average(own["PM10"], weights=own["WSPM"]))
        assert sector.share == pytest.approx((own["WSPM"] * own["PM10"]).sum() / load)
    assert sum(sector.hours for sector in point.sectors) == len(told) > 1000


# --------------------------------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """Fourteen hours: north wind, south of the site always dustier; one hour is calm."""
    folder = tmp_path_factory.mktemp("rose")
    devices = [device("n", interval=300, bearing=0), device("s", interval=300, bearing=180)]
    config = write_county(folder / "county", devices, packs=())
    messages = []
    for i in range(14 * 12):
        at, calm = START + i * 300_000, i // 12 == 5
        wind = {"wind_speed": 0.1 if calm else 3.0, "wind_direction": 5.0}
        messages += [reading("n", at, pm10=60.0, **wind), reading("s", at, pm10=200.0 + i % 3)]
    messages.append(reading("n", START + 14 * HOUR + 300_000, pm10=60.0))
    recording = write_recording(folder / "recording.jsonl", messages)
    url = f"sqlite:///{folder}/history.db"
    history = open_history(url)
    keep(history, log_of(config, [recording]))
    history.close()
    return config, url


def run(config, *arguments):
    span = ("--from", iso(START), "--to", iso(START + 14 * HOUR))
    return CliRunner().invoke(command, [str(config), "site-1", *span, *map(str, arguments)])


def test_the_rose_of_a_history_says_where_high_hours_came_from_and_what_the_site_added(county):
    config, url = county
    done = run(config, "--history", url, "--above", 150, "--lang", "en", "--sectors", 8)
    assert done.exit_code == 0, done.output
    assert "an hour is high above 150.0" in done.output
    assert "s: 14 hours with a value, of which belong to no sector: calm 1" in done.output
    assert "100 % (77 % - 100 %)" in done.output
    assert "the site added: 141.0 on average over 13 hours with a pair" in done.output
    assert "calm 1" in done.output.splitlines()[-1]
    chinese = run(config, "--history", url)
    assert "静风 1" in chinese.output
    assert "第 75 百分位" in chinese.output


def test_programs_get_one_json_object(county):
    config, url = county
    body = json.loads(run(config, "--history", url, "--json").output)
    assert body["site"] == "site-1"
    assert [point["device"] for point in body["points"]] == ["n", "s"]
    assert body["attribution"]["pairs"] == 13


def test_a_replay_says_the_same_as_its_history(county, tmp_path):
    from deploy.commands.replay import command as replay

    config, url = county
    out = tmp_path / "out"
    made = CliRunner().invoke(
        replay, [str(config), str(config.parent / "recording.jsonl"), "--out", str(out)]
    )
    assert made.exit_code == 0, made.output
    assert run(config, "--replay", out).output == run(config, "--history", url).output


def test_what_is_not_there_is_said(county, tmp_path):
    config, url = county
    span = ("--from", "2020-01-01", "--to", "2020-01-02", "--history", url)
    empty = CliRunner().invoke(command, [str(config), "site-1", *span, "--lang", "en"])
    assert (empty.exit_code, "no hour of the period has a valid value" in empty.output) == (1, True)
    unknown = CliRunner().invoke(command, [str(config), "site-9", *span])
    assert (unknown.exit_code, "did you mean `site-1`" in unknown.output) == (2, True)
    back = CliRunner().invoke(command, [str(config), "site-1", "--from", "2020-01-02", "--to", "2020-01-01"])
    assert (back.exit_code, "is not after" in back.output) == (2, True)
    both = run(config, "--history", url, "--replay", tmp_path)
    assert (both.exit_code, "name one past" in both.output) == (2, True)
    strange = run(config, "--replay", tmp_path)
    assert (strange.exit_code, "winds.jsonl is no file" in strange.output) == (2, True)


def test_every_word_is_there_in_both_languages():
    assert all(len(words) == len(LANGUAGES) and all(words) for words in TEXTS.values())
