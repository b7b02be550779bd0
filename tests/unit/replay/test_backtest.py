"""`dustwatch backtest`: nothing changes where nothing changed, and what other rules would have said."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.commands.backtest import command
from processors.history import open_history
from tests.counties import device, message, reading, write_county, write_recording
from tests.kept import keep, log_of
from tests.logs import HEBEI, HOUR, MINUTE, T0, WUHAN

CASES = Path(__file__).parents[2] / "cases" / "replay"
ALWAYS = ("--from", "2020-01-01", "--to", "2030-01-01")
SPAN = ("--from", "2026-04-01T01:00", "--to", "2026-04-01T06:00")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def summary(done: Result) -> dict[str, object]:
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.fixture
def dusty(tmp_path: Path) -> tuple[Path, Path]:
    """(configuration, recording) of five hours, of which the second and third are dusty."""
    config = write_county(tmp_path / "county", [device("dev-1")], packs=(HEBEI,))
    levels = [60, 300, 310, 70, 70, 60]
    messages = [
        reading("dev-1", T0 + at, pm10=levels[at // HOUR] + at // MINUTE % 7)
        for at in range(0, 6 * HOUR, MINUTE)
    ]
    for hour in range(5):
        body = {"time": T0 + hour * HOUR, "label": "start", "period": 3600, "pm10": 100.0}
        at = T0 + (hour + 1) * HOUR + 3 * MINUTE + 1
        messages.append(message(at, "dust/v1/background/S001", body))
    messages.sort(key=lambda one: one["received_at"])
    return config, write_recording(tmp_path / "day.jsonl", messages)


@pytest.fixture
def history(dusty: tuple[Path, Path], tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/history.db"
    config, recording = dusty
    keep(open_history(url), log_of(config, [recording]))
    return url


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if "cannot" not in path.name))
def test_a_recording_judged_by_its_own_rules_has_no_difference(case: str) -> None:
    folder = CASES / case
    span = ("--from", "2026-03-31", "--to", "2026-12-01")
    done = run(folder / "config", folder / "recording.jsonl", *span)
    assert done.exit_code == 0, done.output
    said = summary(done)
    assert said["live"] == said["other"]
    assert said["differences"] == 0


def test_a_history_judged_by_its_own_rules_has_no_difference(dusty: tuple[Path, Path], history: str) -> None:
    done = run(dusty[0], "--history", history, *SPAN)
    assert done.exit_code == 0, done.output
    said = summary(done)
    assert said["live"] == said["other"] == {"compliant": 3, "exceeds": 2, "undetermined": 0}
    assert said["not_reproducible"] == 0


def test_other_rules_name_what_they_change_and_which_breaches_would_open(
    dusty: tuple[Path, Path], history: str, tmp_path: Path
) -> None:
    done = run(dusty[0], "--history", history, "--rules", WUHAN, *SPAN, "--out", tmp_path / "out")
    assert done.exit_code == 1
    said = summary(done)
    assert said["would_not_open"] == 1
    assert "would not open: hebei-db13-2934-2019-pm10 at dev-1" in done.output
    lines = [json.loads(text) for text in (tmp_path / "out" / "difference.jsonl").read_text().splitlines()]
    assert len(lines) == said["differences"]
    assert any(line["live"] is None for line in lines)
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == said


def test_a_stricter_limit_opens_breaches_that_were_none(dusty: tuple[Path, Path], tmp_path: Path) -> None:
    _, recording = dusty
    strict = write_county(tmp_path / "strict", [device("dev-1")], packs=(), local=[_hour(50)])
    loose = write_county(tmp_path / "loose", [device("dev-1")], packs=(), local=[_hour(900)])
    url = f"sqlite:///{tmp_path}/loose.db"
    keep(open_history(url), log_of(loose, [recording]))
    done = run(strict, "--history", url, *SPAN)
    assert done.exit_code == 1
    assert summary(done)["would_open"] == 1
    assert "compliant -> exceeds" in done.output


def _hour(limit: float) -> dict[str, object]:
    base = {"id": "hour", "title": {"zh": "时", "en": "hour"}, "citation": "c", "clause": "1"}
    return {**base, "status": "read", "pollutant": "pm10", "window": 3600, "limit": limit}


def test_what_history_lacks_is_named_and_is_no_difference(
    dusty: tuple[Path, Path], history: str, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "history.db") as file:
        file.execute("DELETE FROM context WHERE kind = 'background' AND time = ?", (T0 + HOUR,))
        file.execute("DELETE FROM readings WHERE time >= ? AND time < ?", (T0 + 2 * HOUR, T0 + 4 * HOUR))
    done = run(dusty[0], "--history", history, *SPAN)
    said = summary(done)
    assert said["not_reproducible"] == 2
    assert "a background record that it used is not in history" in done.output
    assert "history holds no reading of it" in done.output


def test_a_device_that_was_silent_before_the_span_is_named_and_is_no_difference(tmp_path: Path) -> None:
    config = write_county(tmp_path / "county", [device("dev-1"), device("dev-2")], packs=(WUHAN,))
    messages = [
        reading(name, T0 + at, pm10=60.0 + at // MINUTE % 7)
        for at in range(0, 6 * HOUR, MINUTE)
        for name in ("dev-1", "dev-2")
        if name == "dev-1" or at < 30 * MINUTE
    ]
    url = f"sqlite:///{tmp_path}/history.db"
    keep(open_history(url), log_of(config, [write_recording(tmp_path / "day.jsonl", messages)]))
    done = run(config, "--history", url, "--from", "2026-04-01T05:00", "--to", "2026-04-01T06:00")
    assert done.exit_code == 0, done.output
    assert summary(done)["not_reproducible"] == 1
    assert "dev-2 wuhan-2017-pm10-warning: its device was silent already" in done.output


def test_an_altered_reading_is_a_difference(dusty: tuple[Path, Path], history: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "history.db") as file:
        file.execute("UPDATE readings SET pm10 = 5 WHERE time = ?", (T0 + HOUR,))
    assert run(dusty[0], "--history", history, *SPAN).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (ALWAYS, "name the past"),
        (("--kafka", "--history", "sqlite:///x", *ALWAYS), "name the past"),
        (("--kafka", "--from", "2026-01-02", "--to", "2026-01-01"), "is not after"),
        (("--kafka", "--from", "yesterday", "--to", "2026-01-01"), "--from"),
    ],
)
def test_a_wrong_use_is_exit_2_with_the_way_out(
    arguments: tuple[str, ...], words: str, dusty: tuple[Path, Path]
) -> None:
    done = run(dusty[0], *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_a_history_of_what_stood_upwind_is_judged_again_to_the_same(tmp_path: Path) -> None:
    own = CASES / "the-wind-turns-and-falls-calm"
    url = f"sqlite:///{tmp_path}/history.db"
    keep(open_history(url), log_of(own / "config", [own / "recording.jsonl"]))
    span = ("--from", "2026-11-23T08:00", "--to", "2026-11-23T11:00")
    done = run(own / "config", "--history", url, *span)
    assert done.exit_code == 0, done.output
    said = summary(done)
    assert said["live"] == said["other"] == {"compliant": 0, "exceeds": 2, "undetermined": 4}
    assert said["not_reproducible"] == 0
