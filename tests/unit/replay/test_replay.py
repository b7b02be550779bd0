"""`dustwatch replay`: golden cases, same bytes, merging, --until, --rules, what it refuses.

After a change that means to change verdicts: read the difference, then write the case's `expected/`
anew with `dustwatch replay tests/cases/replay/NAME/config .../recording.jsonl --out expected`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.commands.replay import command
from ingest import codec
from ingest.recording import read_recording
from ingest.register import load_register
from processors.fold.detector import Detector
from processors.plan.body import compile_revision, make_revision
from processors.plan.rules import load_rules
from processors.replay.feed import feed_of
from processors.replay.lines import lines_text
from processors.replay.recordings import replay
from processors.replay.result import Replayed, write
from tests.counties import device, iso, message, reading, write_county, write_recording
from tests.logs import HOUR, MINUTE, T0

CASES = Path(__file__).parents[2] / "cases" / "replay"
FILES = (
    "breaches.jsonl",
    "intervals.jsonl",
    "outlooks.jsonl",
    "quarantine.jsonl",
    "readings.jsonl",
    "summary.json",
    "verdicts.jsonl",
    "winds.jsonl",
)
KEYS = {
    "readings": {"id", "device", "site", "time", "period", "received_at", "values"},
    "quarantine": {"received_at", "topic", "rejected", "detail"},
    "intervals": {
        "id",
        "site",
        "device",
        "pollutant",
        "statistic",
        "start",
        "end",
        "value",
        "capture",
        "revision",
    },
    "verdicts": {
        *("id", "site", "point", "rule", "clause", "start", "end", "answer", "reasons", "value"),
        *("background", "limit", "revision"),
    },
    "breaches": {"id", "event", "kind", "level", "site", "rule", "at", "interval"},
}


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def contract_order(line):
    """(start or time, site, device, pollutant, rule, revision)"""
    when = next(line[key] for key in ("start", "time", "at", "received_at") if key in line)
    device = line.get("device", line.get("point"))
    words = (line.get("site"), device, line.get("pollutant"), line.get("rule"))
    return when, *(word or "" for word in words), line.get("revision", 0)


@pytest.fixture
def county(tmp_path):
    return write_county(tmp_path / "county", [device("dev-1")], packs=["wuhan-2017-pm10"])


def hour(tmp_path, name="a.jsonl", value=300.0, minutes=range(70)):
    return write_recording(tmp_path / name, [reading("dev-1", T0 + m * MINUTE, pm10=value) for m in minutes])


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_a_recording_is_judged_as_the_golden_case_says(case, tmp_path):
    folder = CASES / case
    done = run(folder / "config", folder / "recording.jsonl", "--outlooks", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert files_of(tmp_path / "out") == files_of(folder / "expected")
    assert run(folder / "config", folder / "recording.jsonl", "--out", tmp_path / "fast").exit_code == 0
    fast, expected = files_of(tmp_path / "fast"), files_of(folder / "expected")
    summary = {**json.loads(expected["summary.json"]), "outlooks": {}}
    assert json.loads(fast.pop("summary.json")) == summary
    assert fast.pop("outlooks.jsonl") == b""
    assert fast.items() < expected.items()


@pytest.mark.parametrize("case", ["background-comes-after-the-wait", "three-stations-two-of-them-needed"])
@pytest.mark.parametrize("partitions", [3, 12])
def test_any_number_of_partitions_judges_a_recording_alike(case, partitions, tmp_path):
    folder = CASES / case
    given = folder / "config", folder / "recording.jsonl", "--partitions", partitions, "--outlooks"
    assert run(*given, "--out", tmp_path / "out").exit_code == 0
    assert files_of(tmp_path / "out") == files_of(folder / "expected")


def test_the_same_recording_twice_gives_the_same_bytes(county, tmp_path):
    recording = hour(tmp_path)
    for name in ("one", "two"):
        assert run(county, recording, "--out", tmp_path / name).exit_code == 0
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert tuple(files_of(tmp_path / "one")) == FILES


def test_each_line_has_the_keys_of_the_contract_sorted(county, tmp_path):
    bad = message(T0 + 90_000, "dust/v1/dev-1/readings", "{")
    rows = [reading("dev-1", T0 + m * MINUTE, pm10=300.0) for m in range(70)]
    recording = write_recording(tmp_path / "r.jsonl", [*rows[:1], bad, *rows[1:]])
    run(county, recording, "--out", tmp_path / "out")
    for name, keys in KEYS.items():
        lines = (tmp_path / "out" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert lines, name
        for line in lines:
            body = json.loads(line)
            assert keys <= set(body)
            assert list(body) == sorted(body)
    (breach,) = lines_of(tmp_path / "out" / "breaches.jsonl")
    assert breach["at"] == iso(T0 + HOUR + 2 * MINUTE)


def test_several_recordings_are_one_log_by_time_of_receipt(county, tmp_path):
    whole = hour(tmp_path)
    odd = hour(tmp_path, "odd.jsonl", minutes=range(1, 70, 2))
    even = hour(tmp_path, "even.jsonl", minutes=range(0, 70, 2))
    run(county, whole, "--out", tmp_path / "whole")
    assert run(county, odd, even, "--out", tmp_path / "halves").exit_code == 0
    assert files_of(tmp_path / "halves") == files_of(tmp_path / "whole")


def test_the_replay_ends_with_the_last_message(county, tmp_path):
    run(county, hour(tmp_path, minutes=range(60)), "--out", tmp_path / "out")
    assert not lines_of(tmp_path / "out" / "verdicts.jsonl")


def test_until_goes_on_after_the_last_message(county, tmp_path):
    run(
        county, hour(tmp_path, minutes=range(60)), "--out", tmp_path / "out", "--until", iso(T0 + 62 * MINUTE)
    )
    assert [v["answer"] for v in lines_of(tmp_path / "out" / "verdicts.jsonl")] == ["exceeds"]


def test_until_leaves_out_what_came_later(county, tmp_path):
    run(county, hour(tmp_path), "--out", tmp_path / "out", "--until", iso(T0 + 10 * MINUTE))
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["received"] == 10


def test_until_that_is_no_instant_is_named(county, tmp_path):
    done = run(county, hour(tmp_path), "--out", tmp_path / "out", "--until", "soon")
    assert done.exit_code == 2
    assert "--until 'soon' is no instant" in done.output


def test_what_a_device_says_of_its_connection_is_neither_a_reading_nor_a_fault(county, tmp_path):
    said = message(T0, "dust/v1/dev-1/status", "online")
    recording = write_recording(tmp_path / "r.jsonl", [said, reading("dev-1", T0, pm10=1.0)])
    run(county, recording, "--out", tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert (summary["received"], summary["readings"], summary["quarantined"]) == (2, 1, {})


def test_until_without_a_zone_is_local(county, tmp_path):
    done = run(county, hour(tmp_path), "--out", tmp_path / "out", "--until", "2026-04-01T01:10:00")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["received"] == 10


def test_rules_takes_the_place_of_the_packs(county, tmp_path):
    run(
        county,
        hour(tmp_path),
        "--out",
        tmp_path / "out",
        "--rules",
        "instant-pm10",
        "--until",
        iso(T0 + 2 * HOUR),
    )
    assert not lines_of(tmp_path / "out" / "verdicts.jsonl")


def test_a_message_that_was_received_earlier_than_the_one_before_does_not_turn_time_back(county, tmp_path):
    rows = [reading("dev-1", T0 + m * MINUTE, pm10=300.0) for m in (0, 5, 3)]
    run(county, write_recording(tmp_path / "r.jsonl", rows), "--out", tmp_path / "out")
    found = [line["received_at"] for line in lines_of(tmp_path / "out" / "readings.jsonl")]
    assert sorted(found)[-2:] == [iso(T0 + 5 * MINUTE + 1000)] * 2


def test_a_message_from_the_end_of_the_calendar_is_named(county, tmp_path):
    odd = {"received_at": "9999-12-31T23:59:59Z", "topic": "dust/v1/dev-1/readings", "payload": "{}"}
    done = run(county, write_recording(tmp_path / "r.jsonl", [odd]), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "received_at 9999-12-31T23:59:59.000Z is the end of the calendar" in done.output


def test_an_empty_recording_gives_empty_files(county, tmp_path):
    assert run(county, write_recording(tmp_path / "r.jsonl", []), "--out", tmp_path / "out").exit_code == 0
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes()) == {
        "received": 0,
        "readings": 0,
        "duplicates": 0,
        "quarantined": {},
        "intervals": 0,
        "verdicts": {"compliant": 0, "exceeds": 0, "undetermined": 0},
        "breaches": {"opened": 0, "amended": 0, "closed": 0},
        "outlooks": {},
        "notices": {},
    }


def test_a_folder_that_holds_something_is_refused(county, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept.txt").write_text("kept")
    done = run(county, hour(tmp_path), "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "must be new or empty" in done.output
    assert files_of(tmp_path / "out") == {"kept.txt": b"kept"}


def test_a_folder_that_cannot_be_written_is_named(county, tmp_path):
    (tmp_path / "file").write_text("")
    done = run(county, hour(tmp_path), "--out", tmp_path / "file" / "out")
    assert done.exit_code == 1
    assert f"--out {tmp_path / 'file' / 'out'}: can't be written" in done.output
    assert "Traceback" not in done.output


def test_a_recording_that_is_none_is_named_with_its_line_and_nothing_is_written(county, tmp_path):
    (tmp_path / "r.jsonl").write_text("not json\n")
    done = run(county, tmp_path / "r.jsonl", "--out", tmp_path / "out")
    assert done.exit_code != 0
    assert "r.jsonl:1" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("size", "crash_every"), [(1, 31), (3, 97)])
@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_other_batches_and_a_crash_after_every_nth_record_give_the_same_lines(
    case, size, crash_every, tmp_path, monkeypatch
):
    folder = CASES / case
    monkeypatch.setattr("processors.replay.feed.MOST_ROWS", size)
    register = load_register(folder / "config")
    revision = make_revision(compile_revision(register, load_rules(folder / "config").rules), 0)
    out, detector = Replayed(), Detector.empty()
    messages = read_recording(folder / "recording.jsonl")
    for number, record in enumerate(feed_of(messages, register, revision, None, out), 1):
        out.take(detector.fold(codec.decode(*codec.encode(record))))
        if number % crash_every == 0:
            detector = Detector.load(detector.dump())
    write(out, tmp_path)
    assert files_of(tmp_path) == files_of(folder / "expected")


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_lines_stand_in_the_order_of_the_contract_and_no_breach_closes_before_it_opened(case):
    for path in sorted((CASES / case / "expected").glob("*.jsonl")):
        lines = lines_of(path)
        assert lines == sorted(lines, key=contract_order), path.name
    seen = set()
    for line in lines_of(CASES / case / "expected" / "breaches.jsonl"):
        assert (line["event"] == "opened") == (line["id"] not in seen)
        seen.add(line["id"])


def test_the_order_in_which_lines_came_does_not_matter(county, tmp_path):
    register = load_register(county)
    revision = make_revision(compile_revision(register, load_rules(county).rules), 0)
    judged = replay(register, revision, [read_recording(hour(tmp_path))])
    readings = [*judged.readings]
    assert lines_text(reversed(readings), "time") == lines_text(readings, "time")
    assert lines_text(readings, "time") == b"".join(judged.readings.texts())
    (tmp_path / "out").mkdir()
    assert write(judged, tmp_path / "out") == judged.summary()
