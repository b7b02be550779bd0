"""Inputs as devices in the field sent them, whose numbers were changed: what each must lead to.

`tests/cases/field/county` has one device of each format.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.county.compile import revision_of_folder
from ingest.recording import read_recording
from ingest.register import load_register
from processors.replay.recordings import replay
from processors.replay.result import Replayed
from tests.counties import iso

FIELD = Path(__file__).parents[2] / "cases" / "field"
DAY = 1_795_392_000_000  # 2026-11-23T00:00:00Z
HOUR = 3_600_000
MINUTE = 60_000
WUHAN = "wuhan-2017-pm10-warning"


def judged(tmp_path: Path, name: str, hours: int = 12, of: str = "", **more: Any) -> Replayed:
    """The replay of a recording, until so many hours of the day; `more`: keys of the device `of`."""
    folder = tmp_path / "county"
    folder.mkdir()
    for file in (FIELD / "county").iterdir():
        entries = yaml.safe_load(file.read_text())
        if file.name == "devices.yaml":
            entries = [{**one, **(more if one["id"] == of else {})} for one in entries]
        (folder / file.name).write_text(json.dumps(entries, ensure_ascii=False))
    recording = read_recording(FIELD / f"{name}.jsonl")
    revision = revision_of_folder(folder, DAY)
    return replay(load_register(folder), revision, [recording], DAY + hours * HOUR)


def hours_of(found: Replayed, device: str, rule: str = WUHAN) -> dict[str, tuple[str, float]]:
    """Start of each hour -> (answer, value) of its last verdict."""
    lines = sorted(found.verdicts, key=lambda line: line["revision"])
    return {
        line["start"]: (line["answer"], line["value"])
        for line in lines
        if line["point"] == device and line["rule"] == rule and line["value"] is not None
    }


def events(found: Replayed, *kinds: str) -> list[tuple[str, str, str]]:
    """(event, rule, device) of the breaches of these kinds, in order."""
    lines = sorted(found.breaches, key=lambda line: line["at"])
    return [(one["event"], one["rule"], one["device"]) for one in lines if one["kind"] in kinds]


def test_one_weather_value_that_no_air_has_costs_no_dust(tmp_path: Path) -> None:
    found = judged(tmp_path, "weather-hour")
    assert (len(found.readings), len(found.quarantine)) == (60, 0)
    assert hours_of(found, "dev-1")[iso(DAY)][0] == "exceeds"


@pytest.mark.parametrize("name", ["humidity-100", "humidity-101.7"])
def test_the_fog_guard_works_in_saturated_air(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, name)
    assert len(found.readings) == 60
    assert all("humidity" in line["values"]["pm10"]["flags"] for line in found.readings)


def test_names_instead_of_codes_are_a_dialect_that_is_known(tmp_path: Path) -> None:
    found = judged(tmp_path, "other-codes-hour")
    assert hours_of(found, "dev-hj")[iso(DAY)] == ("exceeds", 412.0)
    assert events(found, "fault") == []


def test_a_dust_sensor_that_dies_in_a_living_box_is_a_fault_until_the_box_is_silent(tmp_path: Path) -> None:
    found = judged(tmp_path, "dust-channel-dies")
    assert events(found, "fault") == [
        ("opened", "fault/absent/pm10", "dev-ar"),
        ("opened", "fault/absent/pm2_5", "dev-ar"),
        ("closed", "fault/absent/pm10", "dev-ar"),
        ("closed", "fault/absent/pm2_5", "dev-ar"),
    ]
    faults = [line for line in found.breaches if line["kind"] == "fault"]
    assert [line["tell"] for line in faults if line["event"] == "opened"] == [True, False]
    assert {tuple(line["reasons"]) for line in faults if line["event"] == "closed"} == {("device_silent",)}


def test_a_twelve_hour_clock_is_a_fault_of_its_kind(tmp_path: Path) -> None:
    found = judged(tmp_path, "twelve-hour-clock")
    (opened,) = [one for one in found.breaches if one["kind"] == "fault" and one["event"] == "opened"]
    assert (opened["rule"], opened["device"]) == ("fault/clock", "dev-hj")
    assert list(opened["reasons"]) == ["clock_half_day"]


def test_a_twelve_hour_clock_that_is_corrected_is_judged_like_a_right_one(tmp_path: Path) -> None:
    clock = {"clock": {"when_wrong": "correct"}}
    (tmp_path / "wrong").mkdir()
    (tmp_path / "right").mkdir()
    wrong = judged(tmp_path / "wrong", "twelve-hour-clock", of="dev-hj", **clock)
    right = judged(tmp_path / "right", "twelve-hour-clock-control")
    afternoon = hours_of(right, "dev-hj")
    assert [answer for answer, _ in afternoon.values()] == ["exceeds", "exceeds"]
    found = hours_of(wrong, "dev-hj")
    assert {start: found.get(start) for start in afternoon} == afternoon


@pytest.mark.parametrize("policy", [{"when_behind": "receipt"}, {"when_wrong": "receipt"}])
def test_a_clock_of_1970_counts_from_receipt_where_the_policy_says_so(
    tmp_path: Path, policy: dict[str, str]
) -> None:
    for device in ("dev-1", "dev-hj", "dev-tb", "dev-qp"):
        (tmp_path / device).mkdir()
        found = judged(tmp_path / device, "clock-of-1970", of=device, clock=policy)
        own = [line for line in found.readings if line["device"] == device]
        assert own
        assert all("clock" in line["marks"] for line in own)
        assert all(abs(line_ms(line["time"]) - line_ms(line["received_at"])) < 1000 for line in own)


def line_ms(text: str) -> int:
    from ingest.decoders.instants import parse_instant

    return parse_instant(text, 0)


def test_means_that_say_that_they_are_labelled_by_their_end_are_of_the_hour_before(tmp_path: Path) -> None:
    found = judged(tmp_path, "ten-minutes-stamped-at-their-end")
    starts = sorted(line["time"] for line in found.readings)
    assert starts == [iso(DAY + n * 10 * MINUTE) for n in range(12)]
    assert not any("label" in line["marks"] for line in found.readings)


def test_an_hour_stamped_when_it_is_sent_is_marked_and_right_with_a_label(tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "with").mkdir()
    without = judged(tmp_path / "without", "hour-stamped-at-sending")
    assert all("label" in line["marks"] for line in without.readings)
    found = judged(tmp_path / "with", "hour-stamped-at-sending", of="dev-hj", label="end")
    assert not any("label" in line["marks"] for line in found.readings)
    first = hours_of(found, "dev-hj")[iso(DAY)]
    assert first[0] == "exceeds"
    assert first[1] == pytest.approx(300, abs=0.5)


def test_an_id_without_the_prefix_of_the_alias_is_the_same_device(tmp_path: Path) -> None:
    found = judged(tmp_path, "id-in-payload")
    assert {line["device"] for line in found.readings} == {"dev-ar"}
    assert not len(found.quarantine)


def test_a_backlog_of_a_silent_device_is_stored_and_ends_no_silence(tmp_path: Path) -> None:
    found = judged(tmp_path, "backfill-of-a-silent-device")
    assert len(found.readings) == 40
    own = [one for one in events(found, "offline") if one[2] == "dev-1"]
    assert own == [("opened", "offline", "dev-1")]
