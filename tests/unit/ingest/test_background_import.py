"""Background values from tables: columns by a mapping, one label and unit a feed, what a row is refused for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

import deploy.commands.background
import ingest.everywhere
from ingest.background_import import RefusedRow, backgrounds_of, csv_rows, json_rows
from ingest.feed_form import BackgroundMapping
from ingest.records import Background
from ingest.register import load_register
from ingest.units import Refused
from tests.counties import device, write_county

HOUR = 3_600_000
EIGHT = 1_795_392_000_000  # 2026-11-23T00:00Z, eight o'clock in the county
NOW = EIGHT + 48 * HOUR


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_county(tmp_path_factory.mktemp("county"), [device("dev-1")])


def mapping(**more: Any) -> BackgroundMapping:
    return BackgroundMapping(**{"label": "start", "unit": "ug/m3", "values": {"pm10": "pm10"}, **more})


def read(folder: Path, text: str, **more: Any) -> list[Background | RefusedRow]:
    return list(backgrounds_of(csv_rows(text), mapping(**more), load_register(folder), NOW))


def spans(found: list[Background | RefusedRow]) -> list[tuple[int, int, dict[str, int]]]:
    assert all(isinstance(one, Background) for one in found), found
    return [((one.start - EIGHT) // HOUR, (one.end - EIGHT) // HOUR, one.values) for one in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(("label", "hour"), [("start", (0, 1)), ("end", (-1, 0))])
def test_the_label_says_which_end_of_its_hour_a_time_marks(
    folder: Path, label: str, hour: tuple[int, int]
) -> None:
    found = read(folder, "time,station,pm10\n2026-11-23 08:00,S001,70\n", label=label)
    assert spans(found) == [(*hour, {"pm10": 70_000})]


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-23T08:00:00+08:00",
        "2026-11-23 08:00",
        "2026/11/23 08:00",
        "2026-11-23T00:00:00Z",
        "1795392000",
    ],
)
def test_a_time_is_any_instant_and_without_zone_that_of_the_county(folder: Path, said: str) -> None:
    assert spans(read(folder, f"time;station;pm10\n{said};S001;70\n")) == [(0, 1, {"pm10": 70_000})]


def test_twenty_four_o_clock_is_the_end_of_the_day_that_it_names(folder: Path) -> None:
    found = read(folder, "time,station,pm10\n2026-11-23 24:00,S001,70\n", label="end")
    assert spans(found) == [(15, 16, {"pm10": 70_000})]


def test_the_unit_of_the_feed_is_that_of_all_its_values(folder: Path) -> None:
    found = read(folder, "time,station,pm10\n2026-11-23 08:00,S001,0.0705\n", unit="mg/m3")
    assert spans(found) == [(0, 1, {"pm10": 70_500})]


def test_columns_and_stations_have_their_own_names(folder: Path) -> None:
    text = "监测时间\t站点\tPM10\tPM2.5\n2026-11-23 08:00\t县一中\t70\t—\n2026-11-23 08:00\t别处\t9\t9\n"
    found = read(
        folder, text, time="监测时间", station="站点", stations={"县一中": "S001"},
        values={"pm10": "PM10", "pm2_5": "PM2.5"},
    )  # fmt: skip
    assert spans(found) == [(0, 1, {"pm10": 70_000})]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2026-11-23 08:00,S002,70", "did you mean `S001`?"),
        ("yesterday,S001,70", "time"),
        ("2036-11-23 08:00,S001,70", "ends after now"),
        ("2026-11-23 08:00,S001,many", "pm10"),
        ("2026-11-23 08:00,S001,1e9", "pm10"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_costs_no_other(folder: Path, line: str, words: str) -> None:
    good, bad = read(folder, f"time,station,pm10\n2026-11-23 09:00,S001,70\n{line}\n")
    assert isinstance(good, Background)
    assert isinstance(bad, RefusedRow)
    assert bad.number == 2
    assert words in bad.why


def test_a_column_that_is_not_there_is_named_with_the_nearest(folder: Path) -> None:
    (bad,) = read(folder, "time,station,PM10\n2026-11-23 08:00,S001,70\n", values={"pm10": "pm10"})
    assert isinstance(bad, RefusedRow)
    assert "no column `pm10`" in bad.why


def test_json_rows_are_found_at_their_path() -> None:
    body = json.dumps({"data": {"list": [{"a": 1}]}}).encode()
    assert json_rows(body, "data.list") == [{"a": 1}]
    assert json_rows(b'{"a": 1}', "") == [{"a": 1}]
    for wrong in (b"[1]", b"no", body):
        with pytest.raises(Refused):
            json_rows(wrong, "data.rows" if wrong is body else "")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"values": {"pm11": "x"}}, "did you mean `pm1`"),
        ({"unit": "ppm"}, "unit"),
        ({"station": None}, "stations"),
        ({"label": "middle"}, "label"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        mapping(**more)


# ------------------------------------------------------------------------------------------ the command


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Background]:
    held: list[Background] = []

    async def put(_: object, records: list[Background]) -> int:
        held.extend(records)
        return 12

    monkeypatch.setattr(ingest.everywhere, "put_everywhere", put)
    monkeypatch.setenv("DUSTWATCH_CLOCK", "2026-11-25T00:00:00Z x1")
    return held


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(
        deploy.commands.background.command, ["import", *map(str, arguments)], standalone_mode=True
    )
    return done.exit_code, done.output + done.stderr


def test_a_file_is_imported_and_bad_rows_are_told_with_exit_1(
    folder: Path, tmp_path: Path, log: list[Background]
) -> None:
    path = tmp_path / "county.csv"
    path.write_text("time,pm10\n2026-11-23 08:00,70\n2026-11-23 09:00,much\n", encoding="utf-8")
    told = ("--label", "start", "--unit", "ug/m3", "--station", "S001", "--config", folder)
    code, words = run(path, *told)
    assert (code, [one.values for one in log]) == (1, [{"pm10": 70_000}])
    assert "row 2: pm10" in words
    again: list[Background] = list(log)
    run(path, *told)
    assert [one.id for one in log] == [one.id for one in again] * 2  # the fold knows it by its id


def test_a_mapping_file_is_read_like_the_folder(folder: Path, tmp_path: Path, log: list[Background]) -> None:
    (tmp_path / "m.yaml").write_text(
        "{label: end, unit: ug/m3, values: {pm10: v}, station: s, time: t}", "utf-8"
    )
    (tmp_path / "rows.json").write_text('[{"t": "2026-11-23 09:00", "s": "S001", "v": 70}]', "utf-8")
    assert run(tmp_path / "rows.json", "--mapping", tmp_path / "m.yaml", "--config", folder)[0] == 0
    assert [(one.start, one.station) for one in log] == [(EIGHT, "S001")]
    (tmp_path / "m.yaml").write_text("{label: ende, unit: ug/m3, values: {pm10: v}}", "utf-8")
    with pytest.raises(Exception, match="label"):
        CliRunner().invoke(
            deploy.commands.background.command,
            [
                "import",
                str(tmp_path / "rows.json"),
                "--mapping",
                str(tmp_path / "m.yaml"),
                "--config",
                str(folder),
            ],
            catch_exceptions=False,
        )


def test_what_is_not_said_is_asked_for(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,pm10\n", encoding="utf-8")
    assert run(path, "--config", folder)[0] == 2
    assert run("--config", folder, "--label", "end", "--unit", "ug/m3")[0] == 2
    assert run(path, "--every", "60", "--label", "end", "--unit", "ug/m3", "--config", folder)[0] == 2
