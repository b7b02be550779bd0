"""What a bench run keeps: machine, versions, ratios, and what could not be measured."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench import __main__ as bench
from bench import report
from bench.processes import first_line
from bench.report import Row


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def test_a_run_names_machine_date_and_the_versions_of_servers_and_peers(results):
    path = report.keep([Row("ours", 50.0, "messages/s", "the peer", 100.0, "ratio at least 0.5")])
    body = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert body["rows"][0]["ratio"] == 0.5
    for fact in (
        "date",
        "commit",
        "cpu",
        "python",
        "paho-mqtt",
        "Kafka",
        "Mosquitto",
        "InfluxDB",
        "Telegraf",
    ):
        assert body["machine"][fact], fact
        assert f"- {fact}: {body['machine'][fact]}" in path.read_text(encoding="utf-8")
    assert "| 0.50 | ratio at least 0.5 |" in path.read_text(encoding="utf-8")


def test_a_part_that_fails_is_named_and_the_others_are_kept(results, monkeypatch, capsys):
    def broken():
        raise RuntimeError("20 messages became 19 readings")

    monkeypatch.setattr("bench.detect.run", lambda: [Row("detect", 1.0, "readings/s")])
    monkeypatch.setattr("bench.bridge.run", broken)
    assert bench.main(["bridge", "detect"]) == 1
    (kept,) = results.glob("*.json")
    body = json.loads(kept.read_text(encoding="utf-8"))
    assert [row["what"] for row in body["rows"]] == ["detect"]
    assert body["failed"] == ["bridge: 20 messages became 19 readings"]
    assert "not measured: bridge" in capsys.readouterr().err


def test_a_measurement_that_does_not_exist_is_named(capsys):
    assert bench.main(["brigde"]) == 2
    assert "brigde" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "words"),
    [("pass", "ended without a result"), ("import time; time.sleep(60)", "said nothing")],
)
def test_a_measured_process_that_ends_or_hangs_does_not_hang_the_bench(program, words):
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        # the first case ends long before
        with pytest.raises(RuntimeError, match=words):
            first_line(child, "bare", 20.0 if program == "pass" else 0.1)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
